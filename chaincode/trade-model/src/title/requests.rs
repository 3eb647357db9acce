//! What can be asked of the contract `title`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::{TITLE_ITEMS_NAMED_MAX, TitleRef, TitleTransfer};
use crate::common::{Attested, ItemId, Remark, Role, Set, TitleTransferId};
use crate::transaction::transactions;

/// `title:OfferTitle` (submit): the owner offers items for sale to another member. An owner that an event names
/// (`owning_party`) is a statement and passes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferTitle {
    /// The caller's own id of it: 1 to 64 letters, digits, dots, dashes, underscores.
    pub title_id: TitleTransferId,
    /// Items or logistic units, 1 to 100; what is packed in a unit is sold with it and is not named.
    pub items: Set<ItemId, 1, TITLE_ITEMS_NAMED_MAX>,
    /// Who is to own them.
    pub buyer: MspId,
    /// After this moment the offer can no longer be accepted, and binds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<UtcTime>,
}

/// `title:AcceptTitle` (submit): the buyer takes title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptTitle {
    /// The offer.
    pub title_id: TitleRef,
}

/// `title:RefuseTitle` (submit): the buyer does not take title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseTitle {
    /// The offer.
    pub title_id: TitleRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `title:WithdrawTitle` (submit): the seller takes an open offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawTitle {
    /// The offer.
    pub title_id: TitleRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// Asks `title:ReadTitle` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTitle {
    /// The offer.
    pub title_id: TitleRef,
}

transactions! {
    submit(Clerk) "title:OfferTitle" by Role::TRADERS, OfferTitle => TitleTransfer;
    submit(Clerk) "title:AcceptTitle" by Role::TRADERS, AcceptTitle, seen by ReadTitle { title_id } => TitleTransfer;
    submit(Clerk) "title:RefuseTitle" by Role::TRADERS, RefuseTitle, seen by ReadTitle { title_id } => TitleTransfer;
    submit(Clerk) "title:WithdrawTitle" by Role::TRADERS,
        WithdrawTitle, seen by ReadTitle { title_id } => TitleTransfer;
    evaluate "title:ReadTitle", ReadTitle => Attested<TitleTransfer>;
}
