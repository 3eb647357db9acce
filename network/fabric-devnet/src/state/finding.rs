//! What of a ledger at rest is not as it was written.

use std::path::PathBuf;

/// The first place of a ledger that has been changed, or that only a mistake of this program can have left so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A block is not what the orderer signed, or does not continue the chain.
    #[error("block {number} has been changed: {part}")]
    Block {
        /// The block's number.
        number: u64,
        /// What does not fit.
        part: String,
    },
    /// The file with the genesis block is not that of its folder.
    #[error("{} is not the genesis block of this channel", .0.display())]
    Genesis(PathBuf),
    /// The file with the blocks is not there, although the channel was joined.
    #[error("{} is gone", .0.display())]
    Gone(PathBuf),
    /// A row that follows from the blocks is another one.
    #[error("the blocks do not add up to row {row} of table '{table}'")]
    Row {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
    },
    /// A row of an organization's private data is not what the blocks name.
    #[error("the blocks do not name row {row} of table '{table}' of the private data of {msp_id}")]
    Private {
        /// The organization.
        msp_id: String,
        /// The table.
        table: &'static str,
        /// The row's key, without names of private keys.
        row: String,
    },
    /// A file cannot be read to its end.
    #[error("the files cannot be read through: {0}")]
    Unreadable(String),
}
