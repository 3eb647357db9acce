//! Whether an act is covered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::time::Date;

use super::super::{LicenceName, RightName};
use super::RightStanding;

/// The answer of `rights:Check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceCheck {
    /// The right.
    pub right_id: RightName,
    /// What the right counted for then.
    pub right_standing: RightStanding,
    /// Whether the act is covered.
    pub verdict: LicenceVerdict,
    /// The licences from the party up to the owner; empty when the owner itself acts or none was found.
    pub chain: Vec<LicenceName>,
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
    /// The right is not valid then: by its period, or because it is not registered here yet, has ended, or is not
    /// endorsed by its owner.
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
    /// A link of the chain is missing or the chain is too long, or a licensor was not entitled to grant a link.
    ChainBroken,
    /// The licensee of a licence of the chain had not accepted it by then.
    NotAccepted,
    /// A licence of the chain was revoked, withdrawn or given up.
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
    /// The owner acts within a licence that excludes even its licensor. A matter between the two.
    ExclusiveToAnother,
}
