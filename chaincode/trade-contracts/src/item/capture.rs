//! `item:Capture`: the events of an EPCIS document become facts, and contradictions become alarms.
//!
//! A capture is refused only when the document cannot be taken at all (its form, its size, an event type that is not
//! captured, a foreign event declared erroneous). What contradicts the records is recorded and raises an alarm:
//! refusing it would lose the evidence.
//!
//! An event belongs to its recorder. Documents travel, and the hash of an event says nothing about its sender: a copy
//! sent early is a record of its sender's, under a key of its own, and gets into nobody's way. What of an event its
//! recorder has no standing for is a *sighting*: it stands under keys that nothing reads which changes state.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Duty, EventRecordId, Foreign, ItemId, Malformed, NewestFirst, Role};
use trade_model::item::{
    AlarmKind, Capture, CaptureReceipt, CaptureStatus, CapturedEvent, DeclaredError, EVENTS_BY_ID, EVENTS_MAX,
    ITEM_EVENTS, ITEM_MENTIONS_MAX, ItemEvent, ItemRejection, RecordedEvent,
};
use trade_model::rejection::{Rejection, RequestRejection};
use trade_standards::epcis::{self, EpcisError, Event, EventBody, EventKind};
use trade_standards::gs1::ObjectUri;
use trade_standards::json::Json;
use trade_standards::time::UtcTime;

use super::alarm::{self, Conflict};
use super::effects::Done;
use super::session::Session;
use super::{copy, correction, effects, sighting};
use crate::announce::announce;
use crate::caller::Caller;
use crate::{rights, rules};

/// How far an event's own clock may run ahead of the transaction, in seconds.
const CLOCK_AHEAD_MAX: i64 = 15 * 60;

/// Records the events of a document.
///
/// # Errors
/// See the rejections of the domain `item`.
pub fn capture(ctx: &mut Context<'_>, request: Capture) -> Result<CaptureReceipt, Refusal> {
    let mut caller = Caller::of::<Capture>(ctx)?;
    // What an authority does to the things of others, its officers record, and they need not be clerks.
    if !caller.me.has_role(Role::Customs) {
        caller.acting.check(Duty::Clerk, &caller.me)?;
    }
    let events = parse(&request.document)?;
    check_bounds(&events, caller.now)?;
    let licence = match request.licence_id {
        Some(licence_id) => Some(rights::permission(ctx, &licence_id.of(caller.msp_id()), caller.now)?),
        None => None,
    };
    if let Some(licence) = &licence {
        caller.follow(licence.last_said_at());
    }
    let rules = rules::current(ctx)?;
    let mut session = Session::new(caller, licence, rules);
    let named: BTreeSet<ItemId> = events.iter().flat_map(instances).map(ItemId::from).collect();
    session.registry.load(ctx, &named.into_iter().collect::<Vec<_>>())?;
    session.follow(session.registry.last_recorded_at());

    let mut receipts = Vec::with_capacity(events.len());
    for (place, event) in (0..).zip(&events) {
        session.place = place;
        receipts.push(take(ctx, &mut session, event)?);
    }
    finish(ctx, session, receipts)
}

