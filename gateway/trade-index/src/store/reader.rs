//! Whose rows are read.

/// Whose rows these are: an organization that reads one chaincode of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The channel.
    pub channel: String,
    /// The MSP id of the organization whose peer gives the blocks.
    pub organization: String,
    /// The chaincode.
    pub chaincode: String,
}

/// A reader that is known to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderId(pub(crate) i64);
