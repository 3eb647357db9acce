//! `title`: the two-sided transfer by which goods change their owner.
//!
//! The seller owns until the buyer accepts; then the items and everything of the seller's that is packed in them change
//! owner in one transaction. Events never move title, and nothing that one side says later takes it back.

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::common::{Attested, Foreign, ItemId, Remark, Role, Scoped};
use trade_model::item::{Basis, Item, ItemKind, Life};
use trade_model::title::{
    AcceptTitle, OfferTitle, ReadTitle, RefuseTitle, TITLE_ITEMS_PASSED_MAX, TITLES, TitleEvent, TitleName, TitleRef,
    TitleRejection, TitleState, TitleTransfer, WithdrawTitle,
};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::customs::hold::Holds;
use crate::item::registry::{Entry, Ground, Registry};
use crate::ledger;
use crate::named::whole;
use crate::table::On;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("title").on(offer).on_seen(accept, read).on_seen(refuse, read).on_seen(withdraw, read).on(read)
}

/// The owner offers items to a buyer.
///
/// # Errors
/// Everything offered, contents included, must be owned by the caller and in use, and what is named not offered
/// otherwise.
pub fn offer(ctx: &mut Context<'_>, request: OfferTitle) -> Result<TitleTransfer, Refusal> {
    let mut caller = Caller::of::<OfferTitle>(ctx)?;
    check_offer(&caller, &request)?;
    let title_id = Scoped::new(caller.msp_id().clone(), request.title_id);
    ledger::must_be_new(ctx, &TITLES, &title_id, |title_id| TitleRejection::TitleExists { title_id })?;
    let mut registry = Registry::default();
    let Sold { all, .. } = sold(ctx, &mut registry, &request.items, caller.msp_id())?;
    caller.follow(registry.last_recorded_at());
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &all)?;
    for item_id in &request.items {
        let item = registry.known(ctx, item_id)?.clone();
        check_free(ctx, &caller, &item)?;
    }

    for item_id in &request.items {
        registry.change(ctx, item_id)?.open_title = Some(title_id.clone());
    }
    let transfer = TitleTransfer {
        title_id,
        seller: caller.msp_id().clone(),
        buyer: request.buyer,
        items: request.items,
        state: TitleState::Offered,
        offered: caller.stamp(),
        expires_at: request.expires_at,
        decided: None,
        reason: None,
        items_passed: 0,
    };
    finish(ctx, registry, &caller, transfer)
}

/// The buyer takes title to the items and everything of the seller's in them.
///
/// # Errors
/// The buyer only, in time and once; the seller must have offered it, still own everything and not be suspended.
pub fn accept(ctx: &mut Context<'_>, request: AcceptTitle) -> Result<TitleTransfer, Refusal> {
    let mut caller = Caller::of::<AcceptTitle>(ctx)?;
    let mut transfer = offered_to(ctx, &mut caller, request.title_id)?;
    let title_id = transfer.title_id.clone();
    if transfer.has_expired(caller.now) {
        return Err(TitleRejection::TitleExpired { title_id }.into());
    }
    check_seller(ctx, &caller, &transfer)?;
    let mut registry = Registry::default();
    registry.load(ctx, &transfer.items)?;
    for item_id in &transfer.items {
        if registry.known(ctx, item_id)?.open_title.as_ref() != Some(&title_id) {
            return Err(TitleRejection::TitleOvertaken { title_id, item_id: item_id.clone() }.into());
        }
    }
    let Sold { all, owned } = sold(ctx, &mut registry, &transfer.items, &transfer.seller)?;
    caller.follow(registry.last_recorded_at());
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &all)?;

    let ground = Ground::new(&caller, Basis::TitleTransfer, Foreign::of_id(&title_id.to_string()), None);
    for item_id in &owned {
        let item = registry.change(ctx, item_id)?;
        item.owner = Some(transfer.buyer.clone());
        // Whatever else the seller offered of it does not bind the new owner.
        item.open_title = None;
        registry.append(item_id, Entry::Title(Some(transfer.buyer.clone())), &ground)?;
    }
    release(ctx, &mut registry, &transfer)?;
    transfer.items_passed = u32::try_from(owned.len()).unwrap_or(u32::MAX);
    decide(ctx, registry, &caller, transfer, TitleState::Accepted, None)
}

