//! A record that speaks for an organization, as it is answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A record and whether the organization it speaks for has made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attested<T> {
    /// The record.
    #[serde(flatten)]
    pub record: T,
    /// Whether the peer of the organization that the record speaks for endorsed it. A record without that may have been
    /// made by others in its name; nothing can be based on it.
    pub authenticated: bool,
}
