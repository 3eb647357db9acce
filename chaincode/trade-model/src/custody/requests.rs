//! What can be asked of the contract `custody`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{CustodyTransfer, Recovery, RecoveryRef, TRANSFER_ITEMS_NAMED_MAX, TransferRef};
use crate::common::{Attested, ItemId, RecoveryId, Remark, Role, Set, Text, TransferId};
use crate::transaction::transactions;

/// `custody:Offer` (submit): the holder offers items to another member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The caller's own id of it: 1 to 64 letters, digits, dots, dashes, underscores.
    pub transfer_id: TransferId,
    /// Items or logistic units, 1 to 100; what is packed in a unit moves along and is not named.
    pub items: Set<ItemId, 1, TRANSFER_ITEMS_NAMED_MAX>,
    /// Who is to take them.
    pub to: MspId,
    /// Their condition in words, at most 500 characters, no personal data.
    pub condition: Remark,
    /// The seal number, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Text<64>>,
    /// After this moment the offer can no longer be accepted, and binds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
}

/// `custody:Accept` (submit): the offered party takes the items, with exceptions noted if need be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// The offer.
    pub transfer_id: TransferRef,
    /// What differs from the condition offered, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exceptions: Option<Remark>,
    /// The seal number as found; must be the one offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Text<64>>,
}

/// `custody:Reject` (submit): the offered party does not take the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// The offer.
    pub transfer_id: TransferRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `custody:Withdraw` (submit): the sender takes an open offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The offer.
    pub transfer_id: TransferRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `custody:Recover` (submit): the owner takes items from a holder that is suspended, which cannot hand them over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// The caller's own id of it: 1 to 64 letters, digits, dots, dashes, underscores.
    pub recovery_id: RecoveryId,
    /// The suspended member that holds them.
    pub from: MspId,
    /// Items or logistic units, 1 to 100; what is packed in a unit moves along, and is the caller's, too.
    pub items: Set<ItemId, 1, TRANSFER_ITEMS_NAMED_MAX>,
    /// Why, 1 to 500 characters, no personal data.
    pub reason: Remark,
}

/// Asks `custody:ReadRecovery` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRecovery {
    /// The recovery.
    pub recovery_id: RecoveryRef,
}

/// Asks `custody:ReadTransfer` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTransfer {
    /// The offer.
    pub transfer_id: TransferRef,
}

transactions! {
    submit(Clerk) "custody:Offer" by Role::HANDLERS, Offer => CustodyTransfer;
    submit(Clerk) "custody:Accept" by Role::HANDLERS, Accept, seen by ReadTransfer { transfer_id } => CustodyTransfer;
    submit(Clerk) "custody:Reject" by Role::HANDLERS, Reject, seen by ReadTransfer { transfer_id } => CustodyTransfer;
    submit(Clerk) "custody:Withdraw" by Role::HANDLERS,
        Withdraw, seen by ReadTransfer { transfer_id } => CustodyTransfer;
    submit(Registrar) "custody:Recover" by Role::TRADERS, Recover => Recovery;
    evaluate "custody:ReadRecovery", ReadRecovery => Attested<Recovery>;
    evaluate "custody:ReadTransfer", ReadTransfer => Attested<CustodyTransfer>;
}
