//! What a check comes to.

use trade_model::customs::FindingReason;

/// Reasons why a check is broken, and reasons why it cannot be told.
pub(super) type Reasons = (Vec<FindingReason>, Vec<FindingReason>);
