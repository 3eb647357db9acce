//! What a peer offers beside the single messages that every version knows: batches of writes, reads of many keys.

use fabric_protos::protos::ChaincodeAdditionalParams;
use prost::Message;

/// What the peer offered when the stream became ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// Records per write batch; none when the peer takes single writes only.
    pub(super) write_batch: Option<usize>,
    /// Keys per multi-get; none when the peer takes single reads only.
    pub(super) get_multiple: Option<usize>,
}

impl Capabilities {
    /// Reads the payload of READY. A payload that cannot be read offers nothing; Fabric's own library does the same.
    pub(super) fn of(payload: &[u8]) -> Self {
        let offered = ChaincodeAdditionalParams::decode(payload).unwrap_or_default();
        let size = |wanted: bool, size: u32| {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            (wanted && size > 0).then_some(size)
        };
        Self {
            write_batch: size(offered.use_write_batch, offered.max_size_write_batch),
            get_multiple: size(offered.use_get_multiple_keys, offered.max_size_get_multiple_keys),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_without_parameters_offers_nothing() {
        assert_eq!(Capabilities::of(&[]), Capabilities::default());
        assert_eq!(Capabilities::of(b"\xff\xff"), Capabilities::default());
    }

    #[test]
    fn a_size_of_zero_is_no_offer() {
        let offer =
            ChaincodeAdditionalParams { use_write_batch: true, use_get_multiple_keys: true, ..Default::default() };
        assert_eq!(Capabilities::of(&offer.encode_to_vec()), Capabilities::default());
        let offer = ChaincodeAdditionalParams { max_size_write_batch: 7, max_size_get_multiple_keys: 9, ..offer };
        let expected = Capabilities { write_batch: Some(7), get_multiple: Some(9) };
        assert_eq!(Capabilities::of(&offer.encode_to_vec()), expected);
    }
}
