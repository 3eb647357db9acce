//! Keys of the evidence contract.

use fabric_contract::{CompositeKey, KeyError};

/// A deposit, by the hash of its original.
pub(crate) fn evidence(sha256: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("evidence", &[sha256])
}
