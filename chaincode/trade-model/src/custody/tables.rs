//! Where custody transfers and recoveries stand on the ledger.

use fabric_contract::Table;

use super::{CustodyTransfer, Recovery, RecoveryName, TransferName};
use crate::tables::Tables;

/// Custody transfers by their name.
pub const TRANSFERS: Table<TransferName, CustodyTransfer> = Table::new("custody-transfer");
/// Recoveries by their name.
pub const RECOVERIES: Table<RecoveryName, Recovery> = Table::new("custody-recovery");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TRANSFERS);
    all.public(&RECOVERIES);
}
