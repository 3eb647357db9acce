//! What an authority can do with goods in its place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::CountryCode;
use trade_standards::time::UtcTime;

use crate::common::{Attested, HoldId, ItemId, Remark, Role, Set, TransactionId};
use crate::customs::{DECLARATION_ITEMS_MAX, Hold};
use crate::transaction::transactions;

/// `customs:Hold` (submit): an officer keeps things and all that they contain where they are.
///
/// One officer can do so for a bounded time, once for each thing; longer or again takes a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceHold {
    /// The country for which the caller is the authority, and where the things are declared or located.
    pub country: CountryCode,
    /// The items or logistic units, 1 to 200.
    pub items: Set<ItemId, 1, DECLARATION_ITEMS_MAX>,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
    /// When it ends by itself.
    pub until: UtcTime,
}

/// `customs:LiftHold` (submit): an officer ends a hold. Where two persons stand behind the hold, it takes two to end
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftHold {
    /// The hold.
    pub hold_id: HoldId,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `customs:ConfirmHold` (submit): an officer proposes that a hold stands until it is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmHold {
    /// The hold.
    pub hold_id: HoldId,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `customs:Seize` (submit): an officer proposes that the authority takes what it holds into its custody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seize {
    /// The hold.
    pub hold_id: HoldId,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `customs:ApproveHold` (submit): a second person approves the step that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveHold {
    /// The hold.
    pub hold_id: HoldId,
    /// The transaction that proposed the step: the one that the person has looked at.
    pub proposal: TransactionId,
}

/// Asks `customs:ReadHold` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadHold {
    /// The hold.
    pub hold_id: HoldId,
}

transactions! {
    submit(Officer) "customs:Hold" by &[Role::Customs], PlaceHold => Hold;
    submit(Officer) "customs:LiftHold" by &[Role::Customs], LiftHold, seen by ReadHold { hold_id } => Hold;
    submit(Officer) "customs:ConfirmHold" by &[Role::Customs], ConfirmHold, seen by ReadHold { hold_id } => Hold;
    submit(Officer) "customs:Seize" by &[Role::Customs], Seize, seen by ReadHold { hold_id } => Hold;
    submit(Officer) "customs:ApproveHold" by &[Role::Customs], ApproveHold, seen by ReadHold { hold_id } => Hold;
    evaluate "customs:ReadHold", ReadHold => Attested<Hold>;
}
