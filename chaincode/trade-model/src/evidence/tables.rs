//! Where evidence stands on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::Evidence;
use crate::authorship::{Authored, Said};
use crate::common::{Digest256, Moment, TransactionId};
use crate::tables::Tables;

/// The key of a deposit: digest of the original, ledger time, depositor, transaction.
pub type DepositKey = (Part<Digest256>, Moment, Part<MspId>, TransactionId);

/// Deposits by the digest of their original, by ledger time, by depositor. What the ledger wrote itself speaks for
/// nobody.
pub const EVIDENCE: Authored<DepositKey, Evidence> = Authored::new("evidence", |(_, _, depositor, _), it| {
    it.facts.is_none().then(|| Said::by(&depositor.0, &it.deposited, it)).into_iter().collect()
});
/// The ledger time of the first deposit of an original; written once, so that reading it never conflicts.
pub const FIRST_DEPOSITS: Table<Part<Digest256>, UtcTime> = Table::new("evidence-first");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&EVIDENCE);
    all.public(&FIRST_DEPOSITS);
}
