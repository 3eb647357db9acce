//! Tariffs, declarations and decisions.
//!
//! The declared value is never here: the ledger holds a commitment and a proof that it lies in a tariff band.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::item::Origin;
use crate::rights::{Licence, LicenceReason, Right};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::{Date, Period, UtcTime};

/// Most bands and most rules one tariff can have.
pub const TARIFF_ENTRIES_MAX: usize = 500;
/// Most items or units one declaration can name.
pub const DECLARATION_ITEMS_MAX: usize = 200;

/// `customs:PublishTariff` (submit): an authority publishes a version of its tariff and of its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishTariff {
    /// The tariff's id: 1 to 64 letters, digits, dots, dashes, underscores. It stays the same over its versions.
    pub tariff_id: String,
    /// 1 for the first, then one more each time.
    pub version: u32,
    /// The country of import it is for.
    pub jurisdiction: CountryCode,
    /// On which days of acceptance it applies; where versions overlap, the later one applies.
    pub validity: Period,
    /// Where it comes from: the legal text and its place, 1 to 500 characters.
    pub source: String,
    /// ISO 4217 code of all its amounts.
    pub currency: String,
    /// Value bands by HS code.
    pub bands: Vec<TariffBand>,
    /// What is checked, and what follows when a check is not met.
    pub rules: Vec<CustomsRule>,
}

/// A band of values for goods of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffBand {
    /// Its id, unique in the tariff.
    pub band_id: String,
    /// The goods: 2, 4, 6, 8 or 10 digits of the HS code; a shorter code covers all that begin with it.
    pub hs_prefix: String,
    /// Least value of the consignment, in minor units, decimal string from 0.
    pub value_min_minor: String,
    /// Greatest value of the consignment, included, in minor units, decimal string.
    pub value_max_minor: String,
    /// Duty in hundredths of a percent of the value, 0 to 100 000.
    pub duty_basis_points: u32,
}

/// One rule of selectivity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomsRule {
    /// Its id, unique in the tariff; decisions quote it.
    pub rule_id: String,
    /// What is checked.
    pub check: CustomsCheck,
    /// For which goods: the beginning of the HS code; empty for all.
    #[serde(default)]
    pub hs_prefix: String,
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
    /// The importer is the right's owner or its licence chain is unbroken and not revoked.
    LicenceChain,
    /// Right and licence chain cover the country of import.
    LicenceTerritory,
    /// Right and licence chain are in force on the day of acceptance.
    LicencePeriod,
    /// Right and licence chain cover every product and permit the import.
    LicenceProduct,
    /// No alarm stands open against an item.
    NoOpenAlarm,
    /// Every item was commissioned here.
    OriginKnown,
    /// Every item is held by the importer, a carrier or its maker, not by a stranger to the consignment.
    Custody,
}

/// What customs does with a consignment; the later one weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It passes.
    Clear,
    /// Documents are asked for.
    DocumentCheck,
    /// It is held.
    Intercept,
}

/// A version of a tariff: the answer of `customs:PublishTariff` and `customs:ReadTariff`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tariff {
    /// Its id.
    pub tariff_id: String,
    /// Its version, from 1.
    pub version: u32,
    /// The country of import.
    pub jurisdiction: CountryCode,
    /// On which days of acceptance it applies.
    pub validity: Period,
    /// Where it comes from.
    pub source: String,
    /// Currency of all its amounts.
    pub currency: String,
    /// Bands.
    pub bands: Vec<TariffBand>,
    /// Rules.
    pub rules: Vec<CustomsRule>,
    /// The authority that published it: the one that receives openings and decides.
    pub authority: MspId,
    /// When it was published.
    pub published_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
}

/// Asks `customs:ReadTariff` (evaluate): a version, or the one that applies on a day, or the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTariff {
    /// The tariff.
    pub tariff_id: String,
    /// Exactly this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The version that applies on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

/// `customs:FileDeclaration` (submit): the caller's enterprise is the importer.
///
/// The transient field `private` holds a [`DeclarationOpening`], when the value is to be opened to the authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDeclaration {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub declaration_id: String,
    /// The tariff it is filed under.
    pub tariff_id: String,
    /// The tariff's version in force on the day of filing.
    pub tariff_version: u32,
    /// The band the value is proved to lie in.
    pub band_id: String,
    /// The items or logistic units of the consignment, 1 to 200.
    pub items: Vec<String>,
    /// HS code of the goods: 6, 8 or 10 digits.
    pub hs_code: String,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination; must be the tariff's.
    pub destination: CountryCode,
    /// How much, a decimal number greater than 0, at most 12 digits before and 6 after the point.
    pub quantity: String,
    /// The unit of the quantity: UN/CEFACT Recommendation 20 code, for example `C62` or `KGM`.
    pub unit: String,
    /// ISO 4217 code of the committed value; must be the tariff's.
    pub currency: String,
    /// The right the goods are protected by, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_id: Option<String>,
    /// The licence the import rests on; absent when the importer owns the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<String>,
    /// Pedersen commitment to the value in minor units: text form of `trade-proofs`.
    pub value_commitment: String,
    /// Proof that the committed value lies in the band: text form of `trade-proofs`.
    pub value_proof: String,
}

/// The transient `private` of `customs:FileDeclaration`: the opening of the value. It goes to the importer's and the authority's implicit
/// collections and nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclarationOpening {
    /// The value in minor units of the currency, decimal string.
    pub value_minor: String,
    /// The blinding factor: 32 little-endian bytes as 64 lower-case hexadecimal digits.
    pub blinding: String,
}

