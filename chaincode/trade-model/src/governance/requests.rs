//! What can be asked of the contract `governance`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Member, Members};
use crate::rules::Rules;
use crate::transaction::transactions;

/// `governance:Establish` (submit): names the members of the channel, once and for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Establish {
    /// All members, 1 to 64, each MSP once; the caller's own among them.
    pub members: Vec<Member>,
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
    submit(Registrar) "governance:Establish", Establish => Members;
    evaluate "governance:ReadMembers", ReadMembers => Members;
    evaluate "governance:ReadRules", ReadRules => Rules;
}
