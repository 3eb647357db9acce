//! Where custody transfers stand on the ledger.

use fabric_contract::Table;

use super::CustodyTransfer;
use crate::common::TransferId;
use crate::tables::Tables;

/// Custody transfers by their id.
pub const TRANSFERS: Table<TransferId, CustodyTransfer> = Table::new("custody-transfer");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TRANSFERS);
}
