//! `custody:Recover`: an owner takes its goods from a holder that was suspended.
//!
//! A suspended member hands nothing over, and what it holds would be lost to its owner without a vote. It can say after
//! it is reinstated what it has against that; it does not get custody back by it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, Foreign, ItemId, Role, Scoped};
use trade_model::custody::{
    CustodyEvent, CustodyRejection, RECOVERIES, ReadRecovery, Recover, Recovery, RecoveryName, TRANSFER_ITEMS_MOVED_MAX,
};
use trade_model::item::{Basis, Item, ItemKind, Life};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::caller::Caller;
use crate::customs::hold::Holds;
use crate::item::registry::{self, Entry, Ground, Registry};
use crate::named::whole;
use crate::{authorship, ledger};

/// Takes items from a suspended holder, with all that they contain.
///
/// # Errors
/// Their owner only, from a member that is suspended and holds them; what is in use. An authority may hold nothing of
/// it, nor have taken it into its custody: what was seized is not free because the authority is suspended.
pub fn recover(ctx: &mut Context<'_>, request: Recover) -> Result<Recovery, Refusal> {
    let mut caller = Caller::of::<Recover>(ctx)?;
    if caller.members.find(&request.from).is_some_and(|holder| !holder.suspended) {
        return Err(CustodyRejection::HolderNotSuspended { msp_id: request.from }.into());
    }
    let recovery_id = Scoped::new(caller.msp_id().clone(), request.recovery_id);
    ledger::must_be_new(ctx, &RECOVERIES, &recovery_id, |recovery_id| CustodyRejection::RecoveryExists {
        recovery_id,
    })?;
    let mut registry = Registry::default();
    let moving = owned(ctx, &mut registry, &request.items, (caller.msp_id(), &request.from))?;
    caller.follow(registry.last_recorded_at());
    Holds::at(caller.now).refuse(ctx, &caller.members, &mut registry, &moving)?;
    let from_authority = caller.members.find(&request.from).is_some_and(|from| from.has_role(Role::Customs));
    for item_id in moving.iter().filter(|_| from_authority) {
        let item = registry.known(ctx, item_id)?.clone();
        if registry::last_custody(ctx, &item)?.is_some_and(|last| last.basis == Basis::Decision) {
            return Err(CustodyRejection::ItemSeized { item_id: item_id.clone() }.into());
        }
    }

    let ground = Ground::new(&caller, Basis::Recovery, Foreign::of_id(&recovery_id.to_string()), None);
    for item_id in &moving {
        take(ctx, &mut registry, item_id, &moving, (caller.msp_id(), &ground))?;
    }
    registry.flush(ctx)?;
    let recovery = Recovery {
        recovery_id,
        from: request.from,
        items: request.items,
        reason: request.reason,
        items_moved: u32::try_from(moving.len()).unwrap_or(u32::MAX),
        recovered: caller.stamp(),
    };
    authorship::put(ctx, &caller, (&RECOVERIES, &recovery.recovery_id), &recovery, &[caller.msp_id()])?;
    let Recovery { recovery_id, from, .. } = recovery.clone();
    announce(ctx, CustodyEvent::Recovered { recovery_id, from })?;
    Ok(recovery)
}

/// A recovery by its name.
///
/// # Errors
/// [`CustodyRejection::RecoveryUnknown`].
pub fn read_recovery(ctx: &mut Context<'_>, request: ReadRecovery) -> Result<Attested<Recovery>, Refusal> {
    let recovery_id = whole(ctx, request.recovery_id)?;
    let unknown = |recovery_id: RecoveryName| CustodyRejection::RecoveryUnknown { recovery_id };
    let record = ledger::require(ctx, &RECOVERIES, &recovery_id, unknown)?;
    let authenticated = authorship::is_authentic(ctx, &RECOVERIES, &recovery_id, &record, &recovery_id.owner)?;
    Ok(Attested { record, authenticated })
}

/// The items named and what is packed in them. A unit that nobody owns goes with its contents; everything else must be
/// the owner's, and all of it be held by the one member.
fn owned(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    named: &[ItemId],
    (owner, holder): (&MspId, &MspId),
) -> Result<Vec<ItemId>, Refusal> {
    registry.load(ctx, named)?;
    for item_id in named {
        registry.known(ctx, item_id)?;
    }
    let all = registry.with_contents(ctx, named, TRANSFER_ITEMS_MOVED_MAX)?;
    let all = all.ok_or(CustodyRejection::TransferTooLarge { max: TRANSFER_ITEMS_MOVED_MAX })?;
    let is_nobodys_unit = |item: &Item| item.kind == ItemKind::LogisticUnit && item.owner.is_none();
    let mut none_owned = true;
    for item_id in &all {
        let item = registry.known(ctx, item_id)?;
        if item.life != Life::Active {
            return Err(CustodyRejection::ItemEnded { item_id: item_id.clone() }.into());
        }
        if item.holder.as_ref() != Some(holder) {
            return Err(CustodyRejection::NotHolder { item_id: item_id.clone(), sender: holder.clone() }.into());
        }
        let is_owned = item.owner.as_ref() == Some(owner);
        if !is_owned && !is_nobodys_unit(item) {
            return Err(CustodyRejection::NotOwner { item_id: item_id.clone(), owner: owner.clone() }.into());
        }
        none_owned &= !is_owned;
    }
    match named.first().filter(|_| none_owned) {
        Some(item_id) => Err(CustodyRejection::NotOwner { item_id: item_id.clone(), owner: owner.clone() }.into()),
        None => Ok(all),
    }
}

/// Gives an item into the owner's hands, out of a unit that stays behind.
fn take(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    item_id: &ItemId,
    moving: &[ItemId],
    (owner, ground): (&MspId, &Ground),
) -> Result<(), Refusal> {
    let item = registry.change(ctx, item_id)?;
    item.holder = Some(owner.clone());
    item.received_by_transfer = None;
    item.open_transfer = None;
    let left_behind = item.parent.clone().filter(|unit_id| !moving.contains(unit_id));
    if let Some(unit_id) = left_behind {
        registry.take_out(ctx, item_id, &unit_id)?;
        registry.append(item_id, Entry::Packing(None), ground)?;
    }
    registry.append(item_id, Entry::Custody(Some(owner.clone())), ground)
}
