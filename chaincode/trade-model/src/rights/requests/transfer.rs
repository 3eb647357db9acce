//! Passing rights on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::super::{RightOffer, RightOfferReply, RightRef, RightView};
use super::ReadRight;
use crate::common::{Remark, Role};
use crate::transaction::transactions;

/// `rights:OfferRight` (submit): the owner offers the right to another member, for `offer_days` of the rules. It
/// takes the place of an offer before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferRight {
    /// The right: the caller's own by its id, one that it took over by its whole name.
    pub right_id: RightRef,
    /// Who is to own it.
    pub to: MspId,
}

/// `rights:AcceptRight` (submit): the member to which it is offered becomes the owner. Licences stay, and it is their
/// licensor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptRight {
    /// The right, by its whole name.
    pub right_id: RightRef,
}

/// `rights:RefuseRight` (submit): the member to which it is offered does not want the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseRight {
    /// The right, by its whole name.
    pub right_id: RightRef,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
}

/// `rights:WithdrawRightOffer` (submit): the owner takes its offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRightOffer {
    /// The right: the caller's own by its id, one that it took over by its whole name.
    pub right_id: RightRef,
}

transactions! {
    submit(Registrar) "rights:OfferRight" by &[Role::Brand], OfferRight => RightOffer;
    submit(Registrar) "rights:AcceptRight" by &[Role::Brand], AcceptRight, seen by ReadRight { right_id } => RightView;
    submit(Registrar) "rights:RefuseRight" by &[Role::Brand],
        RefuseRight, seen by ReadRight { right_id } => RightOfferReply;
    submit(Registrar) "rights:WithdrawRightOffer" by &[Role::Brand],
        WithdrawRightOffer, seen by ReadRight { right_id } => RightOffer;
}
