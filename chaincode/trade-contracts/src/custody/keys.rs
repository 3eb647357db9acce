//! Keys of the custody contract.

use fabric_contract::{CompositeKey, KeyError};

/// A handover, from offer to answer.
pub(crate) fn handover(offer_id: &str) -> Result<CompositeKey, KeyError> {
    CompositeKey::new("handover", &[offer_id])
}
