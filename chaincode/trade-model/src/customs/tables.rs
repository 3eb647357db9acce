//! Where tariffs, declarations, decisions, acts and holds stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::{CountryCode, Gtin, MspId};

use super::{
    Classification, Clearance, Decision, DecisionApproval, Declaration, DeclarationAct, Hold, Procedure,
    ProductClassification, Stop, Tariff, TariffHead, TariffName,
};
use crate::authorship::{Authored, Said};
use crate::common::{DeclarationId, HoldId, ItemId, Opening, Scoped, TariffId};
use crate::tables::Tables;

/// What all versions of a tariff share, by the tariff's name.
pub const TARIFF_HEADS: Table<TariffName, TariffHead> = Table::new("tariff");
/// Versions of tariffs, by authority, id and version.
pub const TARIFFS: Authored<(Part<MspId>, TariffId, u32), Tariff> =
    Authored::new("tariff-version", |_, it| vec![Said::by(&it.authority, &it.published, it)]);
/// Index: the tariff of a country for a procedure.
pub const TARIFF_OF: Table<(Part<CountryCode>, Procedure), TariffName> = Table::new("tariff-of");
/// One of several records about a declaration: importer, id and the record's number from 1.
pub type DeclarationPart = (Part<MspId>, DeclarationId, u32);

/// Declarations by importer and id.
pub const DECLARATIONS: Authored<Scoped<DeclarationId>, Declaration> =
    Authored::new("declaration", |_, it| vec![Said::by(&it.importer, &it.filed, &it.as_filed())]);
/// Index: the declaration that has a thing for a destination, or had it last. Only importers with standing have things.
pub const RESERVATIONS: Table<(ItemId, Part<CountryCode>), Scoped<DeclarationId>> = Table::new("declared-item");
/// Index: the declaration under which an importer without standing last filed a thing for a destination.
pub const ATTEMPTS: Table<(ItemId, Part<CountryCode>, Part<MspId>), Scoped<DeclarationId>> =
    Table::new("declared-item-of-another");
/// Index: the declarations of a thing that authorities stopped: the last one of each destination, the newest first.
pub const STOPPED: Table<ItemId, Vec<Stop>> = Table::new("stopped-item");
/// Most countries into which a thing was cleared: more than there are.
pub const COUNTRIES_MAX: usize = 300;
/// Index: when a thing was cleared for a country.
pub const CLEARED: Table<(ItemId, Part<CountryCode>), Clearance> = Table::new("cleared-item");
/// Acts by importer, declaration and their number from 1.
pub const ACTS: Authored<DeclarationPart, DeclarationAct> =
    Authored::new("declaration-act", |_, it| vec![Said::by_signer(&it.done, it)]);
/// Decisions by importer, declaration and their number from 1.
pub const DECISIONS: Authored<DeclarationPart, Decision> =
    Authored::new("decision", |_, it| vec![Said::by_signer(&it.decided, it)]);
/// Approvals of decisions, by importer, declaration and the decision's number.
pub const APPROVALS: Authored<DeclarationPart, DecisionApproval> =
    Authored::new("decision-approval", |_, it| vec![Said::by_signer(&it.approved, it)]);
/// The HS codes that makers state for their trade items, by trade item and maker: a prefix can pass to another company.
pub const CODES_STATED: Authored<(Part<Gtin>, Part<MspId>), ProductClassification> =
    Authored::new("hs-stated", |(_, maker), it| vec![Said::by(&maker.0, &it.stated, it)]);
/// Under which HS code a trade item was last cleared, by destination.
pub const CODES_CLEARED: Table<(Part<Gtin>, Part<CountryCode>), Classification> = Table::new("hs-cleared");
/// Under which HS code a trade item was last declared, by an importer that had standing for the goods.
pub const CODES_DECLARED: Table<(Part<Gtin>, Part<MspId>), Classification> = Table::new("hs-declared");
/// Holds by their id.
pub const HOLDS: Authored<HoldId, Hold> = Authored::new("hold", |_, it| {
    it.last_changed().map(|stamp| Said::by(&it.authority, stamp, it)).into_iter().collect()
});
/// Index: the last hold of an authority on a thing.
pub const HOLDS_ON: Table<(ItemId, Part<MspId>), HoldId> = Table::new("hold-on");
/// The opening of a declaration's value, in private collections only.
pub const DECLARATION_OPENINGS: Table<Scoped<DeclarationId>, Opening> = Table::new("declaration-opening");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&TARIFF_HEADS);
    all.authored(&TARIFFS);
    all.public(&TARIFF_OF);
    all.authored(&DECLARATIONS);
    all.public(&RESERVATIONS);
    all.public(&ATTEMPTS);
    all.public(&STOPPED);
    all.public(&CLEARED);
    all.authored(&ACTS);
    all.authored(&DECISIONS);
    all.authored(&APPROVALS);
    all.authored(&CODES_STATED);
    all.public(&CODES_CLEARED);
    all.public(&CODES_DECLARED);
    all.authored(&HOLDS);
    all.public(&HOLDS_ON);
    all.private(&DECLARATION_OPENINGS);
}
