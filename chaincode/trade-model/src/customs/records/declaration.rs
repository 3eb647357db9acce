//! Declarations as the ledger holds them.

use fabric_contract::KeyPart;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::UtcTime;

use super::Outcome;
use crate::common::{
    BandId, Commitment, DeclarationId, HoldId, ItemId, Proof, Quantity, Scoped, Set, Stamp, TariffCode, UnitCode,
};
use crate::customs::{DECLARATION_ITEMS_MAX, TariffName};
use crate::rights::{LicenceName, RightName};

/// A declaration: the answer of `customs:FileDeclaration` and `customs:ReadDeclaration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declaration {
    /// Its id.
    pub declaration_id: Scoped<DeclarationId>,
    /// Who imports.
    pub importer: MspId,
    /// The authority that decides: that of the destination when it was filed.
    pub authority: MspId,
    /// The tariff it was filed under.
    pub tariff_id: TariffName,
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
    /// Customs procedure.
    pub procedure: Procedure,
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
    /// How many acts there are about it.
    pub acts: u32,
    /// The hold that an interception of it placed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
}

impl Declaration {
    /// The declaration as the importer filed it, before any act or decision.
    #[must_use]
    pub fn as_filed(&self) -> Self {
        Self { state: DeclarationState::Filed, decisions: 0, acts: 0, hold: None, ..self.clone() }
    }
}

/// That an authority stopped a declaration of a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stop {
    /// For which country it was declared.
    pub destination: CountryCode,
    /// The declaration.
    pub declaration_id: Scoped<DeclarationId>,
}

/// That an authority cleared a thing, by the last declaration of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clearance {
    /// Under which declaration.
    pub declaration_id: Scoped<DeclarationId>,
    /// When, in ledger time.
    pub at: UtcTime,
    /// When it was first released for free circulation. What only passes through, is stored or is worked on there is
    /// not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<UtcTime>,
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
    /// Held; it can be decided again.
    Intercepted,
    /// Not admitted; it can be decided again.
    Refused,
    /// Taken back by the importer before anything was decided.
    Withdrawn,
}

impl DeclarationState {
    /// Whether nothing can follow on it: it was cleared or taken back.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Cleared | Self::Withdrawn)
    }

    /// Whether it lets another declaration of the same things for the same destination be filed: it is closed, or the
    /// goods were not admitted.
    #[must_use]
    pub fn is_decided(self) -> bool {
        self.is_closed() || self == Self::Refused
    }
}

/// Where a declaration stands after a decision that nobody has approved.
impl From<Outcome> for DeclarationState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clear => Self::ClearanceProposed,
            Outcome::DocumentCheck => Self::DocumentsRequested,
            Outcome::Intercept => Self::Intercepted,
            Outcome::Refuse => Self::Refused,
        }
    }
}

/// What is to become of goods at a border (UCC, Articles 201, 210). A declaration is judged by the tariff of its
/// procedure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Procedure {
    /// Release for free circulation.
    #[default]
    FreeCirculation,
    /// Carriage through the country.
    Transit,
    /// Storage in a customs warehouse.
    Warehousing,
    /// Temporary admission.
    TemporaryAdmission,
    /// Inward processing.
    InwardProcessing,
}

impl Procedure {
    /// The word used on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FreeCirculation => "free_circulation",
            Self::Transit => "transit",
            Self::Warehousing => "warehousing",
            Self::TemporaryAdmission => "temporary_admission",
            Self::InwardProcessing => "inward_processing",
        }
    }
}

/// As part of a key: its word.
impl KeyPart for Procedure {
    const SHAPE: &'static str = "Procedure";

    fn to_part(&self) -> String {
        self.as_str().to_owned()
    }

    fn from_part(part: &str) -> Option<Self> {
        let all =
            [Self::FreeCirculation, Self::Transit, Self::Warehousing, Self::TemporaryAdmission, Self::InwardProcessing];
        all.into_iter().find(|procedure| procedure.as_str() == part)
    }
}
