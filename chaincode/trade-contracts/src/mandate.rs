//! `mandate`: an owner lets who holds its goods sell, repair, repack or end them; both sign, either ends it.

use fabric_contract::{Context, Contract, Part};
use trade_model::Refusal;
use trade_model::common::{Attested, Malformed, Role, Scoped};
use trade_model::mandate::{
    AcceptMandate, EndMandate, GrantMandate, MANDATES, MANDATES_BETWEEN, MANDATES_BETWEEN_MAX, Mandate, MandateEnd,
    MandateEvent, MandateName, MandateRef, MandateRejection, MandateState, ReadMandate, RefuseMandate,
};
use trade_model::rejection::{Rejection, RequestRejection};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::ledger;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("mandate").on(grant).on(accept).on(refuse).on(end).on(read)
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
    };
    let event = MandateEvent::Granted { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// Takes a mandate; from now on it is in force.
///
/// # Errors
/// The holder only, and once.
pub fn accept(ctx: &mut Context<'_>, request: AcceptMandate) -> Result<Mandate, Refusal> {
    let mut caller = Caller::of::<AcceptMandate>(ctx)?;
    let mut mandate = granted_to(ctx, &mut caller, request.mandate_id)?;
    let between = (Part(mandate.owner.clone()), Part(mandate.holder.clone()));
    if MANDATES_BETWEEN.scan(ctx, &between, MANDATES_BETWEEN_MAX)?.entries.len() >= MANDATES_BETWEEN_MAX {
        return Err(MandateRejection::TooManyMandates { max: MANDATES_BETWEEN_MAX }.into());
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

/// Ends a mandate from a day on. One that the holder has not answered is taken back by that.
///
/// # Errors
/// Owner or holder only, once, and not for the past.
pub fn end(ctx: &mut Context<'_>, request: EndMandate) -> Result<Mandate, Refusal> {
    let mut caller = Caller::of::<EndMandate>(ctx)?;
    let mut mandate = find(ctx, &request.mandate_id.of(caller.msp_id()))?;
    if ![&mandate.owner, &mandate.holder].contains(&caller.msp_id()) {
        return Err(MandateRejection::NotAParty { mandate_id: mandate.mandate_id }.into());
    }
    if mandate.state == MandateState::Refused || mandate.ended.is_some() {
        return Err(MandateRejection::MandateOver { mandate_id: mandate.mandate_id }.into());
    }
    caller.follow(mandate.decided.as_ref().map_or(mandate.granted.at, |decided| decided.at));
    if request.on < caller.now.date() {
        return Err(MandateRejection::EndInPast.into());
    }

    if request.on == caller.now.date() {
        MANDATES_BETWEEN.delete(ctx, &place(&mandate))?;
    }
    mandate.ended = Some(MandateEnd { stamp: caller.stamp(), on: request.on, reason: request.reason });
    let event = MandateEvent::Ended { mandate_id: mandate.mandate_id.clone(), holder: mandate.holder.clone() };
    put(ctx, &caller, mandate, event)
}

/// A mandate by its name.
///
/// # Errors
/// [`MandateRejection::MandateUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadMandate) -> Result<Attested<Mandate>, Refusal> {
    let reader = caller::msp_of(ctx)?;
    let record = find(ctx, &request.mandate_id.of(&reader))?;
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
    // A party's digest is that of the last it said.
    let said = [
        (mandate.as_granted(), Some(&mandate.granted)),
        (mandate.as_decided(), mandate.decided.as_ref()),
        (mandate.clone(), mandate.ended.as_ref().map(|ended| &ended.stamp)),
    ];
    for party in [&mandate.owner, &mandate.holder] {
        let last = said
            .iter()
            .rev()
            .find_map(|(statement, stamp)| stamp.filter(|stamp| stamp.by == *party).map(|stamp| (statement, stamp)));
        let signed = match last {
            Some(statement) => authorship::is_authentic(ctx, &MANDATES, &mandate.mandate_id, statement, party)?,
            // Who has said nothing has signed nothing: the holder of a mandate that waits for it.
            None => *party == mandate.holder && mandate.state == MandateState::Granted,
        };
        if !signed {
            return Ok(false);
        }
    }
    Ok(true)
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
    if mandate.ended.is_some() {
        return Err(MandateRejection::MandateOver { mandate_id }.into());
    }
    if mandate.state != MandateState::Granted {
        return Err(MandateRejection::MandateDecided { mandate_id }.into());
    }
    caller.follow(mandate.granted.at);
    Ok(mandate)
}

fn check_grant(caller: &Caller, request: &GrantMandate) -> Result<(), Rejection> {
    if !request.period.is_ordered() {
        let malformed = Malformed::new("request.period_disordered", "ends before it begins");
        return Err(RequestRejection::of("/period", &malformed).into());
    }
    if request.holder == *caller.msp_id() {
        return Err(MandateRejection::MandateToSelf.into());
    }
    let holder = caller.partner(&request.holder);
    if holder.is_some_and(|holder| Role::TRADERS.iter().any(|&role| holder.has_role(role))) {
        return Ok(());
    }
    Err(MandateRejection::HolderNotEnrolled { msp_id: request.holder.clone() }.into())
}

fn place(mandate: &Mandate) -> (Part<MspId>, Part<MspId>, trade_model::common::MandateId) {
    (Part(mandate.owner.clone()), Part(mandate.holder.clone()), mandate.mandate_id.id.clone())
}

/// Writes the mandate as the caller makes it; from now on it takes the peers of both to change it.
fn put(ctx: &mut Context<'_>, caller: &Caller, mandate: Mandate, event: MandateEvent) -> Result<Mandate, Refusal> {
    let owners = [&mandate.owner, &mandate.holder];
    authorship::put(ctx, caller, (&MANDATES, &mandate.mandate_id), &mandate, &owners)?;
    announce(ctx, event)?;
    Ok(mandate)
}
