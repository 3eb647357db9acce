//! Where mandates stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Mandate, MandateName};
use crate::authorship::{Authored, Said};
use crate::common::MandateId;
use crate::tables::Tables;

/// Mandates by their name.
pub const MANDATES: Authored<MandateName, Mandate> =
    Authored::new("mandate", |_, it| Said::by_all(&it.said(), &it.signers()));
/// Index: the accepted mandates of an owner for a holder; those that are over make room when all places are taken.
/// Only these two write it.
pub const MANDATES_BETWEEN: Table<(Part<MspId>, Part<MspId>, MandateId), MandateName> = Table::new("mandate-between");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&MANDATES);
    all.public(&MANDATES_BETWEEN);
}