/// The buyer does not take title.
///
/// # Errors
/// The buyer only, and only while the offer is open.
pub fn refuse(ctx: &mut Context<'_>, request: RefuseTitle) -> Result<TitleTransfer, Refusal> {
    let mut caller = Caller::of::<RefuseTitle>(ctx)?;
    let transfer = offered_to(ctx, &mut caller, request.title_id)?;
    let mut registry = Registry::default();
    release(ctx, &mut registry, &transfer)?;
    decide(ctx, registry, &caller, transfer, TitleState::Refused, Some(request.reason))
}

/// The seller takes an open offer back.
///
/// # Errors
/// The seller only, and only while the offer is open.
pub fn withdraw(ctx: &mut Context<'_>, request: WithdrawTitle) -> Result<TitleTransfer, Refusal> {
    let mut caller = Caller::of::<WithdrawTitle>(ctx)?;
    let transfer = open(ctx, &request.title_id.of(caller.msp_id()))?;
    if transfer.seller != *caller.msp_id() {
        return Err(TitleRejection::NotSeller { title_id: transfer.title_id }.into());
    }
    caller.follow(transfer.offered.at);
    let mut registry = Registry::default();
    release(ctx, &mut registry, &transfer)?;
    decide(ctx, registry, &caller, transfer, TitleState::Withdrawn, Some(request.reason))
}

/// A title transfer by its name.
///
/// # Errors
/// [`TitleRejection::TitleUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadTitle) -> Result<Attested<TitleTransfer>, Refusal> {
    let title_id = whole(ctx, request.title_id)?;
    let record = find(ctx, &title_id)?;
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

/// Whether the seller has offered this, and the member that decided about it has decided so.
fn is_authentic(ctx: &mut Context<'_>, transfer: &TitleTransfer) -> Result<bool, Refusal> {
    authorship::signed_by_all(ctx, &TITLES, &transfer.title_id, transfer)
}

/// Refuses an offer that its seller has not made, or cannot make any more.
fn check_seller(ctx: &mut Context<'_>, caller: &Caller, transfer: &TitleTransfer) -> Result<(), Refusal> {
    if !is_authentic(ctx, transfer)? {
        return Err(TitleRejection::TitleUnauthenticated { title_id: transfer.title_id.clone() }.into());
    }
    if !caller.has_partner(&transfer.seller, Role::TRADERS) {
        return Err(TitleRejection::SellerNotEnrolled { msp_id: transfer.seller.clone() }.into());
    }
    Ok(())
}

fn find(ctx: &mut Context<'_>, title_id: &TitleName) -> Result<TitleTransfer, Refusal> {
    ledger::require(ctx, &TITLES, title_id, |title_id| TitleRejection::TitleUnknown { title_id })
}

fn open(ctx: &mut Context<'_>, title_id: &TitleName) -> Result<TitleTransfer, Refusal> {
    let transfer = find(ctx, title_id)?;
    match transfer.state {
        TitleState::Offered => Ok(transfer),
        _ => Err(TitleRejection::TitleClosed { title_id: transfer.title_id }.into()),
    }
}

/// An open offer to the caller, whose transaction comes after it.
fn offered_to(ctx: &mut Context<'_>, caller: &mut Caller, title_id: TitleRef) -> Result<TitleTransfer, Refusal> {
    let transfer = open(ctx, &title_id.of(caller.msp_id()))?;
    if transfer.buyer != *caller.msp_id() {
        return Err(TitleRejection::NotBuyer { title_id: transfer.title_id }.into());
    }
    caller.follow(transfer.offered.at);
    Ok(transfer)
}

/// What an offer is about.
struct Sold {
    /// The items named and everything packed in them.
    all: Vec<ItemId>,
    /// Those of them that change owner.
    owned: Vec<ItemId>,
}

