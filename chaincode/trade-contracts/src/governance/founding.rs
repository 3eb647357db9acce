//! The founding: the members name themselves, each with its own key.
//!
//! Lists of members stand side by side, each named by its proposer and its digest, so no list can keep another one from
//! being confirmed. One is in force when every listed organization that writes has confirmed it. A regulator signs
//! nothing, by the channel's policy: it is listed, confirms nothing, and has no power that could be given to it here.
//!
//! Who is on the channel is known to Fabric and not to a contract, so a few could found for themselves and leave the
//! others out. It does not last: a list that more organizations confirm from outside than there are inside takes the
//! place of the first.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Cursor, Digest256, Role, Stamp};
use trade_model::governance::{
    CONFIRMATIONS, ConfirmFounding, Confirmation, FOUNDINGS, Founding, FoundingName, FoundingPage, FoundingState,
    GovernanceEvent, GovernanceRejection, MEMBERS, Member, Members, ProposeFounding, ReadFounding, ReadFoundings,
};
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;

use super::list;
use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::ledger;
use crate::person::Acting;

/// Proposes a list of members.
///
/// # Errors
/// The list must be well formed and name the caller, which is no regulator; and the members must not be established,
/// unless by fewer than the list has from outside.
pub fn propose(ctx: &mut Context<'_>, request: ProposeFounding) -> Result<FoundingState, Refusal> {
    let members = well_formed(request.members)?;
    let name = FoundingName { proposer: creator(ctx)?, list_sha256: authorship::digest(&members) };
    let proposed = stamp(ctx, &name.proposer)?;
    let founding = Founding { name, members, proposed };
    let caller = Caller::listed::<ProposeFounding>(ctx, as_members(&founding))?;
    check_place(ctx, &caller.members)?;
    let key = key_of(&founding.name);
    ledger::must_be_new(ctx, &FOUNDINGS, &key, |(Part(proposer), _)| GovernanceRejection::FoundingExists { proposer })?;

    authorship::put_own(ctx, caller.msp_id(), (&FOUNDINGS, &key), &founding)?;
    let FoundingName { proposer, list_sha256 } = founding.name.clone();
    announce(ctx, GovernanceEvent::FoundingProposed { proposer, list_sha256 })?;
    let confirmed_by = confirmed_by(ctx, &founding)?;
    Ok(state(founding, confirmed_by, false, true))
}

/// Confirms a list of members; with the last confirmation it is in force.
///
/// # Errors
/// Listed organizations that write only, each once; the list must be its proposer's.
pub fn confirm(ctx: &mut Context<'_>, request: ConfirmFounding) -> Result<FoundingState, Refusal> {
    let founding = find(ctx, request.proposer, request.list_sha256)?;
    let mut caller = Caller::listed::<ConfirmFounding>(ctx, as_members(&founding))?;
    caller.follow(founding.proposed.at);
    if !is_its_proposers(ctx, &founding)? {
        return Err(GovernanceRejection::FoundingUnauthenticated { proposer: founding.name.proposer }.into());
    }
    check_place(ctx, &caller.members)?;
    let mut confirmed_by = confirmed_by(ctx, &founding)?;
    if confirmed_by.contains(caller.msp_id()) {
        return Err(GovernanceRejection::FoundingConfirmed { msp_id: caller.msp_id().to_string() }.into());
    }

    let confirmation = Confirmation { founding: founding.name.clone(), confirmed: caller.stamp() };
    authorship::put_own(ctx, caller.msp_id(), (&CONFIRMATIONS, &Part(caller.msp_id().clone())), &confirmation)?;
    confirmed_by.push(caller.msp_id().clone());
    confirmed_by.sort();
    let in_force = caller.members.writers().all(|member| confirmed_by.contains(&member.msp_id));
    if in_force {
        let members = Members { established: caller.stamp(), ..caller.members };
        MEMBERS.put(ctx, &(), &members)?;
        let members = members.members.into_iter().map(|member| member.msp_id).collect();
        announce(ctx, GovernanceEvent::Established { members })?;
    } else {
        let FoundingName { proposer, list_sha256 } = founding.name.clone();
        announce(ctx, GovernanceEvent::FoundingConfirmed { proposer, list_sha256, by: caller.msp_id().clone() })?;
    }
    Ok(state(founding, confirmed_by, in_force, true))
}

/// A list of members, and who has confirmed it.
///
/// # Errors
/// [`GovernanceRejection::FoundingUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadFounding) -> Result<FoundingState, Refusal> {
    let founding = find(ctx, request.proposer, request.list_sha256)?;
    read_state(ctx, founding)
}

/// The lists that were proposed.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn page(ctx: &mut Context<'_>, request: ReadFoundings) -> Result<FoundingPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let after = request.after.as_ref().map(Cursor::bookmark).unwrap_or_default();
    let page = FOUNDINGS.page(ctx, &(), limit, after)?;
    let foundings =
        page.entries.into_iter().map(|(_, founding)| read_state(ctx, founding)).collect::<Result<Vec<_>, _>>()?;
    Ok(FoundingPage { foundings, next: page.bookmark.map(Cursor::of_bookmark) })
}

