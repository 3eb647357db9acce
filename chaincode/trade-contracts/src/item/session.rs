//! What a capture carries from event to event, and what it leaves to be written.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, EventRecordId, Foreign, ItemId};
use trade_model::item::{Basis, EVENTS, RaisedAlarm, RecordedEvent};
use trade_model::rules::AlarmRules;

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
    /// Which event of the document is at work, from 0.
    pub(super) place: u32,
    pub(super) raised: Vec<RaisedAlarm>,
    /// The groups of the alarms of this document.
    pub(super) groups: Vec<AlarmGroupId>,
    /// The places of the events of this document that are sightings of a thing or raise alarms about it.
    pub(super) signals: BTreeMap<ItemId, BTreeSet<u32>>,
    pub(super) alarm_rules: AlarmRules,
}

impl Session {
    pub(super) fn new(caller: Caller, licence: Option<rights::Permission>, alarm_rules: AlarmRules) -> Self {
        Self {
            caller,
            registry: Registry::default(),
            licence,
            records: BTreeMap::new(),
            ids: BTreeMap::new(),
            place: 0,
            raised: Vec::new(),
            groups: Vec::new(),
            signals: BTreeMap::new(),
            alarm_rules,
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
        let ground = ground.in_document(self.place);
        self.registry.append(item_id, entry, &ground)
    }

    /// Writes everything that the events left behind.
    pub(super) fn write(&mut self, ctx: &mut Context<'_>) -> Result<(), Refusal> {
        for (record_id, record) in &self.records {
            EVENTS.put(ctx, record_id, record)?;
        }
        std::mem::take(&mut self.registry).flush(ctx)
    }
}
