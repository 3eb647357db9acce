//! `item:Trace`: backwards to the origin, forwards to where the contents went, with the party responsible at each step.
//!
//! Responsibility follows custody: it changes when the receiver accepts and not before, so it has neither holes nor
//! overlaps. Records are placed by the ledger's time; what documents claim stands beside it.

use std::collections::BTreeMap;

use fabric_contract::{Context, Table};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::common::{EventRecordId, ItemId};
use trade_model::item::{
    CUSTODY, Item, LICENCE, LOCATION, NESTING_MAX, Origin, PACKING, RecordedEvent, TITLE, TimelineEntry, Trace,
    TraceDirection, TraceItem, TraceStep,
};
use trade_standards::epcis::Action;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::find::{find, find_alarm, find_event, record_ids, standing_alarms};

/// Most steps of an answer, and most things one trace visits.
const STEPS_MAX: usize = 500;
const VISITS_MAX: usize = 300;
/// Most entries of one timeline that are read.
const ENTRIES_MAX: usize = 2_000;
/// Most alarms of an answer.
const ALARMS_MAX: usize = 50;

/// A thing whose events belong to the trace, while `from <= recorded_at` and before `until`.
struct Visit {
    object_id: ItemId,
    distance: u32,
    from: Option<UtcTime>,
    until: Option<UtcTime>,
}

/// Where an item came from, or where it and its contents went.
///
/// # Errors
/// [`trade_model::item::ItemRejection::ItemUnknown`].
pub fn trace(ctx: &mut Context<'_>, request: TraceItem) -> Result<Trace, Refusal> {
    let item = find(ctx, &request.item)?;
    let mut reading = Reading { complete: true };
    let custody = reading.timeline(ctx, &item.item_id, &CUSTODY)?;
    let packing = reading.timeline(ctx, &item.item_id, &PACKING)?;
    let visits = match request.direction {
        TraceDirection::Backward => reading.containers(ctx, &item.item_id)?,
        TraceDirection::Forward => reading.contents(ctx, &item.item_id)?,
    };
    let mut steps = reading.steps(ctx, &visits)?;
    steps.sort_by(|a, b| (a.recorded_at, a.distance, &a.record_id).cmp(&(b.recorded_at, b.distance, &b.record_id)));
    if request.direction == TraceDirection::Backward {
        steps.reverse();
    }
    reading.complete &= steps.len() <= STEPS_MAX;
    steps.truncate(STEPS_MAX);
    let title = reading.timeline(ctx, &item.item_id, &TITLE)?;
    let location = reading.timeline(ctx, &item.item_id, &LOCATION)?;
    let licence = reading.timeline(ctx, &item.item_id, &LICENCE)?;
    let (alarm_ids, all_alarms) = standing_alarms(ctx, &item.item_id, ALARMS_MAX)?;
    let mut alarms = Vec::with_capacity(alarm_ids.len());
    for alarm_id in alarm_ids {
        alarms.push(find_alarm(ctx, &alarm_id)?);
    }
    Ok(Trace {
        alarms,
        alarms_truncated: !all_alarms,
        origin: item.origin,
        direction: request.direction,
        title,
        location,
        licence,
        gaps: gaps(&item, &custody, &steps),
        item_id: item.item_id,
        custody,
        packing,
        steps,
        truncated: !reading.complete,
    })
}

/// Reads within bounds and remembers whether one of them was reached.
struct Reading {
    complete: bool,
}

impl Reading {
    /// The entries of a timeline, oldest first, each ending where the next begins.
    fn timeline<V: Serialize + DeserializeOwned>(
        &mut self,
        ctx: &mut Context<'_>,
        item_id: &ItemId,
        timeline: &Table<(ItemId, u32), TimelineEntry<V>>,
    ) -> Result<Vec<TimelineEntry<V>>, Refusal> {
        let mut entries: Vec<TimelineEntry<V>> = Vec::new();
        for (_, entry) in timeline.scan(ctx, item_id, ENTRIES_MAX + 1)?.entries {
            if let Some(previous) = entries.last_mut() {
                previous.until = Some(entry.from);
            }
            entries.push(entry);
        }
        // One more was read than is shown, so that the last one shown has its end and does not seem to last.
        self.complete &= entries.len() <= ENTRIES_MAX;
        entries.truncate(ENTRIES_MAX);
        Ok(entries)
    }

    /// The records of the events that name a thing, oldest first.
    fn records(&mut self, ctx: &mut Context<'_>, object_id: &ItemId) -> Result<Vec<EventRecordId>, Refusal> {
        let mut records = record_ids(ctx, object_id, STEPS_MAX + 1)?;
        self.complete &= records.len() <= STEPS_MAX;
        records.truncate(STEPS_MAX);
        Ok(records)
    }

