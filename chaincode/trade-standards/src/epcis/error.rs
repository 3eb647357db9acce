//! Why a document is refused.

use crate::gs1::DigitalLinkError;
use crate::json::JsonError;

/// The rule a document breaks, with the event's position (counted from 0) where there is one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EpcisError {
    /// A bound of [`Limits`](super::Limits) is exceeded.
    #[error("the document exceeds the bound on {what}: at most {max}")]
    TooLarge {
        /// Which bound.
        what: &'static str,
        /// Its value.
        max: usize,
    },
    /// Not UTF-8, not JSON, or beyond a bound on bytes, nesting or number of values.
    #[error("the document cannot be read: {0}")]
    Json(JsonError),
    /// Neither an EPCIS document, nor a query document, nor a single event.
    #[error("neither an EPCISDocument nor an event, but type `{found}`")]
    NotADocument {
        /// The `type` found, cut to 64 characters.
        found: String,
    },
    /// A schema version other than 2.x.
    #[error("schema version `{found}` is not supported")]
    SchemaVersion {
        /// What was found, cut to 64 characters.
        found: String,
    },
    /// A document without events.
    #[error("the document holds no events")]
    NoEvents,
    /// An event of a type the standard does not know.
    #[error("event {index}: unknown event type `{found}`")]
    UnknownEventType {
        /// The event's position.
        index: usize,
        /// What was found, cut to 64 characters.
        found: String,
    },
    /// A mandatory field is missing.
    #[error("event {index}: {field} is missing")]
    Missing {
        /// The event's position.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// A field of the wrong JSON type.
    #[error("event {index}: {field} must be {expected}")]
    WrongType {
        /// The event's position.
        index: usize,
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A time without offset, or no time at all.
    #[error("event {index}: {field} is not a date and time with offset")]
    Time {
        /// The event's position.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// `eventTimeZoneOffset` is no offset.
    #[error("event {index}: eventTimeZoneOffset is not an offset such as +01:00")]
    TimeZone {
        /// The event's position.
        index: usize,
    },
    /// An action other than ADD, OBSERVE and DELETE.
    #[error("event {index}: the action must be ADD, OBSERVE or DELETE")]
    Action {
        /// The event's position.
        index: usize,
    },
    /// A bare word that is not in the vocabulary.
    #[error("event {index}: {field} is not a word of CBV 2.0 and not a URI")]
    UnknownWord {
        /// The event's position.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// A URI that is none, or that claims to be a GS1 key and is not.
    #[error("event {index}: {field}: {cause}")]
    Uri {
        /// The event's position.
        index: usize,
        /// The field.
        field: &'static str,
        /// The place in the document, as a JSON pointer such as `/epcisBody/eventList/1/epcList/0`.
        pointer: String,
        /// The rule it breaks.
        cause: DigitalLinkError,
    },
    /// A quantity that is no positive decimal number.
    #[error("event {index}: a quantity is a decimal number that is not negative")]
    Quantity {
        /// The event's position.
        index: usize,
    },
}

impl From<JsonError> for EpcisError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl EpcisError {
    /// A stable code for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "epcis_too_large",
            Self::Json(JsonError::TooLong { .. } | JsonError::TooMany { .. }) => "epcis_too_large",
            Self::Json(JsonError::NotUtf8 { .. }) => "epcis_not_utf8",
            Self::Json(_) => "epcis_json",
            Self::NotADocument { .. } => "epcis_not_a_document",
            Self::SchemaVersion { .. } => "epcis_schema_version",
            Self::NoEvents => "epcis_no_events",
            Self::UnknownEventType { .. } => "epcis_unknown_event_type",
            Self::Missing { .. } => "epcis_missing_field",
            Self::WrongType { .. } => "epcis_wrong_type",
            Self::Time { .. } => "epcis_time",
            Self::TimeZone { .. } => "epcis_time_zone",
            Self::Action { .. } => "epcis_action",
            Self::UnknownWord { .. } => "epcis_unknown_word",
            Self::Uri { cause, .. } => cause.rule(),
            Self::Quantity { .. } => "epcis_quantity",
        }
    }
}
