//! Where the rules stand on the ledger.

use fabric_contract::Table;

use super::Rules;
use crate::tables::Tables;

/// The rules that were voted: one record, none while the default that ships holds.
pub const RULES: Table<(), Rules> = Table::new("rules");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&RULES);
}
