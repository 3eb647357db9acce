//! What a change makes of members and rules. It computes and refuses; it writes nothing.

use trade_model::common::{Digest256, Role, Set};
use trade_model::governance::{Change, GovernanceRejection, Member, Members};
use trade_model::rejection::Rejection;
use trade_model::rules::Rules;
use trade_standards::identifier::MspId;

use super::list;
use crate::authorship;

/// The digest of what the change would change: a proposal is for that and nothing else. A suspension rests on the
/// member's standing alone: otherwise a member could evade it by giving up some small thing of its entry.
pub(super) fn base(members: &Members, rules: &Rules, change: &Change) -> Digest256 {
    match change {
        Change::Rules { .. } => authorship::digest(rules),
        Change::Admit { member } | Change::Amend { member } => authorship::digest(&members.find(&member.msp_id)),
        Change::Leave { msp_id } | Change::Suspend { msp_id } | Change::Reinstate { msp_id } => {
            let standing = members.find(msp_id).map(|member| (member.suspended, member.left));
            let last = members.exclusions.iter().find(|exclusion| exclusion.msp_id == *msp_id);
            authorship::digest(&(msp_id, standing, last))
        }
    }
}

/// What there would be with the change.
pub(super) enum Changed {
    Members(Vec<Member>),
    Rules(Rules),
}

/// What there would be with a change that `proposer` proposed.
pub(super) fn apply(members: &Members, rules: &Rules, change: &Change, proposer: &MspId) -> Result<Changed, Rejection> {
    let entry = match change {
        Change::Rules { rules: next } => return Ok(Changed::Rules(next_rules(rules, next)?)),
        Change::Admit { member } => admitted(members, member)?,
        Change::Amend { member } => amended(known(members, &member.msp_id)?, member)?,
        Change::Leave { msp_id } => gone(present(members, msp_id)?, proposer)?,
        Change::Suspend { msp_id } => suspended(present(members, msp_id)?, true)?,
        Change::Reinstate { msp_id } => suspended(present(members, msp_id)?, false)?,
    };
    let mut changed = members.members.clone();
    changed.retain(|member| member.msp_id != entry.msp_id);
    changed.push(entry);
    changed.sort_by(|a, b| a.msp_id.cmp(&b.msp_id));
    list::check(&changed)?;
    if !changed.iter().any(Member::writes) {
        return Err(GovernanceRejection::NobodyLeft.into());
    }
    Ok(Changed::Members(changed))
}

/// Whether the member that proposes only gives something up by it, so that nobody else is asked: it leaves, or its
/// entry names less than before, under the same name.
pub(super) fn gives_up(members: &Members, change: &Change, proposer: &MspId) -> bool {
    match change {
        Change::Leave { msp_id } => msp_id == proposer,
        Change::Amend { member } if member.msp_id == *proposer => {
            members.find(proposer).is_some_and(|before| names_less(member, before))
        }
        _ => false,
    }
}

fn names_less(after: &Member, before: &Member) -> bool {
    after.name == before.name
        && after.country == before.country
        && after.roles.is_within(&before.roles)
        && (after.gln.is_none() || after.gln == before.gln)
        && (after.lei.is_none() || after.lei == before.lei)
        && after.gs1_company_prefixes.is_within(&before.gs1_company_prefixes)
        && after.jurisdictions.is_within(&before.jurisdictions)
        && after.attests.is_within(&before.attests)
        && (after.duties_required || !before.duties_required)
}

fn next_rules(rules: &Rules, next: &Rules) -> Result<Rules, GovernanceRejection> {
    let expected = rules.version.saturating_add(1);
    if next.version == expected { Ok(next.clone()) } else { Err(GovernanceRejection::RulesVersion { expected }) }
}

fn admitted(members: &Members, member: &Member) -> Result<Member, GovernanceRejection> {
    check_unstated(member)?;
    match members.find(&member.msp_id) {
        None => Ok(member.clone()),
        Some(before) if !before.left => Err(GovernanceRejection::MemberKnown { msp_id: member.msp_id.clone() }),
        Some(before) => {
            check_kind(before, member)?;
            Ok(member.clone())
        }
    }
}

fn amended(before: &Member, member: &Member) -> Result<Member, GovernanceRejection> {
    check_unstated(member)?;
    check_kind(before, member)?;
    Ok(Member { suspended: before.suspended, left: before.left, ..member.clone() })
}

/// Who leaves keeps its GS1 company prefixes, so that nobody else makes things in its name, and nothing else.
fn gone(member: &Member, proposer: &MspId) -> Result<Member, GovernanceRejection> {
    if member.msp_id != *proposer {
        return Err(GovernanceRejection::LeavesByItself { msp_id: member.msp_id.clone() });
    }
    let (jurisdictions, attests) = (Set::default(), Set::default());
    Ok(Member { suspended: true, left: true, jurisdictions, attests, ..member.clone() })
}

fn suspended(member: &Member, suspended: bool) -> Result<Member, GovernanceRejection> {
    if member.suspended == suspended {
        return Err(GovernanceRejection::StandingUnchanged { msp_id: member.msp_id.clone() });
    }
    Ok(Member { suspended, ..member.clone() })
}

fn check_unstated(member: &Member) -> Result<(), GovernanceRejection> {
    if member.suspended || member.left {
        return Err(GovernanceRejection::StandingStated { msp_id: member.msp_id.clone() });
    }
    Ok(())
}

/// A member that writes and becomes a regulator has no vote any more, which is a suspension by another name.
fn check_kind(before: &Member, after: &Member) -> Result<(), GovernanceRejection> {
    if before.has_role(Role::Regulator) == after.has_role(Role::Regulator) {
        return Ok(());
    }
    Err(GovernanceRejection::RegulatorForGood { msp_id: after.msp_id.clone() })
}

fn known<'m>(members: &'m Members, msp_id: &MspId) -> Result<&'m Member, GovernanceRejection> {
    members.find(msp_id).ok_or_else(|| GovernanceRejection::MemberUnknown { msp_id: msp_id.clone() })
}

fn present<'m>(members: &'m Members, msp_id: &MspId) -> Result<&'m Member, GovernanceRejection> {
    let member = known(members, msp_id)?;
    if member.left { Err(GovernanceRejection::MemberLeft { msp_id: msp_id.clone() }) } else { Ok(member) }
}
