//! The hold of a declaration that is intercepted.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{HoldId, ItemId, Malformed, Remark, Set};
use trade_model::customs::{DECLARATION_ITEMS_MAX, Declaration, HoldState, HoldStep};

use super::custody;
use super::place::{Draft, attach, held_before, longest, new_hold};
use super::record::{find, put};
use crate::caller::Caller;
use crate::customs::{place, reservation};
use crate::item::registry::Registry;

/// Why a declaration is intercepted, and whether the rules propose it.
pub(in crate::customs) struct Interception {
    pub(in crate::customs) reason: Remark,
    pub(in crate::customs) by_rule: bool,
}

/// Holds the goods of a declaration that is intercepted: those that its importer had standing to declare, and those
/// that are located in the country. Other members' goods are not held because a stranger declared them.
///
/// What the rules propose holds until the declaration is decided otherwise; what one officer decides does so for a
/// bounded time, and once.
pub(in crate::customs) fn intercept(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    filed: &Declaration,
    things: &[ItemId],
    interception: Interception,
) -> Result<Option<HoldId>, Refusal> {
    let in_force = match &filed.hold {
        Some(hold_id) => Some(find(ctx, hold_id)?).filter(|hold| hold.binds(caller.now)),
        None => None,
    };
    if let Some(hold) = in_force.filter(|hold| hold.until.is_none() || !interception.by_rule) {
        return Ok(Some(hold.hold_id));
    }
    let own = within_reach(ctx, registry, caller, filed, things)?;
    let Ok(items) = held_by_name(filed, &own) else { return Ok(filed.hold.clone()) };
    let takes_two = !interception.by_rule && held_before(ctx, caller, &own)?.ever;
    let until = if interception.by_rule { None } else { Some(longest(ctx, caller.now)?) };
    let hold = new_hold(
        caller,
        &filed.destination,
        items,
        Draft {
            things: own.len(),
            declaration_id: Some(filed.declaration_id.clone()),
            until,
            takes_two,
            reason: interception.reason,
        },
    );
    attach(ctx, registry, caller, &hold, &own)?;
    put(ctx, caller, &hold)?;
    Ok(Some(hold.hold_id))
}

/// Makes the hold of an interception that a second person approved stand until it is lifted.
pub(in crate::customs) fn confirm_by_decision(
    ctx: &mut Context<'_>,
    caller: &Caller,
    filed: &Declaration,
    step: HoldStep,
) -> Result<(), Refusal> {
    let Some(hold_id) = &filed.hold else { return Ok(()) };
    let mut hold = find(ctx, hold_id)?;
    if !matches!(hold.state, HoldState::Proposed | HoldState::Held) {
        return Ok(());
    }
    hold.state = HoldState::Held;
    hold.until = None;
    hold.steps.push(step);
    put(ctx, caller, &hold)
}

/// Lifts the hold of a declaration that is cleared.
pub(in crate::customs) fn lift_by_clearance(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    filed: &Declaration,
    step: HoldStep,
) -> Result<(), Refusal> {
    let Some(hold_id) = &filed.hold else { return Ok(()) };
    let mut hold = find(ctx, hold_id)?;
    if hold.state == HoldState::Lifted {
        return Ok(());
    }
    custody::release(ctx, registry, caller, &hold)?;
    hold.state = HoldState::Lifted;
    hold.steps.push(step);
    put(ctx, caller, &hold)
}

/// The things that an interception holds.
fn within_reach(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    filed: &Declaration,
    things: &[ItemId],
) -> Result<Vec<ItemId>, Refusal> {
    let reservations = reservation::reserved(ctx, &filed.destination, things)?;
    let mut within = Vec::new();
    for (item_id, reservation) in things.iter().zip(reservations) {
        if registry.find(ctx, item_id)?.is_none() {
            continue;
        }
        let of_it = reservation.as_ref() == Some(&filed.declaration_id);
        let here = place::of_thing(ctx, registry, &caller.members, item_id)?.as_ref() == Some(&filed.destination);
        if of_it || here {
            within.push(item_id.clone());
        }
    }
    Ok(within)
}

/// The things that a hold names: those of the declaration that are held, else what is held of their contents.
fn held_by_name(filed: &Declaration, held: &[ItemId]) -> Result<Set<ItemId, 1, DECLARATION_ITEMS_MAX>, Malformed> {
    let named: Vec<ItemId> = filed.items.iter().filter(|item_id| held.contains(item_id)).cloned().collect();
    let items = if named.is_empty() { held.iter().take(DECLARATION_ITEMS_MAX).cloned().collect() } else { named };
    Set::new(items)
}
