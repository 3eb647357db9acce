//! `custody`: the two-sided transfer by which goods change hands.
//!
//! The sender is responsible until the receiver accepts; then the items and everything packed in them move in one
//! transaction. Events never move custody. Where the holder was suspended, the owner takes its goods alone.

mod recover;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::common::{Attested, Foreign, Remark, Role, Scoped};
use trade_model::custody::{
    Accept, CustodyEvent, CustodyRejection, CustodyTransfer, Offer, ReadTransfer, Reject, TRANSFER_ITEMS_MOVED_MAX,
    TRANSFERS, TransferName, TransferState, Withdraw,
};
use trade_model::item::{Basis, Item, ItemKind, Life};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::customs::hold::Holds;
use crate::item::registry::{Entry, Ground, Registry};
use crate::ledger;
use crate::named::whole;
use crate::table::On;

pub use self::recover::{read_recovery, recover};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("custody")
        .on(offer)
        .on_seen(accept, read_transfer)
        .on_seen(reject, read_transfer)
        .on_seen(withdraw, read_transfer)
        .on(recover)
        .on(read_recovery)
        .on(read_transfer)
}

/// The holder offers items to another member.
///
/// # Errors
/// Everything offered must be held by the caller, in use, not inside a unit and not offered otherwise. An authority may
/// hold neither it nor anything in it.
pub fn offer(ctx: &mut Context<'_>, request: Offer) -> Result<CustodyTransfer, Refusal> {
    let mut caller = Caller::of::<Offer>(ctx)?;
    check_offer(&caller, &request)?;
    let transfer_id = Scoped::new(caller.msp_id().clone(), request.transfer_id);
    ledger::must_be_new(ctx, &TRANSFERS, &transfer_id, |transfer_id| CustodyRejection::OfferExists { transfer_id })?;
    let mut registry = Registry::default();
    registry.load(ctx, &request.items)?;
    caller.follow(registry.last_recorded_at());
    for item_id in &request.items {
        let item = registry.known(ctx, item_id)?.clone();
        check_movable(&item, caller.msp_id())?;
        check_free(ctx, &caller, &item)?;
    }
    let moving = registry.with_contents(ctx, &request.items, TRANSFER_ITEMS_MOVED_MAX)?;
    let moving = moving.ok_or(CustodyRejection::TransferTooLarge { max: TRANSFER_ITEMS_MOVED_MAX })?;
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &moving)?;

    for item_id in &request.items {
        registry.change(ctx, item_id)?.open_transfer = Some(transfer_id.clone());
    }
    let transfer = CustodyTransfer {
        transfer_id,
        from: caller.msp_id().clone(),
        to: request.to,
        items: request.items,
        condition: request.condition,
        seal: request.seal,
        state: TransferState::Offered,
        offered: caller.stamp(),
        expires_at: request.expires_at,
        decided: None,
        remark: None,
        items_moved: 0,
    };
    registry.flush(ctx)?;
    put(ctx, &caller, &transfer)?;
    announce(ctx, event(&transfer))?;
    Ok(transfer)
}

