//! Tariffs, declarations and decisions as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Date, Period, UtcTime};

use super::DECLARATION_ITEMS_MAX;
use crate::common::{
    AlarmId, BandId, Commitment, DeclarationId, Digest256, ItemId, MinorUnits, Person, Proof, Quantity, RuleId, Set,
    Stamp, TariffCode, TariffId, TariffPrefix, Text, UnitCode,
};
use crate::item::Origin;
use crate::rights::{LicenceFacts, LicenceName, LicenceReason, RightFacts, RightName};

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
    pub tariff_id: TariffId,
    /// Its version, from 1.
    pub version: u32,
    /// The country of import.
    pub jurisdiction: CountryCode,
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
    /// The authority that published it: the one that receives openings and decides.
    pub authority: MspId,
    /// Who published it when.
    pub published: Stamp,
}

/// A declaration: the answer of `customs:FileDeclaration` and `customs:ReadDeclaration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// Its id.
    pub declaration_id: DeclarationId,
    /// Who imports.
    pub importer: MspId,
    /// The authority that decides.
    pub authority: MspId,
    /// The tariff it was filed under.
    pub tariff_id: TariffId,
    /// The tariff's version.
    pub tariff_version: u32,
    /// The band of the proof.
    pub band_id: BandId,
    /// The consignment.
    pub items: Set<ItemId, 1, DECLARATION_ITEMS_MAX>,
    /// HS code.
    pub hs_code: TariffCode,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination.
    pub destination: CountryCode,
    /// Quantity, decimal.
    pub quantity: Quantity,
    /// Unit, UN/CEFACT Rec 20.
    pub unit: UnitCode,
    /// Currency of the value.
    pub currency: CurrencyCode,
    /// The right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_id: Option<RightName>,
    /// The licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<LicenceName>,
    /// Commitment to the value.
    pub value_commitment: Commitment,
    /// Proof that the value lies in the band.
    pub value_proof: Proof,
    /// Where it stands.
    pub state: DeclarationState,
    /// Who filed it when: the day of acceptance decides which rules apply.
    pub filed: Stamp,
    /// How many decisions were taken on it.
    pub decisions: u32,
}

impl Declaration {
    /// The declaration as the importer filed it, before any decision.
    #[must_use]
    pub fn as_filed(&self) -> Self {
        Self { state: DeclarationState::Filed, decisions: 0, ..self.clone() }
    }
}

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationState {
    /// Filed, not decided.
    Filed,
    /// One person of the authority would clear it, and a second one has to approve. Nothing is released.
    ClearanceProposed,
    /// Cleared.
    Cleared,
    /// Documents are asked for; it can be assessed again.
    DocumentsRequested,
    /// Held.
    Intercepted,
}

/// Where a declaration stands after a decision that nobody has approved.
impl From<Outcome> for DeclarationState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clear => Self::ClearanceProposed,
            Outcome::DocumentCheck => Self::DocumentsRequested,
            Outcome::Intercept => Self::Intercepted,
        }
    }
}

/// A decision with all it rests on: the answer of `customs:Assess` and `customs:ReadDecision`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decision {
    /// The declaration.
    pub declaration_id: DeclarationId,
    /// Which decision on it, from 1.
    pub number: u32,
    /// What follows.
    pub outcome: Outcome,
    /// One per rule that was applied, in the tariff's order.
    pub findings: Vec<Finding>,
    /// The tariff whose rules were applied.
    pub tariff_id: TariffId,
    /// Its version.
    pub tariff_version: u32,
    /// The day the rules were taken for.
    pub rules_of: Date,
    /// SHA-256 of the inputs in canonical JSON: 64 hexadecimal digits.
    pub inputs_sha256: Digest256,
    /// The facts the rules were applied to.
    pub inputs: DecisionInputs,
    /// Who decided when.
    pub decided: Stamp,
    /// The person that decided, as it is told from the one that approves.
    pub person: Person,
}

/// A second person's approval of a decision that releases goods: the answer of `customs:ApproveDecision` and
/// `customs:ReadApproval`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionApproval {
    /// The declaration.
    pub declaration_id: DeclarationId,
    /// The decision that is approved.
    pub number: u32,
    /// SHA-256 of that decision as JSON without spaces, fields in the order of their types.
    pub decision_sha256: Digest256,
    /// Who approved when.
    pub approved: Stamp,
    /// The person that approved.
    pub person: Person,
}

/// What one rule said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule_id: RuleId,
    /// What it checks.
    pub check: CustomsCheck,
    /// Whether it is met.
    pub result: FindingResult,
    /// What follows from it.
    pub outcome: Outcome,
    /// Why; empty when met.
    pub reasons: Vec<FindingReason>,
}

/// Why a rule is not met, or why the facts do not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FindingReason {
    /// The proof does not hold.
    ProofDoesNotHold,
    /// The committed value is in another currency than the tariff's.
    CurrencyDiffers,
    /// No band for the goods encloses what is proved.
    NoBandEnclosesTheProvedRange,
    /// An alarm stands.
    OpenAlarm {
        /// The alarm.
        alarm_id: AlarmId,
    },
    /// More alarms stand against an item than are named.
    MoreOpenAlarms {
        /// The item.
        item_id: ItemId,
    },
    /// An item was not commissioned here.
    OriginUnknown {
        /// The item.
        item_id: ItemId,
    },
    /// A member holds an item that is neither the importer nor a carrier nor the maker.
    HeldByStranger {
        /// The item.
        item_id: ItemId,
    },
    /// Nobody is known to hold an item.
    HolderUnknown {
        /// The item.
        item_id: ItemId,
    },
    /// No trade item of the consignment is known.
    NoProductKnown,
    /// The declaration names no right.
    NoRightDeclared,
    /// Right or licence do not cover the import.
    NotCovered {
        /// The rule that is not met.
        reason: LicenceReason,
    },
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
    /// The right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<RightFacts>,
    /// The licences from the importer up to the owner.
    pub licences: Vec<LicenceFacts>,
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
    pub item_id: ItemId,
    /// GTIN of a serialised item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Gtin>,
    /// How it came to be known; absent when the ledger has no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<MspId>,
    /// Whether its holder is the importer, a member that carries, or the item's maker.
    pub holder_in_consignment: bool,
    /// The newest alarms that counted against it, hard or confirmed ones, at most 5.
    pub open_alarms: Vec<AlarmId>,
    /// Whether more counted against it.
    pub more_open_alarms: bool,
}

/// The answer of `customs:Replay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayedDecision {
    /// The declaration.
    pub declaration_id: DeclarationId,
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
    pub inputs_sha256: Digest256,
    /// Whether that digest is the recorded one.
    pub inputs_unchanged: bool,
    /// What was decided then.
    pub recorded_outcome: Outcome,
    /// Whether outcome and findings are the recorded ones.
    pub same_decision: bool,
    /// Whether the authority's own peer endorsed the recorded decision.
    pub authenticated: bool,
}
