//! What a capture carries from event to event, and what it leaves to be written.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, EventRecordId, Foreign, ItemId};
use trade_model::item::{
    ALARM_GROUPS, AlarmGroup, Basis, EVENTS, IssuedSerials, RaisedAlarm, RecordedEvent, StandingTable, serial_of,
};
use trade_model::mandate::Mandate;
use trade_model::rules::{AlarmRules, Rules};
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::UtcTime;

use super::offers::Offers;
use super::registry::{Entry, Ground, Registry};
use super::serials;
use crate::caller::Caller;
use crate::customs::hold::Holds;
use crate::rights;

/// What a capture carries from event to event.
pub(super) struct Session {
    pub(super) caller: Caller,
    pub(super) registry: Registry,
    pub(super) licence: Option<rights::Permission>,
    /// The holds that bind now.
    pub(super) holds: Holds,
    /// What the caller is offered now.
    pub(super) offers: Offers,
    /// Who may cause which effect.
    pub(super) standing: StandingTable,
    /// The mandates that owners gave the caller and that are in force or were, by owner, as far as they were asked for.
    pub(super) mandates: BTreeMap<MspId, Vec<Mandate>>,
    /// The serial numbers that companies issued, by trade item, as far as they were asked for.
    ranges: BTreeMap<Gtin, Vec<IssuedSerials>>,
    /// Events of this document, and older ones it declares erroneous: to be written at the end.
    pub(super) records: BTreeMap<EventRecordId, RecordedEvent>,
    /// Records of this document by the event's own id.
    pub(super) ids: BTreeMap<Foreign, EventRecordId>,
    /// Which event of the document is at work, from 0.
    pub(super) place: u32,
    pub(super) raised: Vec<RaisedAlarm>,
    /// The groups of the alarms of this document.
    pub(super) groups: Vec<AlarmGroupId>,
    /// Groups of earlier documents to which this one adds alarms: to be written at the end.
    pub(super) grown: BTreeMap<AlarmGroupId, AlarmGroup>,
    /// The places of the events of this document that are sightings of a thing or raise alarms about it.
    pub(super) signals: BTreeMap<ItemId, BTreeSet<u32>>,
    pub(super) alarm_rules: AlarmRules,
}

impl Session {
    pub(super) fn new(caller: Caller, licence: Option<rights::Permission>, rules: Rules) -> Self {
        Self {
            holds: Holds::at(caller.now),
            offers: Offers::of(caller.msp_id(), caller.now),
            caller,
            registry: Registry::default(),
            licence,
            standing: rules.standing,
            mandates: BTreeMap::new(),
            ranges: BTreeMap::new(),
            records: BTreeMap::new(),
            ids: BTreeMap::new(),
            place: 0,
            raised: Vec::new(),
            groups: Vec::new(),
            grown: BTreeMap::new(),
            signals: BTreeMap::new(),
            alarm_rules: rules.alarms,
        }
    }

    /// Places the transaction after a record on which it rests, before it has looked at anything by its time.
    pub(super) fn follow(&mut self, earlier: Option<UtcTime>) {
        self.caller.follow(earlier);
        self.holds = Holds::at(self.caller.now);
        self.offers = Offers::of(self.caller.msp_id(), self.caller.now);
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

    /// Whether a thing's serial number lies outside of those that its company has issued.
    pub(super) fn is_outside(&mut self, ctx: &mut Context<'_>, object: &ObjectUri) -> Result<bool, Refusal> {
        let Some((gtin, serial)) = object.gs1().and_then(serial_of) else { return Ok(false) };
        if !self.ranges.contains_key(&gtin) {
            let issued = serials::issued(ctx, &self.caller.members, &gtin)?;
            self.ranges.insert(gtin.clone(), issued);
        }
        let ranges = self.ranges.get(&gtin).map(Vec::as_slice).unwrap_or_default();
        Ok(!ranges.is_empty() && !ranges.iter().any(|issued| issued.range.holds(serial)))
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
        for (group_id, group) in &self.grown {
            ALARM_GROUPS.put(ctx, group_id, group)?;
        }
        std::mem::take(&mut self.registry).flush(ctx)
    }
}
