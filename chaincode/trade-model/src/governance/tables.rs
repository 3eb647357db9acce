//! Where the members stand on the ledger.

use fabric_contract::Table;

use super::Members;
use crate::tables::Tables;

/// The members of the channel: one record.
pub const MEMBERS: Table<(), Members> = Table::new("participants");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&MEMBERS);
}