    /// The item itself and the units it lay in, each for the time it lay there.
    fn containers(&mut self, ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Vec<Visit>, Refusal> {
        let mut visits = vec![Visit { object_id: item_id.clone(), distance: 0, from: None, until: None }];
        let mut next = 0;
        while let Some(visit) = visits.get(next) {
            let (inside, distance) = ((visit.from, visit.until), visit.distance);
            let object_id = visit.object_id.clone();
            next += 1;
            for entry in self.timeline(ctx, &object_id, &PACKING)? {
                let (from, until) = (inside.0.max(Some(entry.from)), earlier(inside.1, entry.until));
                if let Some(unit) = entry.value.filter(|_| until.is_none_or(|until| from <= Some(until))) {
                    if visits.len() >= VISITS_MAX || distance as usize >= NESTING_MAX {
                        self.complete = false;
                        break;
                    }
                    visits.push(Visit { object_id: unit, distance: distance + 1, from, until });
                }
            }
        }
        Ok(visits)
    }

    /// The item itself and everything that was ever packed in it, each from then on.
    fn contents(&mut self, ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Vec<Visit>, Refusal> {
        let mut visits = vec![Visit { object_id: item_id.clone(), distance: 0, from: None, until: None }];
        let mut next = 0;
        while let Some(visit) = visits.get(next) {
            let (distance, object_id) = (visit.distance, visit.object_id.clone());
            next += 1;
            let mut packed: BTreeMap<ItemId, UtcTime> = BTreeMap::new();
            for record_id in self.records(ctx, &object_id)? {
                let Some(event) = find_event(ctx, &record_id)? else { continue };
                let packs = event.parent.as_ref() == Some(&object_id)
                    && event.action == Action::Add
                    && event.declared_erroneous.is_none();
                for child in event.items.iter().filter(|_| packs) {
                    packed.entry(child.clone()).or_insert(event.recorded.at);
                }
            }
            for (child, from) in packed {
                if visits.iter().any(|visit| visit.object_id == child) {
                    continue;
                }
                if visits.len() >= VISITS_MAX || distance as usize >= NESTING_MAX {
                    self.complete = false;
                    break;
                }
                visits.push(Visit { object_id: child, distance: distance + 1, from: Some(from), until: None });
            }
        }
        Ok(visits)
    }

    /// The events of all visits, each once, at its nearest thing.
    fn steps(&mut self, ctx: &mut Context<'_>, visits: &[Visit]) -> Result<Vec<TraceStep>, Refusal> {
        let mut found: BTreeMap<EventRecordId, TraceStep> = BTreeMap::new();
        for visit in visits {
            let custody = self.timeline(ctx, &visit.object_id, &CUSTODY)?;
            for record_id in self.records(ctx, &visit.object_id)? {
                if found.contains_key(&record_id) {
                    continue;
                }
                let Some(event) = find_event(ctx, &record_id)? else { continue };
                let after_begin = visit.from.is_none_or(|from| from <= event.recorded.at);
                let before_end = visit.until.is_none_or(|until| event.recorded.at <= until);
                if after_begin && before_end {
                    found.insert(record_id, step(visit, &custody, event));
                }
            }
        }
        Ok(found.into_values().collect())
    }
}

fn step(visit: &Visit, custody: &[TimelineEntry<MspId>], event: RecordedEvent) -> TraceStep {
    TraceStep {
        item_id: visit.object_id.clone(),
        distance: visit.distance,
        responsible: holder_at(custody, event.recorded.at),
        place: event.business_location.or(event.read_point),
        erroneous: event.declared_erroneous.is_some(),
        event_hash: event.event_hash,
        record_id: event.record_id,
        event_type: event.event_type,
        action: event.action,
        business_step: event.business_step,
        event_time: event.event_time,
        recorded_at: event.recorded.at,
        recorded_by: event.recorded.by,
    }
}

/// Who held it at that moment, if the timeline reaches that far; at the very moment of a change, the new holder.
fn holder_at(custody: &[TimelineEntry<MspId>], moment: UtcTime) -> Option<MspId> {
    let holds = |entry: &&TimelineEntry<MspId>| entry.from <= moment && entry.until.is_none_or(|until| moment < until);
    custody.iter().rev().find(holds)?.value.clone()
}

fn gaps(item: &Item, custody: &[TimelineEntry<MspId>], steps: &[TraceStep]) -> Vec<String> {
    let mut gaps = Vec::new();
    if item.origin == Origin::Unknown {
        gaps.push("No commissioning is recorded here: where it comes from is unknown.".to_owned());
    }
    if let Some(transfer_id) = &item.open_transfer {
        let holder = item.holder.as_ref().map_or("nobody", MspId::as_str);
        gaps.push(format!("The custody transfer {transfer_id} is not confirmed: {holder} stays responsible."));
    }
    let own = |step: &&TraceStep| step.distance == 0 && !step.erroneous;
    let last_shipped = steps
        .iter()
        .filter(own)
        .filter(|step| step.business_step.as_ref().is_some_and(|name| name.as_str() == "shipping"))
        .max_by_key(|step| step.recorded_at);
    let last_handover = custody.last().map(|entry| entry.from);
    let all_handovers = custody.last().is_none_or(|entry| entry.until.is_none());
    if let Some(shipped) = last_shipped.filter(|_| all_handovers)
        && last_handover.is_none_or(|handover| handover < shipped.recorded_at)
        && item.open_transfer.is_none()
    {
        gaps.push(format!(
            "It was shipped by {} on {} and nobody has accepted it since.",
            shipped.recorded_by,
            shipped.event_time.date()
        ));
    }
    gaps
}

fn earlier(a: Option<UtcTime>, b: Option<UtcTime>) -> Option<UtcTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (only, None) | (None, only) => only,
    }
}
