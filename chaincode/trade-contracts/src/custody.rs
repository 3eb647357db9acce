//! `custody`: the two-sided handshake by which goods change hands.
//!
//! The sender is responsible until the receiver accepts; then the items and everything packed in them move in one
//! transaction. Events never move custody.

mod keys;

use fabric_contract::{Context, Contract};
use serde_json::json;
use trade_model::custody::{
    Accept, HANDOVER_ITEMS_MAX, Handover, HandoverState, OFFER_ITEMS_MAX, Offer, ReadOffer, Reject, Withdraw,
};
use trade_model::item::{Basis, Item, Life};
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::caller::{Caller, HANDLERS};
use crate::item::book::{Book, Ground};
use crate::item::keys::Timeline;
use crate::{Refusal, form};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("custody")
        .submit("Offer", offer)
        .submit("Accept", accept)
        .submit("Reject", reject)
        .submit("Withdraw", withdraw)
        .evaluate("Read", read)
}

/// The holder offers items to another enterprise.
///
/// # Errors
/// Everything offered must be held by the caller, in use, not inside a unit and not offered otherwise.
pub fn offer(ctx: &mut Context<'_>, request: Offer) -> Result<Handover, Refusal> {
    let mut caller = Caller::with_role(ctx, HANDLERS)?;
    check_offer(&caller, &request)?;
    let items = form::objects("items", &request.items, OFFER_ITEMS_MAX)?;
    let key = keys::handover(&request.offer_id)?;
    if ctx.get(&key)?.is_some() {
        return Err(Rejection::OfferExists { offer_id: request.offer_id }.into());
    }
    let mut book = Book::default();
    book.load(ctx, &items)?;
    if let Some(last) = book.last_recorded_at() {
        caller.follow(last);
    }
    for item_id in &items {
        check_offered(book.known(ctx, item_id)?, caller.msp_id())?;
    }

    for item_id in &items {
        book.change(ctx, item_id)?.open_offer = Some(request.offer_id.clone());
    }
    let handover = Handover {
        offer_id: request.offer_id,
        from: caller.msp_id().clone(),
        to: request.to,
        items,
        condition: request.condition,
        seal: request.seal,
        state: HandoverState::Offered,
        offered_at: caller.now,
        offered_in: caller.tx_id,
        expires_at: request.expires_at,
        decided_at: None,
        decided_in: None,
        remark: None,
        items_moved: 0,
    };
    book.flush(ctx)?;
    ctx.put_json(&key, &handover)?;
    announce(
        ctx,
        "custody.offered",
        &json!({ "offer_id": handover.offer_id, "from": handover.from, "to": handover.to }),
    )?;
    Ok(handover)
}

/// The receiver takes the items; their custody and that of everything packed in them changes now.
///
/// # Errors
/// The receiver only, in time, once, and with the seal as offered.
pub fn accept(ctx: &mut Context<'_>, request: Accept) -> Result<Handover, Refusal> {
    let mut caller = Caller::with_role(ctx, HANDLERS)?;
    form::optional_text("exceptions", request.exceptions.as_deref(), form::REMARK_MAX)?;
    let mut handover = open_handover(ctx, &request.offer_id)?;
    let offer_id = handover.offer_id.clone();
    caller.follow(handover.offered_at);
    if handover.to != *caller.msp_id() {
        return Err(Rejection::NotReceiver { offer_id }.into());
    }
    if handover.expires_at.is_some_and(|expiry| expiry < caller.now) {
        return Err(Rejection::OfferExpired { offer_id }.into());
    }
    if handover.seal != request.seal {
        return Err(Rejection::SealDiffers { offer_id }.into());
    }
    let mut book = Book::default();
    book.load(ctx, &handover.items)?;
    for item_id in &handover.items {
        // It may have been packed, ended or moved with a unit since it was offered.
        check_movable(book.known(ctx, item_id)?, &handover.from)?;
    }
    let moved = book.with_contents(ctx, &handover.items, HANDOVER_ITEMS_MAX)?;
    let moved = moved.ok_or(Rejection::HandoverTooLarge { max: HANDOVER_ITEMS_MAX })?;

    if let Some(last) = book.last_recorded_at() {
        caller.follow(last);
    }
    for item_id in &moved {
        let item = book.change(ctx, item_id)?;
        item.holder = Some(handover.to.clone());
        item.received_in = Some(offer_id.clone());
        item.open_offer = None;
        let (now, asserted, tx_id) = (caller.now, caller.asserted, caller.tx_id.as_str());
        let ground = Ground { basis: Basis::Handover, reference: &offer_id, now, asserted, claimed_at: None, tx_id };
        book.append(item_id, Timeline::Custody, Some(handover.to.to_string()), &ground)?;
    }
    handover.items_moved = u32::try_from(moved.len()).unwrap_or(u32::MAX);
    close(ctx, book, handover, caller, HandoverState::Accepted, request.exceptions)
}

/// The receiver does not take the items; the sender stays responsible.
///
/// # Errors
/// The receiver only, and only while the offer is open.
pub fn reject(ctx: &mut Context<'_>, request: Reject) -> Result<Handover, Refusal> {
    let caller = Caller::with_role(ctx, HANDLERS)?;
    form::text("reason", &request.reason, form::REMARK_MAX)?;
    let handover = open_handover(ctx, &request.offer_id)?;
    if handover.to != *caller.msp_id() {
        return Err(Rejection::NotReceiver { offer_id: handover.offer_id }.into());
    }
    let book = released(ctx, &handover)?;
    close(ctx, book, handover, caller, HandoverState::Rejected, Some(request.reason))
}

