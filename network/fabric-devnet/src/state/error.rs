//! What can go wrong with a ledger itself. Broken transactions are not errors here: they get a validation code.

use std::path::PathBuf;

use super::finding::Finding;

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file or folder cannot be used.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The embedded database refused.
    #[error("the ledger's database failed: {0}")]
    Storage(redb::Error),
    /// A stored record cannot be read, so the file is damaged or of another program.
    #[error("the ledger holds an unreadable {0}")]
    Damaged(&'static str),
    /// The ledger is not what was written.
    #[error("the ledger has been changed at rest: {0}")]
    Changed(Finding),
    /// The folder belongs to another channel.
    #[error("the ledger in this folder begins with another genesis block than the given one")]
    OtherGenesis,
    /// The genesis block is not a usable channel configuration.
    #[error("the channel configuration cannot be used: {0}")]
    Config(String),
    /// A block does not continue the chain.
    #[error("block {number} does not follow the chain: {cause}")]
    NotNext {
        /// The block's number.
        number: u64,
        /// What does not fit.
        cause: &'static str,
    },
    /// The orderers did not sign the block.
    #[error("block {number} is not signed as the channel demands: {cause}")]
    BlockSignature {
        /// The block's number.
        number: u64,
        /// What the policy says.
        cause: String,
    },
    /// There is no private store for the organization.
    #[error("no peer of {0} keeps a private store here")]
    UnknownPeer(String),
    /// A crash that was ordered.
    #[error("the ledger crashed as it was told to")]
    Crash,
    /// A transaction id that cannot be one.
    #[error("'{0}' is not a transaction id")]
    TransactionId(String),
}

impl From<redb::Error> for LedgerError {
    fn from(error: redb::Error) -> Self {
        Self::Storage(error)
    }
}

impl From<Finding> for LedgerError {
    fn from(error: Finding) -> Self {
        Self::Changed(error)
    }
}

macro_rules! from_storage {
    ($($kind:ty),* $(,)?) => {
        $(impl From<$kind> for LedgerError {
            fn from(cause: $kind) -> Self {
                Self::Storage(cause.into())
            }
        })*
    };
}

from_storage!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError,
);
