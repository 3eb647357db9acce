//! Where orders to disclose stand on the ledger.

use fabric_contract::Table;

use super::{DisclosureOrder, OrderApproval, OrderName};
use crate::common::DocumentedOpening;
use crate::tables::Tables;

/// Orders by their name.
pub const ORDERS: Table<OrderName, DisclosureOrder> = Table::new("disclosure-order");
/// Second officers' consent, by the order's name.
pub const ORDER_APPROVALS: Table<OrderName, OrderApproval> = Table::new("disclosure-approval");
/// What was disclosed, by the order's name, in private collections only.
pub const DISCLOSED_OPENINGS: Table<OrderName, DocumentedOpening> = Table::new("disclosed-opening");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&ORDERS);
    all.public(&ORDER_APPROVALS);
    all.private(&DISCLOSED_OPENINGS);
}
