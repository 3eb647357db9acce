//! Rights that protect goods, found from the goods.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, Gtin};
use trade_standards::time::UtcTime;

use super::{RightFacts, RightStanding};

/// How a product came under a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductBasis {
    /// It begins with a GS1 company prefix of the right's owner.
    OwnPrefix,
    /// The company that owns the prefix assigned it to the owner, who accepted.
    Assigned,
    /// The owner lists it, and no member has named the prefix: its word alone.
    Claimed,
}

/// What a right that was found may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Attested, and the product is the owner's or assigned to it: goods without its licence may be stopped.
    Binds,
    /// Attested for a product that is only claimed, or asserted for a product of the owner's own: documents may be
    /// asked for, and nothing is stopped.
    Asks,
    /// Anything less: it is shown and has no effect.
    Shown,
}

/// A right that protects goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundRight {
    /// The right, with what was said about it.
    #[serde(flatten)]
    pub facts: RightFacts,
    /// What it counted for at the moment asked about.
    pub standing: RightStanding,
    /// How the product came under it.
    pub basis: ProductBasis,
    /// What it may lead to.
    pub weight: Weight,
}

/// The answer of `rights:FindRights`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RightsFound {
    /// The product.
    pub product: Gtin,
    /// Where.
    pub territory: CountryCode,
    /// When.
    pub at: UtcTime,
    /// Rights in force there and then, those that bind first; at most 100.
    pub rights: Vec<FoundRight>,
    /// Whether these are all.
    pub complete: bool,
}
