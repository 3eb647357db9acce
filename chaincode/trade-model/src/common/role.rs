//! The roles a member can have.
//!
//! A member is an organization, never a person; names of people do not appear on the ledger.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a member may do on the channel. One member can have several roles; a regulator has no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Owns intellectual property and licenses it.
    Brand,
    /// Makes and commissions items.
    Maker,
    /// Imports and sells; issues and pays invoices.
    Seller,
    /// Carries goods.
    Carrier,
    /// Keeps accounts and reports payments.
    Bank,
    /// Publishes tariffs and decides on declarations.
    Customs,
    /// Reads everything public and changes nothing.
    Regulator,
}

impl Role {
    /// Everybody who handles goods.
    pub const HANDLERS: &'static [Self] = &[Self::Maker, Self::Brand, Self::Seller, Self::Carrier, Self::Customs];
    /// Everybody who can hold a licence, sell, or be paid.
    pub const TRADERS: &'static [Self] = &[Self::Seller, Self::Brand, Self::Maker, Self::Carrier];

    /// The word used on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Brand => "brand",
            Self::Maker => "maker",
            Self::Seller => "seller",
            Self::Carrier => "carrier",
            Self::Bank => "bank",
            Self::Customs => "customs",
            Self::Regulator => "regulator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
