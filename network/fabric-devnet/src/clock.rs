//! The time of this machine, and what has expired by it.

use std::time::{SystemTime, UNIX_EPOCH};

use fabric_msp::certificate::Certificate;
use fabric_protos::msp::SerializedIdentity;
use prost::Message;

/// The time of this machine, in seconds since 1970.
pub(crate) fn unix_seconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Whether the certificate of a creator has expired. One that cannot be read has no end; its signature will fail.
pub(crate) fn is_expired(creator: &[u8]) -> bool {
    let Ok(identity) = SerializedIdentity::decode(creator) else { return false };
    let certificate = Certificate::from_pem(&identity.id_bytes);
    certificate.is_ok_and(|certificate| certificate.is_expired(unix_seconds()))
}
