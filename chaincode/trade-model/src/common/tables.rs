//! Where stands what several domains share.

use fabric_contract::Table;

use super::{Commitment, Foreign};
use crate::tables::Tables;

/// Which record made a commitment, as its kind and id: a commitment names one value once.
pub const COMMITMENTS: Table<Commitment, Foreign> = Table::new("commitment");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&COMMITMENTS);
}
