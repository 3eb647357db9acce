//! Title transfers as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{TITLE_ITEMS_NAMED_MAX, TitleName};
use crate::common::{ItemId, Remark, Set, Stamp};

/// A title transfer: the answer of all transactions of the contract `title`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TitleTransfer {
    /// Its name.
    pub title_id: TitleName,
    /// Who owns the items and offers them.
    pub seller: MspId,
    /// Who is to own them.
    pub buyer: MspId,
    /// The canonical ids of what is sold; what is packed in a unit is sold with it.
    pub items: Set<ItemId, 1, TITLE_ITEMS_NAMED_MAX>,
    /// Where it stands.
    pub state: TitleState,
    /// Who offered it when.
    pub offered: Stamp,
    /// Until when it can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
    /// Who accepted, refused or withdrew it when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Stamp>,
    /// Why it was refused or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// To how many items title passed, contents of units included; 0 before acceptance.
    pub items_passed: u32,
}

/// Where a title transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TitleState {
    /// Waiting for the buyer; the seller owns.
    Offered,
    /// Taken; the buyer owns.
    Accepted,
    /// Not taken; the seller owns.
    Refused,
    /// Taken back; the seller owns.
    Withdrawn,
}

impl TitleTransfer {
    /// Whether it can no longer be accepted because of its time.
    pub fn has_expired(&self, now: UtcTime) -> bool {
        self.expires_at.is_some_and(|expiry| expiry < now)
    }

    /// The transfer after each that was said of it, the offer first, with who said it when.
    pub fn said(&self) -> Vec<(Self, &Stamp)> {
        let Some(decided) = &self.decided else { return vec![(self.clone(), &self.offered)] };
        let offered = Self { state: TitleState::Offered, decided: None, reason: None, items_passed: 0, ..self.clone() };
        vec![(offered, &self.offered), (self.clone(), decided)]
    }

    /// The members without whose word it would not be what it is.
    pub fn signers(&self) -> Vec<&MspId> {
        match self.state {
            TitleState::Offered | TitleState::Withdrawn => vec![&self.seller],
            TitleState::Accepted | TitleState::Refused => vec![&self.seller, &self.buyer],
        }
    }
}
