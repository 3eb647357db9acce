//! The name of a list of members that was proposed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use crate::common::Digest256;

/// Which list of members is meant: the organization that proposed it and the digest of what it says. So no list can
/// stand in the way of another one, and what is confirmed is what was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoundingName {
    /// The organization that proposed it.
    pub proposer: MspId,
    /// SHA-256 of the list as JSON without spaces, members in the order of their MSP ids.
    pub list_sha256: Digest256,
}