/// The receiver takes the items; their custody and that of everything packed in them changes now.
///
/// # Errors
/// The receiver only, in time, once, and with the seal as offered. The sender must have offered it and not be suspended
/// since. An authority may hold nothing of it.
pub fn accept(ctx: &mut Context<'_>, request: Accept) -> Result<CustodyTransfer, Refusal> {
    let mut caller = Caller::of::<Accept>(ctx)?;
    let mut transfer = open_transfer(ctx, &request.transfer_id.of(caller.msp_id()))?;
    let transfer_id = transfer.transfer_id.clone();
    caller.follow(transfer.offered.at);
    if transfer.to != *caller.msp_id() {
        return Err(CustodyRejection::NotReceiver { transfer_id }.into());
    }
    if transfer.has_expired(caller.now) {
        return Err(CustodyRejection::OfferExpired { transfer_id }.into());
    }
    if transfer.seal != request.seal {
        return Err(CustodyRejection::SealDiffers { transfer_id }.into());
    }
    check_sender(ctx, &caller, &transfer)?;
    let mut registry = Registry::default();
    registry.load(ctx, &transfer.items)?;
    for item_id in &transfer.items {
        // It may have been packed, ended or moved with a unit since it was offered.
        let item = registry.known(ctx, item_id)?;
        check_movable(item, &transfer.from)?;
        if item.open_transfer.as_ref() != Some(&transfer_id) {
            return Err(CustodyRejection::OfferOvertaken { transfer_id, item_id: item_id.clone() }.into());
        }
    }
    let moved = registry.with_contents(ctx, &transfer.items, TRANSFER_ITEMS_MOVED_MAX)?;
    let moved = moved.ok_or(CustodyRejection::TransferTooLarge { max: TRANSFER_ITEMS_MOVED_MAX })?;

    caller.follow(registry.last_recorded_at());
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &moved)?;
    let ground = Ground::new(&caller, Basis::CustodyTransfer, Foreign::of_id(&transfer_id.to_string()), None);
    let sender_trades = caller.has_partner(&transfer.from, &[Role::Brand, Role::Maker, Role::Seller]);
    for item_id in &moved {
        let item = registry.change(ctx, item_id)?;
        item.holder = Some(transfer.to.clone());
        item.received_by_transfer = Some(transfer_id.clone());
        item.open_transfer = None;
        // A member that trades does not give away what it hands over: otherwise a thing of a maker outside would be
        // its carrier's to sell.
        let unowned = sender_trades && item.owner.is_none() && item.kind == ItemKind::Serialised;
        if unowned {
            item.owner = Some(transfer.from.clone());
            registry.append(item_id, Entry::Title(Some(transfer.from.clone())), &ground)?;
        }
        registry.append(item_id, Entry::Custody(Some(transfer.to.clone())), &ground)?;
    }
    transfer.items_moved = u32::try_from(moved.len()).unwrap_or(u32::MAX);
    close(ctx, registry, transfer, caller, TransferState::Accepted, request.exceptions)
}

/// The receiver does not take the items; the sender stays responsible.
///
/// # Errors
/// The receiver only, and only while the offer is open.
pub fn reject(ctx: &mut Context<'_>, request: Reject) -> Result<CustodyTransfer, Refusal> {
    let caller = Caller::of::<Reject>(ctx)?;
    let transfer = open_transfer(ctx, &request.transfer_id.of(caller.msp_id()))?;
    if transfer.to != *caller.msp_id() {
        return Err(CustodyRejection::NotReceiver { transfer_id: transfer.transfer_id }.into());
    }
    let registry = released(ctx, &transfer)?;
    close(ctx, registry, transfer, caller, TransferState::Rejected, Some(request.reason))
}

/// The sender takes an open offer back.
///
/// # Errors
/// The sender only, and only while the offer is open.
pub fn withdraw(ctx: &mut Context<'_>, request: Withdraw) -> Result<CustodyTransfer, Refusal> {
    let caller = Caller::of::<Withdraw>(ctx)?;
    let transfer = open_transfer(ctx, &request.transfer_id.of(caller.msp_id()))?;
    if transfer.from != *caller.msp_id() {
        return Err(CustodyRejection::NotSender { transfer_id: transfer.transfer_id }.into());
    }
    let registry = released(ctx, &transfer)?;
    close(ctx, registry, transfer, caller, TransferState::Withdrawn, Some(request.reason))
}

