//! What customs does with a consignment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What customs does with a consignment; the later one weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CustomsOutcome")]
pub enum Outcome {
    /// It passes.
    Clear,
    /// Documents are asked for.
    DocumentCheck,
    /// It is held.
    Intercept,
    /// It is not admitted.
    Refuse,
}
