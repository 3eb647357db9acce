//! The events themselves, as EPCIS 2.0 writes them in JSON-LD.
//!
//! Object and aggregation events are typed in full. Transaction, transformation and association events are
//! recognised, checked for the common fields and hashed; their own fields stay in [`Event::raw`].

use super::name::EventHash;
use super::time::EventTime;
use crate::gs1::ObjectUri;
use crate::json::Json;
use std::collections::BTreeMap;

/// One captured event: the fields every type shares, and what is particular to its type.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Which of the five types it is.
    pub kind: EventKind,
    /// When it happened.
    pub time: EventTime,
    /// The offset at the place of the event, such as `+01:00`.
    pub time_zone_offset: String,
    /// When it was recorded, if the document says so; never trusted, never hashed.
    pub record_time: Option<EventTime>,
    /// The id the sender gave the event, if any. See [`Event::id`].
    pub event_id: Option<String>,
    /// Present when the event declares an earlier one with the same hash to be wrong.
    pub error_declaration: Option<ErrorDeclaration>,
    /// Certification, as a URI.
    pub certification_info: Vec<String>,
    /// Business step as a full URI: `https://ref.gs1.org/cbv/BizStep-shipping`, or the sender's own.
    pub biz_step: Option<String>,
    /// Disposition as a full URI: `https://ref.gs1.org/cbv/Disp-in_transit`, or the sender's own.
    pub disposition: Option<String>,
    /// Where the event was seen.
    pub read_point: Option<ObjectUri>,
    /// Where the objects are afterwards.
    pub biz_location: Option<ObjectUri>,
    /// Business documents the event belongs to.
    pub biz_transactions: Vec<TypedReference>,
    /// Who gives, by kind: owning party, possessing party, location.
    pub sources: Vec<TypedReference>,
    /// Who receives, by kind.
    pub destinations: Vec<TypedReference>,
    /// What is particular to the type of event.
    pub body: EventBody,
    /// Fields that neither this vocabulary nor the common ones name (extensions, sensor data, master data),
    /// by their name in the document.
    pub extensions: BTreeMap<String, Json>,
    /// The event hash of CBV 2.0, computed on the way in.
    pub hash: EventHash,
    /// The event as it stood in the document.
    pub raw: Json,
}

impl Event {
    /// The id to file the event under: its own when it has one, the event hash otherwise.
    pub fn id(&self) -> &str {
        self.event_id.as_deref().unwrap_or(self.hash.as_str())
    }

    /// The business step without its vocabulary prefix (`shipping`), when it is one of CBV 2.0.
    pub fn biz_step_name(&self) -> Option<&str> {
        self.biz_step.as_deref()?.strip_prefix(super::vocabulary::BIZ_STEP_PREFIX)
    }

    /// The disposition without its vocabulary prefix (`in_transit`), when it is one of CBV 2.0.
    pub fn disposition_name(&self) -> Option<&str> {
        self.disposition.as_deref()?.strip_prefix(super::vocabulary::DISPOSITION_PREFIX)
    }

    /// The destination of the given kind (`possessing_party`, `owning_party`, `location`), if stated once.
    pub fn destination(&self, kind: &str) -> Option<&ObjectUri> {
        of_kind(&self.destinations, kind)
    }

    /// The source of the given kind (`possessing_party`, `owning_party`, `location`), if stated once.
    pub fn source(&self, kind: &str) -> Option<&ObjectUri> {
        of_kind(&self.sources, kind)
    }
}

fn of_kind<'a>(references: &'a [TypedReference], kind: &str) -> Option<&'a ObjectUri> {
    let mut found = references.iter().filter(|reference| reference.kind_name() == Some(kind));
    match (found.next(), found.next()) {
        (Some(only), None) => Some(&only.reference),
        _ => None,
    }
}

/// The five event types of EPCIS 2.0.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub enum EventKind {
    /// Something happened to objects.
    ObjectEvent,
    /// Objects were packed into or unpacked from a parent.
    AggregationEvent,
    /// Objects were tied to business documents.
    TransactionEvent,
    /// Objects became other objects.
    TransformationEvent,
    /// Objects were attached to a parent for long.
    AssociationEvent,
}

impl EventKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ObjectEvent => "ObjectEvent",
            Self::AggregationEvent => "AggregationEvent",
            Self::TransactionEvent => "TransactionEvent",
            Self::TransformationEvent => "TransformationEvent",
            Self::AssociationEvent => "AssociationEvent",
        }
    }

    pub(super) fn from_wire(name: &str) -> Option<Self> {
        [
            Self::ObjectEvent,
            Self::AggregationEvent,
            Self::TransactionEvent,
            Self::TransformationEvent,
            Self::AssociationEvent,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// What is particular to one type of event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// Of an object event.
    Object(ObjectEvent),
    /// Of an aggregation event.
    Aggregation(AggregationEvent),
    /// Recognised and hashed, its own fields not typed yet.
    Untyped,
}

/// The fields of an object event.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectEvent {
    /// Whether the objects come into being, are seen, or cease.
    pub action: Action,
    /// Instances, in the order of the document.
    pub epcs: Vec<ObjectUri>,
    /// Amounts of classes (lots, trade items).
    pub quantities: Vec<Quantity>,
}

/// The fields of an aggregation event.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregationEvent {
    /// Whether the children are added, seen, or taken out.
    pub action: Action,
    /// The parent; may be missing only for OBSERVE.
    pub parent: Option<ObjectUri>,
    /// Instances inside the parent, in the order of the document. Empty with DELETE means "all of them".
    pub children: Vec<ObjectUri>,
    /// Amounts of classes inside the parent.
    pub quantities: Vec<Quantity>,
}

/// How an event relates to the life of its objects.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Action {
    /// Created, or added to the parent.
    Add,
    /// Seen.
    Observe,
    /// Ended, or removed from the parent.
    Delete,
}

/// An amount of a class of objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The class, such as a lot of a trade item.
    pub class: ObjectUri,
    /// The number as canonical decimal text (`200`, `3.5`); missing when unknown.
    pub quantity: Option<String>,
    /// UN/CEFACT unit such as `KGM`; missing when pieces are counted.
    pub unit: Option<String>,
}

/// A reference with its kind: a business document, a source or a destination.
#[derive(Debug, Clone, PartialEq)]
pub struct TypedReference {
    /// The kind as a full URI (`https://ref.gs1.org/cbv/SDT-possessing_party`), if stated.
    pub kind: Option<String>,
    /// What is referred to.
    pub reference: ObjectUri,
}

impl TypedReference {
    /// The kind without its vocabulary prefix (`po`, `owning_party`), when it is one of CBV 2.0.
    pub fn kind_name(&self) -> Option<&str> {
        let kind = self.kind.as_deref()?;
        [super::vocabulary::TRANSACTION_PREFIX, super::vocabulary::PARTY_PREFIX]
            .into_iter()
            .find_map(|prefix| kind.strip_prefix(prefix))
    }
}

/// The statement that an earlier event was wrong. The event that carries it hashes like the one it corrects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDeclaration {
    /// When the error was declared.
    pub time: EventTime,
    /// `https://ref.gs1.org/cbv/ER-did_not_occur`, `…ER-incorrect_data`, or the sender's own.
    pub reason: Option<String>,
    /// Ids of the events that replace the wrong one.
    pub corrective_event_ids: Vec<String>,
}
