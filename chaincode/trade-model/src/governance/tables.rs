//! Where the members stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Confirmation, Founding, Members};
use crate::common::Digest256;
use crate::tables::Tables;

/// The members of the channel: one record.
pub const MEMBERS: Table<(), Members> = Table::new("participants");

/// Lists of members by proposer and digest.
pub const FOUNDINGS: Table<(Part<MspId>, Part<Digest256>), Founding> = Table::new("founding");
/// Which list an organization confirms.
pub const CONFIRMATIONS: Table<Part<MspId>, Confirmation> = Table::new("founding-confirmation");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&MEMBERS);
    all.public(&FOUNDINGS);
    all.public(&CONFIRMATIONS);
}
