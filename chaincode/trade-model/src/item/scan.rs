//! What a consumer may know about a code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HeldBy, Life, Origin};
use crate::common::ItemId;

/// The answer of `item:Scan`: what is known, what is not, and whether records conflict. It holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanAnswer {
    /// The canonical id.
    pub item_id: ItemId,
    /// Whether the ledger has any record of it.
    pub recorded: bool,
    /// How it came to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether it may still be in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Life>,
    /// The legal name of who commissioned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioner_name: Option<String>,
    /// The day it was commissioned, as the maker says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commissioned_on: Option<trade_standards::time::Date>,
    /// Whether records of parties with standing contradict one another, or an authority confirmed another
    /// contradiction.
    pub conflict_found: bool,
    /// The authority that holds it; absent when none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldBy>,
    /// What contradicts, one statement per such alarm that stands, newest first, at most 20; a last one with the code
    /// `more_conflicts` says that there are more.
    pub conflicts: Vec<Statement>,
    /// What members without standing say to the contrary, once the time to answer has passed: one statement per alarm,
    /// newest first, at most 20; a last one with the code `more_reports` says that there are more.
    pub reports: Vec<Statement>,
    /// What is known and how.
    pub known: Vec<Statement>,
    /// What nobody recorded or nobody can know from a code.
    pub not_known: Vec<Statement>,
}

/// One sentence with a stable code, so that it can be translated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statement {
    /// Stable code, for example `commissioned`.
    pub code: String,
    /// The sentence in English.
    pub text: String,
    /// The event, alarm or licence it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}
