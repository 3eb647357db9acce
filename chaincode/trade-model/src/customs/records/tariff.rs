//! Tariffs: value bands by HS code, and rules of selectivity, as dated data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::Period;

use super::{Outcome, Procedure};
use crate::common::{BandId, MinorUnits, RuleId, Stamp, TariffPrefix, Text};
use crate::customs::TariffName;

/// A band of values for goods of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffBand {
    /// Its id, unique in the tariff.
    pub band_id: BandId,
    /// The goods: 2, 4, 6, 8 or 10 digits of the HS code; a shorter code covers all that begin with it.
    pub hs_prefix: TariffPrefix,
    /// Least value of the consignment, in minor units, decimal string from 0.
    pub value_min_minor: MinorUnits,
    /// Greatest value of the consignment, included, in minor units, decimal string.
    pub value_max_minor: MinorUnits,
    /// Duty in hundredths of a percent of the value, 0 to 100 000.
    pub duty_basis_points: u32,
}

/// Least distance between the bounds of a statement about an amount that is to stay secret, in minor units.
const WIDTH_MIN: u64 = 100;
/// The same as a part of the greater bound: a tenth.
const PARTS_MAX: u64 = 10;

/// The least width of a range up to `most`, in minor units: a reader of a proof for less all but knows the amount.
#[must_use]
pub fn least_width(most: u64) -> u64 {
    WIDTH_MIN.max(most.div_ceil(PARTS_MAX))
}

impl TariffBand {
    /// Whether a proof for this band would all but tell the value.
    #[must_use]
    pub fn is_too_narrow(&self) -> bool {
        let most = self.value_max_minor.get();
        most.saturating_sub(self.value_min_minor.get()) < least_width(most)
    }
}

/// One rule of selectivity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomsRule {
    /// Its id, unique in the tariff; decisions quote it.
    pub rule_id: RuleId,
    /// What is checked.
    pub check: CustomsCheck,
    /// For which goods; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hs_prefix: Option<TariffPrefix>,
    /// What follows when the check fails.
    pub when_broken: Outcome,
    /// What follows when the facts do not say.
    pub when_unknown: Outcome,
}

/// What a rule can check. The checks are code, their use and consequence are data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomsCheck {
    /// The committed value is proved to lie in a band for the goods.
    ValueInBand,
    /// For every right that protects the goods, the importer is its owner or has an unbroken, unrevoked chain of
    /// licences.
    LicenceChain,
    /// Right and licence chain cover the country of import.
    LicenceTerritory,
    /// Right and licence chain are in force on the day of acceptance.
    LicencePeriod,
    /// Right and licence chain cover every product and permit the import.
    LicenceProduct,
    /// No alarm stands open against an item.
    NoOpenAlarm,
    /// Every item was commissioned here, by a member of the declared country of origin.
    OriginKnown,
    /// Every item is held by the importer, offered to it by its holder, or its own and held by who has its mandate.
    Custody,
    /// The quantity is what an inspection counted, or as many things as the named ones and their contents are.
    Quantity,
    /// The HS code is what was cleared or declared for the same trade items before.
    HsCode,
    /// No other declaration of the same things is open for the same destination, and none was intercepted or refused
    /// for any.
    NoOtherDeclaration,
    /// Every document that was asked for was provided.
    Documents,
    /// The last inspection, if there was one, found what was declared.
    Inspection,
}

/// A version of a tariff: the answer of `customs:PublishTariff` and `customs:ReadTariff`. It speaks for its authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tariff {
    /// Its id.
    pub tariff_id: TariffName,
    /// Its version, from 1.
    pub version: u32,
    /// The country of import.
    pub jurisdiction: CountryCode,
    /// The customs procedure.
    pub procedure: Procedure,
    /// On which days of acceptance it applies.
    pub validity: Period,
    /// Where it comes from.
    pub source: Text<500>,
    /// Currency of all its amounts.
    pub currency: CurrencyCode,
    /// Bands.
    pub bands: Vec<TariffBand>,
    /// Rules.
    pub rules: Vec<CustomsRule>,
    /// The authority of the country that published it.
    pub authority: MspId,
    /// Who published it when.
    pub published: Stamp,
}
