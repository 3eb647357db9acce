//! Whether a simulation may touch a collection: it must be defined, and some are for members only.

use fabric_protos::protos::StaticCollectionConfig;

use super::{error::SimulationError, simulator::Simulator};
use crate::state::{collection, definition::LIFECYCLE};

impl Simulator {
    pub(super) fn check_private_write(&mut self, namespace: &str, collection: &str) -> Result<(), SimulationError> {
        self.check_access(namespace, collection, "write")?;
        self.check_collection(namespace, collection)?;
        self.check_write()
    }

    /// Members may do everything, others what the collection's flags leave open.
    pub(super) fn check_access(
        &mut self,
        namespace: &str,
        collection: &str,
        what: &'static str,
    ) -> Result<(), SimulationError> {
        let Some(config) = self.collection_config(namespace, collection)? else {
            return Err(SimulationError::NoSuchCollection {
                channel: self.channel.channel_id().to_owned(),
                chaincode: namespace.to_owned(),
                collection: collection.to_owned(),
            });
        };
        let restricted = if what == "read" { config.member_only_read } else { config.member_only_write };
        let is_member =
            || self.caller.identity.as_ref().is_some_and(|who| collection::is_member(&config, who, &self.channel));
        if !restricted || is_member() {
            return Ok(());
        }
        let (chaincode, collection) = (namespace.to_owned(), collection.to_owned());
        Err(SimulationError::NoAccess { what, chaincode, collection })
    }

    fn collection_config(
        &mut self,
        namespace: &str,
        collection: &str,
    ) -> Result<Option<StaticCollectionConfig>, SimulationError> {
        let implicit = collection::implicit_owner(collection).map(collection::implicit_definition);
        if namespace == LIFECYCLE {
            return Ok(implicit);
        }
        let Some(definition) = self.known_definition(namespace)? else { return Ok(None) };
        Ok(implicit.or_else(|| definition.collection(collection).cloned()))
    }

    /// Whether the chaincode has a collection of this name, or an organization of the channel gives it one.
    pub(super) fn check_collection(&mut self, namespace: &str, collection: &str) -> Result<(), SimulationError> {
        let implicit = collection::implicit_owner(collection);
        let mut known = implicit.is_some_and(|msp_id| self.channel.application_org(msp_id).is_some());
        if namespace != LIFECYCLE {
            let definition = self.known_definition(namespace)?;
            let definition = definition.ok_or_else(|| SimulationError::CollectionConfig(namespace.to_owned()))?;
            known |= definition.collection(collection).is_some();
        }
        if known {
            return Ok(());
        }
        let (chaincode, collection) = (namespace.to_owned(), collection.to_owned());
        Err(SimulationError::CollectionName { chaincode, collection })
    }
}
