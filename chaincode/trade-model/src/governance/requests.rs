//! What can be asked of the contract `governance`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::MspId;

use super::{FoundingPage, FoundingState, Member, Members};
use crate::common::{Cursor, Digest256, PageSize};
use crate::rules::Rules;
use crate::transaction::transactions;

/// `governance:ProposeFounding` (submit): proposes a list of members. It binds nobody before all that are listed and
/// write have confirmed it, the proposer among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeFounding {
    /// All members, 1 to 64, each MSP once; the caller's own among them.
    pub members: Vec<Member>,
}

/// `governance:ConfirmFounding` (submit): confirms a list of members by its digest. With the last confirmation the list is
/// in force. An organization confirms one list at a time; confirming another one takes the first confirmation back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmFounding {
    /// The organization that proposed the list.
    pub proposer: MspId,
    /// The digest of the list.
    pub list_sha256: Digest256,
}

/// `governance:ReadFounding` (evaluate): a list of members, and who has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadFounding {
    /// The organization that proposed the list.
    pub proposer: MspId,
    /// The digest of the list.
    pub list_sha256: Digest256,
}

/// `governance:ReadFoundings` (evaluate): the lists of members that were proposed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadFoundings {
    /// How many to answer, 1 to 100; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<PageSize>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// `governance:ReadMembers` (evaluate): the members of the channel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadMembers {}

/// `governance:ReadRules` (evaluate): the windows, bounds and tables that the contracts use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRules {}

transactions! {
    submit(Registrar) "governance:ProposeFounding", ProposeFounding => FoundingState;
    submit(Registrar) "governance:ConfirmFounding", ConfirmFounding => FoundingState;
    evaluate "governance:ReadFounding", ReadFounding => FoundingState;
    evaluate "governance:ReadFoundings", ReadFoundings => FoundingPage;
    evaluate "governance:ReadMembers", ReadMembers => Members;
    evaluate "governance:ReadRules", ReadRules => Rules;
}