/// Takes one event: known, a correction, or new.
fn take(ctx: &mut Context<'_>, session: &mut Session, event: &Event) -> Result<CapturedEvent, Refusal> {
    let record_id = EventRecordId::of(&event.hash, session.caller.msp_id());
    let known = match session.find_record(ctx, &record_id)? {
        Some(record) => Some(record),
        None => same_id(ctx, session, event)?,
    };
    let same_content = known.as_ref().is_some_and(|record| record.record_id == record_id);
    let status = match (&event.error_declaration, known) {
        (Some(_), Some(record)) if record.declared_erroneous.is_some() => CaptureStatus::AlreadyRecorded,
        (Some(declaration), Some(record)) => {
            let declared = declared_error(session, declaration)?;
            correction::declare(ctx, session, record, declared)?
        }
        (Some(declaration), None) => {
            let mut record = new_record(session, event, record_id.clone())?;
            if copy::recorded_by_another(ctx, session, &record)?.is_some() {
                return Err(ItemRejection::EventOfAnother { event_hash: event.hash.clone() }.into());
            }
            record.declared_erroneous = Some(declared_error(session, declaration)?);
            keep(ctx, session, event, record, &BTreeSet::new())?;
            CaptureStatus::CorrectionRecorded
        }
        (None, Some(_)) if same_content => CaptureStatus::AlreadyRecorded,
        (None, other) => {
            record_new(ctx, session, event, other)?;
            CaptureStatus::Recorded
        }
    };
    Ok(CapturedEvent {
        event_hash: event.hash.clone(),
        event_id: foreign(event.event_id.as_deref())?,
        status,
        items: instances(event).map(ItemId::from).collect(),
        sightings: session.records.get(&record_id).map(|record| record.sightings.clone()).unwrap_or_default(),
        record_id,
    })
}

/// Records a new event with what it changes and the alarms it raises. `other` is another event of the caller's under
/// the same event id.
fn record_new(
    ctx: &mut Context<'_>,
    session: &mut Session,
    event: &Event,
    other: Option<RecordedEvent>,
) -> Result<(), Refusal> {
    let record_id = EventRecordId::of(&event.hash, session.caller.msp_id());
    let mut record = new_record(session, event, record_id)?;
    let Done { mut conflicts, stated } = effects::apply(ctx, session, event, &mut record)?;
    conflicts.extend(copy::conflicts(ctx, session, &record)?);
    if let Some(other) = other {
        conflicts.push(Conflict {
            kind: AlarmKind::EventIdReused,
            item_id: first_named(&record)?,
            conflicts_with: Foreign::of_id(&other.record_id),
            other_party: Some(other.recorded.by),
        });
    }
    alarm::raise(ctx, session, &mut record, conflicts)?;
    keep(ctx, session, event, record, &stated)
}

/// The thing by which an event that is a conflict as a whole is found; the event itself when it names classes only.
fn first_named(record: &RecordedEvent) -> Result<ItemId, Refusal> {
    match record.items.first().or(record.parent.as_ref()) {
        Some(item_id) => Ok(item_id.clone()),
        None => Ok(ItemId::parse(record.record_id.as_str())?),
    }
}

/// Writes everything that the events left behind.
fn finish(
    ctx: &mut Context<'_>,
    mut session: Session,
    captured: Vec<CapturedEvent>,
) -> Result<CaptureReceipt, Refusal> {
    session.write(ctx)?;
    let events = captured.iter().map(|event| event.event_hash.clone()).collect();
    let groups = std::mem::take(&mut session.groups);
    let event =
        if groups.is_empty() { ItemEvent::Captured { events } } else { ItemEvent::AlarmRaised { events, groups } };
    announce(ctx, event)?;
    Ok(CaptureReceipt { events: captured, alarms: session.raised, recorded: session.caller.stamp() })
}

fn parse(document: &Json) -> Result<Vec<Event>, Rejection> {
    if let Some(kind) = foreign_type(document) {
        return Err(ItemRejection::EventTypeNotSupported { event_type: kind.as_str() }.into());
    }
    let limits = epcis::Limits { events_max: EVENTS_MAX, list_max: ITEM_MENTIONS_MAX, ..epcis::Limits::default() };
    let parsed = epcis::parse_with(document.to_string().as_bytes(), &limits);
    Ok(parsed.map_err(unreadable)?.events)
}

