//! `item:Capture`: the events of an EPCIS document become facts, and contradictions become alarms.
//!
//! A capture is refused only when the document cannot be taken at all (its form, its size, an event type that is not
//! captured, a foreign event declared erroneous). What contradicts the records is recorded and raises an alarm: refusing
//! it would lose the evidence.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use serde_json::json;
use trade_model::digital_link::ObjectUri;
use trade_model::epcis::{self, EpcisError, Event, EventBody, EventKind};
use trade_model::item::{
    Alarm, AlarmKind, Capture, CaptureReceipt, CaptureStatus, CapturedEvent, DeclaredError, EVENTS_MAX,
    ITEM_MENTIONS_MAX, RaisedAlarm, RecordedEvent,
};
use trade_model::rejection::Rejection;
use trade_model::time::UtcTime;

use super::alarm::{self, Conflict};
use super::book::Book;
use super::{correction, effects, keys};
use crate::announce::announce;
use crate::caller::{Caller, HANDLERS};
use crate::{Refusal, form, rights};

/// How far an event's own clock may run ahead of the transaction, in seconds.
const CLOCK_AHEAD_MAX: i64 = 15 * 60;

/// What a capture carries from event to event.
pub(super) struct Session {
    pub(super) caller: Caller,
    pub(super) book: Book,
    pub(super) licence: Option<rights::Permission>,
    /// Events of this document, and older ones it declares erroneous: to be written at the end.
    pub(super) records: BTreeMap<String, RecordedEvent>,
    ids: BTreeMap<String, String>,
    raised: Vec<RaisedAlarm>,
    /// Alarms of this document, and older ones it withdraws: to be written at the end.
    pub(super) alarms: BTreeMap<String, Alarm>,
}

/// Records the events of a document.
///
/// # Errors
/// See the rejections of the domain `item`.
pub fn capture(ctx: &mut Context<'_>, request: Capture) -> Result<CaptureReceipt, Refusal> {
    let caller = Caller::with_role(ctx, HANDLERS)?;
    let events = parse(&request.document)?;
    check_bounds(&events, caller.now)?;
    let licence = match request.licence_id {
        Some(licence_id) => Some(rights::permission(ctx, &licence_id)?),
        None => None,
    };
    let mut session = Session {
        caller,
        book: Book::default(),
        licence,
        records: BTreeMap::new(),
        ids: BTreeMap::new(),
        raised: Vec::new(),
        alarms: BTreeMap::new(),
    };
    let named: BTreeSet<String> =
        events.iter().flat_map(instances).map(|object| object.canonical().to_owned()).collect();
    session.book.load(ctx, &named.into_iter().collect::<Vec<_>>())?;

    let mut receipts = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        receipts.push(take(ctx, &mut session, place, event)?);
    }
    finish(ctx, session, receipts)
}

/// Takes one event: known, a correction, or new.
fn take(ctx: &mut Context<'_>, session: &mut Session, place: usize, event: &Event) -> Result<CapturedEvent, Refusal> {
    let event_hash = event.hash.as_str().to_owned();
    let known = match find_record(ctx, session, &event_hash)? {
        Some(record) => Some(record),
        None => same_id(ctx, session, event)?,
    };
    let same_content = known.as_ref().is_some_and(|record| record.event_hash == event_hash);
    let status = match (&event.error_declaration, known) {
        (Some(_), Some(record)) if record.declared_erroneous.is_some() => CaptureStatus::AlreadyRecorded,
        (Some(declaration), Some(record)) => {
            let declared = declared_error(session, declaration)?;
            correction::withdraw(ctx, session, record, declared)?;
            CaptureStatus::CorrectionRecorded
        }
        (Some(declaration), None) => {
            let mut record = new_record(session, event)?;
            record.declared_erroneous = Some(declared_error(session, declaration)?);
            keep(ctx, session, place, event, record)?;
            CaptureStatus::CorrectionRecorded
        }
        (None, Some(_)) if same_content => CaptureStatus::AlreadyRecorded,
        (None, other) => {
            let mut record = new_record(session, event)?;
            let mut conflicts = effects::apply(ctx, session, event, &mut record)?;
            if let Some(other) = other {
                let item_id = record
                    .items
                    .first()
                    .cloned()
                    .or_else(|| record.parent.clone())
                    .unwrap_or_else(|| record.event_hash.clone());
                conflicts.push(Conflict { kind: AlarmKind::EventIdReused, item_id, conflicts_with: other.event_hash });
            }
            for conflict in conflicts {
                let alarm = alarm::raise(ctx, &session.caller, &mut session.book, &mut record, conflict)?;
                session.raised.push(RaisedAlarm {
                    alarm_id: alarm.alarm_id.clone(),
                    kind: alarm.kind,
                    item_id: alarm.item_id.clone(),
                    evidence_sha256: alarm.evidence_sha256.clone(),
                });
                session.alarms.insert(alarm.alarm_id.clone(), alarm);
            }
            keep(ctx, session, place, event, record)?;
            CaptureStatus::Recorded
        }
    };
    let items = instances(event).map(|object| object.canonical().to_owned()).collect();
    Ok(CapturedEvent { event_hash, event_id: event.event_id.clone(), status, items })
}

