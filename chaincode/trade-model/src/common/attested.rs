//! Records that speak for an organization, as they are answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::Stamp;

/// A record and whether the organization it speaks for has made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Attested{T}")]
pub struct Attested<T> {
    /// The record.
    #[serde(flatten)]
    pub record: T,
    /// Whether the peer of the organization that the record speaks for endorsed it. A record without that may have been
    /// made by others in its name; nothing can be based on it.
    pub authenticated: bool,
}

/// A record with a commitment, and who stands behind the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Committed{T}")]
pub struct Committed<T> {
    /// The record.
    #[serde(flatten)]
    pub record: T,
    /// As in [`Attested`].
    pub authenticated: bool,
    /// Whether both parties hold the same opening of the commitment. Until they do, the committed number is not known
    /// to be an amount.
    pub opening_shared: bool,
}

/// The answer to sharing an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// The member that holds the opening from now on, beside the sharer.
    pub with: MspId,
    /// Who shared it when.
    pub shared: Stamp,
}
