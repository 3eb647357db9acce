//! Products that one company lets another protect by its rights: offered by the company that owns the GS1 prefix, in
//! force when the other accepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{Gtin, MspId};

use super::super::PRODUCTS_MAX;
use crate::common::{Digest256, Remark, Set, Stamp};

/// That a company lets another member's rights cover its products: the answer of `rights:AssignProducts` and
/// `rights:EndAssignment`. There is one for each pair; the company replaces it by another, which is accepted anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductAssignment {
    /// The company that owns the prefix.
    pub from: MspId,
    /// The member whose rights may cover them.
    pub to: MspId,
    /// GTINs of 14 digits, sorted; empty means all under the company's prefixes.
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// Who assigned them when.
    pub assigned: Stamp,
    /// Set when the company ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Stamp>,
}

/// What the other member said: the answer of `rights:AcceptProducts` and `rights:RefuseProducts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AssignmentReply {
    /// The company that owns the prefix.
    pub from: MspId,
    /// The member that replies.
    pub to: MspId,
    /// Whether its rights cover the products.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// SHA-256 of the assignment as JSON without spaces.
    pub assignment_sha256: Digest256,
    /// Who replied when.
    pub replied: Stamp,
}
