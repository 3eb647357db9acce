//! Where evidence stands on the ledger.

use fabric_contract::{Part, Table};

use super::Evidence;
use crate::common::Digest256;
use crate::tables::Tables;

/// Evidence by the digest of its original.
pub const EVIDENCE: Table<Part<Digest256>, Evidence> = Table::new("evidence");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&EVIDENCE);
}
