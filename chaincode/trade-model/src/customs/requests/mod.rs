//! What can be asked of the contract `customs`.

mod act;
mod hold;
mod product;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Date, Period};

use super::{
    ALARMS_WEIGHED_MAX, CustomsRule, DECLARATION_ITEMS_MAX, Decision, DecisionApproval, Declaration, Outcome,
    Procedure, ReplayedDecision, Tariff, TariffBand,
};
use crate::common::{
    AlarmId, Attested, BandId, Commitment, Committed, DeclarationId, ItemId, Opening, Proof, Quantity, Remark, Role,
    ScopedRef, Set, Shared, TariffCode, TariffId, Text, UnitCode,
};
use crate::customs::{TariffName, TariffRef};
use crate::rights::{LicenceRef, RightRef};
use crate::transaction::{Lookup, transactions};

pub use act::{Appeal, Inspect, ProvideDocument, ReadActs, RequestDocuments, WithdrawDeclaration};
pub use hold::{ApproveHold, ConfirmHold, LiftHold, PlaceHold, ReadHold, Seize};
pub use product::{ClassifyProduct, ReadClassification};

/// `customs:PublishTariff` (submit): an authority publishes a version of its tariff and of its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishTariff {
    /// The caller's own id of the tariff: 1 to 64 letters, digits, dots, dashes, underscores. It stays the same over
    /// its versions.
    pub tariff_id: TariffId,
    /// 1 for the first, then one more each time.
    pub version: u32,
    /// The country of import it is for; the caller must be its authority.
    pub jurisdiction: CountryCode,
    /// The customs procedure it is for. A country has one tariff for each. Default: `free_circulation`.
    #[serde(default)]
    pub procedure: Procedure,
    /// On which days of acceptance it applies; where versions overlap, the later one applies.
    pub validity: Period,
    /// Where it comes from: the legal text and its place, 1 to 500 characters.
    pub source: Text<500>,
    /// ISO 4217 code of all its amounts.
    pub currency: CurrencyCode,
    /// Value bands by HS code.
    pub bands: Vec<TariffBand>,
    /// What is checked, and what follows when a check is not met.
    pub rules: Vec<CustomsRule>,
}

/// Asks `customs:ReadTariff` (evaluate): a version, or the one that applies on a day, or the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTariff {
    /// The tariff; its id alone for the caller's own.
    pub tariff_id: TariffRef,
    /// Exactly this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// The version that applies on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

/// `customs:FileDeclaration` (submit): the caller is the importer.
///
/// Everything in it is public. [`ShareValueOpening`] opens the value to the authority, when it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDeclaration {
    /// A new id chosen by the caller, unique among its own declarations: 1 to 64 letters, digits, dots, dashes,
    /// underscores.
    pub declaration_id: DeclarationId,
    /// The tariff for which the value is proved, by its whole name. Which one applies is found from destination and
    /// procedure; another one is refused.
    pub tariff_id: TariffName,
    /// The tariff's version in force on the day of filing.
    pub tariff_version: u32,
    /// The band the value is proved to lie in.
    pub band_id: BandId,
    /// The items or logistic units of the consignment, 1 to 200.
    pub items: Set<ItemId, 1, DECLARATION_ITEMS_MAX>,
    /// HS code of the goods: 6, 8 or 10 digits.
    pub hs_code: TariffCode,
    /// Country of origin.
    pub origin: CountryCode,
    /// Country of destination: its authority decides, by its tariff.
    pub destination: CountryCode,
    /// What is to become of the goods. Default: `free_circulation`.
    #[serde(default)]
    pub procedure: Procedure,
    /// How much, a decimal number greater than 0, at most 12 digits before and 6 after the point.
    pub quantity: Quantity,
    /// The unit of the quantity: UN/CEFACT Recommendation 20 code, for example `C62` or `KGM`.
    pub unit: UnitCode,
    /// ISO 4217 code of the committed value; must be the tariff's.
    pub currency: CurrencyCode,
    /// A right by which the goods are judged in addition to those that are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_id: Option<RightRef>,
    /// A licence to be looked at in addition to those that are found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_id: Option<LicenceRef>,
    /// Pedersen commitment to the value in minor units: text form of `trade-proofs`.
    pub value_commitment: Commitment,
    /// Proof that the committed value lies in the band: text form of `trade-proofs`.
    pub value_proof: Proof,
}