/// The list sorted, so that it has one digest.
fn well_formed(mut members: Vec<Member>) -> Result<Vec<Member>, Rejection> {
    list::check(&members)?;
    if let Some(stated) = members.iter().find(|member| member.suspended || member.left) {
        return Err(GovernanceRejection::StandingStated { msp_id: stated.msp_id.clone() }.into());
    }
    members.sort_by(|a, b| a.msp_id.cmp(&b.msp_id));
    Ok(members)
}

/// Refuses a list that can no longer be in force: there are members, and they are no minority of those that the list
/// has from outside. Suspended members count as inside, so that nobody is outvoted by being shut out first.
fn check_place(ctx: &mut Context<'_>, listed: &Members) -> Result<(), Refusal> {
    let Some(current) = MEMBERS.find(ctx, &())? else { return Ok(()) };
    let is_inside = |member: &&Member| !member.has_role(Role::Regulator);
    let inside = current.members.iter().filter(is_inside).count();
    let outside = listed.writers().filter(|member| current.find(&member.msp_id).filter(is_inside).is_none()).count();
    if outside > inside { Ok(()) } else { Err(GovernanceRejection::AlreadyEstablished.into()) }
}

/// The listed organizations that write and confirm this list and no other one.
fn confirmed_by(ctx: &mut Context<'_>, founding: &Founding) -> Result<Vec<MspId>, Refusal> {
    let writers = founding.members.iter().filter(|member| member.writes());
    let keys: Vec<Part<MspId>> = writers.map(|member| Part(member.msp_id.clone())).collect();
    let confirmations = CONFIRMATIONS.find_many(ctx, &keys)?;
    let mut confirmed_by = Vec::new();
    for (key, confirmation) in keys.into_iter().zip(confirmations) {
        let Some(confirmation) = confirmation.filter(|found| found.founding == founding.name) else { continue };
        if authorship::bears_digest(ctx, &CONFIRMATIONS, &key, &confirmation, &key.0)? {
            confirmed_by.push(key.0);
        }
    }
    Ok(confirmed_by)
}

/// Whether the named proposer has made the list, and the list is the one that its digest names.
fn is_its_proposers(ctx: &mut Context<'_>, founding: &Founding) -> Result<bool, Refusal> {
    let FoundingName { proposer, list_sha256 } = &founding.name;
    let listed = founding.members.iter().any(|member| member.msp_id == *proposer && member.writes());
    if !listed || authorship::digest(&founding.members) != *list_sha256 {
        return Ok(false);
    }
    authorship::bears_digest(ctx, &FOUNDINGS, &key_of(&founding.name), founding, proposer)
}

fn read_state(ctx: &mut Context<'_>, founding: Founding) -> Result<FoundingState, Refusal> {
    let confirmed_by = confirmed_by(ctx, &founding)?;
    let in_force = MEMBERS.find(ctx, &())?.is_some_and(|members| members.founding == founding.name);
    let authenticated = is_its_proposers(ctx, &founding)?;
    Ok(state(founding, confirmed_by, in_force, authenticated))
}

fn state(founding: Founding, confirmed_by: Vec<MspId>, in_force: bool, authenticated: bool) -> FoundingState {
    let writers = founding.members.iter().filter(|member| member.writes()).map(|member| member.msp_id.clone());
    let missing = writers.filter(|msp_id| !confirmed_by.contains(msp_id)).collect();
    FoundingState { founding, confirmed_by, missing, in_force, authenticated }
}

fn find(ctx: &mut Context<'_>, proposer: MspId, list_sha256: Digest256) -> Result<Founding, Refusal> {
    let key = key_of(&FoundingName { proposer, list_sha256 });
    ledger::require(ctx, &FOUNDINGS, &key, |(Part(proposer), _)| GovernanceRejection::FoundingUnknown { proposer })
}

fn key_of(name: &FoundingName) -> (Part<MspId>, Part<Digest256>) {
    (Part(name.proposer.clone()), Part(name.list_sha256.clone()))
}

/// The members as they would be.
fn as_members(founding: &Founding) -> Members {
    Members {
        members: founding.members.clone(),
        founding: founding.name.clone(),
        established: founding.proposed.clone(),
        changed: None,
        exclusions: Vec::new(),
    }
}

fn creator(ctx: &Context<'_>) -> Result<MspId, Refusal> {
    let msp_id = ctx.creator().msp_id.clone();
    MspId::parse(&msp_id).map_err(|_| GovernanceRejection::CallerNotListed { msp_id }.into())
}

fn stamp(ctx: &Context<'_>, by: &MspId) -> Result<Stamp, Refusal> {
    let (at, transaction_id) = (caller::now(ctx)?, caller::transaction_id(ctx)?);
    Ok(Stamp { by: by.clone(), at, transaction_id, operator: Acting::of(ctx)?.operator })
}
