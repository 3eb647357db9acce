//! Where items, events, timelines and alarms stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::MspId;

use super::{Alarm, Item, RecordedEvent, TimelineEntry};
use crate::common::{AlarmId, EventRecordId, Foreign, ItemId, LicenceId, Moment};
use crate::tables::Tables;

/// Items by their canonical id.
pub const ITEMS: Table<ItemId, Item> = Table::new("item");
/// Who held an item: entries by number, from 0.
pub const CUSTODY: Table<(ItemId, u32), TimelineEntry<MspId>> = Table::new("timeline-custody");
/// Who owned an item: entries by number, from 0.
pub const TITLE: Table<(ItemId, u32), TimelineEntry<MspId>> = Table::new("timeline-title");
/// Where an item was: entries by number, from 0.
pub const LOCATION: Table<(ItemId, u32), TimelineEntry<Foreign>> = Table::new("timeline-location");
/// Under which licence an item was made or imported: entries by number, from 0.
pub const LICENCE: Table<(ItemId, u32), TimelineEntry<LicenceId>> = Table::new("timeline-licence");
/// In which unit an item lay: entries by number, from 0.
pub const PACKING: Table<(ItemId, u32), TimelineEntry<ItemId>> = Table::new("timeline-packing");
/// Records of events by their id.
pub const EVENTS: Table<EventRecordId, RecordedEvent> = Table::new("event");
/// Index: which record of a recorder first carried an event id.
pub const EVENTS_BY_ID: Table<(Part<MspId>, Part<Foreign>), EventRecordId> = Table::new("event-id");
/// Index: the events that name an item or a class, by ledger time and place in the document.
pub const ITEM_EVENTS: Table<(ItemId, Moment, u32, EventRecordId), EventRecordId> = Table::new("item-event");
/// Alarms by their id.
pub const ALARMS: Table<AlarmId, Alarm> = Table::new("alarm");
/// Index: the alarms of an item, by their number.
pub const ITEM_ALARMS: Table<(ItemId, u32, AlarmId), AlarmId> = Table::new("item-alarm");
/// Index: the alarms that stand against an item, by their number.
pub const STANDING_ALARMS: Table<(ItemId, u32, AlarmId), AlarmId> = Table::new("item-alarm-standing");
/// Index: the alarms that stand and rest on the record of an event, by item and number.
pub const ALARMS_ON: Table<(Part<Foreign>, ItemId, u32, AlarmId), AlarmId> = Table::new("event-alarm");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&ITEMS);
    all.public(&CUSTODY);
    all.public(&TITLE);
    all.public(&LOCATION);
    all.public(&LICENCE);
    all.public(&PACKING);
    all.public(&EVENTS);
    all.public(&EVENTS_BY_ID);
    all.public(&ITEM_EVENTS);
    all.public(&ALARMS);
    all.public(&ITEM_ALARMS);
    all.public(&STANDING_ALARMS);
    all.public(&ALARMS_ON);
}
