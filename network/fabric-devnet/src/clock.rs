//! The time of this machine, and what has expired by it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use fabric_msp::certificate::Certificate;
use fabric_protos::msp::SerializedIdentity;
use prost::Message;

/// Creators whose end is remembered.
const KNOWN_MAX: usize = 1024;
/// Longer creators are not remembered, in bytes: an honest one has about a thousand.
const CREATOR_BYTES_MAX: usize = 16 * 1024;

/// The time of this machine, in seconds since 1970.
pub(crate) fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Whether the certificate of a creator, an encoded `SerializedIdentity`, has expired. One that cannot be read has no
/// end; its signature will fail.
pub(crate) fn is_expired(creator: &[u8]) -> bool {
    has_expired(creator, unix_seconds())
}

/// As [`is_expired`] at another time, in seconds since 1970.
pub(crate) fn has_expired(creator: &[u8], now: i64) -> bool {
    end_of(creator).is_some_and(|certificate_end| certificate_end < now)
}

/// The last second of a creator's certificate. Taking a certificate apart costs as much as checking a signature, and
/// the end is part of its bytes, so it is remembered by them; whether it has come is asked anew each time.
fn end_of(creator: &[u8]) -> Option<i64> {
    static KNOWN: Mutex<BTreeMap<Vec<u8>, Option<i64>>> = Mutex::new(BTreeMap::new());
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(end) = known().get(creator) {
        return *end;
    }
    let end = read_end(creator);
    if creator.len() <= CREATOR_BYTES_MAX {
        let mut known = known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(creator.to_vec(), end);
    }
    end
}

fn read_end(creator: &[u8]) -> Option<i64> {
    let identity = SerializedIdentity::decode(creator).ok()?;
    Certificate::from_pem(&identity.id_bytes).ok().map(|certificate| certificate.not_after())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_never_expires_and_is_remembered_as_such() {
        for _ in 0..2 {
            assert!(!is_expired(b"nobody"));
            assert!(!has_expired(&vec![0; CREATOR_BYTES_MAX + 1], i64::MAX));
        }
    }
}