/// A declaration: the answer of `customs:FileDeclaration` and `customs:ReadDeclaration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// Its id.
    pub declaration_id: String,
    /// Who imports.
    pub importer: MspId,
    /// The authority that decides.
    pub authority: MspId,
    /// The tariff it was filed under.
    pub tariff_id: String,
    /// The tariff's version.
    pub tariff_version: u32,
    /// The band of the proof.
    pub band_id: String,
    /// Canonical ids of the consignment.
    pub items: Vec<String>,
    /// HS code.
    pub hs_code: String,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination.
    pub destination: CountryCode,
    /// Quantity, decimal.
    pub quantity: String,
    /// Unit, UN/CEFACT Rec 20.
    pub unit: String,
    /// Currency of the value.
    pub currency: String,
    /// The right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_id: Option<String>,
    /// The licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<String>,
    /// Commitment to the value.
    pub value_commitment: String,
    /// Proof that the value lies in the band.
    pub value_proof: String,
    /// Whether the value was opened to the authority.
    pub value_opened: bool,
    /// Where it stands.
    pub state: DeclarationState,
    /// When it was accepted: the day that decides which rules apply.
    pub filed_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// How many decisions were taken on it.
    pub decisions: u32,
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationState {
    /// Filed, not decided.
    Filed,
    /// Cleared.
    Cleared,
    /// Documents are asked for; it can be assessed again.
    DocumentsRequested,
    /// Held.
    Intercepted,
}

/// Asks `customs:ReadDeclaration` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadDeclaration {
    /// The declaration.
    pub declaration_id: String,
}

/// `customs:Assess` (submit): the authority decides by the rules in force on the day of acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assess {
    /// The declaration.
    pub declaration_id: String,
}

/// A decision with all it rests on: the answer of `customs:Assess` and `customs:ReadDecision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The declaration.
    pub declaration_id: String,
    /// Which decision on it, from 1.
    pub number: u32,
    /// What follows.
    pub outcome: Outcome,
    /// One per rule that was applied, in the tariff's order.
    pub findings: Vec<Finding>,
    /// The tariff whose rules were applied.
    pub tariff_id: String,
    /// Its version.
    pub tariff_version: u32,
    /// The day the rules were taken for.
    pub rules_of: Date,
    /// SHA-256 of the inputs in canonical JSON: 64 hexadecimal digits.
    pub inputs_sha256: String,
    /// The facts the rules were applied to.
    pub inputs: DecisionInputs,
    /// Who decided.
    pub decided_by: MspId,
    /// When.
    pub decided_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule_id: String,
    /// What it checks.
    pub check: CustomsCheck,
    /// Whether it is met.
    pub result: FindingResult,
    /// What follows from it.
    pub outcome: Outcome,
    /// Why, stable codes; empty when met.
    pub reasons: Vec<String>,
}

/// Whether a rule is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingResult {
    /// It is met.
    Met,
    /// It is broken.
    Broken,
    /// The facts do not say.
    Unknown,
}

/// The facts of one decision, as they were when it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionInputs {
    /// Who imports.
    pub importer: MspId,
    /// HS code.
    pub hs_code: String,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination.
    pub destination: CountryCode,
    /// Currency of the value.
    pub currency: String,
    /// The moment of acceptance, in ledger time.
    pub accepted_at: UtcTime,
    /// The least value that is proved, in minor units; a bound of the band, not the value.
    pub proved_min_minor: String,
    /// The greatest value that is proved.
    pub proved_max_minor: String,
    /// Whether the proof held.
    pub proof_holds: bool,
    /// The right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// The licences from the importer up to the owner.
    pub licences: Vec<Licence>,
    /// Why the chain could not be followed, when it could not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_problem: Option<LicenceReason>,
    /// The items, contents of units included.
    pub items: Vec<InputItem>,
}

/// One item of a consignment as it was when the decision was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputItem {
    /// Canonical id.
    pub item_id: String,
    /// GTIN of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    /// How it came to be known; absent when the ledger has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<MspId>,
    /// Whether its holder is the importer, an enterprise that carries, or the item's maker.
    pub holder_in_consignment: bool,
    /// The oldest alarms that stood against it, at most 5.
    pub open_alarms: Vec<String>,
    /// How many stood against it in all.
    pub open_alarm_count: u32,
}

/// Asks `customs:ReadDecision` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadDecision {
    /// The declaration.
    pub declaration_id: String,
    /// Which decision, from 1; the last one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// Asks `customs:Replay` (evaluate): decide again from the stored facts, under the same rules or those of another day or version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The declaration.
    pub declaration_id: String,
    /// Which decision, from 1; the last one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// As if it had been accepted on this day; the real day when absent. A day other than the real one is judged as a
    /// whole: a licence that is revoked in its course does not cover it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// With this version of the tariff; when absent the one that applies on the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tariff_version: Option<u32>,
}

/// The answer of `customs:Replay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedDecision {
    /// The declaration.
    pub declaration_id: String,
    /// The decision that was replayed.
    pub number: u32,
    /// What the replay came to.
    pub outcome: Outcome,
    /// What each rule said this time.
    pub findings: Vec<Finding>,
    /// The version of the tariff that was applied.
    pub tariff_version: u32,
    /// The day the rules were taken for.
    pub rules_of: Date,
    /// The digest of the stored facts, computed again.
    pub inputs_sha256: String,
    /// Whether that digest is the recorded one.
    pub inputs_unchanged: bool,
    /// What was decided then.
    pub recorded_outcome: Outcome,
    /// Whether outcome and findings are the recorded ones.
    pub same_decision: bool,
}
