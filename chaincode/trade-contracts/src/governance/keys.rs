//! Keys of the governance contract.

use fabric_contract::{CompositeKey, KeyError};

/// The one record that names all participants.
pub(crate) fn participants() -> Result<CompositeKey, KeyError> {
    CompositeKey::new("participants", &["all"])
}
