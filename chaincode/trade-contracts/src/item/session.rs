//! What a capture carries from event to event, and what it leaves to be written.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, EventRecordId, Foreign, ItemId};
use trade_model::item::{ALARMS, ALARMS_ON, Alarm, Basis, EVENTS, RaisedAlarm, RecordedEvent};

use super::alarm::{self, PlaceOnRecord};
use super::registry::{Entry, Ground, Registry};
use crate::caller::Caller;
use crate::rights;

/// What a capture carries from event to event.
pub(super) struct Session {
    pub(super) caller: Caller,
    pub(super) registry: Registry,
    pub(super) licence: Option<rights::Permission>,
    /// Events of this document, and older ones it declares erroneous: to be written at the end.
    pub(super) records: BTreeMap<EventRecordId, RecordedEvent>,
    /// Records of this document by the event's own id.
    pub(super) ids: BTreeMap<Foreign, EventRecordId>,
    pub(super) raised: Vec<RaisedAlarm>,
    /// Alarms of this document, and older ones it withdraws: to be written at the end.
    pub(super) alarms: BTreeMap<AlarmId, Alarm>,
    /// Index entries of older alarms that point at another event from now on.
    pub(super) moved_pointers: Vec<PlaceOnRecord>,
}

impl Session {
    pub(super) fn new(caller: Caller, licence: Option<rights::Permission>) -> Self {
        Self {
            caller,
            registry: Registry::default(),
            licence,
            records: BTreeMap::new(),
            ids: BTreeMap::new(),
            raised: Vec::new(),
            alarms: BTreeMap::new(),
            moved_pointers: Vec::new(),
        }
    }

    /// The record of an event as this document leaves it so far.
    pub(super) fn find_record(
        &self,
        ctx: &mut Context<'_>,
        record_id: &EventRecordId,
    ) -> Result<Option<RecordedEvent>, Refusal> {
        match self.records.get(record_id) {
            Some(record) => Ok(Some(record.clone())),
            None => Ok(EVENTS.find(ctx, record_id)?),
        }
    }

    /// An alarm as this document leaves it so far.
    pub(super) fn find_alarm(&self, ctx: &mut Context<'_>, alarm_id: &AlarmId) -> Result<Option<Alarm>, Refusal> {
        match self.alarms.get(alarm_id) {
            Some(alarm) => Ok(Some(alarm.clone())),
            None => Ok(ALARMS.find(ctx, alarm_id)?),
        }
    }

    /// Adds an entry to a timeline of an item because of what `record` says.
    pub(super) fn append(
        &mut self,
        record: &RecordedEvent,
        item_id: &ItemId,
        entry: Entry,
        basis: Basis,
    ) -> Result<(), Refusal> {
        // An error declaration takes effect when it is recorded, whatever the event had claimed.
        let claimed_at = (basis != Basis::Correction).then_some(record.event_time);
        let ground = Ground::new(&self.caller, basis, Foreign::of_id(&record.record_id), claimed_at);
        self.registry.append(item_id, entry, &ground)
    }

    /// Writes everything that the events left behind.
    pub(super) fn write(&mut self, ctx: &mut Context<'_>) -> Result<(), Refusal> {
        for (record_id, record) in &self.records {
            EVENTS.put(ctx, record_id, record)?;
        }
        // A pointer that is taken away here may be set again just below: the last write to a key counts.
        for pointer in &self.moved_pointers {
            ALARMS_ON.delete(ctx, pointer)?;
        }
        for alarm in self.alarms.values() {
            alarm::write(ctx, alarm)?;
        }
        std::mem::take(&mut self.registry).flush(ctx)
    }
}
