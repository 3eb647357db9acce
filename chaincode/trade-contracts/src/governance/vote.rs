//! Ballots: each member has one on a proposal, with its own key and peer.

use fabric_contract::{Context, Part};
use trade_model::common::ProposalId;
use trade_model::governance::{
    ApproveBallot, BALLOTS, Ballot, Change, Choice, GovernanceEvent, GovernanceRejection, Members, OUTCOMES, Outcome,
    Proposal, ProposalAnswer, ProposalState, ProposalStatus, Vote,
};
use trade_model::rules::Rules;
use trade_model::{Refusal, Transaction};
use trade_standards::identifier::MspId;

use super::electorate::{Electorate, Verdict};
use super::{change, force, status};
use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::rules;

/// Casts the ballot of the member that calls, or of the organization that is to be admitted.
///
/// # Errors
/// Those that have a vote, while the proposal is open and what it is based on is what it was.
pub fn vote(ctx: &mut Context<'_>, request: Vote) -> Result<ProposalAnswer, Refusal> {
    let (caller, rules, proposal) = open::<Vote>(ctx, &request.proposal_id)?;
    let ballot = Ballot {
        proposal_id: request.proposal_id,
        choice: request.choice,
        cast: caller.stamp(),
        person: caller.acting.person.clone(),
        approved: None,
    };
    conclude(ctx, &caller, &rules, proposal, ballot)
}

/// A second person of the member approves its ballot.
///
/// # Errors
/// As [`vote`]; there must be a ballot with this choice, by another person.
pub fn approve(ctx: &mut Context<'_>, request: ApproveBallot) -> Result<ProposalAnswer, Refusal> {
    let (caller, rules, proposal) = open::<ApproveBallot>(ctx, &request.proposal_id)?;
    let ballots = status::ballots(ctx, &caller.members, &proposal)?;
    let waits = |ballot: &Ballot| {
        ballot.cast.by == *caller.msp_id() && ballot.choice == request.choice && ballot.approved.is_none()
    };
    let Some(ballot) = ballots.into_iter().find(waits) else {
        return Err(GovernanceRejection::NoBallot { msp_id: caller.msp_id().to_string() }.into());
    };
    caller.acting.check_second(&ballot.person, &caller.me)?;
    let ballot = Ballot { approved: Some(caller.stamp()), ..ballot };
    conclude(ctx, &caller, &rules, proposal, ballot)
}

/// A proposal that is open, and the caller, which has a vote on it.
fn open<T: Transaction>(ctx: &mut Context<'_>, proposal_id: &ProposalId) -> Result<(Caller, Rules, Proposal), Refusal> {
    let proposal = status::find(ctx, proposal_id)?;
    let rules = rules::current(ctx)?;
    let mut caller = voter::<T>(ctx, &proposal)?;
    caller.follow(proposal.proposed.at);
    let proposal_id = proposal_id.clone();
    if !status::is_its_proposers(ctx, &proposal)? {
        return Err(GovernanceRejection::ProposalUnauthenticated { proposal_id }.into());
    }
    let members = caller::members(ctx)?;
    let outcome = OUTCOMES.find(ctx, &proposal_id)?;
    match status::state(&members, &rules, caller.now, &proposal, outcome.as_ref()) {
        ProposalState::Open => {}
        ProposalState::Lapsed if outcome.is_none() => {
            return Err(GovernanceRejection::ProposalLapsed { proposal_id }.into());
        }
        ProposalState::Outdated if outcome.is_none() => {
            return Err(GovernanceRejection::ProposalOutdated { proposal_id }.into());
        }
        _ => return Err(GovernanceRejection::ProposalDecided { proposal_id }.into()),
    }
    if !Electorate::of(&members, &proposal, &rules.voting, caller.now).has(caller.msp_id()) {
        return Err(GovernanceRejection::NoVote { msp_id: caller.msp_id().to_string() }.into());
    }
    Ok((caller, rules, proposal))
}

/// The member that calls; or, with the entry that the proposal gives it, the organization that is to be admitted.
fn voter<T: Transaction>(ctx: &mut Context<'_>, proposal: &Proposal) -> Result<Caller, Refusal> {
    match &proposal.change {
        Change::Admit { member } if member.msp_id.as_str() == ctx.creator().msp_id => {
            let mut members: Members = caller::members(ctx)?;
            members.members.retain(|known| known.msp_id != member.msp_id);
            members.members.push((**member).clone());
            Caller::listed::<T>(ctx, members)
        }
        _ => Caller::of::<T>(ctx),
    }
}

/// Writes a ballot, and what the ballots decide with it.
fn conclude(
    ctx: &mut Context<'_>,
    caller: &Caller,
    rules: &Rules,
    proposal: Proposal,
    ballot: Ballot,
) -> Result<ProposalAnswer, Refusal> {
    let members = caller::members(ctx)?;
    let mut ballots = status::ballots(ctx, &members, &proposal)?;
    ballots.retain(|other| other.cast.by != *caller.msp_id());
    ballots.push(ballot.clone());
    let electorate = Electorate::of(&members, &proposal, &rules.voting, caller.now);
    let verdict = electorate.verdict(&that_count(rules, &ballots));
    let proposal_id = proposal.proposal_id.clone();
    let changed = match verdict {
        Verdict::Accepted => Some(change::apply(&members, rules, &proposal.change, &proposal.proposed.by)?),
        _ => None,
    };

    let key = (proposal_id.clone(), Part(caller.msp_id().clone()));
    authorship::put(ctx, caller, (&BALLOTS, &key), &ballot, &[caller.msp_id()])?;
    let (state, outcome) = match (verdict, changed) {
        (Verdict::Rejected, _) => {
            let outcome = Outcome { accepted: false, decided: caller.stamp(), in_force: None };
            OUTCOMES.put(ctx, &proposal_id, &outcome)?;
            announce(ctx, GovernanceEvent::Rejected { proposal_id })?;
            (ProposalState::Rejected, Some(outcome))
        }
        (_, Some(changed)) => {
            let outcome = force::decide(ctx, caller, &proposal, changed)?;
            (status::state_of(&outcome), Some(outcome))
        }
        (_, None) => {
            announce(ctx, GovernanceEvent::Voted { proposal_id, by: caller.msp_id().clone() })?;
            (ProposalState::Open, None)
        }
    };
    let shown = ProposalStatus { proposal, state, outcome, authenticated: true };
    Ok(status::answer(shown, &members, rules, caller.now, ballots))
}

/// The ballots that count: where the rules say that a ballot takes two persons, those that a second one approved.
fn that_count(rules: &Rules, ballots: &[Ballot]) -> Vec<(MspId, Choice)> {
    let counts = |ballot: &&Ballot| !rules.voting.ballots_by_two || ballot.approved.is_some();
    ballots.iter().filter(counts).map(|ballot| (ballot.cast.by.clone(), ballot.choice)).collect()
}
