//! Intellectual property: rights, licences and the question whether an act is covered.
//!
//! Prices and royalty terms are not here: they are private to the parties of a licence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::{Date, Period, UtcTime};

/// Longest chain from a licence to the right's owner.
pub const LICENCE_DEPTH_MAX: u32 = 8;
/// Most products one right or licence can list.
pub const PRODUCTS_MAX: usize = 500;

/// `rights:RegisterRight` (submit): the caller's enterprise becomes the owner on this ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterRight {
    /// What kind of right.
    pub kind: RightKind,
    /// The office that registered it, WIPO ST.3 code of two capitals: `EM`, `WO`, `CN` …
    pub office: String,
    /// The registration number: 1 to 40 capitals, digits, dots or dashes. Office, kind and number make the right's id.
    pub number: String,
    /// What it is called, 1 to 200 characters.
    pub title: String,
    /// Where it is valid, 1 to 249 countries.
    pub territories: Vec<CountryCode>,
    /// From when until when it is valid.
    pub validity: Period,
    /// Nice classes of a mark, 1 to 45 each; empty for other kinds.
    #[serde(default)]
    pub nice_classes: Vec<u8>,
    /// The trade items it is used for, as GTIN; empty means all of the owner's.
    #[serde(default)]
    pub products: Vec<String>,
    /// SHA-256 of the mark's image, the design or the work: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<String>,
}

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
    pub right_id: String,
    /// Who owns it.
    pub owner: MspId,
    /// What kind of right.
    pub kind: RightKind,
    /// WIPO ST.3 code of the office.
    pub office: String,
    /// Registration number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// Where it is valid, sorted.
    pub territories: Vec<CountryCode>,
    /// When it is valid.
    pub validity: Period,
    /// Nice classes, sorted.
    pub nice_classes: Vec<u8>,
    /// GTINs of 14 digits, sorted; empty means all of the owner's.
    pub products: Vec<String>,
    /// SHA-256 of its representation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representation_sha256: Option<String>,
    /// When it was registered here.
    pub registered_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
}

/// `rights:GrantLicence` (submit): the owner, or a licensee who may sublicense, grants a licence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantLicence {
    /// A new id chosen by the caller: 1 to 64 letters, digits, dots, dashes, underscores.
    pub licence_id: String,
    /// The right that is licensed.
    pub right_id: String,
    /// The licence this one is a sub-licence of; absent when the owner grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<String>,
    /// Who receives it.
    pub licensee: MspId,
    /// How exclusive it is.
    pub exclusivity: Exclusivity,
    /// Whether the licensee may grant sub-licences.
    #[serde(default)]
    pub may_sublicense: bool,
    /// What it permits, at least one.
    pub acts: Vec<Act>,
    /// Where, at least one country.
    pub territories: Vec<CountryCode>,
    /// For which trade items (GTIN); empty means all that the parent licence or the right covers.
    #[serde(default)]
    pub products: Vec<String>,
    /// Through which channels; empty means all that the parent covers.
    #[serde(default)]
    pub channels: Vec<SalesChannel>,
    /// When.
    pub period: Period,
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
    pub licence_id: String,
    /// The right licensed.
    pub right_id: String,
    /// The licence it is a sub-licence of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<String>,
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
    pub acts: Vec<Act>,
    /// Where, sorted.
    pub territories: Vec<CountryCode>,
    /// GTINs of 14 digits, sorted; empty means all that stands above it.
    pub products: Vec<String>,
    /// Channels, sorted; empty means all that stands above it.
    pub channels: Vec<SalesChannel>,
    /// When.
    pub period: Period,
    /// When it was granted.
    pub granted_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
    /// Set when it was revoked; sub-licences fall with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// That a licence was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revocation {
    /// When.
    pub at: UtcTime,
    /// By whom.
    pub by: MspId,
    /// Why.
    pub reason: String,
    /// In which transaction.
    pub transaction_id: String,
}

/// `rights:RevokeLicence` (submit): the licensor or the right's owner ends a licence from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeLicence {
    /// The licence.
    pub licence_id: String,
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// Asks `rights:ReadRight` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRight {
    /// The right.
    pub right_id: String,
}

/// Asks `rights:ReadLicence` (evaluate).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadLicence {
    /// The licence.
    pub licence_id: String,
}

/// Asks `rights:Check` (evaluate): may this enterprise do this with this product there and then?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckLicence {
    /// The right concerned.
    pub right_id: String,
    /// Who acts.
    pub party: MspId,
    /// What it does.
    pub act: Act,
    /// With which trade item (GTIN).
    pub product: String,
    /// Where.
    pub territory: CountryCode,
    /// Through which channel, when it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<SalesChannel>,
    /// On which day, as a whole: a licence that is revoked in its course does not cover it. Now when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
}

/// The answer of `rights:Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceCheck {
    /// The right.
    pub right_id: String,
    /// Whether the act is covered.
    pub verdict: LicenceVerdict,
    /// The licences from the party up to the owner; empty when the owner itself acts or none was found.
    pub chain: Vec<String>,
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
    /// The licence belongs to another enterprise.
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