/// A custody transfer by its name.
///
/// # Errors
/// [`CustodyRejection::OfferUnknown`].
pub fn read_transfer(ctx: &mut Context<'_>, request: ReadTransfer) -> Result<Attested<CustodyTransfer>, Refusal> {
    let transfer_id = whole(ctx, request.transfer_id)?;
    let record = find(ctx, &transfer_id)?;
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

/// Whether the sender has offered this, and the member that decided about it has decided so.
fn is_authentic(ctx: &mut Context<'_>, transfer: &CustodyTransfer) -> Result<bool, Refusal> {
    authorship::signed_by_all(ctx, &TRANSFERS, &transfer.transfer_id, transfer)
}

/// Refuses an offer that its sender has not made, or cannot make any more.
fn check_sender(ctx: &mut Context<'_>, caller: &Caller, transfer: &CustodyTransfer) -> Result<(), Refusal> {
    if !is_authentic(ctx, transfer)? {
        return Err(CustodyRejection::OfferUnauthenticated { transfer_id: transfer.transfer_id.clone() }.into());
    }
    if !caller.has_partner(&transfer.from, Role::HANDLERS) {
        return Err(CustodyRejection::SenderNotEnrolled { msp_id: transfer.from.clone() }.into());
    }
    Ok(())
}

/// Writes the transfer as the caller makes it; from now on it takes the peers of both sides to change it.
fn put(ctx: &mut Context<'_>, caller: &Caller, transfer: &CustodyTransfer) -> Result<(), Refusal> {
    let owners = [&transfer.from, &transfer.to];
    authorship::put(ctx, caller, (&TRANSFERS, &transfer.transfer_id), transfer, &owners)
}

fn find(ctx: &mut Context<'_>, transfer_id: &TransferName) -> Result<CustodyTransfer, Refusal> {
    ledger::require(ctx, &TRANSFERS, transfer_id, |transfer_id| CustodyRejection::OfferUnknown { transfer_id })
}

fn open_transfer(ctx: &mut Context<'_>, transfer_id: &TransferName) -> Result<CustodyTransfer, Refusal> {
    let transfer = find(ctx, transfer_id)?;
    match transfer.state {
        TransferState::Offered => Ok(transfer),
        _ => Err(CustodyRejection::OfferClosed { transfer_id: transfer.transfer_id }.into()),
    }
}

/// The items of an offer that comes to nothing, free to be offered again.
fn released(ctx: &mut Context<'_>, transfer: &CustodyTransfer) -> Result<Registry, Refusal> {
    let mut registry = Registry::default();
    registry.load(ctx, &transfer.items)?;
    for item_id in &transfer.items {
        let bound_by_it = registry.known(ctx, item_id)?.open_transfer.as_ref() == Some(&transfer.transfer_id);
        if bound_by_it {
            registry.change(ctx, item_id)?.open_transfer = None;
        }
    }
    Ok(registry)
}

fn close(
    ctx: &mut Context<'_>,
    registry: Registry,
    mut transfer: CustodyTransfer,
    mut caller: Caller,
    state: TransferState,
    remark: Option<Remark>,
) -> Result<CustodyTransfer, Refusal> {
    caller.follow(transfer.offered.at);
    transfer.state = state;
    transfer.decided = Some(caller.stamp());
    transfer.remark = remark;
    registry.flush(ctx)?;
    put(ctx, &caller, &transfer)?;
    announce(ctx, event(&transfer))?;
    Ok(transfer)
}

/// What a transfer announces in the state it is in.
fn event(transfer: &CustodyTransfer) -> CustodyEvent {
    let CustodyTransfer { transfer_id, from, to, .. } = transfer.clone();
    match transfer.state {
        TransferState::Offered => CustodyEvent::Offered { transfer_id, from, to },
        TransferState::Accepted => CustodyEvent::Accepted { transfer_id, from, to },
        TransferState::Rejected => CustodyEvent::Rejected { transfer_id, from, to },
        TransferState::Withdrawn => CustodyEvent::Withdrawn { transfer_id, from, to },
    }
}

fn check_offer(caller: &Caller, request: &Offer) -> Result<(), CustodyRejection> {
    if request.to == *caller.msp_id() {
        return Err(CustodyRejection::OfferToSelf);
    }
    if !caller.has_partner(&request.to, Role::HANDLERS) {
        return Err(CustodyRejection::ReceiverNotEnrolled { msp_id: request.to.clone() });
    }
    if request.expires_at.is_some_and(|expiry| expiry <= caller.now) {
        return Err(CustodyRejection::ExpiryInPast);
    }
    Ok(())
}

/// Refuses what is part of another offer that can still be accepted. One that has expired binds nothing.
fn check_free(ctx: &mut Context<'_>, caller: &Caller, item: &Item) -> Result<(), Refusal> {
    let Some(transfer_id) = &item.open_transfer else { return Ok(()) };
    let (item_id, other) = (item.item_id.clone(), TRANSFERS.find(ctx, transfer_id)?);
    if other.is_some_and(|other| other.has_expired(caller.now)) {
        return Ok(());
    }
    Err(CustodyRejection::ItemAlreadyOffered { item_id, transfer_id: transfer_id.clone() }.into())
}

/// Whether the item can leave the sender.
fn check_movable(item: &Item, sender: &MspId) -> Result<(), CustodyRejection> {
    let item_id = item.item_id.clone();
    if item.holder.as_ref() != Some(sender) {
        return Err(CustodyRejection::NotHolder { item_id, sender: sender.clone() });
    }
    if item.life != Life::Active {
        return Err(CustodyRejection::ItemEnded { item_id });
    }
    match &item.parent {
        Some(unit) => Err(CustodyRejection::ItemInsideUnit { item_id, unit: unit.clone() }),
        None => Ok(()),
    }
}