/// The items named and what is packed in them. A unit that nobody owns goes with its contents; everything else must be
/// the seller's. What has ended or was sold to a consumer cannot be named, and title to it does not pass with its unit.
fn sold(ctx: &mut Context<'_>, registry: &mut Registry, named: &[ItemId], seller: &MspId) -> Result<Sold, Refusal> {
    registry.load(ctx, named)?;
    for item_id in named {
        registry.known(ctx, item_id)?;
    }
    let all = registry.with_contents(ctx, named, TITLE_ITEMS_PASSED_MAX)?;
    let all = all.ok_or(TitleRejection::TitleTooLarge { max: TITLE_ITEMS_PASSED_MAX })?;
    let mut owned = Vec::with_capacity(all.len());
    for item_id in &all {
        let item = registry.known(ctx, item_id)?;
        if item.life != Life::Active {
            if named.contains(item_id) {
                return Err(TitleRejection::ItemNotInUse { item_id: item_id.clone() }.into());
            }
            continue;
        }
        // Who holds a unit that nobody owns says nothing about who owns what lies in it.
        if item.kind == ItemKind::LogisticUnit && item.owner.is_none() {
            continue;
        }
        let owner = item.owner.as_ref().or(item.holder.as_ref());
        if owner != Some(seller) {
            return Err(TitleRejection::NotOwner { item_id: item_id.clone(), seller: seller.clone() }.into());
        }
        owned.push(item_id.clone());
    }
    if owned.is_empty() {
        let item_id = named.first().expect("an offer names at least one item").clone();
        return Err(TitleRejection::NotOwner { item_id, seller: seller.clone() }.into());
    }
    Ok(Sold { all, owned })
}

/// Refuses what is part of another offer that can still be accepted. One that has expired binds nothing.
fn check_free(ctx: &mut Context<'_>, caller: &Caller, item: &Item) -> Result<(), Refusal> {
    let Some(title_id) = &item.open_title else { return Ok(()) };
    let (item_id, other) = (item.item_id.clone(), TITLES.find(ctx, title_id)?);
    if other.is_some_and(|other| other.has_expired(caller.now)) {
        return Ok(());
    }
    Err(TitleRejection::AlreadyOffered { item_id, title_id: title_id.clone() }.into())
}

fn check_offer(caller: &Caller, request: &OfferTitle) -> Result<(), TitleRejection> {
    if request.buyer == *caller.msp_id() {
        return Err(TitleRejection::TitleToSelf);
    }
    if !caller.has_partner(&request.buyer, Role::TRADERS) {
        return Err(TitleRejection::BuyerNotEnrolled { msp_id: request.buyer.clone() });
    }
    if request.expires_at.is_some_and(|expiry| expiry <= caller.now) {
        return Err(TitleRejection::ExpiryInPast);
    }
    Ok(())
}

/// Frees the items of an offer that is decided.
fn release(ctx: &mut Context<'_>, registry: &mut Registry, transfer: &TitleTransfer) -> Result<(), Refusal> {
    registry.load(ctx, &transfer.items)?;
    for item_id in &transfer.items {
        let bound_by_it = registry.known(ctx, item_id)?.open_title.as_ref() == Some(&transfer.title_id);
        if bound_by_it {
            registry.change(ctx, item_id)?.open_title = None;
        }
    }
    Ok(())
}

fn decide(
    ctx: &mut Context<'_>,
    registry: Registry,
    caller: &Caller,
    transfer: TitleTransfer,
    state: TitleState,
    reason: Option<Remark>,
) -> Result<TitleTransfer, Refusal> {
    let decided = TitleTransfer { state, reason, decided: Some(caller.stamp()), ..transfer };
    finish(ctx, registry, caller, decided)
}

/// Writes the transfer as the caller makes it; from now on it takes the peers of both sides to change it.
fn finish(
    ctx: &mut Context<'_>,
    registry: Registry,
    caller: &Caller,
    transfer: TitleTransfer,
) -> Result<TitleTransfer, Refusal> {
    registry.flush(ctx)?;
    let owners = [&transfer.seller, &transfer.buyer];
    authorship::put(ctx, caller, (&TITLES, &transfer.title_id), &transfer, &owners)?;
    let (title_id, buyer) = (transfer.title_id.clone(), transfer.buyer.clone());
    let event = match transfer.state {
        TitleState::Offered => TitleEvent::Offered { title_id, buyer },
        TitleState::Accepted => TitleEvent::Accepted { title_id, buyer },
        TitleState::Refused => TitleEvent::Refused { title_id, buyer },
        TitleState::Withdrawn => TitleEvent::Withdrawn { title_id, buyer },
    };
    announce(ctx, event)?;
    Ok(transfer)
}