/// A type of event that is known and not captured. Looked for first, so that nobody mends the details of a document
/// that cannot be taken anyway.
fn foreign_type(document: &Json) -> Option<EventKind> {
    let body = document.get("epcisBody");
    let results = body.and_then(|body| body.get("queryResults")).and_then(|results| results.get("resultsBody"));
    let several = [body, results].into_iter().flatten().find_map(|holder| holder.get("eventList"));
    let events = several.map_or(std::slice::from_ref(document), Json::elements);
    let types = events.iter().filter_map(|event| event.get("type").and_then(Json::as_text));
    let known = [EventKind::TransactionEvent, EventKind::TransformationEvent, EventKind::AssociationEvent];
    types.filter_map(|name| known.into_iter().find(|kind| kind.as_str() == name)).next()
}

fn unreadable(error: EpcisError) -> Rejection {
    match error {
        EpcisError::NoEvents => ItemRejection::NoEvents.into(),
        EpcisError::TooLarge { what: "events", max } => ItemRejection::TooManyEvents { max }.into(),
        EpcisError::TooLarge { max, .. } => ItemRejection::TooManyItems { max }.into(),
        EpcisError::Uri { pointer, cause, .. } => {
            RequestRejection::of(format!("/document{pointer}"), &Malformed::from(&cause)).into()
        }
        other => ItemRejection::DocumentMalformed { rule: other.to_string() }.into(),
    }
}

fn check_bounds(events: &[Event], now: UtcTime) -> Result<(), ItemRejection> {
    if events.iter().map(|event| instances(event).count()).sum::<usize>() > ITEM_MENTIONS_MAX {
        return Err(ItemRejection::TooManyItems { max: ITEM_MENTIONS_MAX });
    }
    for event in events {
        if matches!(event.body, EventBody::Untyped) {
            return Err(ItemRejection::EventTypeNotSupported { event_type: event.kind.as_str() });
        }
        if event_time(event)?.unix_seconds() > now.unix_seconds() + CLOCK_AHEAD_MAX {
            return Err(ItemRejection::EventInFuture { event_hash: event.hash.clone() });
        }
    }
    Ok(())
}

/// The things an event names one by one, its parent included.
pub(super) fn instances(event: &Event) -> impl Iterator<Item = &ObjectUri> {
    let (parent, things): (Option<&ObjectUri>, &[ObjectUri]) = match &event.body {
        EventBody::Object(body) => (None, &body.epcs),
        EventBody::Aggregation(body) => (body.parent.as_ref(), &body.children),
        EventBody::Untyped => (None, &[]),
    };
    parent.into_iter().chain(things)
}

/// The classes an event names by quantity.
fn classes(event: &Event) -> impl Iterator<Item = &ObjectUri> {
    let quantities: &[epcis::Quantity] = match &event.body {
        EventBody::Object(body) => &body.quantities,
        EventBody::Aggregation(body) => &body.quantities,
        EventBody::Untyped => &[],
    };
    quantities.iter().map(|quantity| &quantity.class)
}

/// The caller's record that first carried the same event id, when there is one. Nobody owns an id: what others recorded
/// under it is no concern of the caller's, or an id taken early would turn the rightful event into a conflict.
fn same_id(ctx: &mut Context<'_>, session: &Session, event: &Event) -> Result<Option<RecordedEvent>, Refusal> {
    let Some(event_id) = foreign(event.event_id.as_deref())? else { return Ok(None) };
    let record_id = match session.ids.get(&event_id) {
        Some(record_id) => Some(record_id.clone()),
        None => EVENTS_BY_ID.find(ctx, &(Part(session.caller.msp_id().clone()), Part(event_id)))?,
    };
    match record_id {
        Some(record_id) => session.find_record(ctx, &record_id),
        None => Ok(None),
    }
}

