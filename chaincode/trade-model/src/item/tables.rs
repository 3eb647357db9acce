//! Where items, events, timelines and alarms stand on the ledger.

use fabric_contract::{Part, Table};
use trade_standards::identifier::{Gtin, MspId};

use super::{
    Alarm, AlarmAnswer, AlarmDecision, AlarmGroup, Concern, Correction, CorrectionConsent, IssuedSerials, Item,
    RecordedEvent, SerialNumber, TimelineEntry, Weight,
};
use crate::authorship::{Authored, Said};
use crate::common::{AlarmGroupId, AlarmId, EventRecordId, Foreign, ItemId, Moment, NewestFirst};
use crate::rights::LicenceName;
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
pub const LICENCE: Table<(ItemId, u32), TimelineEntry<LicenceName>> = Table::new("timeline-licence");
/// In which unit an item lay: entries by number, from 0.
pub const PACKING: Table<(ItemId, u32), TimelineEntry<ItemId>> = Table::new("timeline-packing");
/// Index: the things that were ever packed in a unit, the last one first.
pub const CONTENTS: Table<(ItemId, NewestFirst, ItemId), ItemId> = Table::new("unit-content");
/// Records of events by their id.
pub const EVENTS: Table<EventRecordId, RecordedEvent> = Table::new("event");
/// Index: which record of a recorder first carried an event id.
pub const EVENTS_BY_ID: Table<(Part<MspId>, Part<Foreign>), EventRecordId> = Table::new("event-id");
/// Index: the events that name an item or a class and changed or could change it, newest first.
pub const ITEM_EVENTS: Table<(ItemId, NewestFirst, EventRecordId), EventRecordId> = Table::new("item-event");
/// Index: the sightings of a thing, newest first.
pub const SIGHTINGS: Table<(ItemId, NewestFirst, EventRecordId), EventRecordId> = Table::new("item-sighting");
/// Index: the sightings of a recorder, newest first.
pub const SIGHTINGS_BY: Table<(Part<MspId>, NewestFirst, EventRecordId), EventRecordId> =
    Table::new("recorder-sighting");
/// Index: the events of a recorder that are sightings of a thing or raise alarms about it, newest first.
pub const SIGNALS: Table<(Part<MspId>, ItemId, NewestFirst, EventRecordId), EventRecordId> =
    Table::new("recorder-signal");
/// Alarms by their id.
pub const ALARMS: Table<AlarmId, Alarm> = Table::new("alarm");
/// Index: all alarms, newest first.
pub const ALARMS_BY_TIME: Table<(NewestFirst, AlarmId), AlarmId> = Table::new("alarm-time");
/// Index: the alarms of an item, newest first.
pub const ITEM_ALARMS: Table<(ItemId, NewestFirst, AlarmId), AlarmId> = Table::new("item-alarm");
/// Index: the alarms of an item that are not decided or are confirmed, those that count before those that wait, the one
/// with the latest time to answer first.
pub const STANDING_ALARMS: Table<(ItemId, Weight, NewestFirst, AlarmId), AlarmId> = Table::new("item-alarm-standing");
/// Index: the alarms about commissionings that contradict the record of an earlier one, by item, oldest first.
pub const RIVALS: Table<(Part<Foreign>, ItemId, Moment, AlarmId), AlarmId> = Table::new("event-rival");
/// Groups of alarms by their id.
pub const ALARM_GROUPS: Table<AlarmGroupId, AlarmGroup> = Table::new("alarm-group");
/// Index: the alarms of a group.
pub const GROUP_ALARMS: Table<(AlarmGroupId, AlarmId), AlarmId> = Table::new("group-alarm");
/// Index: the groups that concern a member, newest first.
pub const PARTY_ALARMS: Table<(Part<MspId>, Concern, NewestFirst, AlarmGroupId), AlarmGroupId> =
    Table::new("party-alarm");
/// What members answered, by group and member.
pub const ALARM_ANSWERS: Authored<(AlarmGroupId, Part<MspId>), AlarmAnswer> =
    Authored::new("alarm-answer", |(_, member), it| vec![Said::by(&member.0, &it.answered, it)]);
/// What authorities decided, by group.
pub const ALARM_DECISIONS: Authored<AlarmGroupId, AlarmDecision> =
    Authored::new("alarm-decision", |_, it| vec![Said::by_signer(&it.decided, it)]);
/// Ranges of serial numbers by company, trade item and first number.
pub const SERIALS: Authored<(Part<MspId>, Part<Gtin>, SerialNumber), IssuedSerials> =
    Authored::new("serial-range", |_, it| vec![Said::by(&it.company, &it.issued, it)]);
/// Corrections that wait, or waited, for the consent of others, by the record that is declared erroneous.
pub const CORRECTIONS: Authored<EventRecordId, Correction> =
    Authored::new("correction", |_, it| vec![Said::by_signer(&it.declared.recorded, it)]);
/// Who agreed to a correction.
pub const CORRECTION_CONSENTS: Authored<(EventRecordId, Part<MspId>), CorrectionConsent> =
    Authored::new("correction-consent", |(_, member), it| vec![Said::by(&member.0, it.last_said(), it)]);
/// Index: the corrections that wait, by the things concerned.
pub const CORRECTIONS_OF: Table<(ItemId, EventRecordId), EventRecordId> = Table::new("item-correction");

pub(crate) fn tables(all: &mut Tables<'_>) {
    all.public(&ITEMS);
    all.public(&CUSTODY);
    all.public(&TITLE);
    all.public(&LOCATION);
    all.public(&LICENCE);
    all.public(&PACKING);
    all.public(&CONTENTS);
    all.public(&EVENTS);
    all.public(&EVENTS_BY_ID);
    all.authored(&SERIALS);
    all.authored(&CORRECTIONS);
    all.authored(&CORRECTION_CONSENTS);
    all.public(&CORRECTIONS_OF);
    all.public(&ITEM_EVENTS);
    all.public(&SIGHTINGS);
    all.public(&SIGHTINGS_BY);
    all.public(&SIGNALS);
    all.public(&ALARMS);
    all.public(&ALARMS_BY_TIME);
    all.public(&ITEM_ALARMS);
    all.public(&STANDING_ALARMS);
    all.public(&RIVALS);
    all.public(&ALARM_GROUPS);
    all.public(&GROUP_ALARMS);
    all.public(&PARTY_ALARMS);
    all.authored(&ALARM_ANSWERS);
    all.authored(&ALARM_DECISIONS);
}
