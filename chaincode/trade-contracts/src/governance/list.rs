//! What must hold in every list of members, proposed by a founder or made by a vote.

use std::collections::BTreeSet;

use trade_model::common::{Malformed, Role};
use trade_model::governance::{GovernanceRejection, MEMBERS_MAX, Member};
use trade_model::rejection::{Rejection, RequestRejection};

/// Refuses a list in which one member stands twice, or two of them claim the same identifier, prefix or country.
pub(super) fn check(members: &[Member]) -> Result<(), Rejection> {
    if members.is_empty() {
        let malformed = Malformed::new("request.empty", "needs at least one entry");
        return Err(RequestRejection::of("/members", &malformed).into());
    }
    if members.len() > MEMBERS_MAX {
        let malformed = Malformed::new("request.too_many", format!("can have at most {MEMBERS_MAX} entries"));
        return Err(RequestRejection::of("/members", &malformed).into());
    }
    let mut taken = BTreeSet::new();
    let (mut prefixes, mut countries) = (Vec::new(), BTreeSet::new());
    for member in members {
        check_powers(member)?;
        check_names(member, &mut taken)?;
        check_prefixes(member, &mut prefixes)?;
        for country in &member.jurisdictions {
            if !countries.insert(country) {
                let (msp_id, country) = (member.msp_id.clone(), country.clone());
                return Err(GovernanceRejection::JurisdictionTaken { msp_id, country }.into());
            }
        }
    }
    Ok(())
}

/// What a member claims fits its roles.
fn check_powers(member: &Member) -> Result<(), GovernanceRejection> {
    let msp_id = member.msp_id.clone();
    if member.has_role(Role::Regulator) {
        if member.roles.len() > 1 {
            return Err(GovernanceRejection::RegulatorWithOtherRole { msp_id });
        }
        let claims_nothing = member.gs1_company_prefixes.is_empty() && member.attests.is_empty();
        if !claims_nothing || !member.jurisdictions.is_empty() {
            return Err(GovernanceRejection::RegulatorWithPowers { msp_id });
        }
    }
    if !member.jurisdictions.is_empty() && !member.has_role(Role::Customs) {
        return Err(GovernanceRejection::JurisdictionWithoutCustoms { msp_id });
    }
    Ok(())
}

/// One organization has one vote, so it stands there once, whatever it calls itself. Legal names are compared without
/// regard to capitals and blanks, within one country.
fn check_names(member: &Member, taken: &mut BTreeSet<String>) -> Result<(), GovernanceRejection> {
    // A member that has left may come back under another MSP.
    if member.left {
        return Ok(());
    }
    let name: String =
        member.name.as_str().chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let names = [
        Some(format!("msp {}", member.msp_id)),
        Some(format!("name {} {name}", member.country)),
        member.gln.as_ref().map(|gln| format!("gln {gln}")),
        member.lei.as_ref().map(|lei| format!("lei {lei}")),
    ];
    if names.into_iter().flatten().all(|name| taken.insert(name)) {
        return Ok(());
    }
    Err(GovernanceRejection::MemberTwice { msp_id: member.msp_id.clone() })
}

/// A key belongs to one company, so no prefix may begin another one.
fn check_prefixes<'m>(member: &'m Member, taken: &mut Vec<&'m str>) -> Result<(), GovernanceRejection> {
    for prefix in &member.gs1_company_prefixes {
        let prefix = prefix.as_str();
        if taken.iter().any(|other| other.starts_with(prefix) || prefix.starts_with(other)) {
            return Err(GovernanceRejection::CompanyPrefixTaken { msp_id: member.msp_id.clone() });
        }
        taken.push(prefix);
    }
    Ok(())
}
