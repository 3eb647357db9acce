//! Custody transfers as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{TRANSFER_ITEMS_NAMED_MAX, TransferName};
use crate::common::{ItemId, Remark, Set, Stamp, Text};

/// A custody transfer: the answer of all transactions of the contract `custody`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustodyTransfer {
    /// Its name.
    pub transfer_id: TransferName,
    /// Who holds the items and offers them.
    pub from: MspId,
    /// Who is to take them.
    pub to: MspId,
    /// The canonical ids of what is transferred.
    pub items: Set<ItemId, 1, TRANSFER_ITEMS_NAMED_MAX>,
    /// Their condition as the sender says.
    pub condition: Remark,
    /// The seal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Text<64>>,
    /// Where the handshake stands.
    pub state: TransferState,
    /// Who offered it when.
    pub offered: Stamp,
    /// Until when it can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
    /// Who accepted, rejected or withdrew it when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Stamp>,
    /// Exceptions of the receiver, or why it was rejected or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<Remark>,
    /// How many items changed hands, contents of units included; 0 before acceptance.
    pub items_moved: u32,
}

/// Where a custody transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// Waiting for the receiver; the sender is responsible.
    Offered,
    /// Taken; the receiver is responsible.
    Accepted,
    /// Not taken; the sender stays responsible.
    Rejected,
    /// Taken back; the sender stays responsible.
    Withdrawn,
}

impl CustodyTransfer {
    /// Whether it can no longer be accepted because of its time.
    pub fn has_expired(&self, now: UtcTime) -> bool {
        self.expires_at.is_some_and(|expiry| expiry < now)
    }

    /// The transfer after each that was said of it, the offer first, with who said it when.
    pub fn said(&self) -> Vec<(Self, &Stamp)> {
        let Some(decided) = &self.decided else { return vec![(self.clone(), &self.offered)] };
        let offered =
            Self { state: TransferState::Offered, decided: None, remark: None, items_moved: 0, ..self.clone() };
        vec![(offered, &self.offered), (self.clone(), decided)]
    }

    /// The members without whose word it would not be what it is.
    pub fn signers(&self) -> Vec<&MspId> {
        match self.state {
            TransferState::Offered | TransferState::Withdrawn => vec![&self.from],
            TransferState::Accepted | TransferState::Rejected => vec![&self.from, &self.to],
        }
    }
}
