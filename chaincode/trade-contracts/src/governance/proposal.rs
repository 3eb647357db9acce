//! Proposals: made, found and shown.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Cursor, Newest, ProposalId};
use trade_model::governance::{
    GovernanceEvent, GovernanceRejection, OPEN_PROPOSALS, OUTCOMES, PROPOSALS, PROPOSALS_BY_AGE, Proposal,
    ProposalAnswer, ProposalPage, ProposalState, ProposalStatus, Propose, ReadProposal, ReadProposals,
};
use trade_model::rules::Rules;

use super::change::{self, Changed};
use super::{force, status};
use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::rules;

/// Proposes a change of members or rules.
///
/// # Errors
/// Members that write only, each with as many open proposals as the rules allow; and what the change itself refuses.
pub fn propose(ctx: &mut Context<'_>, request: Propose) -> Result<ProposalAnswer, Refusal> {
    let caller = Caller::of::<Propose>(ctx)?;
    let rules = rules::current(ctx)?;
    let changed = change::apply(&caller.members, &rules, &request.change, caller.msp_id())?;
    let proposal = of_request(&caller, &rules, request);
    let key = proposal.proposal_id.clone();
    if change::gives_up(&caller.members, &proposal.change, caller.msp_id()) {
        return give_up(ctx, &caller, &rules, proposal, changed);
    }
    let place = free_place(ctx, &caller, &rules)?;

    put(ctx, &caller, &proposal)?;
    OPEN_PROPOSALS.put(ctx, &(Part(caller.msp_id().clone()), place), &key)?;
    announce(ctx, GovernanceEvent::Proposed { proposal_id: key })?;
    let shown = ProposalStatus { proposal, state: ProposalState::Open, outcome: None, authenticated: true };
    Ok(status::answer(shown, &caller.members, &rules, caller.now, Vec::new()))
}

/// A proposal with its ballots.
///
/// # Errors
/// [`GovernanceRejection::ProposalUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadProposal) -> Result<ProposalAnswer, Refusal> {
    let proposal = status::find(ctx, &request.proposal_id)?;
    let (members, rules, now) = (caller::members(ctx)?, rules::current(ctx)?, caller::now(ctx)?);
    let ballots = status::ballots(ctx, &members, &proposal)?;
    let shown = status::status(ctx, &members, &rules, now, proposal)?;
    Ok(status::answer(shown, &members, &rules, now, ballots))
}

/// The proposals, newest first.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn page(ctx: &mut Context<'_>, request: ReadProposals) -> Result<ProposalPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let after = request.after.as_ref().map(Cursor::bookmark).unwrap_or_default();
    let page = PROPOSALS_BY_AGE.page(ctx, &(), limit, after)?;
    let (members, rules, now) = (caller::members(ctx)?, rules::current(ctx)?, caller::now(ctx)?);
    let mut proposals = Vec::with_capacity(page.entries.len());
    for (_, proposal_id) in page.entries {
        let proposal = status::find(ctx, &proposal_id)?;
        proposals.push(status::status(ctx, &members, &rules, now, proposal)?);
    }
    Ok(ProposalPage { proposals, next: page.bookmark.map(Cursor::of_bookmark) })
}

fn of_request(caller: &Caller, rules: &Rules, request: Propose) -> Proposal {
    let based_on_sha256 = change::base(&caller.members, rules, &request.change);
    let (proposed, open_until) = (caller.stamp(), caller.now.after_days(rules.voting.open_days.get()));
    let Propose { change, reason, holds_from } = request;
    let said = authorship::digest(&(&change, &reason, &holds_from, &based_on_sha256, &proposed));
    let proposal_id = ProposalId::of_digest(&said);
    Proposal { proposal_id, change, reason, holds_from, based_on_sha256, open_until, proposed }
}

fn put(ctx: &mut Context<'_>, caller: &Caller, proposal: &Proposal) -> Result<(), Refusal> {
    let key = &proposal.proposal_id;
    authorship::put(ctx, caller, (&PROPOSALS, key), proposal, &[caller.msp_id()])?;
    Ok(PROPOSALS_BY_AGE.put(ctx, &(Newest(proposal.proposed.at), key.clone()), key)?)
}

/// What a member gives up by itself is decided with its proposal.
fn give_up(
    ctx: &mut Context<'_>,
    caller: &Caller,
    rules: &Rules,
    proposal: Proposal,
    changed: Changed,
) -> Result<ProposalAnswer, Refusal> {
    put(ctx, caller, &proposal)?;
    let outcome = force::decide(ctx, caller, &proposal, changed)?;
    let state = status::state_of(&outcome);
    let shown = ProposalStatus { proposal, state, outcome: Some(outcome), authenticated: true };
    Ok(status::answer(shown, &caller.members, rules, caller.now, Vec::new()))
}

/// A place among the member's open proposals. The places are its own keys, so nobody else can fill them.
fn free_place(ctx: &mut Context<'_>, caller: &Caller, rules: &Rules) -> Result<u32, Refusal> {
    let most = rules.voting.open_proposals.get();
    for place in 0..most {
        let key = (Part(caller.msp_id().clone()), place);
        let Some(proposal_id) = OPEN_PROPOSALS.find(ctx, &key)? else { return Ok(place) };
        // A place that others filled with what is no proposal is free, too.
        let Some(proposal) = PROPOSALS.find(ctx, &proposal_id)? else { return Ok(place) };
        let outcome = OUTCOMES.find(ctx, &proposal_id)?;
        let state = status::state(&caller.members, rules, caller.now, &proposal, outcome.as_ref());
        if state != ProposalState::Open {
            return Ok(place);
        }
    }
    Err(GovernanceRejection::ProposalsOpen { most }.into())
}
