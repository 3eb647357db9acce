//! Where tariffs, declarations and decisions stand on the ledger.

use fabric_contract::Table;

use super::{Decision, DecisionApproval, Declaration, Tariff, TariffHead};
use crate::common::{DeclarationId, Opening, TariffId};
use crate::tables::Tables;

/// What all versions of a tariff share, by the tariff's id.
pub const TARIFF_HEADS: Table<TariffId, TariffHead> = Table::new("tariff");
/// Versions of tariffs, by the tariff's id and the version.
pub const TARIFFS: Table<(TariffId, u32), Tariff> = Table::new("tariff-version");
/// Declarations by their id.
pub const DECLARATIONS: Table<DeclarationId, Declaration> = Table::new("declaration");
/// Decisions by the declaration's id and their number from 1.
pub const DECISIONS: Table<(DeclarationId, u32), Decision> = Table::new("decision");
/// Approvals of decisions that release goods, by the declaration's id and the decision's number.
pub const APPROVALS: Table<(DeclarationId, u32), DecisionApproval> = Table::new("decision-approval");
/// The opening of a declaration's value, in private collections only.
pub const DECLARATION_OPENINGS: Table<DeclarationId, Opening> = Table::new("declaration-opening");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TARIFF_HEADS);
    all.public(&TARIFFS);
    all.public(&DECLARATIONS);
    all.public(&DECISIONS);
    all.public(&APPROVALS);
    all.private(&DECLARATION_OPENINGS);
}
