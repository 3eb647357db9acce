//! Where orders to disclose stand on the ledger.

use fabric_contract::Table;

use super::{DisclosureOrder, OrderApproval, OrderName};
use crate::authorship::{Authored, Said};
use crate::common::DocumentedOpening;
use crate::tables::Tables;

/// Orders by their name.
pub const ORDERS: Authored<OrderName, DisclosureOrder> =
    Authored::new("disclosure-order", |_, it| vec![Said::by(&it.authority, &it.ordered, it)]);
/// Second officers' consent, by the order's name.
pub const ORDER_APPROVALS: Authored<OrderName, OrderApproval> =
    Authored::new("disclosure-approval", |_, it| vec![Said::by_signer(&it.approved, it)]);
/// What was disclosed, by the order's name, in private collections only.
pub const DISCLOSED_OPENINGS: Table<OrderName, DocumentedOpening> = Table::new("disclosed-opening");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&ORDERS);
    all.authored(&ORDER_APPROVALS);
    all.private(&DISCLOSED_OPENINGS);
}
