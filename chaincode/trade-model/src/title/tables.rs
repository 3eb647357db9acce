//! Where title transfers stand on the ledger.

use super::{TitleName, TitleTransfer};
use crate::authorship::{Authored, Said};
use crate::tables::Tables;

/// Title transfers by their name.
pub const TITLES: Authored<TitleName, TitleTransfer> =
    Authored::new("title-transfer", |_, it| Said::by_all(&it.said(), &it.signers()));

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.authored(&TITLES);
}
