//! `mandate`: an owner lets who holds its goods sell, repair, repack or end them; both sign, either ends it.

use fabric_contract::{Context, Contract, Part};
use trade_model::Refusal;
use trade_model::common::{Attested, MandateId, Role, Scoped};
use trade_model::mandate::{
    AcceptMandate, EndMandate, GrantMandate, MANDATES, MANDATES_BETWEEN, MANDATES_BETWEEN_MAX, Mandate, MandateEnd,
    MandateEvent, MandateName, MandateRef, MandateRejection, MandateState, ReadMandate, RefuseMandate,
};
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::caller::Caller;
use crate::named::whole;
use crate::table::On;
use crate::{authorship, ledger, period};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("mandate").on(grant).on_seen(accept, read).on_seen(refuse, read).on_seen(end, read).on(read)
}

/// Grants a mandate, which permits nothing until the holder accepts it.
///
/// # Errors
/// Another member that trades, and an id that is new among the caller's.
pub fn grant(ctx: &mut Context<'_>, request: GrantMandate) -> Result<Mandate, Refusal> {
    let caller = Caller::of::<GrantMandate>(ctx)?;
    check_grant(&caller, &request)?;
    let mandate_id = Scoped::new(caller.msp_id().clone(), request.mandate_id);
    ledger::must_be_new(ctx, &MANDATES, &mandate_id, |mandate_id| MandateRejection::MandateExists { mandate_id })?;

    let mandate = Mandate {
        mandate_id,
        owner: caller.msp_id().clone(),
        holder: request.holder,
        purposes: request.purposes,
        products: request.products,
        period: request.period,
        state: MandateState::Granted,
        granted: caller.stamp(),
        decided: None,
        ended: None,
        given_up: None,
    };
    let event = MandateEvent::Granted { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// Takes a mandate; from now on it is in force.
///
/// # Errors
/// The holder only, and once; the owner must have granted it and not be suspended since.
pub fn accept(ctx: &mut Context<'_>, request: AcceptMandate) -> Result<Mandate, Refusal> {
    let mut caller = Caller::of::<AcceptMandate>(ctx)?;
    let mut mandate = granted_to(ctx, &mut caller, request.mandate_id)?;
    check_owner(ctx, &caller, &mandate)?;
    let over = others_over(ctx, &caller, &mandate)?;

    for place in over {
        MANDATES_BETWEEN.delete(ctx, &place)?;
    }
    mandate.state = MandateState::Accepted;
    mandate.decided = Some(caller.stamp());
    MANDATES_BETWEEN.put(ctx, &place(&mandate), &mandate.mandate_id)?;
    let event = MandateEvent::Accepted { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// Does not take a mandate.
///
/// # Errors
/// The holder only, and once.
pub fn refuse(ctx: &mut Context<'_>, request: RefuseMandate) -> Result<Mandate, Refusal> {
    let mut caller = Caller::of::<RefuseMandate>(ctx)?;
    let mut mandate = granted_to(ctx, &mut caller, request.mandate_id)?;
    mandate.state = MandateState::Refused;
    mandate.decided = Some(caller.stamp());
    let event = MandateEvent::Refused { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// Ends a mandate: the owner from a day on, which a second end can only bring forward, the holder at once. One that the
/// holder has not answered is taken back by that.
///
/// Each of the two has an end of its own in the record. With one for both, a holder could end a mandate for the last
/// day of the calendar, so that the owner could not end it any more.
///
/// # Errors
/// Owner or holder only, not for the past, and while the mandate goes on beyond the day.
pub fn end(ctx: &mut Context<'_>, request: EndMandate) -> Result<Mandate, Refusal> {
    let mut caller = Caller::of::<EndMandate>(ctx)?;
    let mut mandate = find(ctx, &request.mandate_id.of(caller.msp_id()))?;
    if ![&mandate.owner, &mandate.holder].contains(&caller.msp_id()) {
        return Err(MandateRejection::NotAParty { mandate_id: mandate.mandate_id }.into());
    }
    caller.follow(mandate.said().last().map(|(_, stamp)| stamp.at));
    let today = caller.now.date();
    if request.on < today {
        return Err(MandateRejection::EndInPast.into());
    }
    let by_holder = mandate.holder == *caller.msp_id();
    if by_holder && request.on != today {
        return Err(MandateRejection::HolderEndsAtOnce.into());
    }
    // What ends by then anyway is not ended again.
    if mandate.is_over(request.on) {
        return Err(MandateRejection::MandateOver { mandate_id: mandate.mandate_id }.into());
    }

    let end = Some(MandateEnd { stamp: caller.stamp(), on: request.on, reason: request.reason });
    if by_holder {
        mandate.given_up = end
    } else {
        mandate.ended = end
    }
    let event = MandateEvent::Ended { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// A mandate by its name.
///
/// # Errors
/// [`MandateRejection::MandateUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadMandate) -> Result<Attested<Mandate>, Refusal> {
    let mandate_id = whole(ctx, request.mandate_id)?;
    let record = find(ctx, &mandate_id)?;
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

/// The mandates that an owner gave a holder and that both have signed, whether they are in force today or not.
pub(crate) fn between(ctx: &mut Context<'_>, owner: &MspId, holder: &MspId) -> Result<Vec<Mandate>, Refusal> {
    let prefix = (Part(owner.clone()), Part(holder.clone()));
    let names = MANDATES_BETWEEN.scan(ctx, &prefix, MANDATES_BETWEEN_MAX)?.entries;
    let mut mandates = Vec::with_capacity(names.len());
    for (_, name) in names {
        let mandate = find(ctx, &name)?;
        if is_authentic(ctx, &mandate)? {
            mandates.push(mandate);
        }
    }
    Ok(mandates)
}

/// Whether owner and holder have each signed what the mandate says of them.
fn is_authentic(ctx: &mut Context<'_>, mandate: &Mandate) -> Result<bool, Refusal> {
    authorship::signed_by_all(ctx, &MANDATES, &mandate.mandate_id, mandate)
}

/// Refuses a mandate that its owner has not granted, or cannot grant any more.
fn check_owner(ctx: &mut Context<'_>, caller: &Caller, mandate: &Mandate) -> Result<(), Refusal> {
    if !is_authentic(ctx, mandate)? {
        return Err(MandateRejection::MandateUnauthenticated { mandate_id: mandate.mandate_id.clone() }.into());
    }
    if !caller.has_partner(&mandate.owner, Role::TRADERS) {
        return Err(MandateRejection::OwnerNotEnrolled { msp_id: mandate.owner.clone() }.into());
    }
    Ok(())
}

/// Where the mandates of the two are listed that are over, or that nobody signed, once all places are taken: customs
/// asks after those that were in force when a declaration was filed. Refuses when others have all places.
fn others_over(ctx: &mut Context<'_>, caller: &Caller, mandate: &Mandate) -> Result<Vec<Place>, Refusal> {
    let between = (Part(mandate.owner.clone()), Part(mandate.holder.clone()));
    let listed = MANDATES_BETWEEN.scan(ctx, &between, MANDATES_BETWEEN_MAX)?.entries;
    if listed.len() < MANDATES_BETWEEN_MAX {
        return Ok(Vec::new());
    }
    let mut over = Vec::new();
    for (place, name) in listed {
        let other = find(ctx, &name)?;
        if other.is_over(caller.now.date()) || !is_authentic(ctx, &other)? {
            over.push(place);
        }
    }
    if over.is_empty() {
        return Err(MandateRejection::TooManyMandates { max: MANDATES_BETWEEN_MAX }.into());
    }
    Ok(over)
}

fn find(ctx: &mut Context<'_>, mandate_id: &MandateName) -> Result<Mandate, Refusal> {
    ledger::require(ctx, &MANDATES, mandate_id, |mandate_id| MandateRejection::MandateUnknown { mandate_id })
}

/// A mandate that waits for the caller, whose transaction comes after it.
fn granted_to(ctx: &mut Context<'_>, caller: &mut Caller, mandate_id: MandateRef) -> Result<Mandate, Refusal> {
    let mandate = find(ctx, &mandate_id.of(caller.msp_id()))?;
    let mandate_id = mandate.mandate_id.clone();
    if mandate.holder != *caller.msp_id() {
        return Err(MandateRejection::NotTheHolder { mandate_id }.into());
    }
    if mandate.ended.is_some() || mandate.given_up.is_some() {
        return Err(MandateRejection::MandateOver { mandate_id }.into());
    }
    if mandate.state != MandateState::Granted {
        return Err(MandateRejection::MandateDecided { mandate_id }.into());
    }
    caller.follow(mandate.granted.at);
    Ok(mandate)
}

fn check_grant(caller: &Caller, request: &GrantMandate) -> Result<(), Rejection> {
    period::check("/period", &request.period)?;
    if request.holder == *caller.msp_id() {
        return Err(MandateRejection::MandateToSelf.into());
    }
    if caller.has_partner(&request.holder, Role::TRADERS) {
        return Ok(());
    }
    Err(MandateRejection::HolderNotEnrolled { msp_id: request.holder.clone() }.into())
}

/// Where a mandate is listed.
type Place = (Part<MspId>, Part<MspId>, MandateId);

fn place(mandate: &Mandate) -> Place {
    (Part(mandate.owner.clone()), Part(mandate.holder.clone()), mandate.mandate_id.id.clone())
}

/// Writes the mandate as the caller makes it; from now on it takes the peers of both to change it.
fn put(ctx: &mut Context<'_>, caller: &Caller, mandate: Mandate, event: MandateEvent) -> Result<Mandate, Refusal> {
    let owners = [&mandate.owner, &mandate.holder];
    authorship::put(ctx, caller, (&MANDATES, &mandate.mandate_id), &mandate, &owners)?;
    announce(ctx, event)?;
    Ok(mandate)
}
