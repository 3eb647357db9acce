//! Editing a configuration: what a consortium changes about a running channel, one call for each wish. What comes out
//! is the update that [`crate::update_envelope`] signs.

use fabric_protos::{
    common::{Config, ConfigGroup, ConfigUpdate, ConfigValue},
    orderer,
    protos::{AcLs, ApiResource},
};
use prost::Message;

use crate::{
    bft,
    config::ChannelConfig,
    draft_error::DraftError,
    error::SpecError,
    keys,
    spec::{ApplicationOrganization, PolicySpec},
    update::compute_update,
    writer,
};

/// The limits of a block that are to change; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchChange {
    /// Transactions in a block, at most; above 0.
    pub max_message_count: Option<u32>,
    /// Bytes of one transaction, at most; above 0.
    pub absolute_max_bytes: Option<u32>,
    /// Bytes at which a block is cut; above 0 and not above the largest transaction.
    pub preferred_max_bytes: Option<u32>,
    /// How long the first transaction waits for others, in milliseconds; above 0.
    pub timeout_ms: Option<u64>,
}

/// A configuration in the making.
pub struct ConfigDraft<'a> {
    pub(crate) current: &'a ChannelConfig,
    config: Config,
}

impl<'a> ConfigDraft<'a> {
    /// Begins with the configuration as it is.
    pub fn new(current: &'a ChannelConfig) -> Self {
        Self { current, config: current.config().clone() }
    }

    /// Changes when blocks are cut. Under BFT consensus the timeout stands in the consensus options, and goes there,
    /// too.
    ///
    /// # Errors
    /// [`DraftError::Malformed`], or [`DraftError::Bft`] for a timeout at which BFT consensus would never make a block,
    /// and so could never be given another one. Whether the limits fit together is checked by [`ConfigDraft::finish`].
    pub fn batch(&mut self, change: BatchChange) -> Result<(), DraftError> {
        let now = self.current.batch();
        let bft = self.current.consensus_type() == bft::CONSENSUS_TYPE;
        let group = self.group_mut("Orderer")?;
        let size = orderer::BatchSize {
            max_message_count: change.max_message_count.unwrap_or(now.max_message_count),
            absolute_max_bytes: change.absolute_max_bytes.unwrap_or(now.absolute_max_bytes),
            preferred_max_bytes: change.preferred_max_bytes.unwrap_or(now.preferred_max_bytes),
        };
        set(group, keys::BATCH_SIZE, &size);
        let Some(timeout_ms) = change.timeout_ms else { return Ok(()) };
        set(group, keys::BATCH_TIMEOUT, &orderer::BatchTimeout { timeout: writer::millis(timeout_ms) });
        if bft {
            let mut consensus: orderer::ConsensusType = get(group, keys::CONSENSUS_TYPE)?;
            consensus.metadata = bft::with_interval(&consensus.metadata, timeout_ms)?;
            set(group, keys::CONSENSUS_TYPE, &consensus);
        }
        Ok(())
    }

    /// Adds an organization that runs peers or sends transactions.
    ///
    /// # Errors
    /// [`DraftError::Known`], or [`DraftError::Spec`] for what the channel's first block would not take either.
    pub fn add_organization(&mut self, organization: &ApplicationOrganization) -> Result<(), DraftError> {
        let name = &organization.msp.name;
        if self.current.application_org(name).is_some() {
            return Err(DraftError::Known(name.clone()));
        }
        let group = writer::application_organization(organization)?;
        self.group_mut("Application")?.groups.insert(name.clone(), group);
        Ok(())
    }

    /// Takes an organization out of the channel. Its peers keep what they have and get no more blocks.
    ///
    /// # Errors
    /// [`DraftError::NoOrganization`], [`DraftError::Last`].
    pub fn remove_organization(&mut self, msp_id: &str) -> Result<(), DraftError> {
        let organization = self.current.application_org(msp_id);
        let name = organization.ok_or_else(|| DraftError::NoOrganization(msp_id.to_owned()))?.name.clone();
        let groups = &mut self.group_mut("Application")?.groups;
        if groups.len() == 1 {
            return Err(DraftError::Last(msp_id.to_owned()));
        }
        groups.remove(&name);
        Ok(())
    }

