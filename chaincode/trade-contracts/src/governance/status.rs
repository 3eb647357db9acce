//! How far a proposal is, and its ballots.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::ProposalId;
use trade_model::governance::{
    BALLOTS, Ballot, Change, GovernanceRejection, Members, OUTCOMES, Outcome, PROPOSALS, Proposal, ProposalAnswer,
    ProposalState, ProposalStatus,
};
use trade_model::rules::Rules;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::change;
use super::electorate::Electorate;
use crate::authorship;
use crate::ledger;

/// The proposal as it stands on the ledger.
pub(super) fn find(ctx: &mut Context<'_>, proposal_id: &ProposalId) -> Result<Proposal, Refusal> {
    ledger::require(ctx, &PROPOSALS, proposal_id, |proposal_id| GovernanceRejection::ProposalUnknown { proposal_id })
}

/// Whether the member that is named as proposer made it.
pub(super) fn is_its_proposers(ctx: &mut Context<'_>, proposal: &Proposal) -> Result<bool, Refusal> {
    authorship::is_authentic(ctx, &PROPOSALS, &proposal.proposal_id, proposal, &proposal.proposed.by)
}

/// The ballots on a proposal that members of now, or the one that is to be admitted, have cast themselves.
pub(super) fn ballots(ctx: &mut Context<'_>, members: &Members, proposal: &Proposal) -> Result<Vec<Ballot>, Refusal> {
    let mut cast_by: Vec<MspId> = members.writers().map(|member| member.msp_id.clone()).collect();
    if let Change::Admit { member } = &proposal.change {
        cast_by.push(member.msp_id.clone());
    }
    let keys: Vec<_> = cast_by.into_iter().map(|msp_id| (proposal.proposal_id.clone(), Part(msp_id))).collect();
    let mut found = Vec::new();
    for (key, ballot) in keys.iter().zip(BALLOTS.find_many(ctx, &keys)?) {
        let Some(ballot) = ballot.filter(|ballot| ballot.proposal_id == proposal.proposal_id) else { continue };
        if authorship::bears_digest(ctx, &BALLOTS, key, &ballot, &key.1.0)? {
            found.push(ballot);
        }
    }
    Ok(found)
}

/// How far a proposal is at a moment of the ledger.
pub(super) fn state(
    members: &Members,
    rules: &Rules,
    now: UtcTime,
    proposal: &Proposal,
    outcome: Option<&Outcome>,
) -> ProposalState {
    let outdated = || change::base(members, rules, &proposal.change) != proposal.based_on_sha256;
    match outcome {
        Some(outcome) if outcome.in_force.is_some() => ProposalState::InForce,
        Some(outcome) if !outcome.accepted => ProposalState::Rejected,
        _ if outdated() => ProposalState::Outdated,
        Some(outcome) if now > until(proposal, outcome, rules) => ProposalState::Lapsed,
        Some(_) => ProposalState::Accepted,
        None if now > proposal.open_until => ProposalState::Lapsed,
        None => ProposalState::Open,
    }
}

/// What is answered about a proposal.
pub(super) fn answer(
    status: ProposalStatus,
    members: &Members,
    rules: &Rules,
    now: UtcTime,
    ballots: Vec<Ballot>,
) -> ProposalAnswer {
    let electorate = Electorate::of(members, &status.proposal, &rules.voting, now);
    let needed = u32::try_from(electorate.needed).unwrap_or(u32::MAX);
    let voters = electorate.voters.into_iter().chain(electorate.entrant).collect();
    ProposalAnswer { status, voters, needed, ballots }
}

/// A proposal and how far it is.
pub(super) fn status(
    ctx: &mut Context<'_>,
    members: &Members,
    rules: &Rules,
    now: UtcTime,
    proposal: Proposal,
) -> Result<ProposalStatus, Refusal> {
    let outcome = OUTCOMES.find(ctx, &proposal.proposal_id)?;
    let state = state(members, rules, now, &proposal, outcome.as_ref());
    let authenticated = is_its_proposers(ctx, &proposal)?;
    Ok(ProposalStatus { proposal, state, outcome, authenticated })
}

/// How far an accepted proposal is right after its decision.
pub(super) fn state_of(outcome: &Outcome) -> ProposalState {
    if outcome.in_force.is_some() { ProposalState::InForce } else { ProposalState::Accepted }
}

/// Until when an accepted proposal can be put into force: an old decision is no stock to draw on.
fn until(proposal: &Proposal, outcome: &Outcome, rules: &Rules) -> UtcTime {
    let holds_from = proposal.holds_from.unwrap_or(outcome.decided.at);
    holds_from.max(outcome.decided.at).after_days(rules.voting.enactment_days.get())
}
