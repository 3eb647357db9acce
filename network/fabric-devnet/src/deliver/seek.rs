//! Which blocks a request asks for.

use fabric_protos::{
    common::Status,
    orderer::{
        SeekInfo, SeekPosition,
        seek_info::{SeekBehavior, SeekContentType},
        seek_position::Type,
    },
};

/// The blocks of one request, all included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seek {
    pub(super) next: u64,
    pub(super) stop: u64,
    /// Give up instead of waiting for a block that is not there yet.
    pub(super) fails_when_missing: bool,
    /// Leave out the data of ordinary blocks.
    pub(super) header_only: bool,
}

impl Seek {
    /// Reads a request for a ledger of the given height, which is at least 1.
    pub(super) fn new(info: &SeekInfo, height: u64) -> Result<Self, Status> {
        let (Some(start), Some(stop)) = (&info.start, &info.stop) else { return Err(Status::BadRequest) };
        let newest = height.saturating_sub(1);
        // A start that cannot be found counts as 0 until the stop has been looked at.
        let found = first_block(start, height);
        let next = found.unwrap_or(0);
        let stop = match &stop.r#type {
            Some(Type::Oldest(_)) => next,
            Some(Type::Newest(_)) if info.start == info.stop => next,
            Some(Type::Newest(_)) => newest,
            Some(Type::Specified(position)) if position.number < next => return Err(Status::BadRequest),
            Some(Type::Specified(position)) => position.number,
            // As on Fabric: such a request goes on for ever unless it passes block 0.
            Some(Type::NextCommit(_)) | None => 0,
        };
        if found.is_none() {
            return Err(Status::NotFound);
        }
        Ok(Self {
            next,
            stop,
            fails_when_missing: info.behavior == SeekBehavior::FailIfNotReady as i32,
            header_only: info.content_type == SeekContentType::HeaderWithSig as i32,
        })
    }
}

fn first_block(start: &SeekPosition, height: u64) -> Option<u64> {
    match &start.r#type {
        Some(Type::Oldest(_)) => Some(0),
        Some(Type::Newest(_)) => Some(height.saturating_sub(1)),
        Some(Type::NextCommit(_)) => Some(height),
        Some(Type::Specified(position)) => (position.number <= height).then_some(position.number),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::orderer::{SeekNewest, SeekNextCommit, SeekOldest, SeekSpecified};

    use super::*;

    const OLDEST: Type = Type::Oldest(SeekOldest {});
    const NEWEST: Type = Type::Newest(SeekNewest {});
    const NEXT: Type = Type::NextCommit(SeekNextCommit {});

    fn number(number: u64) -> Type {
        Type::Specified(SeekSpecified { number })
    }

    fn seek(start: Type, stop: Type) -> Result<(u64, u64), Status> {
        let position = |r#type| Some(SeekPosition { r#type: Some(r#type) });
        let info = SeekInfo { start: position(start), stop: position(stop), ..Default::default() };
        Seek::new(&info, 10).map(|seek| (seek.next, seek.stop))
    }

    #[test]
    fn positions_are_read_like_fabrics() {
        assert_eq!(seek(NEWEST, NEWEST), Ok((9, 9)));
        assert_eq!(seek(OLDEST, NEWEST), Ok((0, 9)));
        assert_eq!(seek(OLDEST, OLDEST), Ok((0, 0)));
        assert_eq!(seek(OLDEST, number(20)), Ok((0, 20)));
        assert_eq!(seek(number(3), number(3)), Ok((3, 3)));
        assert_eq!(seek(NEXT, number(u64::MAX)), Ok((10, u64::MAX)));
        assert_eq!(seek(number(10), number(10)), Ok((10, 10)));
    }

    #[test]
    fn impossible_requests_are_refused() {
        assert_eq!(seek(number(5), number(2)), Err(Status::BadRequest));
        assert_eq!(seek(number(11), number(20)), Err(Status::NotFound));
        assert_eq!(Seek::new(&SeekInfo::default(), 10), Err(Status::BadRequest));
        let start = Some(SeekPosition { r#type: Some(OLDEST) });
        assert_eq!(Seek::new(&SeekInfo { start, ..Default::default() }, 10), Err(Status::BadRequest));
        let nowhere = Some(SeekPosition::default());
        let info = SeekInfo { start: nowhere, stop: start, ..Default::default() };
        assert_eq!(Seek::new(&info, 10), Err(Status::NotFound));
    }
}
