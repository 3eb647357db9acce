//! From bytes to events: the envelope around them, its bounds, and the fields every event has.

use super::context::Namespaces;
use super::error::EpcisError;
use super::event::{Action, AggregationEvent, Event, EventBody, EventKind, ObjectEvent};
use super::fields::Fields;
use super::hash;
use super::limits::Limits;
use super::name::EventHash;
use super::time::is_zone_offset;
use super::vocabulary::Vocabulary;
use crate::json::{Json, JsonLimits};
use std::collections::BTreeMap;

/// A parsed document.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The document's own id, if it has one.
    pub id: Option<String>,
    /// Its events in their order; at least one.
    pub events: Vec<Event>,
}

/// Parses an `EPCISDocument`, an `EPCISQueryDocument`, or a single event, within the default [`Limits`].
///
/// # Errors
/// [`EpcisError`] naming the first rule that is broken.
pub fn parse(bytes: &[u8]) -> Result<Document, EpcisError> {
    parse_with(bytes, &Limits::default())
}

/// As [`parse`], with other bounds.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Document, EpcisError> {
    let bounds = JsonLimits { bytes_max: limits.bytes_max, depth_max: limits.depth_max, ..JsonLimits::default() };
    let json = Json::read(bytes, &bounds)?;
    let (place, events) = events(&json)?;
    if events.is_empty() {
        return Err(EpcisError::NoEvents);
    }
    if events.len() > limits.events_max {
        return Err(EpcisError::TooLarge { what: "events", max: limits.events_max });
    }
    let namespaces = Namespaces::standard().with(json.get("@context"));
    let ignored = ignored_fields(&json, &namespaces);
    let read = |(index, json)| event(json, (index, place.of(index)), &namespaces, &ignored, limits);
    let events = events.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(Document { id: json.get("id").and_then(Json::as_text).map(str::to_owned), events })
}

