//! Where title transfers stand on the ledger.

use fabric_contract::Table;

use super::{TitleName, TitleTransfer};
use crate::tables::Tables;

/// Title transfers by their name.
pub const TITLES: Table<TitleName, TitleTransfer> = Table::new("title-transfer");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TITLES);
}