/// Indexes a new event and keeps it to be written: among the events of the things that it is a statement about, and
/// among the sightings of all others.
fn keep(
    ctx: &mut Context<'_>,
    session: &mut Session,
    event: &Event,
    record: RecordedEvent,
    stated: &BTreeSet<ItemId>,
) -> Result<(), Refusal> {
    let record_id = &record.record_id;
    let place = NewestFirst::new(session.caller.now, session.place);
    let own_classes = classes(event).filter(|class| effects::may_state_class(session, class)).map(ItemId::from);
    let stated: BTreeSet<ItemId> = stated.iter().cloned().chain(own_classes).collect();
    for object_id in &stated {
        ITEM_EVENTS.put(ctx, &(object_id.clone(), place, record_id.clone()), record_id)?;
    }
    let named = instances(event).chain(classes(event)).map(ItemId::from).filter(|named| !stated.contains(named));
    let partly = record.sightings.iter().map(|sighted| sighted.item_id.clone());
    for object_id in named.chain(partly).collect::<BTreeSet<ItemId>>() {
        sighting::list(ctx, session, &record, &object_id)?;
    }
    if let Some(event_id) = &record.event_id {
        let key = (Part(record.recorded.by.clone()), Part(event_id.clone()));
        if !session.ids.contains_key(event_id) && !EVENTS_BY_ID.exists(ctx, &key)? {
            EVENTS_BY_ID.put(ctx, &key, record_id)?;
            session.ids.insert(event_id.clone(), record_id.clone());
        }
    }
    session.records.insert(record_id.clone(), record);
    Ok(())
}

fn new_record(session: &Session, event: &Event, record_id: EventRecordId) -> Result<RecordedEvent, Refusal> {
    let (action, items, parent) = match &event.body {
        EventBody::Object(body) => (body.action, &body.epcs[..], None),
        EventBody::Aggregation(body) => (body.action, &body.children[..], body.parent.as_ref()),
        EventBody::Untyped => {
            return Err(ItemRejection::EventTypeNotSupported { event_type: event.kind.as_str() }.into());
        }
    };
    let Caller { now, asserted, .. } = session.caller;
    Ok(RecordedEvent {
        event_hash: event.hash.clone(),
        record_id,
        event_id: foreign(event.event_id.as_deref())?,
        event_type: event.kind,
        action,
        business_step: foreign(event.biz_step_name().or(event.biz_step.as_deref()))?,
        disposition: foreign(event.disposition_name().or(event.disposition.as_deref()))?,
        event_time: event_time(event)?,
        recorded: session.caller.stamp(),
        place: session.place,
        asserted_at: (now != asserted).then_some(asserted),
        items: items.iter().map(ItemId::from).collect(),
        parent: parent.map(ItemId::from),
        read_point: foreign(event.read_point.as_ref().map(ObjectUri::canonical))?,
        business_location: foreign(event.biz_location.as_ref().map(ObjectUri::canonical))?,
        declared_erroneous: None,
        alarm_group: None,
        sightings: Vec::new(),
        effects: Vec::new(),
        event: event.raw.clone(),
    })
}

/// A text of the document that is kept as it is.
fn foreign(text: Option<&str>) -> Result<Option<Foreign>, Refusal> {
    let refused = |malformed: Malformed| RequestRejection::of("/document", &malformed);
    Ok(text.map(Foreign::parse).transpose().map_err(refused)?)
}

fn declared_error(session: &Session, declaration: &epcis::ErrorDeclaration) -> Result<DeclaredError, Refusal> {
    let mut corrective_event_ids = Vec::with_capacity(declaration.corrective_event_ids.len());
    for event_id in &declaration.corrective_event_ids {
        corrective_event_ids.extend(foreign(Some(event_id))?);
    }
    Ok(DeclaredError {
        declared_at: utc(&declaration.time)?,
        reason: foreign(declaration.reason.as_deref())?,
        corrective_event_ids,
        recorded: session.caller.stamp(),
    })
}

fn event_time(event: &Event) -> Result<UtcTime, ItemRejection> {
    utc(&event.time)
}

fn utc(time: &epcis::EventTime) -> Result<UtcTime, ItemRejection> {
    UtcTime::parse(&time.to_string()).map_err(|error| ItemRejection::DocumentMalformed { rule: error.to_string() })
}
