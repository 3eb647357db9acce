//! What a chaincode hears when a question of it cannot be answered.

use crate::simulation::SimulationError;

/// Why a question is answered with an error. Only the text leaves the peer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("unmarshal failed: {0}")]
    Malformed(prost::DecodeError),
    #[error("private data APIs are not allowed in chaincode Init()")]
    PrivateInInit,
    #[error("only applicable for private data")]
    NotPrivate,
    #[error("purge private data is not enabled, channel application capability of V2_5 or later is required")]
    NoPurge,
    #[error("no metadata given")]
    NoMetadata,
    #[error("unknown operation type {0} in a batch")]
    BatchOperation(i32),
    #[error("no chaincode named")]
    NoChaincode,
    #[error("ExecuteQuery not supported for leveldb")]
    RichQuery,
    #[error("query iterator not found")]
    NoCursor,
    #[error("too many iterators in one transaction")]
    CursorsMax,
    #[error("{0}")]
    Invoke(String),
    #[error(transparent)]
    Simulation(#[from] SimulationError),
}

impl From<prost::DecodeError> for RequestError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Malformed(error)
    }
}
