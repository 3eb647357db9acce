//! Placing a hold.
//!
//! One officer alone can hold for a bounded time, and once: where the authority held a thing before, a second person
//! has to approve. Otherwise one officer could keep a trader's goods for ever, a few days at a time.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{DeclarationId, HoldId, ItemId, Remark, Scoped, Set};
use trade_model::customs::{
    CustomsRejection, DECLARATION_ITEMS_MAX, HOLDS, HOLDS_ON, Hold, HoldState, HoldStep, HoldStepKind, PlaceHold,
};
use trade_standards::identifier::CountryCode;
use trade_standards::time::UtcTime;

use super::binding::Holds;
use super::record::{changed, is_authentic, put};
use crate::announce::announce;
use crate::caller::Caller;
use crate::customs::{consignment, reservation, tariff};
use crate::item::place;
use crate::item::registry::Registry;
use crate::rules;

const DAY: i64 = 86_400;

/// Holds things and all that they contain.
///
/// # Errors
/// The authority of the country only, where the things are declared or located, and for a bounded time.
pub fn place_hold(ctx: &mut Context<'_>, request: PlaceHold) -> Result<Hold, Refusal> {
    let mut caller = Caller::of::<PlaceHold>(ctx)?;
    tariff::check_authority(&caller, &request.country)?;
    let mut registry = Registry::default();
    registry.load(ctx, &request.items)?;
    for item_id in &request.items {
        registry.known(ctx, item_id)?;
    }
    let things = consignment::things(ctx, &mut registry, &request.items)?;
    caller.follow(registry.last_recorded_at());
    check_time(ctx, &caller, request.until)?;
    for item_id in &request.items {
        check_place(ctx, &mut registry, &caller, item_id, &request.country)?;
    }
    let held_before = held_before(ctx, &caller, &things)?;
    if let Some((item_id, hold_id)) = held_before.still {
        return Err(CustomsRejection::AlreadyHeld { item_id, hold_id }.into());
    }

    let hold = new_hold(
        &caller,
        &request.country,
        request.items,
        Draft {
            things: things.len(),
            declaration_id: None,
            until: Some(request.until),
            takes_two: held_before.ever,
            reason: request.reason,
        },
    );
    attach(ctx, &mut registry, &caller, &hold, &things)?;
    registry.flush(ctx)?;
    put(ctx, &caller, &hold)?;
    announce(ctx, changed(&hold))?;
    Ok(hold)
}

/// What differs between the two ways to place a hold.
pub(super) struct Draft {
    pub(super) things: usize,
    pub(super) declaration_id: Option<Scoped<DeclarationId>>,
    pub(super) until: Option<UtcTime>,
    pub(super) takes_two: bool,
    pub(super) reason: Remark,
}

pub(super) fn new_hold(
    caller: &Caller,
    country: &CountryCode,
    items: Set<ItemId, 1, DECLARATION_ITEMS_MAX>,
    draft: Draft,
) -> Hold {
    let place = HoldStep {
        step: HoldStepKind::Place,
        reason: draft.reason,
        done: caller.stamp(),
        person: caller.acting.person.clone(),
        takes_two: draft.takes_two,
        approved: None,
        second: None,
    };
    Hold {
        hold_id: HoldId::of(&caller.transaction_id),
        authority: caller.msp_id().clone(),
        country: country.clone(),
        items,
        things: u32::try_from(draft.things).unwrap_or(u32::MAX),
        declaration_id: draft.declaration_id,
        until: draft.until,
        state: if draft.takes_two { HoldState::Proposed } else { HoldState::Held },
        steps: vec![place],
    }
}

/// Puts things under a hold.
///
/// One of the same authority that binds them stays on them where it is the stronger one: it stands until it is lifted,
/// or the new one only waits for a second person. Otherwise one officer could free what two have confirmed or seized,
/// by intercepting it. The hold of another authority goes on binding as well.
pub(super) fn attach(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    hold: &Hold,
    things: &[ItemId],
) -> Result<(), Refusal> {
    let mut holds = Holds::at(caller.now);
    let binds = hold.binds(caller.now);
    let keys: Vec<_> = things.iter().map(|item_id| (item_id.clone(), Part(hold.authority.clone()))).collect();
    for ((item_id, authority), earlier) in keys.iter().cloned().zip(HOLDS_ON.find_many(ctx, &keys)?) {
        let Some(item) = registry.find(ctx, &item_id)?.cloned() else { continue };
        if let Some(earlier) = earlier.filter(|earlier| *earlier != hold.hold_id)
            && holds.binds(ctx, &caller.members, &earlier)?
            && holds.find(&earlier).is_some_and(|earlier| !binds || earlier.stands_until_lifted())
        {
            continue;
        }
        let binding = holds.on(ctx, &caller.members, &item)?;
        if binding.is_none_or(|binding| binding.authority == hold.authority) {
            registry.change(ctx, &item_id)?.hold = Some(hold.hold_id.clone());
        }
        HOLDS_ON.put(ctx, &(item_id, authority), &hold.hold_id)?;
    }
    Ok(())
}

/// Whether the authority held one of the things before, and whether it still does or proposes to.
pub(super) struct HeldBefore {
    pub(super) ever: bool,
    pub(super) still: Option<(ItemId, HoldId)>,
}

pub(super) fn held_before(ctx: &mut Context<'_>, caller: &Caller, things: &[ItemId]) -> Result<HeldBefore, Refusal> {
    let keys: Vec<_> = things.iter().map(|item_id| (item_id.clone(), Part(caller.msp_id().clone()))).collect();
    let mut found = HeldBefore { ever: false, still: None };
    let mut last: Option<HoldId> = None;
    for ((item_id, _), hold_id) in keys.iter().zip(HOLDS_ON.find_many(ctx, &keys)?) {
        let Some(hold_id) = hold_id.filter(|hold_id| last.as_ref() != Some(hold_id)) else { continue };
        if let Some(hold) = HOLDS.find(ctx, &hold_id)?
            && is_authentic(ctx, &hold)?
        {
            found.ever = true;
            if hold.binds(caller.now) || hold.state == HoldState::Proposed {
                found.still = Some((item_id.clone(), hold_id.clone()));
            }
        }
        last = Some(hold_id);
    }
    Ok(found)
}

/// The latest moment to which one officer can hold.
pub(super) fn longest(ctx: &mut Context<'_>, now: UtcTime) -> Result<UtcTime, Refusal> {
    let days = i64::from(rules::current(ctx)?.customs.hold_days_alone.get());
    let until = UtcTime::from_unix(now.unix_seconds() + days * DAY, now.nanosecond());
    // Ledger time lies in this millennium; a clock at the end of time would hold nothing.
    Ok(until.unwrap_or(now))
}

fn check_time(ctx: &mut Context<'_>, caller: &Caller, until: UtcTime) -> Result<(), Refusal> {
    if until > caller.now && until <= longest(ctx, caller.now)? {
        return Ok(());
    }
    let days = rules::current(ctx)?.customs.hold_days_alone.get();
    Err(CustomsRejection::HoldTooLong { days }.into())
}

/// Refuses what is neither declared for the country, itself or a unit around it, nor located in it.
fn check_place(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    item_id: &ItemId,
    country: &CountryCode,
) -> Result<(), Refusal> {
    let here = reservation::is_declared(ctx, &caller.members, item_id, country)?
        || place::of_thing(ctx, registry, &caller.members, item_id)?.as_ref() == Some(country);
    if here {
        return Ok(());
    }
    Err(CustomsRejection::NotInPlace { item_id: item_id.clone(), country: country.clone() }.into())
}
