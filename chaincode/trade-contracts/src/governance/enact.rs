//! Putting an accepted proposal into force.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::governance::{
    Enact, GovernanceEvent, GovernanceRejection, OUTCOMES, Outcome, ProposalAnswer, ProposalState, ProposalStatus,
};

use super::{change, force, status};
use crate::announce::announce;
use crate::caller::Caller;
use crate::rules;

/// Puts an accepted proposal into force when its day has come. Any member that writes may, so that nobody can hold up
/// what is decided.
///
/// # Errors
/// The proposal must be accepted, its day must have come and not be long past, and what it changes must be what it was.
pub fn enact(ctx: &mut Context<'_>, request: Enact) -> Result<ProposalAnswer, Refusal> {
    let mut caller = Caller::of::<Enact>(ctx)?;
    let rules = rules::current(ctx)?;
    let proposal = status::find(ctx, &request.proposal_id)?;
    let proposal_id = proposal.proposal_id.clone();
    if !status::is_its_proposers(ctx, &proposal)? {
        return Err(GovernanceRejection::ProposalUnauthenticated { proposal_id }.into());
    }
    let outcome = OUTCOMES.find(ctx, &proposal_id)?.filter(|outcome| outcome.accepted);
    let Some(outcome) = outcome else {
        return Err(GovernanceRejection::ProposalNotAccepted { proposal_id }.into());
    };
    caller.follow(outcome.decided.at);
    match status::state(&caller.members, &rules, caller.now, &proposal, Some(&outcome)) {
        ProposalState::InForce => return Err(GovernanceRejection::ProposalDecided { proposal_id }.into()),
        ProposalState::Outdated => return Err(GovernanceRejection::ProposalOutdated { proposal_id }.into()),
        ProposalState::Lapsed => return Err(GovernanceRejection::ProposalLapsed { proposal_id }.into()),
        _ if !force::has_come(&proposal, caller.now) => {
            return Err(GovernanceRejection::ProposalHoldsLater { proposal_id }.into());
        }
        _ => {}
    }
    let changed = change::apply(&caller.members, &rules, &proposal.change, &proposal.proposed.by)?;
    let ballots = status::ballots(ctx, &caller.members, &proposal)?;

    force::put(ctx, &caller, &proposal, changed)?;
    let outcome = Outcome { in_force: Some(caller.stamp()), ..outcome };
    OUTCOMES.put(ctx, &proposal_id, &outcome)?;
    announce(ctx, GovernanceEvent::MembersOrRulesChanged { proposal_id })?;
    let state = ProposalState::InForce;
    let shown = ProposalStatus { proposal, state, outcome: Some(outcome), authenticated: true };
    Ok(status::answer(shown, &caller.members, &rules, caller.now, ballots))
}
