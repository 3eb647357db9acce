//! EPCIS 2.0 documents in JSON-LD: parsing into typed events, and the event hash of CBV 2.0.
//!
//! [`parse`] takes the bytes of a document (or of a single event) and returns [`Event`]s or the one rule that
//! is broken. No context is ever fetched from the network: the standard vocabulary is built in, and
//! namespaces come from the document's own `@context`. What is not done: XML, sensor data as types, and the
//! judgement whether an event makes sense for its object; that belongs to the contracts.

mod context;
mod document;
mod error;
mod event;
mod fields;
mod hash;
mod limits;
mod name;
mod time;
mod vocabulary;

pub use document::{Document, parse, parse_with};
pub use error::EpcisError;
pub use event::{
    Action, AggregationEvent, ErrorDeclaration, Event, EventBody, EventKind, ObjectEvent, Quantity, TypedReference,
};
pub use limits::Limits;
pub use name::{EventHash, EventId};
pub use time::EventTime;
pub use vocabulary::{BIZ_STEP_PREFIX, BIZ_STEPS, DISPOSITION_PREFIX, DISPOSITIONS, PARTY_PREFIX, TRANSACTION_PREFIX};

#[cfg(test)]
mod tests;
