//! Maintenance mode, in which orderers take nothing but configuration from their own organizations. It begins and ends
//! with an update that changes nothing else. The rules and texts are those of Fabric's `maintenancefilter.go`.

use fabric_protos::{
    common::{ConfigEnvelope, ConfigGroup, ConfigUpdate, ConfigUpdateEnvelope, Payload},
    orderer::consensus_type::State,
};
use prost::Message;

use crate::{config::ChannelConfig, error::ConfigError, keys};

/// Why an update may not change the mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaintenanceError {
    /// The outcome is no configuration.
    #[error("failed to parse config: {0}")]
    Config(ConfigError),
    /// There is no update, or it cannot be decoded.
    #[error("updated config does not include a config update")]
    NoUpdate,
    /// Something else would change, too.
    #[error("{0}")]
    More(String),
    /// The consensus metadata would change, too.
    #[error("attempted to change ConsensusType.Metadata, but ConsensusType.State is changing from {from} to {to}")]
    Metadata {
        /// The state now.
        from: &'static str,
        /// The state in the update.
        to: &'static str,
    },
}

impl From<ConfigError> for MaintenanceError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl ChannelConfig {
    /// Whether orderers take configuration only.
    pub fn is_in_maintenance(&self) -> bool {
        self.consensus().state() == State::Maintenance
    }

    /// Checks that an update which begins or ends maintenance mode does nothing else. `next` is what
    /// [`ChannelConfig::propose_update`] made of it.
    ///
    /// # Errors
    /// [`MaintenanceError`] names what else the update does.
    pub fn check_maintenance(&self, next: &ConfigEnvelope) -> Result<(), MaintenanceError> {
        let config = next.config.clone().unwrap_or_default();
        let config = Self::from_config(self.channel_id(), config)?;
        let (from, to) = (self.consensus(), config.consensus());
        if from.state == to.state {
            return Ok(());
        }
        let update = next.last_update.as_ref().and_then(|envelope| Payload::decode(&*envelope.payload).ok());
        let update = update.and_then(|payload| ConfigUpdateEnvelope::decode(&*payload.data).ok());
        let update = update.and_then(|update| ConfigUpdate::decode(&*update.config_update).ok());
        let write_set = update.ok_or(MaintenanceError::NoUpdate)?.write_set.unwrap_or_default();
        check_write_set(&write_set).map_err(MaintenanceError::More)?;
        if from.metadata != to.metadata {
            let (from, to) = (from.state().as_str_name(), to.state().as_str_name());
            return Err(MaintenanceError::Metadata { from, to });
        }
        Ok(())
    }
}

fn check_write_set(root: &ConfigGroup) -> Result<(), String> {
    let (ordering, consensus) = (keys::ORDERER, keys::CONSENSUS_TYPE);
    if root.groups.is_empty() {
        return Err("config update contains no changes".to_owned());
    }
    if !root.values.is_empty() {
        return Err("config update contains changes to values in group Channel".to_owned());
    }
    if root.groups.len() > 1 {
        return Err("config update contains changes to more than one group".to_owned());
    }
    let group = root.groups.get(ordering).ok_or_else(|| format!("update does not contain the {ordering} group"))?;
    if !group.groups.is_empty() {
        return Err(format!("config update contains changes to groups within the {ordering} group"));
    }
    if !group.values.contains_key(consensus) {
        return Err(format!("config update does not contain the {consensus} value"));
    }
    if group.values.len() > 1 {
        return Err(format!("config update contain more then just the {consensus} value in the {ordering} group"));
    }
    Ok(())
}
