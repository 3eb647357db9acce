//! Passing a right on: the owner offers, the new owner accepts.
//!
//! Licences stay, and the new owner is their licensor. While an offer is open no licence directly under the right is
//! granted or accepted, so that nobody takes over a right with less in it than it saw.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Remark, Role};
use trade_model::rights::{
    AcceptRight, FORMER_OWNERS_MAX, FormerOwner, OfferRight, RIGHT_OFFER_REPLIES, RIGHT_OFFERS, RIGHTS_OF, RefuseRight,
    Right, RightFacts, RightName, RightOffer, RightOfferReply, RightRef, RightView, RightsEvent, RightsRejection,
    Whole, WithdrawRightOffer,
};

use super::{claim, facts, opposed};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Offers a right to another member; in the place of an offer before.
///
/// # Errors
/// The owner only, to another member with the role brand, and not while the right is opposed.
pub fn offer_right(ctx: &mut Context<'_>, request: OfferRight) -> Result<RightOffer, Refusal> {
    let mut caller = Caller::of::<OfferRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let mut right = facts::standing_right(ctx, right_id, caller.now)?.right;
    facts::check_owner(&right, caller.msp_id())?;
    check_undisputed(ctx, &caller, &right)?;
    let fit = caller.partner(&request.to).is_some_and(|partner| partner.has_role(Role::Brand));
    if !fit || request.to == right.owner {
        return Err(RightsRejection::NewOwnerUnfit { msp_id: request.to }.into());
    }
    if right.former_owners.len() >= FORMER_OWNERS_MAX {
        return Err(RightsRejection::RightPassedOnTooOften { right_id: right.right_id }.into());
    }

    caller.follow(right.recorded.at);
    right.offers += 1;
    right.recorded = caller.stamp();
    let offer = RightOffer {
        right_id: right.right_id.clone(),
        number: right.offers,
        from: right.owner.clone(),
        to: request.to,
        offered: caller.stamp(),
        withdrawn: None,
    };
    claim::write(ctx, &caller, &right)?;
    write_offer(ctx, &caller, &offer)?;
    announce(ctx, RightsEvent::RightOffered { right_id: right.right_id, number: offer.number })?;
    Ok(offer)
}

/// Takes over a right.
///
/// # Errors
/// The member to which it is offered only, while the offer is open and the right is not opposed.
pub fn accept_right(ctx: &mut Context<'_>, request: AcceptRight) -> Result<RightView, Refusal> {
    let mut caller = Caller::of::<AcceptRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let (mut known, offer) = offered_to_caller(ctx, &caller, right_id)?;
    facts::check_offerer(&caller, &offer.from)?;
    check_undisputed(ctx, &caller, &known.right)?;

    caller.follow(known.right.recorded.at);
    let former = std::mem::replace(&mut known.right.owner, caller.msp_id().clone());
    let until = caller.now;
    known.right.former_owners.push(FormerOwner { owner: former.clone(), offer: offer.number, until });
    known.right.recorded = caller.stamp();
    let view = facts::view(ctx, known, caller.now)?;
    let right = &view.facts.right;
    claim::write(ctx, &caller, right)?;
    let place = Whole(right.right_id.clone());
    RIGHTS_OF.delete(ctx, &(Part(former), place.clone()))?;
    RIGHTS_OF.put(ctx, &(Part(right.owner.clone()), place), &right.right_id)?;
    reply(ctx, &caller, &offer, None)?;
    announce(ctx, RightsEvent::RightPassedOn { right_id: right.right_id.clone(), number: offer.number })?;
    Ok(view)
}

/// Refuses a right.
///
/// # Errors
/// The member to which it is offered only, while the offer is open.
pub fn refuse_right(ctx: &mut Context<'_>, request: RefuseRight) -> Result<RightOfferReply, Refusal> {
    let mut caller = Caller::of::<RefuseRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let (known, offer) = offered_to_caller(ctx, &caller, right_id)?;

    caller.follow(offer.offered.at);
    let reply = reply(ctx, &caller, &offer, Some(request.reason))?;
    let right_id = known.right.right_id;
    announce(ctx, RightsEvent::RightOfferRefused { right_id, number: offer.number })?;
    Ok(reply)
}

/// Takes the caller's offer back.
///
/// # Errors
/// The owner only, while the offer is open.
pub fn withdraw_right_offer(ctx: &mut Context<'_>, request: WithdrawRightOffer) -> Result<RightOffer, Refusal> {
    let mut caller = Caller::of::<WithdrawRightOffer>(ctx)?;
    let (known, mut offer) = open(ctx, &caller, request.right_id)?;
    facts::check_owner(&known.right, caller.msp_id())?;

    caller.follow(offer.offered.at);
    offer.withdrawn = Some(caller.stamp());
    write_offer(ctx, &caller, &offer)?;
    let right_id = known.right.right_id;
    announce(ctx, RightsEvent::RightOfferWithdrawn { right_id, number: offer.number })?;
    Ok(offer)
}

/// Refuses while an offer of the right is open.
pub(super) fn check_not_offered(ctx: &mut Context<'_>, caller: &Caller, right: &Right) -> Result<(), Refusal> {
    match facts::open_offer(ctx, right, caller.now)? {
        None => Ok(()),
        Some(offer) => Err(RightsRejection::UnderTransfer { right_id: offer.right_id }.into()),
    }
}

fn check_undisputed(ctx: &mut Context<'_>, caller: &Caller, right: &Right) -> Result<(), Refusal> {
    if opposed::is_open(ctx, right, caller.now)? {
        return Err(RightsRejection::UnderOpposition { right_id: right.right_id.clone() }.into());
    }
    Ok(())
}

fn open(ctx: &mut Context<'_>, caller: &Caller, right_id: RightRef) -> Result<(RightFacts, RightOffer), Refusal> {
    let known = facts::standing_right(ctx, right_id.of(caller.msp_id()), caller.now)?;
    match facts::open_offer(ctx, &known.right, caller.now)? {
        Some(offer) => Ok((known, offer)),
        None => Err(RightsRejection::NoOpenOffer { right_id: known.right.right_id }.into()),
    }
}

fn offered_to_caller(
    ctx: &mut Context<'_>,
    caller: &Caller,
    right_id: RightName,
) -> Result<(RightFacts, RightOffer), Refusal> {
    let (known, offer) = open(ctx, caller, right_id.into())?;
    if offer.to == *caller.msp_id() {
        return Ok((known, offer));
    }
    Err(RightsRejection::NotOffered { right_id: known.right.right_id }.into())
}

fn reply(
    ctx: &mut Context<'_>,
    caller: &Caller,
    offer: &RightOffer,
    reason: Option<Remark>,
) -> Result<RightOfferReply, Refusal> {
    let reply = RightOfferReply {
        right_id: offer.right_id.clone(),
        number: offer.number,
        accepted: reason.is_none(),
        reason,
        offer_sha256: authorship::digest(offer),
        replied: caller.stamp(),
    };
    let key = (Whole(offer.right_id.clone()), offer.number);
    authorship::put(ctx, caller, (&RIGHT_OFFER_REPLIES, &key), &reply, &[caller.msp_id()])?;
    Ok(reply)
}

fn write_offer(ctx: &mut Context<'_>, caller: &Caller, offer: &RightOffer) -> Result<(), Refusal> {
    let key = (Whole(offer.right_id.clone()), offer.number);
    authorship::put(ctx, caller, (&RIGHT_OFFERS, &key), offer, &[&offer.from])
}
