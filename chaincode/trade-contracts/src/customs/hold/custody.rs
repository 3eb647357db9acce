//! Custody of what is seized: it passes to the authority, and back to the one that held the thing.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::custody::TransferName;
use trade_model::customs::{HOLDS_ON, Hold, HoldState};
use trade_model::item::{Basis, CUSTODY, Item};
use trade_standards::identifier::MspId;

use super::binding::Holds;
use crate::caller::Caller;
use crate::customs::consignment;
use crate::item::registry::{Entry, Ground, Registry};

/// Takes the things that are held into the authority's custody.
pub(super) fn seize(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    hold: &Hold,
) -> Result<(), Refusal> {
    let ground = ground(caller, hold);
    for item_id in held(ctx, registry, hold)? {
        let item = registry.change(ctx, &item_id)?;
        item.open_transfer = None;
        if item.holder.as_ref() != Some(&hold.authority) {
            item.holder = Some(hold.authority.clone());
            item.received_by_transfer = None;
            registry.append(&item_id, Entry::Custody(Some(hold.authority.clone())), &ground)?;
        }
    }
    Ok(())
}

/// Lets the things that are held go, and gives back what was seized.
pub(super) fn release(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    hold: &Hold,
) -> Result<(), Refusal> {
    let ground = ground(caller, hold);
    let mut holds = Holds::at(caller.now);
    for item_id in held(ctx, registry, hold)? {
        if hold.state == HoldState::Seized {
            give_back(ctx, registry, hold, &item_id, &ground)?;
        }
        let item = registry.known(ctx, &item_id)?.clone();
        if item.hold.as_ref() == Some(&hold.hold_id) {
            let next = holds.on_beside(ctx, &caller.members, &item, Some(&hold.hold_id))?;
            registry.change(ctx, &item_id)?.hold = next.map(|next| next.hold_id.clone());
        }
    }
    Ok(())
}

fn give_back(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    hold: &Hold,
    item_id: &ItemId,
    ground: &Ground,
) -> Result<(), Refusal> {
    let item = registry.known(ctx, item_id)?.clone();
    let Some((holder, received_by_transfer)) = before_seizure(ctx, hold, &item)? else { return Ok(()) };
    let changed = registry.change(ctx, item_id)?;
    changed.holder = Some(holder.clone());
    changed.received_by_transfer = received_by_transfer;
    registry.append(item_id, Entry::Custody(Some(holder)), ground)
}

/// Who held the thing before the seizure, and by which transfer, as its timeline tells.
fn before_seizure(
    ctx: &mut Context<'_>,
    hold: &Hold,
    item: &Item,
) -> Result<Option<(MspId, Option<TransferName>)>, Refusal> {
    let entry = |back: u32| Some((item.item_id.clone(), item.entries.custody.checked_sub(back)?));
    let (Some(last), Some(before)) = (entry(1), entry(2)) else { return Ok(None) };
    let seizure = CUSTODY.find(ctx, &last)?.filter(|entry| entry.reference.as_str() == hold.hold_id.as_str());
    if seizure.is_none() {
        return Ok(None);
    }
    Ok(CUSTODY.find(ctx, &before)?.and_then(|entry| {
        let transfer = (entry.basis == Basis::CustodyTransfer).then(|| entry.reference.as_str().parse().ok()).flatten();
        Some((entry.value?, transfer))
    }))
}

/// The things of a hold that are under it.
fn held(ctx: &mut Context<'_>, registry: &mut Registry, hold: &Hold) -> Result<Vec<ItemId>, Refusal> {
    let things = consignment::things(ctx, registry, &hold.items)?;
    let keys: Vec<_> = things.iter().map(|item_id| (item_id.clone(), Part(hold.authority.clone()))).collect();
    let under = HOLDS_ON.find_many(ctx, &keys)?;
    let of_it = things.into_iter().zip(under).filter(|(_, under)| under.as_ref() == Some(&hold.hold_id));
    Ok(of_it.map(|(item_id, _)| item_id).collect())
}

fn ground(caller: &Caller, hold: &Hold) -> Ground {
    Ground::new(caller, Basis::Decision, Foreign::of_id(&hold.hold_id), None)
}
