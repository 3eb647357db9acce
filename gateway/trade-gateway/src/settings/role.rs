//! What an organization is to this gateway: what its members may do, and who holds its keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an organization's members may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "OrganizationRole")]
pub enum Role {
    /// Reads and writes.
    Enterprise,
    /// As an enterprise, and decides about declarations.
    Customs,
    /// Reads and evaluates only.
    Regulator,
}

impl Role {
    /// The word used in settings and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Customs => "customs",
            Self::Regulator => "regulator",
        }
    }
}

/// Who holds the keys that sign an organization's transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Custody {
    /// The gateway signs with one identity of the same MSP, unless the caller asks to sign.
    Managed,
    /// The caller signs every proposal and every transaction.
    External,
}
