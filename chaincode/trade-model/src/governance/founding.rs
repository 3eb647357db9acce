//! The founding: lists of members side by side, and which organizations have confirmed which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{FoundingName, Member};
use crate::common::{Cursor, Stamp};

/// A list of members that an organization proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// Its name.
    pub name: FoundingName,
    /// All members in the order of their MSP ids.
    pub members: Vec<Member>,
    /// Who proposed it when.
    pub proposed: Stamp,
}

/// The list that an organization confirms: one at a time, the last one counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The list.
    pub founding: FoundingName,
    /// Who confirmed it when.
    pub confirmed: Stamp,
}

/// A list of members and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundingState {
    /// The list.
    #[serde(flatten)]
    pub founding: Founding,
    /// The organizations that confirm it, each with its own key and peer.
    pub confirmed_by: Vec<MspId>,
    /// The organizations whose confirmation is missing: all listed ones that write.
    pub missing: Vec<MspId>,
    /// Whether these are the members of the channel by this list.
    pub in_force: bool,
    /// Whether the organization that is named as proposer has made the list.
    pub authenticated: bool,
}

/// One page of lists, in the order of proposers and digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundingPage {
    /// The lists.
    pub foundings: Vec<FoundingState>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}
