//! `item:Capture`: the events of an EPCIS document become facts, and contradictions become alarms.
//!
//! A capture is refused only when the document cannot be taken at all (its form, its size, an event type that is not
//! captured, a foreign event declared erroneous). What contradicts the records is recorded and raises an alarm: refusing
//! it would lose the evidence.
//!
//! An event belongs to whoever records it. Documents travel, and the hash of an event says nothing about who sends it; if
//! the first record counted for everybody, a copy sent early would make its sender the maker of somebody else's goods.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::{CompositeKey, Context};
use serde_json::json;
use sha2::{Digest, Sha256};
use trade_model::item::{
    Alarm, AlarmKind, Capture, CaptureReceipt, CaptureStatus, CapturedEvent, DeclaredError, EVENTS_MAX,
    ITEM_MENTIONS_MAX, RaisedAlarm, RecordedEvent,
};
use trade_model::rejection::Rejection;
use trade_standards::epcis::json::Json;
use trade_standards::epcis::{self, EpcisError, Event, EventBody, EventKind};
use trade_standards::gs1::ObjectUri;
use trade_standards::time::UtcTime;

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
    /// Index entries of older alarms that point at another event from now on.
    pub(super) moved_pointers: Vec<CompositeKey>,
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
        moved_pointers: Vec::new(),
    };
    let named: BTreeSet<String> =
        events.iter().flat_map(instances).map(|object| object.canonical().to_owned()).collect();
    session.book.load(ctx, &named.into_iter().collect::<Vec<_>>())?;
    if let Some(last) = session.book.last_recorded_at() {
        session.caller.follow(last);
    }

    let mut receipts = Vec::with_capacity(events.len());
    for (place, event) in events.iter().enumerate() {
        receipts.push(take(ctx, &mut session, place, event)?);
    }
    finish(ctx, session, receipts)
}

