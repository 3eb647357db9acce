//! Where evidence stands on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::Evidence;
use crate::common::{Digest256, Moment, TransactionId};
use crate::tables::Tables;

/// Deposits by the digest of their original, by ledger time, by depositor.
pub const EVIDENCE: Table<(Part<Digest256>, Moment, Part<MspId>, TransactionId), Evidence> = Table::new("evidence");
/// The ledger time of the first deposit of an original; written once, so that reading it never conflicts.
pub const FIRST_DEPOSITS: Table<Part<Digest256>, UtcTime> = Table::new("evidence-first");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&EVIDENCE);
    all.public(&FIRST_DEPOSITS);
}