/// Where the events of a document stand, as JSON pointers.
enum Place {
    /// The only event stands here.
    Event(&'static str),
    /// The list of events stands here.
    List(&'static str),
}

impl Place {
    fn of(&self, index: usize) -> String {
        match self {
            Self::Event(pointer) => (*pointer).to_owned(),
            Self::List(pointer) => format!("{pointer}/{index}"),
        }
    }
}

/// The events inside whatever envelope there is, and where they stand.
fn events(json: &Json) -> Result<(Place, &[Json]), EpcisError> {
    let kind = json.get("type").and_then(Json::as_text).unwrap_or_default();
    if EventKind::from_wire(kind).is_some() {
        return Ok((Place::Event(""), std::slice::from_ref(json)));
    }
    if !matches!(kind, "EPCISDocument" | "EPCISQueryDocument") {
        return Err(EpcisError::NotADocument { found: cut(kind) });
    }
    match json.get("schemaVersion") {
        Some(Json::Text(version) | Json::Number(version)) if version == "2" || version.starts_with("2.") => {}
        Some(Json::Text(version) | Json::Number(version)) => {
            return Err(EpcisError::SchemaVersion { found: cut(version) });
        }
        _ => return Err(EpcisError::SchemaVersion { found: String::new() }),
    }
    let body = json.get("epcisBody");
    let results = body.and_then(|body| body.get("queryResults")).and_then(|results| results.get("resultsBody"));
    let holder = results.or(body).ok_or(EpcisError::NoEvents)?;
    let (list, single) = match results {
        Some(_) => ("/epcisBody/queryResults/resultsBody/eventList", "/epcisBody/queryResults/resultsBody/event"),
        None => ("/epcisBody/eventList", "/epcisBody/event"),
    };
    match (holder.get("eventList"), holder.get("event")) {
        (Some(Json::Array(events)), _) => Ok((Place::List(list), events)),
        (None, Some(event @ Json::Object(_))) => Ok((Place::Event(single), std::slice::from_ref(event))),
        _ => Err(EpcisError::NoEvents),
    }
}

/// Extension fields that the document asks to leave out of the hashes. Only names with a prefix count: nobody
/// may take a field of the standard out of its event's hash.
fn ignored_fields(document: &Json, namespaces: &Namespaces) -> Vec<String> {
    const NAME: &str = "{https://repository-x.example.com/}ignoreFields";
    let results = document.get("epcisBody").and_then(|body| body.get("queryResults"));
    let members = document.members().iter().chain(results.map(Json::members).unwrap_or_default());
    let lists = members.filter(|(name, _)| namespaces.name(name) == NAME);
    let fields = lists.flat_map(|(_, value)| value.elements()).filter_map(Json::as_text);
    fields.filter(|name| name.contains(':')).map(str::to_owned).collect()
}

fn event(
    json: &Json,
    (index, pointer): (usize, String),
    namespaces: &Namespaces,
    ignored: &[String],
    limits: &Limits,
) -> Result<Event, EpcisError> {
    if json.members().is_empty() {
        return Err(EpcisError::WrongType { index, field: "eventList", expected: "a list of objects" });
    }
    let namespaces = namespaces.with(json.get("@context"));
    let fields = Fields { event: json, index, pointer, namespaces: &namespaces, limits };
    let kind = fields.required_text(json, "type")?;
    let kind = EventKind::from_wire(kind).ok_or(EpcisError::UnknownEventType { index, found: cut(kind) })?;
    let zone = fields.required_text(json, "eventTimeZoneOffset")?;
    if !is_zone_offset(zone) {
        return Err(EpcisError::TimeZone { index });
    }
    Ok(Event {
        kind,
        time: fields.required_time(json, "eventTime")?,
        time_zone_offset: zone.to_owned(),
        record_time: fields.time(json, "recordTime")?,
        event_id: fields.text(json, "eventID")?.map(str::to_owned),
        error_declaration: fields.error_declaration()?,
        certification_info: fields.texts(json, "certificationInfo")?,
        biz_step: fields.word(json, "bizStep", Vocabulary::BizStep)?,
        disposition: fields.word(json, "disposition", Vocabulary::Disposition)?,
        read_point: fields.place("readPoint")?,
        biz_location: fields.place("bizLocation")?,
        biz_transactions: fields.references("bizTransactionList", "bizTransaction", Vocabulary::TransactionType)?,
        sources: fields.references("sourceList", "source", Vocabulary::PartyType)?,
        destinations: fields.references("destinationList", "destination", Vocabulary::PartyType)?,
        body: body(kind, &fields)?,
        extensions: extensions(kind, json),
        hash: EventHash::of(&hash::prehash(json, &namespaces, ignored)),
        raw: json.clone(),
    })
}

fn body(kind: EventKind, fields: &Fields<'_>) -> Result<EventBody, EpcisError> {
    match kind {
        EventKind::ObjectEvent => Ok(EventBody::Object(ObjectEvent {
            action: fields.action()?,
            epcs: fields.objects("epcList")?,
            quantities: fields.quantities("quantityList")?,
        })),
        EventKind::AggregationEvent => {
            let action = fields.action()?;
            let parent = fields.text(fields.event, "parentID")?;
            if parent.is_none() && action != Action::Observe {
                return Err(EpcisError::Missing { index: fields.index, field: "parentID" });
            }
            Ok(EventBody::Aggregation(AggregationEvent {
                action,
                parent: parent.map(|parent| fields.uri(parent, "parentID", "")).transpose()?,
                children: fields.objects("childEPCs")?,
                quantities: fields.quantities("childQuantityList")?,
            }))
        }
        _ => Ok(EventBody::Untyped),
    }
}

/// Everything the typed fields do not hold.
fn extensions(kind: EventKind, json: &Json) -> BTreeMap<String, Json> {
    const COMMON: &[&str] = &[
        "@context",
        "type",
        "eventTime",
        "eventTimeZoneOffset",
        "recordTime",
        "eventID",
        "errorDeclaration",
        "certificationInfo",
        "bizStep",
        "disposition",
        "readPoint",
        "bizLocation",
        "bizTransactionList",
        "sourceList",
        "destinationList",
    ];
    let own: &[&str] = match kind {
        EventKind::ObjectEvent => &["action", "epcList", "quantityList"],
        EventKind::AggregationEvent => &["action", "parentID", "childEPCs", "childQuantityList"],
        _ => &[],
    };
    let others =
        json.members().iter().filter(|(name, _)| !COMMON.contains(&name.as_str()) && !own.contains(&name.as_str()));
    others.cloned().collect()
}

fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
