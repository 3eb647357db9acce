//! Licences: granted by the licensor, in force when the licensee accepts, ended by either.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::Period;

use super::super::{LicenceName, PRODUCTS_MAX, RightName};
use super::RightStanding;
use crate::common::{Cursor, Digest256, Remark, Set, Stamp};

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

/// A licence as its licensor granted it. It never changes; what its licensee says, and how it ends, stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Licence {
    /// `<MSP id of the licensor>/<its id for the licence>`.
    pub licence_id: LicenceName,
    /// The right licensed.
    pub right_id: RightName,
    /// The licence it is a sub-licence of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_licence_id: Option<LicenceName>,
    /// Steps to the owner: 1 when the owner granted it, at most 8.
    pub depth: u32,
    /// Who granted it. When the right is passed on, the new owner takes the place of the one that granted it.
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
}

/// What the licensee said: the answer of `rights:RefuseLicence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceReply {
    /// The licence.
    pub licence_id: LicenceName,
    /// Whether it takes the licence.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Remark>,
    /// SHA-256 of the licence as JSON without spaces.
    pub licence_sha256: Digest256,
    /// Who replied when. An accepted licence is in force from then on.
    pub replied: Stamp,
}

/// That a licence has ended for all that happens afterwards; what was done under it before stays licensed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceEnd {
    /// The licence.
    pub licence_id: LicenceName,
    /// How.
    pub kind: LicenceEndKind,
    /// Why.
    pub reason: Remark,
    /// Who ended it when.
    pub ended: Stamp,
}

/// How a licence ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceEndKind {
    /// Its licensor, or the right's owner, withdrew it before it was accepted.
    Withdrawn,
    /// Its licensor, or the right's owner, revoked it.
    Revoked,
    /// Its licensee gave it up.
    GivenUp,
}

/// A licence with all that was said about it and that is authentic: what rules judge, and what a decision keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceFacts {
    /// The licence.
    #[serde(flatten)]
    pub licence: Licence,
    /// Whether its licensor's own peer endorsed it.
    pub authenticated: bool,
    /// What the licensee said to exactly this licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<LicenceReply>,
    /// How it ended, the earliest end when it was ended by several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<LicenceEnd>,
}

impl LicenceFacts {
    /// The acceptance of the licensee, when there is one.
    pub fn acceptance(&self) -> Option<&LicenceReply> {
        self.reply.as_ref().filter(|reply| reply.accepted)
    }
}

/// Where a licence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceState {
    /// Its licensor's peer has not endorsed it.
    Unauthenticated,
    /// Granted, and the licensee has not replied.
    Offered,
    /// Taken back before the licensee had accepted it.
    Withdrawn,
    /// The licensee does not want it.
    Refused,
    /// Accepted, and its period has not begun.
    NotYetInForce,
    /// In force.
    InForce,
    /// What it rests on is not in force.
    Suspended,
    /// Its period is over.
    Expired,
    /// Revoked by licensor or owner.
    Revoked,
    /// Given up by the licensee.
    GivenUp,
}

/// What a licence rests on and that is not in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Suspension {
    /// A licence above it.
    Licence {
        /// Which.
        licence_id: LicenceName,
        /// Where that one stands.
        state: LicenceState,
    },
    /// The right.
    Right {
        /// Which.
        right_id: RightName,
        /// What it counts for.
        standing: RightStanding,
    },
    /// A licence above it is missing, or there are too many.
    BrokenChain,
}

/// A licence and where it stands now: the answer of `rights:GrantLicence`, `rights:AcceptLicence`,
/// `rights:RevokeLicence`, `rights:EndLicence` and `rights:ReadLicence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenceView {
    /// What is known.
    #[serde(flatten)]
    pub facts: LicenceFacts,
    /// Where it stands now.
    pub state: LicenceState,
    /// What suspends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_by: Option<Suspension>,
    /// Who is licensor now: the right's owner for a licence without a parent.
    pub licensor_now: MspId,
    /// What the right counts for now.
    pub right_standing: RightStanding,
}

/// The answer of `rights:ReadLicences`: the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicencePage {
    /// Licences.
    pub licences: Vec<LicenceView>,
    /// Give it as `after` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}