/// Writes everything that the events left behind.
fn finish(ctx: &mut Context<'_>, session: Session, events: Vec<CapturedEvent>) -> Result<CaptureReceipt, Refusal> {
    for (event_hash, record) in &session.records {
        ctx.put_json(&keys::event(event_hash)?, record)?;
    }
    for (alarm_id, alarm) in &session.alarms {
        ctx.put_json(&keys::alarm(alarm_id)?, alarm)?;
    }
    session.book.flush(ctx)?;
    let hashes: Vec<&String> = events.iter().map(|event| &event.event_hash).collect();
    let alarm_ids: Vec<&String> = session.raised.iter().map(|alarm| &alarm.alarm_id).collect();
    let name = if alarm_ids.is_empty() { "item.captured" } else { "item.alarm_raised" };
    announce(ctx, name, &json!({ "events": hashes, "alarms": alarm_ids }))?;
    Ok(CaptureReceipt {
        events,
        alarms: session.raised,
        transaction_id: session.caller.tx_id,
        recorded_at: session.caller.now,
    })
}

fn parse(document: &serde_json::Value) -> Result<Vec<Event>, Rejection> {
    if let Some(kind) = foreign_type(document) {
        return Err(Rejection::EventTypeNotSupported { event_type: kind.as_str() });
    }
    let limits = epcis::Limits { events_max: EVENTS_MAX, list_max: ITEM_MENTIONS_MAX, ..epcis::Limits::default() };
    let parsed = epcis::parse_with(document.to_string().as_bytes(), &limits);
    Ok(parsed.map_err(unreadable)?.events)
}

/// A type of event that is known and not captured. Looked for first, so that nobody mends the details of a document that
/// cannot be taken anyway.
fn foreign_type(document: &serde_json::Value) -> Option<EventKind> {
    let body = &document["epcisBody"];
    let several =
        [body, &body["queryResults"]["resultsBody"]].into_iter().find_map(|holder| holder["eventList"].as_array());
    let events = several.map_or(std::slice::from_ref(document), Vec::as_slice);
    let types = events.iter().filter_map(|event| event["type"].as_str());
    let known = [EventKind::TransactionEvent, EventKind::TransformationEvent, EventKind::AssociationEvent];
    types.filter_map(|name| known.into_iter().find(|kind| kind.as_str() == name)).next()
}

fn unreadable(error: EpcisError) -> Rejection {
    match error {
        EpcisError::NoEvents => Rejection::NoEvents,
        EpcisError::TooLarge { what: "events", max } => Rejection::TooManyEvents { max },
        EpcisError::TooLarge { what, max } if what != "bytes" => Rejection::TooManyItems { max },
        EpcisError::Uri { source, .. } => form::object_error(source),
        other => Rejection::DocumentMalformed { rule: other.to_string() },
    }
}

