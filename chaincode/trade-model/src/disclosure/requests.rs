//! What can be asked of the contract `disclosure`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::MspId;

use super::{DisclosureOrder, DisclosureStanding, DisclosureSubject, OrderApproval, OrderRef};
use crate::common::{DocumentedOpening, OrderId, Remark, Role, Shared};
use crate::transaction::{Lookup, transactions};

/// `disclosure:Order` (submit): an authority orders a member registered in one of its countries to open to it what that
/// member holds as a party of a private record. A second officer approves ([`ApproveOrder`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderDisclosure {
    /// The caller's own id of it, new among its orders: 1 to 64 letters, digits, dots, dashes, underscores.
    pub order_id: OrderId,
    /// What is to be opened.
    pub subject: DisclosureSubject,
    /// Who is to open it.
    pub from: MspId,
    /// On what ground: a case, a court's decision. Everybody on the channel reads it.
    pub ground: Remark,
}

/// `disclosure:ApproveOrder` (submit): another officer of the authority approves an order, which is in force by that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveOrder {
    /// The order.
    pub order_id: OrderRef,
}

/// `disclosure:Disclose` (submit): the member that was ordered gives the authority what opens the record.
///
/// The transient field `private` holds a [`DocumentedOpening`]; it goes to the collections of the member and the
/// authority, and their peers alone see it. It must open what the record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disclose {
    /// The order.
    pub order_id: OrderRef,
}

/// Asks `disclosure:ReadOrder` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadOrder {
    /// The order.
    pub order_id: OrderRef,
}

/// Asks `disclosure:ReadDisclosed` (evaluate): the authority, and the member that disclosed, read what was opened, each
/// at its own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadDisclosed {
    /// The order.
    pub order_id: OrderRef,
}

transactions! {
    submit(Officer) "disclosure:Order" by &[Role::Customs], OrderDisclosure => DisclosureOrder;
    submit(Officer) "disclosure:ApproveOrder" by &[Role::Customs],
        ApproveOrder, seen by ReadOrder { order_id } => OrderApproval;
    submit(Treasurer) "disclosure:Disclose",
        Disclose, private DocumentedOpening, to Disclose::authority => Shared;
    evaluate "disclosure:ReadOrder", ReadOrder => DisclosureStanding;
    evaluate "disclosure:ReadDisclosed", ReadDisclosed => DocumentedOpening;
}

impl Disclose {
    fn authority(&self, caller: &MspId) -> Lookup {
        let order = ReadOrder { order_id: self.order_id.clone().of(caller).into() };
        Lookup::new(&order, "/authority")
    }
}
