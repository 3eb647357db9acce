//! The enterprises of the channel: established once, read by everyone.
//!
//! Membership itself (certificates, policies) belongs to Fabric; here stands only what the trade rules need to know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::party::Role;
use trade_standards::gs1::Gs1Uri;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

/// Most GS1 company prefixes one enterprise can name.
pub const COMPANY_PREFIXES_MAX: usize = 20;
/// Most enterprises one channel can have.
pub const PARTICIPANTS_MAX: usize = 64;

/// One enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Its MSP, which signs for it.
    pub msp_id: MspId,
    /// Its legal name, 1 to 200 characters.
    pub name: String,
    /// Where it is registered.
    pub country: CountryCode,
    /// What it does, at least one; `regulator` stands alone.
    pub roles: Vec<Role>,
    /// Its party GLN (13 digits) when it has one: how EPCIS source and destination lists name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<String>,
    /// Its legal entity identifier (ISO 17442) when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lei: Option<String>,
    /// The GS1 company prefixes that GS1 gave it, 4 to 12 digits each, at most 20. Keys that begin with one are put into
    /// use by it and its licensees only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gs1_company_prefixes: Vec<String>,
}

impl Participant {
    /// Whether the enterprise has the role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// `governance:Establish` (submit): names the enterprises of the channel, once and for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Establish {
    /// All enterprises, 1 to 64, each MSP once; the caller's own among them.
    pub participants: Vec<Participant>,
}

/// The answer of `governance:Establish` and of `governance:Participants` (evaluate, takes no request).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Participants {
    /// All enterprises in the order of their MSP ids.
    pub participants: Vec<Participant>,
    /// Who established them.
    pub established_by: MspId,
    /// When.
    pub established_at: UtcTime,
    /// In which transaction.
    pub transaction_id: String,
}

impl Participants {
    /// The enterprise of an MSP.
    pub fn find(&self, msp_id: &str) -> Option<&Participant> {
        self.participants.iter().find(|participant| participant.msp_id.as_str() == msp_id)
    }

    /// The enterprise whose GS1 company prefix a key begins with, when one has named it.
    pub fn company_of(&self, key: &Gs1Uri) -> Option<&Participant> {
        let begins = |prefix: &String| key.company_part().starts_with(prefix.as_str());
        self.participants.iter().find(|participant| participant.gs1_company_prefixes.iter().any(begins))
    }
}
