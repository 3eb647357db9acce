//! What a channel has defined as of one snapshot: chaincodes and their collections.

use std::sync::Arc;

use fabric_config::ChannelConfig;
use fabric_protos::protos::StaticCollectionConfig;

use super::{
    collection,
    definition::{ChaincodeDefinition, DefinitionError, LIFECYCLE, ReadFields},
    error::LedgerError,
    store::Snapshot,
};

/// The definition of a chaincode in a snapshot. A broken one, which only a bad `_lifecycle` could have written, counts
/// as none.
pub(crate) fn definition_in(
    snapshot: &Snapshot,
    chaincode: &str,
) -> Result<Option<Arc<ChaincodeDefinition>>, LedgerError> {
    snapshot.definitions().get(chaincode, || read(snapshot, chaincode))
}

/// A collection of a chaincode, named or implicit; `None` when the channel has none of that name.
pub(crate) fn collection_in(
    snapshot: &Snapshot,
    channel: &ChannelConfig,
    chaincode: &str,
    collection: &str,
) -> Result<Option<StaticCollectionConfig>, LedgerError> {
    if let Some(owner) = collection::implicit_owner(collection) {
        return Ok(channel.application_org(owner).map(|_| collection::implicit_definition(owner)));
    }
    let definition = definition_in(snapshot, chaincode)?;
    Ok(definition.and_then(|definition| definition.collection(collection).cloned()))
}

fn read(snapshot: &Snapshot, chaincode: &str) -> Result<Option<ChaincodeDefinition>, LedgerError> {
    match ChaincodeDefinition::read(chaincode, &mut SnapshotFields(snapshot)) {
        Ok(definition) => Ok(definition),
        Err(ReadError::Definition(cause)) => {
            tracing::warn!(chaincode, %cause, "the definition of a chaincode cannot be read");
            Ok(None)
        }
        Err(ReadError::Ledger(cause)) => Err(cause),
    }
}

struct SnapshotFields<'a>(&'a Snapshot);

#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl ReadFields for SnapshotFields<'_> {
    type Error = ReadError;

    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, ReadError> {
        Ok(self.0.state(LIFECYCLE, key)?.map(|entry| entry.value))
    }
}
