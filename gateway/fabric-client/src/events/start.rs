//! Where a stream of events or blocks begins, as Fabric's deliver service calls it: the seek position.

use fabric_protos::orderer::{SeekNewest, SeekNextCommit, SeekOldest, SeekPosition, SeekSpecified, seek_position};

/// Where a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the next block that is committed after the peer has read the request.
    Next,
    /// With the newest block there is. Not for chaincode events.
    Newest,
    /// With block 0. Not for chaincode events.
    Oldest,
    /// With this block. It must be at most one ahead of the newest for block streams.
    Block(u64),
}

impl Start {
    pub(crate) fn position(self) -> SeekPosition {
        let position = match self {
            Self::Next => seek_position::Type::NextCommit(SeekNextCommit {}),
            Self::Newest => seek_position::Type::Newest(SeekNewest {}),
            Self::Oldest => seek_position::Type::Oldest(SeekOldest {}),
            Self::Block(number) => seek_position::Type::Specified(SeekSpecified { number }),
        };
        SeekPosition { r#type: Some(position) }
    }
}