fn check_bounds(events: &[Event], now: UtcTime) -> Result<(), Rejection> {
    if events.iter().map(|event| instances(event).count()).sum::<usize>() > ITEM_MENTIONS_MAX {
        return Err(Rejection::TooManyItems { max: ITEM_MENTIONS_MAX });
    }
    for event in events {
        if matches!(event.body, EventBody::Untyped) {
            return Err(Rejection::EventTypeNotSupported { event_type: event.kind.as_str() });
        }
        if event_time(event)?.unix_seconds() > now.unix_seconds() + CLOCK_AHEAD_MAX {
            return Err(Rejection::EventInFuture { event_hash: event.hash.as_str().to_owned() });
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
fn classes(event: &Event) -> impl Iterator<Item = &str> {
    let quantities: &[epcis::Quantity] = match &event.body {
        EventBody::Object(body) => &body.quantities,
        EventBody::Aggregation(body) => &body.quantities,
        EventBody::Untyped => &[],
    };
    quantities.iter().map(|quantity| quantity.class.canonical())
}

fn find_record(ctx: &mut Context<'_>, session: &Session, event_hash: &str) -> Result<Option<RecordedEvent>, Refusal> {
    match session.records.get(event_hash) {
        Some(record) => Ok(Some(record.clone())),
        None => Ok(ctx.get_json(&keys::event(event_hash)?)?),
    }
}

/// The event that first carried the same event id, when there is one.
fn same_id(ctx: &mut Context<'_>, session: &Session, event: &Event) -> Result<Option<RecordedEvent>, Refusal> {
    let Some(event_id) = &event.event_id else { return Ok(None) };
    let event_hash = match session.ids.get(event_id) {
        Some(event_hash) => Some(event_hash.clone()),
        None => ctx.get_json::<String>(&keys::event_by_id(event_id)?)?,
    };
    match event_hash {
        Some(event_hash) => find_record(ctx, session, &event_hash),
        None => Ok(None),
    }
}

/// Indexes a new event and keeps it to be written.
fn keep(
    ctx: &mut Context<'_>,
    session: &mut Session,
    place: usize,
    event: &Event,
    record: RecordedEvent,
) -> Result<(), Refusal> {
    let named: BTreeSet<&str> = instances(event).map(ObjectUri::canonical).chain(classes(event)).collect();
    for object_id in named {
        let key = keys::item_event(object_id, session.caller.now, place, &record.event_hash)?;
        ctx.put_json(&key, &record.event_hash)?;
    }
    if let Some(event_id) = &record.event_id {
        let key = keys::event_by_id(event_id)?;
        if !session.ids.contains_key(event_id) && ctx.get(&key)?.is_none() {
            ctx.put_json(&key, &record.event_hash)?;
            session.ids.insert(event_id.clone(), record.event_hash.clone());
        }
    }
    session.records.insert(record.event_hash.clone(), record);
    Ok(())
}

fn new_record(session: &Session, event: &Event) -> Result<RecordedEvent, Rejection> {
    let (action, items, parent) = match &event.body {
        EventBody::Object(body) => (Some(body.action), &body.epcs[..], None),
        EventBody::Aggregation(body) => (Some(body.action), &body.children[..], body.parent.as_ref()),
        EventBody::Untyped => (None, &[][..], None),
    };
    Ok(RecordedEvent {
        event_hash: event.hash.as_str().to_owned(),
        event_id: event.event_id.clone(),
        event_type: event.kind.as_str().to_owned(),
        action: action.map(effects::action_word).unwrap_or_default().to_owned(),
        business_step: event.biz_step_name().or(event.biz_step.as_deref()).map(str::to_owned),
        disposition: event.disposition_name().or(event.disposition.as_deref()).map(str::to_owned),
        event_time: event_time(event)?,
        recorded_at: session.caller.now,
        recorded_by: session.caller.msp_id().clone(),
        transaction_id: session.caller.tx_id.clone(),
        items: items.iter().map(|object| object.canonical().to_owned()).collect(),
        parent: parent.map(|object| object.canonical().to_owned()),
        read_point: event.read_point.as_ref().map(|place| place.canonical().to_owned()),
        business_location: event.biz_location.as_ref().map(|place| place.canonical().to_owned()),
        declared_erroneous: None,
        alarms: Vec::new(),
        effects: Vec::new(),
        event: serde_json::from_str(&event.raw.to_string())
            .map_err(|error| Rejection::DocumentMalformed { rule: error.to_string() })?,
    })
}

fn declared_error(session: &Session, declaration: &epcis::ErrorDeclaration) -> Result<DeclaredError, Rejection> {
    Ok(DeclaredError {
        declared_at: utc(&declaration.time)?,
        reason: declaration.reason.clone(),
        corrective_event_ids: declaration.corrective_event_ids.clone(),
        recorded_at: session.caller.now,
        transaction_id: session.caller.tx_id.clone(),
    })
}

fn event_time(event: &Event) -> Result<UtcTime, Rejection> {
    utc(&event.time)
}

fn utc(time: &epcis::EventTime) -> Result<UtcTime, Rejection> {
    UtcTime::parse(&time.to_string()).map_err(|error| Rejection::DocumentMalformed { rule: error.to_string() })
}