/// `customs:ShareValueOpening` (submit): the importer gives the authority what opens the declared value.
///
/// The transient field `private` holds an [`Opening`]; it goes to the importer's and the authority's own collections,
/// and their peers alone see it. It must open the commitment, so sharing again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareValueOpening {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
}

/// Asks `customs:ReadValueOpening` (evaluate): importer and authority read what opens the value, each at its own peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadValueOpening {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
}

/// Asks `customs:ReadDeclaration` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadDeclaration {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
}

/// `customs:Assess` (submit): the authority decides by the rules in force on the day of acceptance. A decision to clear
/// is a proposal, which a second person approves with `customs:ApproveDecision`; all others count at once. What was not
/// cleared can be assessed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assess {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
}

/// `customs:Decide` (submit): an officer decides otherwise than the rules propose, or as they do, and says why.
///
/// What is milder than the rules counts with `customs:ApproveDecision` only, as every clearance does. What is graver
/// counts at once; the hold that it places ends by itself unless it is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// What follows.
    pub outcome: Outcome,
    /// Why, 1 to 500 characters.
    pub reason: Remark,
    /// Alarms about the goods that the officer weighs and no authority has confirmed, at most 20. The rules go by those
    /// that are hard or confirmed.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub alarms: Set<AlarmId, 0, ALARMS_WEIGHED_MAX>,
}

/// `customs:ApproveDecision` (submit): a second person of the authority approves a decision. It takes that to release
/// goods, and to let stand what is graver than the rules propose. What the decision rests on must be what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveDecision {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// The decision, from 1: the one that the person has looked at.
    pub number: u32,
}

/// Asks `customs:ReadApproval` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadApproval {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// Which decision's, from 1; the last one's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// Asks `customs:ReadDecision` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadDecision {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
    /// Which decision, from 1; the last one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
}

/// Asks `customs:Replay` (evaluate): decide again from the stored facts, under the same rules or those of another day
/// or version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The declaration.
    pub declaration_id: ScopedRef<DeclarationId>,
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

transactions! {
    submit(Registrar) "customs:PublishTariff" by &[Role::Customs], PublishTariff => Tariff;
    submit(Clerk) "customs:FileDeclaration" by &[Role::Seller], FileDeclaration => Declaration;
    submit(Officer) "customs:Assess" by &[Role::Customs], Assess => Decision;
    submit(Officer) "customs:Decide" by &[Role::Customs],
        Decide, seen by ReadDeclaration { declaration_id } => Decision;
    submit(Officer) "customs:ApproveDecision" by &[Role::Customs],
        ApproveDecision, seen by ReadDeclaration { declaration_id } => DecisionApproval;
    submit(Clerk) "customs:ShareValueOpening" by &[Role::Seller],
        ShareValueOpening, private Opening, to ShareValueOpening::authority => Shared;
    evaluate "customs:ReadTariff", ReadTariff => Attested<Tariff>;
    evaluate "customs:ReadDeclaration", ReadDeclaration => Committed<Declaration>;
    evaluate "customs:ReadValueOpening", ReadValueOpening => Opening;
    evaluate "customs:ReadDecision", ReadDecision => Attested<Decision>;
    evaluate "customs:ReadApproval", ReadApproval => Attested<DecisionApproval>;
    evaluate "customs:Replay", Replay => ReplayedDecision;
}

impl ShareValueOpening {
    fn authority(&self, caller: &MspId) -> Lookup {
        let declaration_id = self.declaration_id.clone().of(caller);
        let declaration = ReadDeclaration { declaration_id: declaration_id.into() };
        Lookup::new(&declaration, "/authority")
    }
}
