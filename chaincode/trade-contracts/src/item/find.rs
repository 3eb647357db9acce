//! Items, alarms and events that must be there.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, EventRecordId, ItemId};
use trade_model::item::{ALARMS, Alarm, EVENTS, ITEMS, Item, ItemRejection, RecordedEvent};

use crate::ledger;

pub(super) fn find(ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Item, Refusal> {
    ledger::require(ctx, &ITEMS, item_id, |item_id| ItemRejection::ItemUnknown { item_id })
}

pub(super) fn find_alarm(ctx: &mut Context<'_>, alarm_id: &AlarmId) -> Result<Alarm, Refusal> {
    ledger::require(ctx, &ALARMS, alarm_id, |alarm_id| ItemRejection::AlarmUnknown { alarm_id })
}

pub(super) fn find_event(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<Option<RecordedEvent>, Refusal> {
    Ok(EVENTS.find(ctx, record_id)?)
}
