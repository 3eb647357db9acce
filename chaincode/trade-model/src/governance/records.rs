//! The members of the channel as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::gs1::Gs1Uri;
use trade_standards::identifier::{CountryCode, Gln, Lei, MspId};

use super::COMPANY_PREFIXES_MAX;
use crate::common::{CompanyPrefix, Role, Set, Stamp, Text};

/// One member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its MSP, which signs for it.
    pub msp_id: MspId,
    /// Its legal name.
    pub name: Text<200>,
    /// Where it is registered.
    pub country: CountryCode,
    /// What it does, at least one; `regulator` stands alone.
    pub roles: Set<Role, 1, 7>,
    /// Its party GLN (13 digits) when it has one: how EPCIS source and destination lists name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gln: Option<Gln>,
    /// Its legal entity identifier (ISO 17442) when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lei: Option<Lei>,
    /// The GS1 company prefixes that GS1 gave it, 4 to 12 digits each, at most 20. Keys that begin with one are put
    /// into use by it and its licensees only.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub gs1_company_prefixes: Set<CompanyPrefix, 0, COMPANY_PREFIXES_MAX>,
    /// Whether the certificates of its people must name their duties. Default: `false`, and a certificate that names
    /// none may do everything that the member may, except decide for an authority, which always takes an officer. A
    /// certificate that names duties is bound by them either way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duties_required: bool,
}

impl Member {
    /// Whether the member has the role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.has(&role)
    }
}

/// The answer of `governance:Establish` and of `governance:Members` (evaluate, takes no request).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Members {
    /// All members in the order of their MSP ids.
    pub members: Vec<Member>,
    /// Who established them.
    pub established: Stamp,
}

impl Members {
    /// The member of an MSP.
    pub fn find(&self, msp_id: &MspId) -> Option<&Member> {
        self.members.iter().find(|member| member.msp_id == *msp_id)
    }

    /// The members that can write: all but regulators.
    pub fn writers(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| !member.has_role(Role::Regulator))
    }

    /// The member whose GS1 company prefix a key begins with, when one has named it.
    pub fn company_of(&self, key: &Gs1Uri) -> Option<&Member> {
        let begins = |prefix: &CompanyPrefix| key.company_part().starts_with(prefix.as_str());
        self.members.iter().find(|member| member.gs1_company_prefixes.iter().any(begins))
    }
}
