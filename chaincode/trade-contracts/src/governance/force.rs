//! Putting into force what is decided: members and rules change.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::governance::{
    Change, Changed as LastChange, Exclusion, GovernanceEvent, GovernanceRejection, MEMBERS, Members, OUTCOMES,
    Outcome, Proposal,
};
use trade_model::rules::RULES;
use trade_standards::time::UtcTime;

use super::change::Changed;
use crate::announce::announce;
use crate::caller::Caller;

/// Writes that the proposal is accepted, and puts it into force when its day has come. The transaction's event is told
/// here, too.
pub(super) fn decide(
    ctx: &mut Context<'_>,
    caller: &Caller,
    proposal: &Proposal,
    changed: Changed,
) -> Result<Outcome, Refusal> {
    let proposal_id = proposal.proposal_id.clone();
    let now = has_come(proposal, caller.now);
    let outcome = Outcome { accepted: true, decided: caller.stamp(), in_force: now.then(|| caller.stamp()) };
    if now {
        put(ctx, caller, proposal, changed)?;
    }
    OUTCOMES.put(ctx, &proposal_id, &outcome)?;
    let event = if now {
        GovernanceEvent::MembersOrRulesChanged { proposal_id }
    } else {
        GovernanceEvent::Accepted { proposal_id }
    };
    announce(ctx, event)?;
    Ok(outcome)
}

/// Whether the day from which a proposal holds has come.
pub(super) fn has_come(proposal: &Proposal, now: UtcTime) -> bool {
    proposal.holds_from.is_none_or(|holds_from| holds_from <= now)
}

/// Writes what changes.
pub(super) fn put(
    ctx: &mut Context<'_>,
    caller: &Caller,
    proposal: &Proposal,
    changed: Changed,
) -> Result<(), Refusal> {
    let members = match changed {
        Changed::Rules(rules) => return Ok(RULES.put(ctx, &(), &rules)?),
        Changed::Members(members) => members,
    };
    // Of one that votes and is about to be a member, the list of the caller is not the one in force.
    let current = MEMBERS.find(ctx, &())?.ok_or(GovernanceRejection::NotEstablished)?;
    let last = LastChange { proposal_id: proposal.proposal_id.clone(), stamp: caller.stamp() };
    let exclusions = exclusions(&current, proposal, caller.now);
    Ok(MEMBERS.put(ctx, &(), &Members { members, changed: Some(last), exclusions, ..current })?)
}

/// Who was suspended by others, with the last time for each. It stays when the member is reinstated and counts only
/// while it is suspended.
fn exclusions(members: &Members, proposal: &Proposal, now: UtcTime) -> Vec<Exclusion> {
    let mut exclusions = members.exclusions.clone();
    match &proposal.change {
        Change::Suspend { msp_id } => {
            exclusions.retain(|exclusion| exclusion.msp_id != *msp_id);
            exclusions.push(Exclusion { msp_id: msp_id.clone(), at: now, ended: None });
        }
        Change::Reinstate { msp_id } => {
            let its_own = exclusions.iter_mut().filter(|exclusion| exclusion.msp_id == *msp_id);
            its_own.for_each(|exclusion| exclusion.ended = Some(now));
        }
        _ => {}
    }
    exclusions
}
