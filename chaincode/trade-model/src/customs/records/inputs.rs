//! The facts of a decision: found on the ledger, not taken from the declarant, where they can be found.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::UtcTime;

use super::DeclarationAct;
use crate::common::{AlarmId, DeclarationId, ItemId, MinorUnits, Quantity, Scoped, TariffCode, UnitCode};
use crate::item::{ItemKind, Origin};
use crate::rights::{LicenceFacts, LicenceReason, RightFacts, RightName};

/// The facts of one decision, as they were when it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionInputs {
    /// Who imports.
    pub importer: MspId,
    /// HS code.
    pub hs_code: TariffCode,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination.
    pub destination: CountryCode,
    /// Currency of the value.
    pub currency: CurrencyCode,
    /// The moment of acceptance, in ledger time.
    pub accepted_at: UtcTime,
    /// The least value that is proved, in minor units; a bound of the band, not the value.
    pub proved_min_minor: MinorUnits,
    /// The greatest value that is proved.
    pub proved_max_minor: MinorUnits,
    /// Whether the proof held.
    pub proof_holds: bool,
    /// Quantity.
    pub quantity: Quantity,
    /// Its unit.
    pub unit: UnitCode,
    /// The rights that protect the goods at the destination, and the one that the declarant named.
    pub rights: Vec<InputRight>,
    /// Whether there are more trade items than rights were looked for.
    pub more_products: bool,
    /// Other declarations of the same things: the one that waits for the same destination, and those that were stopped,
    /// whatever their destination; at most 20.
    pub other_declarations: Vec<OtherDeclaration>,
    /// Other subheadings under which the same trade items were cleared or declared, at most 20.
    pub other_codes: Vec<OtherClassification>,
    /// What was done about the declaration.
    pub acts: Vec<DeclarationAct>,
    /// The items, contents of units included.
    pub items: Vec<InputItem>,
}

impl DecisionInputs {
    /// The ledger time of the newest of filing and acts: a decision comes after it.
    #[must_use]
    pub fn latest(&self) -> UtcTime {
        self.acts.iter().map(|act| act.done.at).fold(self.accepted_at, UtcTime::max)
    }
}

/// One item of a consignment as it was when the decision was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputItem {
    /// Canonical id.
    pub item_id: ItemId,
    /// GTIN of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Gtin>,
    /// What kind of thing it is; absent when the ledger has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ItemKind>,
    /// How many things are packed in it.
    pub contents: u32,
    /// The country of the member that put it into use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker_country: Option<CountryCode>,
    /// The rights that the owner's sale, or one with its consent, in the right's territory has exhausted.
    pub exhausted: Vec<RightName>,
    /// How it came to be known; absent when the ledger has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<MspId>,
    /// Whether its holder is the importer, has offered it to the importer, or keeps it for the importer by a mandate.
    pub holder_in_consignment: bool,
    /// The newest alarms that counted against it, hard or confirmed ones, at most 5.
    pub open_alarms: Vec<AlarmId>,
    /// Whether more counted against it.
    pub more_open_alarms: bool,
}

/// A right that the consignment is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputRight {
    /// The right.
    pub right: RightFacts,
    /// Whether the declarant named it. A right that was named and not found is judged for all the goods.
    pub named: bool,
    /// The trade items of the consignment that it protects, so that documents may be asked for.
    pub products: Vec<Gtin>,
    /// Those of them for which it binds, so that goods may be stopped.
    pub binds: Vec<Gtin>,
    /// The importer's licences under it, each with those above it.
    pub chains: Vec<InputChain>,
}

impl InputRight {
    /// For which trade items the right is judged: those it was found for and, where the declarant named it, all of
    /// them; for the goods as a whole where no trade item is known.
    #[must_use]
    pub fn asked_for<'a>(&'a self, all: &BTreeSet<&'a Gtin>) -> Vec<Option<&'a Gtin>> {
        match (self.named, all.is_empty()) {
            (true, true) => vec![None],
            (true, false) => all.iter().copied().map(Some).collect(),
            (false, _) => self.products.iter().map(Some).collect(),
        }
    }
}

/// A licence with all that stand above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputChain {
    /// The trade items for which it was found; empty where no trade item is known.
    pub products: Vec<Gtin>,
    /// The licences from the importer up to the owner; empty when the importer is the owner.
    pub licences: Vec<LicenceFacts>,
    /// What the licences themselves do not tell: the chain could not be followed, or another member has an exclusive
    /// licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<LicenceReason>,
}

impl InputChain {
    /// Whether it was found for the trade item, or for goods of which none is known.
    #[must_use]
    pub fn is_for(&self, product: Option<&Gtin>) -> bool {
        product.map_or(self.products.is_empty(), |product| self.products.contains(product))
    }
}

/// Another declaration of a thing of the consignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherDeclaration {
    /// The thing.
    pub item_id: ItemId,
    /// The other declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// Whether it was intercepted or refused.
    pub stopped: bool,
}

/// Under which HS code a trade item was cleared or declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Classification {
    /// The HS code.
    pub hs_code: TariffCode,
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
}

/// Another subheading of a trade item of the consignment: the one that its maker states, those under which it was
/// cleared or, where none was, declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OtherClassification {
    /// The trade item.
    pub gtin: Gtin,
    /// The HS code there.
    pub hs_code: TariffCode,
    /// The declaration under which it was cleared or declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declaration_id: Option<Scoped<DeclarationId>>,
    /// The maker that states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_by: Option<MspId>,
}
