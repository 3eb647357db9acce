//! An EPCIS document taken apart: one document for each event, so that each is recorded or refused by itself.
//!
//! The bytes of an event stay as they were: a number that is read and written again could be another one, and with it
//! the event's hash.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{FileError, Limits};

/// A document with one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDocument {
    /// Which event of the file it is, from 1.
    pub number: u64,
    /// The event's own id, if it has one.
    pub id: Option<String>,
    /// The document, JSON.
    pub text: String,
}

/// Where documents and query documents have their events.
const PLACES: [&[&str]; 2] = [&["epcisBody", "eventList"], &["epcisBody", "queryResults", "resultsBody", "eventList"]];

/// One document for each event of an EPCIS 2.0 document in JSON. Whether the events are right is not judged here.
///
/// # Errors
/// There are no events where such a document has them, or more than the limits.
pub fn events(bytes: &[u8], limits: &Limits) -> Result<Vec<EventDocument>, FileError> {
    if bytes.len() > limits.bytes {
        return Err(FileError::TooLarge(limits.bytes));
    }
    let malformed = |error: serde_json::Error| FileError::Epcis(error.to_string());
    let document: Members<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    let Some(place) = PLACES.into_iter().find(|place| document.at(place).is_some()) else {
        return Err(FileError::Epcis("it has no list of events".to_owned()));
    };
    let list = document.at(place).map_or("[]", RawValue::get);
    let events: Vec<&RawValue> = serde_json::from_str(list).map_err(malformed)?;
    if events.is_empty() {
        return Err(FileError::Epcis("its list of events is empty".to_owned()));
    }
    if events.len() as u64 > limits.rows {
        return Err(FileError::TooManyRows(limits.rows));
    }
    // Each event gets a copy of all that stands around the list.
    let around = (bytes.len() - list.len()) as u64;
    if around.saturating_mul(events.len() as u64) > limits.expanded_bytes {
        return Err(FileError::ExpandsTooFar(limits.expanded_bytes));
    }
    let one = |(number, event): (u64, &&RawValue)| {
        let members = serde_json::from_str::<Members<'_>>(event.get()).ok();
        let id = members.and_then(|members| serde_json::from_str(members.get("eventID")?.get()).ok());
        let text = document.with(place, &format!("[{}]", event.get()));
        Ok(EventDocument { number, id, text: text.map_err(malformed)? })
    };
    (1..).zip(&events).map(one).collect()
}

/// The members of an object as they were written. Names that stand twice are refused: readers would differ about them.
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    fn at(&self, place: &[&str]) -> Option<&'a RawValue> {
        let (first, rest) = place.split_first()?;
        let value = self.get(first)?;
        if rest.is_empty() { Some(value) } else { serde_json::from_str::<Members<'a>>(value.get()).ok()?.at(rest) }
    }

    /// The object with another value at this place.
    fn with(&self, place: &[&str], replaced: &str) -> Result<String, serde_json::Error> {
        let mut text = String::new();
        for (name, value) in &self.0 {
            let value = match place {
                [first, rest @ ..] if first == name && rest.is_empty() => replaced.to_owned(),
                [first, rest @ ..] if first == name => {
                    serde_json::from_str::<Members<'a>>(value.get())?.with(rest, replaced)?
                }
                _ => value.get().to_owned(),
            };
            let comma = if text.is_empty() { "" } else { "," };
            text += &format!("{comma}{}:{value}", serde_json::to_string(name)?);
        }
        Ok(format!("{{{text}}}"))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut members, mut names) = (Vec::new(), BTreeSet::new());
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom("a name stands twice in one object"));
                    }
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{"@context":["x"],"type":"EPCISDocument","epcisBody":{"eventList":[
        {"type":"ObjectEvent","eventID":"ni:1","ext:weight":0.12345678901234567890},
        {"type":"ObjectEvent"}]},"creationDate":"2026-11-02T09:30:00Z"}"#;

    #[test]
    fn each_event_becomes_a_document_of_its_own_with_its_bytes() -> Result<(), FileError> {
        let events = events(DOCUMENT.as_bytes(), &Limits::default())?;
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].number, events[0].id.as_deref(), events[1].id.as_deref()), (1, Some("ni:1"), None));
        assert_eq!(
            events[0].text,
            concat!(
                r#"{"@context":["x"],"type":"EPCISDocument","epcisBody":{"eventList":["#,
                r#"{"type":"ObjectEvent","eventID":"ni:1","ext:weight":0.12345678901234567890}"#,
                r#"]},"creationDate":"2026-11-02T09:30:00Z"}"#,
            )
        );
        Ok(())
    }

    #[test]
    fn query_documents_have_their_events_elsewhere() -> Result<(), FileError> {
        let text = |events: &str| {
            let body = format!(r#"{{"queryName":"q","resultsBody":{{"eventList":[{events}]}}}}"#);
            format!(r#"{{"type":"EPCISQueryDocument","epcisBody":{{"queryResults":{body}}}}}"#)
        };
        let events = events(text(r#"{"a":1},{"a":2}"#).as_bytes(), &Limits::default())?;
        assert_eq!(events[1].text, text(r#"{"a":2}"#));
        Ok(())
    }

    #[test]
    fn what_has_no_events_or_says_them_twice_is_refused() {
        let refused = |text: &str| events(text.as_bytes(), &Limits::default()).expect_err(text).to_string();
        assert!(refused("[]").contains("object"));
        assert!(refused("{}").contains("no list"));
        assert!(refused(r#"{"epcisBody":{"eventList":[]}}"#).contains("empty"));
        assert!(refused(r#"{"epcisBody":{"eventList":[1]},"epcisBody":{"eventList":[2]}}"#).contains("twice"));
        let many = events(DOCUMENT.as_bytes(), &Limits { rows: 1, ..Limits::default() });
        assert_eq!(many, Err(FileError::TooManyRows(1)));
    }

    #[test]
    fn what_stands_around_the_events_is_not_repeated_beyond_the_limit() {
        let list = vec!["{}"; 1_000].join(",");
        let text = format!(r#"{{"@context":"{}","epcisBody":{{"eventList":[{list}]}}}}"#, "x".repeat(10_000));
        let limits = |expanded_bytes| Limits { expanded_bytes, ..Limits::default() };
        let refused = events(text.as_bytes(), &limits(10_000_000));
        assert_eq!(refused, Err(FileError::ExpandsTooFar(10_000_000)));
        assert_eq!(events(text.as_bytes(), &limits(11_000_000)).map(|events| events.len()), Ok(1_000));
    }
}