/// The sender takes an open offer back.
///
/// # Errors
/// The sender only, and only while the offer is open.
pub fn withdraw(ctx: &mut Context<'_>, request: Withdraw) -> Result<Handover, Refusal> {
    let caller = Caller::with_role(ctx, HANDLERS)?;
    form::text("reason", &request.reason, form::REMARK_MAX)?;
    let handover = open_handover(ctx, &request.offer_id)?;
    if handover.from != *caller.msp_id() {
        return Err(Rejection::NotSender { offer_id: handover.offer_id }.into());
    }
    let book = released(ctx, &handover)?;
    close(ctx, book, handover, caller, HandoverState::Withdrawn, Some(request.reason))
}

/// A handover by the id of its offer.
///
/// # Errors
/// [`Rejection::OfferUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadOffer) -> Result<Handover, Refusal> {
    find(ctx, &request.offer_id)
}

pub(crate) fn exists(ctx: &mut Context<'_>, offer_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::handover(offer_id)?)?.is_some())
}

fn find(ctx: &mut Context<'_>, offer_id: &str) -> Result<Handover, Refusal> {
    let handover = ctx.get_json::<Handover>(&keys::handover(offer_id)?)?;
    Ok(handover.ok_or_else(|| Rejection::OfferUnknown { offer_id: offer_id.to_owned() })?)
}

fn open_handover(ctx: &mut Context<'_>, offer_id: &str) -> Result<Handover, Refusal> {
    let handover = find(ctx, offer_id)?;
    match handover.state {
        HandoverState::Offered => Ok(handover),
        _ => Err(Rejection::OfferClosed { offer_id: handover.offer_id }.into()),
    }
}

/// The items of an offer that comes to nothing, free to be offered again.
fn released(ctx: &mut Context<'_>, handover: &Handover) -> Result<Book, Refusal> {
    let mut book = Book::default();
    book.load(ctx, &handover.items)?;
    for item_id in &handover.items {
        let bound_by_it = book.known(ctx, item_id)?.open_offer.as_ref() == Some(&handover.offer_id);
        if bound_by_it {
            book.change(ctx, item_id)?.open_offer = None;
        }
    }
    Ok(book)
}

fn close(
    ctx: &mut Context<'_>,
    book: Book,
    mut handover: Handover,
    mut caller: Caller,
    state: HandoverState,
    remark: Option<String>,
) -> Result<Handover, Refusal> {
    caller.follow(handover.offered_at);
    handover.state = state;
    handover.decided_at = Some(caller.now);
    handover.decided_in = Some(caller.tx_id.clone());
    handover.remark = remark;
    book.flush(ctx)?;
    ctx.put_json(&keys::handover(&handover.offer_id)?, &handover)?;
    let name = match state {
        HandoverState::Offered => "custody.offered",
        HandoverState::Accepted => "custody.accepted",
        HandoverState::Rejected => "custody.rejected",
        HandoverState::Withdrawn => "custody.withdrawn",
    };
    announce(ctx, name, &json!({ "offer_id": handover.offer_id, "from": handover.from, "to": handover.to }))?;
    Ok(handover)
}

fn check_offer(caller: &Caller, request: &Offer) -> Result<(), Rejection> {
    form::id("offer_id", &request.offer_id)?;
    form::text("condition", &request.condition, form::REMARK_MAX)?;
    form::optional_text("seal", request.seal.as_deref(), 64)?;
    if request.to == *caller.msp_id() {
        return Err(Rejection::OfferToSelf);
    }
    let can_hold = |msp_id: &MspId| {
        caller.partner(msp_id).is_some_and(|partner| HANDLERS.iter().any(|&role| partner.has_role(role)))
    };
    if !can_hold(&request.to) {
        return Err(Rejection::ReceiverNotEnrolled { msp_id: request.to.clone() });
    }
    if request.expires_at.is_some_and(|expiry| expiry <= caller.now) {
        return Err(Rejection::ExpiryInPast);
    }
    Ok(())
}

/// Whether the sender can offer the item.
fn check_offered(item: &Item, sender: &MspId) -> Result<(), Rejection> {
    check_movable(item, sender)?;
    match &item.open_offer {
        Some(offer_id) => {
            Err(Rejection::ItemAlreadyOffered { item_id: item.item_id.clone(), offer_id: offer_id.clone() })
        }
        None => Ok(()),
    }
}

/// Whether the item can leave the sender.
fn check_movable(item: &Item, sender: &MspId) -> Result<(), Rejection> {
    let item_id = item.item_id.clone();
    if item.holder.as_ref() != Some(sender) {
        return Err(Rejection::NotHolder { item_id, sender: sender.clone() });
    }
    if item.life != Life::Active {
        return Err(Rejection::ItemEnded { item_id });
    }
    match &item.parent {
        Some(unit) => Err(Rejection::ItemInsideUnit { item_id, unit: unit.clone() }),
        None => Ok(()),
    }
}
