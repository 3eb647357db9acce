//! Where tariffs, declarations, decisions, acts and holds stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::{CountryCode, Gtin, MspId};

use super::{
    Classification, Decision, DecisionApproval, Declaration, DeclarationAct, Hold, Procedure, ProductClassification,
    Stop, Tariff, TariffHead,
};
use crate::common::{DeclarationId, HoldId, ItemId, Opening, Scoped, TariffId};
use crate::tables::Tables;

/// What all versions of a tariff share, by the tariff's id.
pub const TARIFF_HEADS: Table<TariffId, TariffHead> = Table::new("tariff");
/// Versions of tariffs, by the tariff's id and the version.
pub const TARIFFS: Table<(TariffId, u32), Tariff> = Table::new("tariff-version");
/// Index: the tariff of a country for a procedure.
pub const TARIFF_OF: Table<(Part<CountryCode>, Procedure), TariffId> = Table::new("tariff-of");
/// One of several records about a declaration: importer, id and the record's number from 1.
pub type DeclarationPart = (Part<MspId>, DeclarationId, u32);

/// Declarations by importer and id.
pub const DECLARATIONS: Table<Scoped<DeclarationId>, Declaration> = Table::new("declaration");
/// Index: the declaration that has a thing for a destination, or had it last. Only importers with standing have things.
pub const RESERVATIONS: Table<(ItemId, Part<CountryCode>), Scoped<DeclarationId>> = Table::new("declared-item");
/// Index: the declaration under which an importer without standing last filed a thing for a destination.
pub const ATTEMPTS: Table<(ItemId, Part<CountryCode>, Part<MspId>), Scoped<DeclarationId>> =
    Table::new("declared-item-of-another");
/// Index: the declarations of a thing that authorities stopped: the last one of each destination, the newest first.
pub const STOPPED: Table<ItemId, Vec<Stop>> = Table::new("stopped-item");
/// Acts by importer, declaration and their number from 1.
pub const ACTS: Table<DeclarationPart, DeclarationAct> = Table::new("declaration-act");
/// Decisions by importer, declaration and their number from 1.
pub const DECISIONS: Table<DeclarationPart, Decision> = Table::new("decision");
/// Approvals of decisions, by importer, declaration and the decision's number.
pub const APPROVALS: Table<DeclarationPart, DecisionApproval> = Table::new("decision-approval");
/// The HS codes that makers state for their trade items, by trade item and maker: a prefix can pass to another company.
pub const CODES_STATED: Table<(Part<Gtin>, Part<MspId>), ProductClassification> = Table::new("hs-stated");
/// Under which HS code a trade item was last cleared, by destination.
pub const CODES_CLEARED: Table<(Part<Gtin>, Part<CountryCode>), Classification> = Table::new("hs-cleared");
/// Under which HS code a trade item was last declared, by an importer that had standing for the goods.
pub const CODES_DECLARED: Table<(Part<Gtin>, Part<MspId>), Classification> = Table::new("hs-declared");
/// Holds by their id.
pub const HOLDS: Table<HoldId, Hold> = Table::new("hold");
/// Index: the last hold of an authority on a thing.
pub const HOLDS_ON: Table<(ItemId, Part<MspId>), HoldId> = Table::new("hold-on");
/// The opening of a declaration's value, in private collections only.
pub const DECLARATION_OPENINGS: Table<Scoped<DeclarationId>, Opening> = Table::new("declaration-opening");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TARIFF_HEADS);
    all.public(&TARIFFS);
    all.public(&TARIFF_OF);
    all.public(&DECLARATIONS);
    all.public(&RESERVATIONS);
    all.public(&ATTEMPTS);
    all.public(&STOPPED);
    all.public(&ACTS);
    all.public(&DECISIONS);
    all.public(&APPROVALS);
    all.public(&CODES_STATED);
    all.public(&CODES_CLEARED);
    all.public(&CODES_DECLARED);
    all.public(&HOLDS);
    all.public(&HOLDS_ON);
    all.private(&DECLARATION_OPENINGS);
}
