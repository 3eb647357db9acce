//! Handing goods over: one side offers, the other accepts; until then the sender is responsible.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

/// Most items one offer can name.
pub const OFFER_ITEMS_MAX: usize = 100;
/// Most items, contents of units included, one handover can move.
pub const HANDOVER_ITEMS_MAX: usize = 2_000;

/// `custody:Offer` (submit): the holder offers items to another enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub offer_id: String,
    /// Items or logistic units, 1 to 100; what is packed in a unit moves along and is not named.
    pub items: Vec<String>,
    /// Who is to take them.
    pub to: MspId,
    /// Their condition in words, at most 500 characters, no personal data.
    pub condition: String,
    /// The seal number, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
    /// After this moment the offer can no longer be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
}

/// `custody:Accept` (submit): the offered party takes the items, with exceptions noted if need be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The offer.
    pub offer_id: String,
    /// What differs from the condition offered, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<String>,
    /// The seal number as found; must be the one offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
}

/// `custody:Reject` (submit): the offered party does not take the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The offer.
    pub offer_id: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// `custody:Withdraw` (submit): the sender takes an open offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The offer.
    pub offer_id: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// Asks `custody:Read` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOffer {
    /// The offer.
    pub offer_id: String,
}

/// A handover: the answer of all transactions of the contract `custody`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handover {
    /// Its id.
    pub offer_id: String,
    /// Who holds the items and offers them.
    pub from: MspId,
    /// Who is to take them.
    pub to: MspId,
    /// The canonical ids of what is handed over.
    pub items: Vec<String>,
    /// Their condition as the sender says.
    pub condition: String,
    /// The seal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
    /// Where the handshake stands.
    pub state: HandoverState,
    /// When it was offered.
    pub offered_at: UtcTime,
    /// In which transaction.
    pub offered_in: String,
    /// Until when it can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
    /// When it was accepted, rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<UtcTime>,
    /// In which transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_in: Option<String>,
    /// Exceptions of the receiver, or why it was rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// How many items changed hands, contents of units included; 0 before acceptance.
    pub items_moved: u32,
}

/// Where a handover stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    /// Waiting for the receiver; the sender is responsible.
    Offered,
    /// Taken; the receiver is responsible.
    Accepted,
    /// Not taken; the sender stays responsible.
    Rejected,
    /// Taken back; the sender stays responsible.
    Withdrawn,
}
