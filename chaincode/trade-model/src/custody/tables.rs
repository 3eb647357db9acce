//! Where custody transfers and recoveries stand on the ledger.

use super::{CustodyTransfer, Recovery, RecoveryName, TransferName};
use crate::authorship::{Authored, Said};
use crate::tables::Tables;

/// Custody transfers by their name.
pub const TRANSFERS: Authored<TransferName, CustodyTransfer> =
    Authored::new("custody-transfer", |_, it| Said::by_all(&it.said(), &it.signers()));
/// Recoveries by their name.
pub const RECOVERIES: Authored<RecoveryName, Recovery> =
    Authored::new("custody-recovery", |name, it| vec![Said::by(&name.owner, &it.recovered, it)]);

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&TRANSFERS);
    all.authored(&RECOVERIES);
}
