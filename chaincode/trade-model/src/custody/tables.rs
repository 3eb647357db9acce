//! Where custody transfers stand on the ledger.

use fabric_contract::Table;

use super::{CustodyTransfer, TransferName};
use crate::tables::Tables;

/// Custody transfers by their name.
pub const TRANSFERS: Table<TransferName, CustodyTransfer> = Table::new("custody-transfer");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TRANSFERS);
}