    /// Guards a resource (such as `peer/Propose`) with a policy (such as `/Channel/Application/Admins`), or with the
    /// usual one again.
    ///
    /// # Errors
    /// [`DraftError::NoRule`] when there is none to take back. Whether the policy exists is checked by
    /// [`ConfigDraft::finish`], so that it may be made in the same update.
    pub fn set_acl(&mut self, resource: &str, policy: Option<&str>) -> Result<(), DraftError> {
        let group = self.group_mut("Application")?;
        let mut rules: AcLs = get(group, keys::ACLS)?;
        match policy {
            Some(policy) => {
                let rule = ApiResource { policy_ref: policy.to_owned() };
                rules.acls.insert(resource.to_owned(), rule);
            }
            None => {
                rules.acls.remove(resource).ok_or_else(|| DraftError::NoRule(resource.to_owned()))?;
            }
        }
        set(group, keys::ACLS, &rules);
        Ok(())
    }

    /// Gives the policy at a path such as `/Channel/Application/Proposers` this content; it may be new.
    ///
    /// # Errors
    /// [`DraftError::NoGroup`] when the path leads into no group, [`DraftError::Spec`] for a text that is no policy.
    pub fn set_policy(&mut self, path: &str, policy: &PolicySpec) -> Result<(), DraftError> {
        let no_group = || DraftError::NoGroup(path.to_owned());
        let below = path.strip_prefix("/Channel/").ok_or_else(no_group)?;
        let (groups, name) = below.rsplit_once('/').unwrap_or(("", below));
        let group = self.group_mut(groups).map_err(|_| no_group())?;
        let mod_policy = group.policies.get(name).map(|known| known.mod_policy.clone());
        let parent = path.strip_suffix(name).unwrap_or(path).trim_end_matches('/');
        writer::add_policy(group, parent, name, policy)?;
        if let (Some(mod_policy), Some(changed)) = (mod_policy, group.policies.get_mut(name)) {
            changed.mod_policy = mod_policy;
        }
        Ok(())
    }

    /// The configuration as it would be, apart from its versions.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The smallest update that leads to this draft.
    ///
    /// # Errors
    /// [`DraftError::Refused`] for what Fabric would refuse, [`DraftError::NoPolicy`] for an access rule that leads
    /// nowhere, [`DraftError::Spec`] when organizations that only read would come to decide over the channel,
    /// [`DraftError::Update`] when nothing changes.
    pub fn finish(&self) -> Result<ConfigUpdate, DraftError> {
        let channel = self.current.channel_id();
        let update = compute_update(channel, self.current.config(), &self.config)?;
        let next = ChannelConfig::from_config(channel, self.config.clone())?;
        if next.readers_decide() && !self.current.readers_decide() {
            return Err(SpecError::ReadersDecide.into());
        }
        // A rule that led nowhere before is no fault of this update.
        let mut changed = next.acls().filter(|(resource, policy)| self.current.acl(resource) != Some(policy));
        match changed.find(|(_, policy)| !next.policy(policy).exists()) {
            Some((_, policy)) => Err(DraftError::NoPolicy(policy.to_owned())),
            None => Ok(update),
        }
    }

    /// A group by its path below the channel's own, which has the empty path.
    pub(crate) fn group_mut(&mut self, path: &str) -> Result<&mut ConfigGroup, DraftError> {
        let missing = || DraftError::NoGroup(path.to_owned());
        let mut group = self.config.channel_group.as_mut().ok_or_else(missing)?;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            group = group.groups.get_mut(name).ok_or_else(missing)?;
        }
        Ok(group)
    }
}

pub(crate) fn get<M: Message + Default>(group: &ConfigGroup, key: &'static str) -> Result<M, DraftError> {
    match group.values.get(key) {
        Some(value) => M::decode(&*value.value).map_err(|_| DraftError::Malformed(key)),
        None => Ok(M::default()),
    }
}

/// Sets a value. One that says the same in other bytes is left alone: a change of bytes alone would need signatures,
/// too.
pub(crate) fn set<M: Message + Default + PartialEq>(group: &mut ConfigGroup, key: &'static str, message: &M) {
    let fresh = || ConfigValue { mod_policy: keys::ADMINS.to_owned(), ..ConfigValue::default() };
    let known = group.values.contains_key(key);
    let value = group.values.entry(key.to_owned()).or_insert_with(fresh);
    if !known || M::decode(&*value.value).ok().as_ref() != Some(message) {
        value.value = message.encode_to_vec();
    }
}
