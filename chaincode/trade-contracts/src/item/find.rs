//! Items, alarms and events that must be there, and those of an item.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, EventRecordId, ItemId};
use trade_model::item::{
    ALARMS, Alarm, EVENTS, ITEM_EVENTS, ITEMS, Item, ItemRejection, RecordedEvent, STANDING_ALARMS,
};

use crate::ledger;

pub(super) fn find(ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Item, Refusal> {
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

pub(super) fn find_alarm(ctx: &mut Context<'_>, alarm_id: &AlarmId) -> Result<Alarm, Refusal> {
    ledger::require(ctx, &ALARMS, alarm_id, |alarm_id| ItemRejection::AlarmUnknown { alarm_id })
}

pub(super) fn find_event(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<Option<RecordedEvent>, Refusal> {
    Ok(EVENTS.find(ctx, record_id)?)
}

/// The records of the events that name an object, oldest first, at most `limit`.
pub(super) fn record_ids(
    ctx: &mut Context<'_>,
    object_id: &ItemId,
    limit: usize,
) -> Result<Vec<EventRecordId>, Refusal> {
    let found = ITEM_EVENTS.scan(ctx, object_id, limit)?;
    Ok(found.entries.into_iter().map(|(_, record_id)| record_id).collect())
}
