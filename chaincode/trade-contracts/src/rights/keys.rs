//! Keys of the rights contract.

use fabric_contract::{CompositeKey, KeyError};

/// A right.
pub(crate) fn right(right_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("right", &[right_id])
}

/// A licence.
pub(crate) fn licence(licence_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("licence", &[licence_id])
}

/// Index entry: a licence of an enterprise under a right.
pub(crate) fn licence_of(right_id: &str, licensee: &str, licence_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("licence-of", &[right_id, licensee, licence_id])
}

/// The prefix of all licences of an enterprise under a right.
pub(crate) fn licences_of(right_id: &str, licensee: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("licence-of", &[right_id, licensee])
}
