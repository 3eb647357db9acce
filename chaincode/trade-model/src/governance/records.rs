//! The members of the channel as the ledger holds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::gs1::{Gs1Uri, ObjectUri};
use trade_standards::identifier::{CountryCode, Gln, Gtin, Lei, MspId};
use trade_standards::time::UtcTime;

use super::{COMPANY_PREFIXES_MAX, FoundingName, PLACES_MAX};
use crate::common::{CompanyPrefix, OfficeCode, ProposalId, Role, Set, Stamp, Text};

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
    /// The countries for which it is the customs authority, at most 60, the members of a customs union one by one; for
    /// members with the role `customs` only, and each country for one member.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub jurisdictions: Set<CountryCode, 0, PLACES_MAX>,
    /// The offices of registers of intellectual property (WIPO ST.3) whose entries it may attest, at most 60.
    #[serde(default, skip_serializing_if = "Set::is_unset")]
    pub attests: Set<OfficeCode, 0, PLACES_MAX>,
    /// Whether it is suspended: it changes nothing and receives nothing. What it holds stays, and can be traced; its
    /// GS1 company prefixes stay its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Whether it has left. It is suspended for good then, unless it is admitted again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

impl Member {
    /// Whether the member has the role.
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.has(&role)
    }

    /// Whether it may change and receive anything: no regulator, and not suspended.
    pub fn writes(&self) -> bool {
        !self.suspended && !self.has_role(Role::Regulator)
    }
}

/// The members of the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Members {
    /// All members in the order of their MSP ids.
    pub members: Vec<Member>,
    /// The list with which they began.
    pub founding: FoundingName,
    /// The last confirmation of that list, which put it into force.
    pub established: Stamp,
    /// The last change; none since the founding when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Changed>,
    /// The members that others suspended, each with the last time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
}

/// A change of the members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// The proposal that was put into force.
    pub proposal_id: ProposalId,
    /// Who did it when.
    pub stamp: Stamp,
}

/// That others suspended a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// The member.
    pub msp_id: MspId,
    /// When, in ledger time.
    pub at: UtcTime,
    /// When it was reinstated; none while it is suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<UtcTime>,
}

impl Members {
    /// The member of an MSP.
    pub fn find(&self, msp_id: &MspId) -> Option<&Member> {
        self.members.iter().find(|member| member.msp_id == *msp_id)
    }

    /// The members that write: all but regulators and those that are suspended.
    pub fn writers(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.writes())
    }

    /// The member of an MSP that writes, so that it can hold goods, licences or accounts.
    pub fn partner(&self, msp_id: &MspId) -> Option<&Member> {
        self.find(msp_id).filter(|member| member.writes())
    }

    /// The customs authority of a country. None while nobody is it, or the member that is it is suspended.
    pub fn authority_of(&self, country: &CountryCode) -> Option<&Member> {
        self.writers().find(|member| member.jurisdictions.has(country))
    }

    /// Whether a member may attest the entries of an office's register. A suspended one may not.
    pub fn attests(&self, msp_id: &MspId, office: &OfficeCode) -> bool {
        self.partner(msp_id).is_some_and(|member| member.attests.has(office))
    }

    /// As [`Members::company_of`], of a thing that may have no GS1 key.
    pub fn company_of_object(&self, object: &ObjectUri) -> Option<&Member> {
        self.company_of(object.gs1()?)
    }

    /// As [`Members::company_of`], of a trade item. The first of its 14 digits tells the packaging level and is no part
    /// of the prefix.
    pub fn company_of_gtin(&self, gtin: &Gtin) -> Option<&Member> {
        let company_part = gtin.as_str().get(1..)?;
        self.company_that(|prefix| company_part.starts_with(prefix.as_str()))
    }

    /// The member whose GS1 company prefix a key begins with, when one has named it; a suspended one, too.
    pub fn company_of(&self, key: &Gs1Uri) -> Option<&Member> {
        self.company_that(|prefix| key.company_part().starts_with(prefix.as_str()))
    }

    fn company_that(&self, begins: impl Fn(&CompanyPrefix) -> bool) -> Option<&Member> {
        self.members.iter().find(|member| member.gs1_company_prefixes.iter().any(&begins))
    }
}
