//! Rights: what a member claims, what an attester of the office confirms, and what is left of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, Period, UtcTime};

use super::super::{PRODUCTS_MAX, RightName};
use super::{OppositionFile, RightOffer};
use crate::common::{Digest256, NiceClass, OfficeCode, RegistrationNumber, Remark, Set, Stamp, Text};

/// A kind of intellectual property right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightKind {
    /// Trade mark.
    Mark,
    /// Patent for an invention.
    Patent,
    /// Utility model.
    UtilityModel,
    /// Registered design.
    Design,
    /// Copyright.
    Copyright,
    /// Geographical indication.
    GeographicalIndication,
}

impl RightKind {
    /// The word used on the wire and in right ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Patent => "patent",
            Self::UtilityModel => "utility_model",
            Self::Design => "design",
            Self::Copyright => "copyright",
            Self::GeographicalIndication => "geographical_indication",
        }
    }
}

/// A right as its owner states it. Stating one makes nothing true: two members can claim one registration number, and
/// what each claim counts for is its [`RightStanding`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Right {
    /// `<MSP id of who registered it here>/<office>-<kind>-<number>`, for example `BrandMSP/EM-mark-018123456`. It
    /// stays when the right is passed on.
    pub right_id: RightName,
    /// Who owns it.
    pub owner: MspId,
    /// What kind of right.
    pub kind: RightKind,
    /// WIPO ST.3 code of the office.
    pub office: OfficeCode,
    /// Registration number.
    pub number: RegistrationNumber,
    /// What it is called.
    pub title: Text<200>,
    /// Where it is valid, sorted; all within what the office can register.
    pub territories: Set<CountryCode, 1, 249>,
    /// When it is valid.
    pub validity: Period,
    /// Nice classes, sorted.
    pub nice_classes: Set<NiceClass, 0, 45>,
    /// GTINs of 14 digits, sorted; empty means everything under the owner's own GS1 company prefixes.
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// SHA-256 of its representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<Digest256>,
    /// Who registered it here when.
    pub registered: Stamp,
    /// Who wrote it last: the owner, when it registered, renewed, offered or took over the right.
    pub recorded: Stamp,
    /// How often it was offered to another member.
    #[serde(default)]
    pub offers: u32,
    /// Who owned it before, the first owner first; at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_owners: Vec<FormerOwner>,
}

/// Who owned a right before it was passed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormerOwner {
    /// The former owner.
    pub owner: MspId,
    /// The number of its offer that the next owner accepted.
    pub offer: u32,
    /// When the next owner accepted it. Licences that the former owner granted before stay.
    pub until: UtcTime,
}

impl Right {
    /// Whether a member owned the right at a moment.
    pub fn was_owned_by(&self, member: &MspId, at: UtcTime) -> bool {
        let former = self.former_owners.iter().find(|former| at < former.until);
        former.map_or(&self.owner, |former| &former.owner) == member
    }

    /// What the office's register says of it: everything but its owner, its end, and what it is used for.
    pub fn entry(&self) -> RegisterEntry<'_> {
        RegisterEntry {
            kind: self.kind,
            office: &self.office,
            number: &self.number,
            title: &self.title,
            territories: &self.territories,
            from: self.validity.from,
            nice_classes: &self.nice_classes,
            representation_sha256: self.representation_sha256.as_ref(),
        }
    }
}

/// An entry of an office's register.
#[derive(Debug, Serialize)]
pub struct RegisterEntry<'a> {
    kind: RightKind,
    office: &'a OfficeCode,
    number: &'a RegistrationNumber,
    title: &'a Text<200>,
    territories: &'a Set<CountryCode, 1, 249>,
    from: Date,
    nice_classes: &'a Set<NiceClass, 0, 45>,
    representation_sha256: Option<&'a Digest256>,
}

/// That the office's register says what the owner states: the answer of `rights:AttestRight` and
/// `rights:WithdrawAttestation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attestation {
    /// The right.
    pub right_id: RightName,
    /// SHA-256 of the register's entry as JSON without spaces: kind, office, number, title, territories, the first day,
    /// classes, representation.
    pub entry_sha256: Digest256,
    /// For how long the register has it. A renewal is attested anew.
    pub validity: Period,
    /// From what the attester knows it.
    pub basis: AttestationBasis,
    /// Since when it has been attested by this member without a break, in ledger time.
    pub since: UtcTime,
    /// Who attested it last, and when.
    pub attested: Stamp,
    /// Set when the attester took it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawal>,
}

/// From what an attester knows an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AttestationBasis {
    /// It keeps the register, or has looked into it.
    Register,
    /// It has checked an extract of the register, whose digest is deposited as evidence.
    Extract {
        /// SHA-256 of the extract.
        sha256: Digest256,
    },
}

/// That a statement was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Withdrawal {
    /// Why.
    pub reason: Remark,
    /// By whom and when.
    pub stamp: Stamp,
}

/// That a right has ended: the answer of `rights:EndRight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightEnd {
    /// The right.
    pub right_id: RightName,
    /// How.
    pub kind: RightEndKind,
    /// Why.
    pub reason: Remark,
    /// Whose opposition was upheld, when one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opponent: Option<MspId>,
    /// Who ended it when.
    pub ended: Stamp,
}

/// How a right ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightEndKind {
    /// Its owner gave it up.
    Surrendered,
    /// An attester of its office found that the register does not have it, or no longer.
    Cancelled,
}

/// A right with all that others have said about it and that is authentic: what rules judge, and what a decision keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightFacts {
    /// The right.
    #[serde(flatten)]
    pub right: Right,
    /// Whether its owner's own peer endorsed it, and every former owner's the offer by which it was passed on.
    pub authenticated: bool,
    /// Attestations by members that may attest entries of the office.
    pub attestations: Vec<Attestation>,
    /// How it ended, by the owner or by attesters.
    pub ends: Vec<RightEnd>,
    /// Whether no attestation stands, and another member claims the same number or opposes the right. While one stands,
    /// what others claim changes nothing here.
    pub contested: bool,
}

/// What a right counts for at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RightStanding {
    /// In force, and an attester of the office confirms it.
    Attested,
    /// In force by its owner's word alone.
    Asserted,
    /// By its owner's word alone, and another member claims the same number or opposes it.
    Contested,
    /// Not registered here yet, or its validity has not begun or is over.
    NotInForce,
    /// Surrendered or cancelled.
    Ended,
    /// Its owner's peer has not endorsed it.
    Unauthenticated,
}

impl RightStanding {
    /// Whether the right has any effect.
    pub fn is_in_force(self) -> bool {
        matches!(self, Self::Attested | Self::Asserted | Self::Contested)
    }
}

/// A right and what it counts for now: the answer of `rights:RegisterRight`, `rights:RenewRight`, `rights:AcceptRight`
/// and `rights:ReadRight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightView {
    /// What is known.
    #[serde(flatten)]
    pub facts: RightFacts,
    /// What it counts for now.
    pub standing: RightStanding,
    /// Other members' claims to the same registration number that have not ended.
    pub conflicts_with: Vec<RightName>,
    /// The offer that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<RightOffer>,
    /// Oppositions, open and decided.
    pub oppositions: Vec<OppositionFile>,
}
