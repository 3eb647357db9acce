//! `item`: capturing EPCIS events, reading items, tracing them, and the alarms that contradictions raise.

mod alarm;
mod capture;
mod correction;
mod effects;
mod listing;
pub(crate) mod registry;
mod scan;
mod session;
mod trace;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::common::{AlarmId, EventRecordId, ItemId};
use trade_model::item::{
    ALARMS, Alarm, EVENTS, ITEM_EVENTS, ITEMS, Item, ItemRejection, ReadAlarm, ReadItem, RecordedEvent, STANDING_ALARMS,
};

use crate::ledger;
use crate::table::On;

pub use alarm::close;
pub use capture::capture;
pub use listing::{alarms, events};
pub use scan::scan;
pub use trace::trace;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("item").on(capture).on(close).on(read_item).on(events).on(trace).on(scan).on(alarms).on(read_alarm)
}

/// An item by any of its names.
///
/// # Errors
/// [`ItemRejection::ItemUnknown`].
pub fn read_item(ctx: &mut Context<'_>, request: ReadItem) -> Result<Item, Refusal> {
    find(ctx, &request.item)
}

/// An alarm by its id.
///
/// # Errors
/// [`ItemRejection::AlarmUnknown`].
pub fn read_alarm(ctx: &mut Context<'_>, request: ReadAlarm) -> Result<Alarm, Refusal> {
    find_alarm(ctx, &request.alarm_id)
}

fn find(ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Item, Refusal> {
    ledger::require(ctx, &ITEMS, item_id, |item_id| ItemRejection::ItemUnknown { item_id })
}

/// The ids of the alarms that stand against an item, oldest first and at most `limit`, and whether these are all.
pub(crate) fn standing_alarms(
    ctx: &mut Context<'_>,
    item_id: &ItemId,
    limit: usize,
) -> Result<(Vec<AlarmId>, bool), Refusal> {
    let found = STANDING_ALARMS.scan(ctx, item_id, limit)?;
    Ok((found.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect(), found.complete))
}

fn find_alarm(ctx: &mut Context<'_>, alarm_id: &AlarmId) -> Result<Alarm, Refusal> {
    ledger::require(ctx, &ALARMS, alarm_id, |alarm_id| ItemRejection::AlarmUnknown { alarm_id })
}

fn find_event(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<Option<RecordedEvent>, Refusal> {
    Ok(EVENTS.find(ctx, record_id)?)
}

/// The records of the events that name an object, oldest first, at most `limit`.
fn record_ids(ctx: &mut Context<'_>, object_id: &ItemId, limit: usize) -> Result<Vec<EventRecordId>, Refusal> {
    let found = ITEM_EVENTS.scan(ctx, object_id, limit)?;
    Ok(found.entries.into_iter().map(|(_, record_id)| record_id).collect())
}