/// Takes one event: known, a correction, or new.
fn take(ctx: &mut Context<'_>, session: &mut Session, place: usize, event: &Event) -> Result<CapturedEvent, Refusal> {
    let standing = standing(ctx, session, event)?;
    let record_id = standing.record_id.clone();
    let known = match standing.own {
        Some(record) => Some(record),
        None => same_id(ctx, session, event)?,
    };
    let same_content = known.as_ref().is_some_and(|record| record.record_id == record_id);
    let status = match (&event.error_declaration, known) {
        (Some(_), Some(record)) if record.declared_erroneous.is_some() => CaptureStatus::AlreadyRecorded,
        (Some(declaration), Some(record)) => {
            let declared = declared_error(session, declaration)?;
            correction::withdraw(ctx, session, record, declared)?;
            CaptureStatus::CorrectionRecorded
        }
        (Some(_), None) if standing.first_by_another.is_some() => {
            return Err(Rejection::EventOfAnother { event_hash: event.hash.as_str().to_owned() }.into());
        }
        (Some(declaration), None) => {
            let mut record = new_record(session, event, record_id.clone())?;
            record.declared_erroneous = Some(declared_error(session, declaration)?);
            keep(ctx, session, place, event, record)?;
            CaptureStatus::CorrectionRecorded
        }
        (None, Some(_)) if same_content => CaptureStatus::AlreadyRecorded,
        (None, other) => {
            let mut record = new_record(session, event, record_id.clone())?;
            let mut conflicts = effects::apply(ctx, session, event, &mut record)?;
            conflicts.extend(same_event(&record, standing.first_by_another));
            if let Some(other) = other {
                let item_id = first_named(&record);
                let (kind, other_party) = (AlarmKind::EventIdReused, Some(other.recorded_by));
                conflicts.push(Conflict { kind, item_id, conflicts_with: other.record_id, other_party });
            }
            let event_sha256 = if conflicts.is_empty() { String::new() } else { sha256(&record.event) };
            for conflict in conflicts {
                if session.alarms.contains_key(&alarm::id(&record, &conflict)) {
                    continue;
                }
                let Session { caller, book, .. } = session;
                let alarm = alarm::raise(ctx, caller, book, &mut record, &event_sha256, conflict)?;
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
    let event_hash = event.hash.as_str().to_owned();
    Ok(CapturedEvent { event_hash, record_id, event_id: event.event_id.clone(), status, items })
}

/// How an event stands with its caller: the id its record has or would have, the record itself, and the record of
/// whoever was first, when that was somebody else.
struct Standing {
    record_id: String,
    own: Option<RecordedEvent>,
    first_by_another: Option<RecordedEvent>,
}

/// An event belongs to whoever records it. What somebody else recorded before takes nothing away from the caller's
/// record, and makes it a conflict.
fn standing(ctx: &mut Context<'_>, session: &Session, event: &Event) -> Result<Standing, Refusal> {
    let event_hash = event.hash.as_str();
    let first = find_record(ctx, session, event_hash)?;
    match first {
        Some(first) if first.recorded_by != *session.caller.msp_id() => {
            let record_id = keys::record_of_another(event_hash, session.caller.msp_id());
            let own = find_record(ctx, session, &record_id)?;
            Ok(Standing { record_id, own, first_by_another: Some(first) })
        }
        own => Ok(Standing { record_id: event_hash.to_owned(), own, first_by_another: None }),
    }
}

/// The conflicts of an event that somebody else had recorded word for word, one per thing it names: who of the two saw
/// it happen, the records cannot tell. An event that its first recorder took back contradicts nothing.
fn same_event(record: &RecordedEvent, first: Option<RecordedEvent>) -> Vec<Conflict> {
    let Some(first) = first.filter(|first| first.declared_erroneous.is_none()) else { return Vec::new() };
    let named: BTreeSet<String> = record.items.iter().chain(&record.parent).cloned().collect();
    let named = if named.is_empty() { BTreeSet::from([first_named(record)]) } else { named };
    let conflict = |item_id| Conflict {
        kind: AlarmKind::SameEventByAnother,
        item_id,
        conflicts_with: first.record_id.clone(),
        other_party: Some(first.recorded_by.clone()),
    };
    named.into_iter().map(conflict).collect()
}

/// The thing by which an event that is a conflict as a whole is found; the event itself when it names classes only.
fn first_named(record: &RecordedEvent) -> String {
    record.items.first().or(record.parent.as_ref()).unwrap_or(&record.record_id).clone()
}

/// Writes everything that the events left behind.
fn finish(ctx: &mut Context<'_>, session: Session, events: Vec<CapturedEvent>) -> Result<CaptureReceipt, Refusal> {
    for (record_id, record) in &session.records {
        ctx.put_json(&keys::event(record_id)?, record)?;
    }
    // A pointer that is taken away here may be set again just below: the last write to a key counts.
    for pointer in &session.moved_pointers {
        ctx.delete(pointer)?;
    }
    for alarm in session.alarms.values() {
        alarm::write(ctx, alarm)?;
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

fn parse(document: &Json) -> Result<Vec<Event>, Rejection> {
    if let Some(kind) = foreign_type(document) {
        return Err(Rejection::EventTypeNotSupported { event_type: kind.as_str() });
    }
    let limits = epcis::Limits { events_max: EVENTS_MAX, list_max: ITEM_MENTIONS_MAX, ..epcis::Limits::default() };
    let parsed = epcis::parse_with(document.to_string().as_bytes(), &limits);
    Ok(parsed.map_err(unreadable)?.events)
}

/// A type of event that is known and not captured. Looked for first, so that nobody mends the details of a document that
/// cannot be taken anyway.
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

pub(super) fn find_record(
    ctx: &mut Context<'_>,
    session: &Session,
    record_id: &str,
) -> Result<Option<RecordedEvent>, Refusal> {
    match session.records.get(record_id) {
        Some(record) => Ok(Some(record.clone())),
        None => Ok(ctx.get_json(&keys::event(record_id)?)?),
    }
}

/// The caller's record that first carried the same event id, when there is one. Nobody owns an id: what others recorded
/// under it is no concern of the caller's, or an id taken early would turn the rightful event into a conflict.
fn same_id(ctx: &mut Context<'_>, session: &Session, event: &Event) -> Result<Option<RecordedEvent>, Refusal> {
    let Some(event_id) = &event.event_id else { return Ok(None) };
    let record_id = match session.ids.get(event_id) {
        Some(record_id) => Some(record_id.clone()),
        None => ctx.get_json::<String>(&keys::event_by_id(session.caller.msp_id(), event_id)?)?,
    };
    match record_id {
        Some(record_id) => find_record(ctx, session, &record_id),
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
        let key = keys::item_event(object_id, session.caller.now, place, &record.record_id)?;
        ctx.put_json(&key, &record.record_id)?;
        if session.book.find(ctx, object_id)?.is_some() {
            session.book.stamp(object_id, session.caller.now)?;
        }
    }
    if let Some(event_id) = &record.event_id {
        let key = keys::event_by_id(&record.recorded_by, event_id)?;
        if !session.ids.contains_key(event_id) && ctx.get(&key)?.is_none() {
            ctx.put_json(&key, &record.record_id)?;
            session.ids.insert(event_id.clone(), record.record_id.clone());
        }
    }
    session.records.insert(record.record_id.clone(), record);
    Ok(())
}

fn new_record(session: &Session, event: &Event, record_id: String) -> Result<RecordedEvent, Rejection> {
    let (action, items, parent) = match &event.body {
        EventBody::Object(body) => (Some(body.action), &body.epcs[..], None),
        EventBody::Aggregation(body) => (Some(body.action), &body.children[..], body.parent.as_ref()),
        EventBody::Untyped => (None, &[][..], None),
    };
    Ok(RecordedEvent {
        event_hash: event.hash.as_str().to_owned(),
        record_id,
        event_id: event.event_id.clone(),
        event_type: event.kind.as_str().to_owned(),
        action: action.map(effects::action_word).unwrap_or_default().to_owned(),
        business_step: event.biz_step_name().or(event.biz_step.as_deref()).map(str::to_owned),
        disposition: event.disposition_name().or(event.disposition.as_deref()).map(str::to_owned),
        event_time: event_time(event)?,
        recorded_at: session.caller.now,
        asserted_at: (session.caller.now != session.caller.asserted).then_some(session.caller.asserted),
        recorded_by: session.caller.msp_id().clone(),
        transaction_id: session.caller.tx_id.clone(),
        items: items.iter().map(|object| object.canonical().to_owned()).collect(),
        parent: parent.map(|object| object.canonical().to_owned()),
        read_point: event.read_point.as_ref().map(|place| place.canonical().to_owned()),
        business_location: event.biz_location.as_ref().map(|place| place.canonical().to_owned()),
        declared_erroneous: None,
        alarms: Vec::new(),
        effects: Vec::new(),
        event: event.raw.clone(),
    })
}

/// SHA-256 of an event as it is recorded, in hexadecimal.
fn sha256(event: &Json) -> String {
    hex::encode(Sha256::digest(event.to_string()))
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
