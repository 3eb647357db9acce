//! The hold of a declaration that is intercepted.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{HoldId, ItemId, Malformed, Remark, Set};
use trade_model::customs::{DECLARATION_ITEMS_MAX, Declaration, HoldState, HoldStep, HoldStepKind};

use super::apply::apply;
use super::place::{Draft, attach, held_before, longest, new_hold};
use super::record::{find, put};
use crate::caller::Caller;
use crate::customs::reservation;
use crate::item::place;
use crate::item::registry::Registry;

/// Why a declaration is intercepted, and whether the rules propose it.
pub(in crate::customs) struct Interception {
    pub(in crate::customs) reason: Remark,
    pub(in crate::customs) by_rule: bool,
}

/// Holds the goods of a declaration that is intercepted.
///
/// What the rules propose holds those that the importer had standing to declare, until the declaration is decided
/// otherwise: a stranger that declares the goods of others does not get them held. What one officer decides holds those
/// that are located in the country as well, for a bounded time, and once.
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
    let own = within_reach(ctx, registry, caller, filed, things, interception.by_rule)?;
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

/// Takes the step that an approved decision means for the hold of its declaration: a clearance lifts it, an
/// interception lets it stand until it is lifted.
pub(in crate::customs) fn follow_decision(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    filed: &Declaration,
    step: HoldStep,
) -> Result<(), Refusal> {
    let Some(hold_id) = &filed.hold else { return Ok(()) };
    let mut hold = find(ctx, hold_id)?;
    // Goods whose hold has lapsed may have gone to others since: they are held by a new decision only.
    let lapsed = hold.until.is_some_and(|until| until < caller.now) || hold.state == HoldState::Seized;
    if hold.state == HoldState::Lifted || (step.step == HoldStepKind::Confirm && lapsed) {
        return Ok(());
    }
    apply(ctx, registry, caller, &mut hold, step.step)?;
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
    by_rule: bool,
) -> Result<Vec<ItemId>, Refusal> {
    let reservations = reservation::reserved(ctx, &filed.destination, things)?;
    let mut within = Vec::new();
    for (item_id, reservation) in things.iter().zip(reservations) {
        if registry.find(ctx, item_id)?.is_none() {
            continue;
        }
        let reached = reservation.as_ref() == Some(&filed.declaration_id)
            || (!by_rule
                && place::of_thing(ctx, registry, &caller.members, item_id)?.as_ref() == Some(&filed.destination));
        if reached {
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
