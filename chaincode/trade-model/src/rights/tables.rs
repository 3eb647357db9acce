//! Where rights and licences stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Licence, Right};
use crate::common::{LicenceId, RightId};
use crate::tables::Tables;

/// Rights by their id.
pub const RIGHTS: Table<RightId, Right> = Table::new("right");
/// Licences by their id.
pub const LICENCES: Table<LicenceId, Licence> = Table::new("licence");
/// Index: the licences of a licensee under a right.
pub const LICENCES_OF: Table<(RightId, Part<MspId>, LicenceId), LicenceId> = Table::new("licence-of");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&RIGHTS);
    all.public(&LICENCES);
    all.public(&LICENCES_OF);
}
