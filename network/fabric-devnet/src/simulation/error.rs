//! What a chaincode hears when a simulation step is refused.

use crate::state::{definition::DefinitionError, error::LedgerError};

/// Why a simulation step failed. The texts are Fabric's.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The chaincode has no such collection.
    #[error("collection {channel}/{chaincode}/{collection} could not be found")]
    NoSuchCollection {
        /// The channel.
        channel: String,
        /// The chaincode.
        chaincode: String,
        /// The collection.
        collection: String,
    },
    /// Neither the chaincode nor an organization of the channel gives this collection.
    #[error("collection [{collection}] not defined in the collection config for chaincode [{chaincode}]")]
    CollectionName {
        /// The chaincode.
        chaincode: String,
        /// The collection.
        collection: String,
    },
    /// The chaincode is not defined, so it has no collections.
    #[error(
        "collection config not defined for chaincode [{0}], pass the collection configuration upon chaincode definition/instantiation"
    )]
    CollectionConfig(String),
    /// The collection is for members only.
    #[error(
        "tx creator does not have {what} access permission on privatedata in chaincodeName:{chaincode} collectionName: {collection}"
    )]
    NoAccess {
        /// `read` or `write`.
        what: &'static str,
        /// The chaincode.
        chaincode: String,
        /// The collection.
        collection: String,
    },
    /// The channel knows a value whose plaintext this organization does not have.
    #[error(
        "private data matching public hash version is not available. Public hash version = {hash}, Private data version = {value}"
    )]
    NotAvailable {
        /// The version of the hash.
        hash: String,
        /// The version of the plaintext.
        value: String,
    },
    /// A write after a private range query.
    #[error(
        "txid [{0}]: unsuppored transaction. Transaction has already performed queries on pvt data. Writes are not allowed"
    )]
    WriteAfterPrivateQuery(String),
    /// A write after a paginated query.
    #[error(
        "txid [{0}]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed"
    )]
    WriteAfterPagination(String),
    /// A private range query after a write.
    #[error("txid [{0}]: unsuppored transaction. Queries on pvt data is supported only in a read-only transaction")]
    PrivateQueryAfterWrite(String),
    /// A paginated query after a write.
    #[error("txid [{0}]: unsuppored transaction. Paginated queries are supported only in a read-only transaction")]
    PaginationAfterWrite(String),
    /// The iterator was never opened, or has been closed.
    #[error("query iterator not found")]
    NoCursor,
    /// A key was written whose endorsement policy is none, so that nobody can tell who must endorse it.
    #[error("error unmarshalling SignaturePolicyEnvelope: proto: cannot parse invalid wire-format data")]
    KeyPolicy,
    /// The simulation has given its results away.
    #[error("this instance should not be used after calling Done()")]
    Finished,
    /// A stored definition cannot be read.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
