//! Rights and licences as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, Period};

use super::PRODUCTS_MAX;
use crate::common::{
    Digest256, LicenceId, NiceClass, OfficeCode, RegistrationNumber, Remark, RightId, Set, Stamp, Text,
};

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

/// A right: the answer of `rights:RegisterRight` and `rights:ReadRight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Right {
    /// `<office>-<kind>-<number>`, for example `EM-mark-018123456`.
    pub right_id: RightId,
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
    /// Where it is valid, sorted.
    pub territories: Set<CountryCode, 1, 249>,
    /// When it is valid.
    pub validity: Period,
    /// Nice classes, sorted.
    pub nice_classes: Set<NiceClass, 0, 45>,
    /// GTINs of 14 digits, sorted; empty means all of the owner's.
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// SHA-256 of its representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<Digest256>,
    /// Who registered it when.
    pub registered: Stamp,
}

/// How exclusive a licence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exclusivity {
    /// Nobody else, not even the licensor.
    Exclusive,
    /// Nobody else but the licensor.
    Sole,
    /// Others may have one too.
    NonExclusive,
}

/// What a licence can permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Make the product or put the mark on it.
    Make,
    /// Import it.
    Import,
    /// Export it.
    Export,
    /// Offer and sell it.
    Sell,
}

/// A way to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesChannel {
    /// Own or third-party web shops.
    Online,
    /// Shops.
    Retail,
    /// Other dealers.
    Wholesale,
}

/// A licence: the answer of `rights:GrantLicence`, `rights:RevokeLicence` and `rights:ReadLicence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Licence {
    /// Its id.
    pub licence_id: LicenceId,
    /// The right licensed.
    pub right_id: RightId,
    /// The licence it is a sub-licence of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<LicenceId>,
    /// Steps to the owner: 1 when the owner granted it, at most 8.
    pub depth: u32,
    /// Who granted it.
    pub licensor: MspId,
    /// Who received it.
    pub licensee: MspId,
    /// How exclusive it is.
    pub exclusivity: Exclusivity,
    /// Whether sub-licences may be granted.
    pub may_sublicense: bool,
    /// What it permits, sorted.
    pub acts: Set<Act, 1, 4>,
    /// Where, sorted.
    pub territories: Set<CountryCode, 1, 249>,
    /// GTINs of 14 digits, sorted; empty means all that stands above it.
    pub products: Set<Gtin, 0, PRODUCTS_MAX>,
    /// Channels, sorted; empty means all that stands above it.
    pub channels: Set<SalesChannel, 0, 3>,
    /// When.
    pub period: Period,
    /// Who granted it when.
    pub granted: Stamp,
    /// Set when it was revoked; sub-licences fall with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// That a licence was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revocation {
    /// By whom and when.
    pub stamp: Stamp,
    /// Why.
    pub reason: Remark,
}

/// The answer of `rights:Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceCheck {
    /// The right.
    pub right_id: RightId,
    /// Whether the act is covered.
    pub verdict: LicenceVerdict,
    /// The licences from the party up to the owner; empty when the owner itself acts or none was found.
    pub chain: Vec<LicenceId>,
    /// Why, one per rule that is not met; empty when authorised.
    pub reasons: Vec<LicenceReason>,
    /// The day that was judged.
    pub on: Date,
}

/// Whether an act is covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceVerdict {
    /// The owner acts, or an unbroken chain of licences covers it.
    Authorised,
    /// A licence exists and does not cover it.
    NotCovered,
    /// No licence of that party is known for the right.
    Unknown,
}

/// Why an act is not covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceReason {
    /// The right is not valid on that day.
    RightNotInForce,
    /// The right is not valid there.
    RightNotInTerritory,
    /// The right does not cover the product.
    RightNotForProduct,
    /// No licence is known.
    NoLicence,
    /// The licence belongs to another member.
    LicenceOfAnother,
    /// The licence is for another right.
    LicenceForAnotherRight,
    /// A link of the chain is missing or the chain is too long.
    ChainBroken,
    /// A licence of the chain was revoked.
    Revoked,
    /// The day lies outside the licence's period.
    OutsidePeriod,
    /// The country is not covered.
    OutsideTerritory,
    /// The product is not covered.
    ProductNotCovered,
    /// The channel is not covered.
    ChannelNotCovered,
    /// The act is not permitted.
    ActNotPermitted,
}
