//! Reads single fields of an event, each with its own refusal.

use super::context::Namespaces;
use super::error::EpcisError;
use super::event::{Action, ErrorDeclaration, Quantity, TypedReference};
use super::hash::canonical_number;
use super::limits::Limits;
use super::time::EventTime;
use super::vocabulary::{Vocabulary, modernise};
use crate::gs1::ObjectUri;
use crate::json::Json;

/// One event under the reader's eye.
pub(super) struct Fields<'a> {
    pub(super) event: &'a Json,
    pub(super) index: usize,
    /// Where the event stands in the document, as a JSON pointer.
    pub(super) pointer: String,
    pub(super) namespaces: &'a Namespaces,
    pub(super) limits: &'a Limits,
}

impl<'a> Fields<'a> {
    pub(super) fn text(&self, object: &'a Json, field: &'static str) -> Result<Option<&'a str>, EpcisError> {
        match object.get(field) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "a string")),
        }
    }

    pub(super) fn required_text(&self, object: &'a Json, field: &'static str) -> Result<&'a str, EpcisError> {
        self.text(object, field)?.ok_or(EpcisError::Missing { index: self.index, field })
    }

    pub(super) fn time(&self, object: &'a Json, field: &'static str) -> Result<Option<EventTime>, EpcisError> {
        let parse = |text| EventTime::parse(text).ok_or(EpcisError::Time { index: self.index, field });
        self.text(object, field)?.map(parse).transpose()
    }

    pub(super) fn required_time(&self, object: &'a Json, field: &'static str) -> Result<EventTime, EpcisError> {
        self.time(object, field)?.ok_or(EpcisError::Missing { index: self.index, field })
    }

    pub(super) fn action(&self) -> Result<Action, EpcisError> {
        match self.required_text(self.event, "action")? {
            "ADD" => Ok(Action::Add),
            "OBSERVE" => Ok(Action::Observe),
            "DELETE" => Ok(Action::Delete),
            _ => Err(EpcisError::Action { index: self.index }),
        }
    }

    /// A word of the vocabulary as a full URI.
    pub(super) fn word(
        &self,
        object: &'a Json,
        field: &'static str,
        vocabulary: Vocabulary,
    ) -> Result<Option<String>, EpcisError> {
        let Some(text) = self.text(object, field)? else {
            return Ok(None);
        };
        let unknown = EpcisError::UnknownWord { index: self.index, field };
        let word = vocabulary.expand(text.trim()).ok_or(unknown)?;
        Ok(Some(self.full_uri(&word)))
    }

    /// `{"id": "…"}`.
    pub(super) fn place(&self, field: &'static str) -> Result<Option<ObjectUri>, EpcisError> {
        match self.event.get(field) {
            None | Some(Json::Null) => Ok(None),
            Some(place @ Json::Object(_)) => self.uri(self.required_text(place, "id")?, field, "/id").map(Some),
            Some(_) => Err(self.wrong(field, "an object with an id")),
        }
    }

    /// A URI that stands in `field`, at `inside` of it (a JSON pointer, empty for the field itself).
    pub(super) fn uri(&self, text: &str, field: &'static str, inside: &str) -> Result<ObjectUri, EpcisError> {
        // The algorithm of the event hash forgives blanks around a text. A question for a thing
        // by its identifier is not forgiven any, so a document that is captured is not either.
        let parsed = match self.limits.check_digits {
            true => ObjectUri::parse(text),
            false => ObjectUri::parse_form_only(text.trim()),
        };
        let place = || format!("{}/{field}{inside}", self.pointer);
        parsed.map_err(|cause| EpcisError::Uri { index: self.index, field, pointer: place(), cause })
    }

    pub(super) fn texts(&self, object: &'a Json, field: &'static str) -> Result<Vec<String>, EpcisError> {
        let elements = object.get(field).map(Json::elements).unwrap_or_default();
        self.bounded(elements)?;
        let text = |element: &Json| element.as_text().map(str::to_owned).ok_or(self.wrong(field, "a list of strings"));
        elements.iter().map(text).collect()
    }

    /// Objects, each once: a list of EPCs is a set, and one object may be written in two ways.
    pub(super) fn objects(&self, field: &'static str) -> Result<Vec<ObjectUri>, EpcisError> {
        let elements = self.list(field)?;
        let mut objects = Vec::with_capacity(elements.len());
        let mut seen = std::collections::BTreeSet::new();
        for (position, element) in elements.iter().enumerate() {
            let text = element.as_text().ok_or(self.wrong(field, "a list of strings"))?;
            let object = self.uri(text, field, &format!("/{position}"))?;
            if seen.insert(object.canonical().to_owned()) {
                objects.push(object);
            }
        }
        Ok(objects)
    }

    pub(super) fn quantities(&self, field: &'static str) -> Result<Vec<Quantity>, EpcisError> {
        let read = |(position, element)| self.quantity(element, field, position);
        self.list(field)?.iter().enumerate().map(read).collect()
    }

    fn quantity(&self, element: &'a Json, field: &'static str, position: usize) -> Result<Quantity, EpcisError> {
        let class = self.uri(self.required_text(element, "epcClass")?, field, &format!("/{position}/epcClass"))?;
        let wrong = EpcisError::Quantity { index: self.index };
        let quantity = match element.get("quantity") {
            None | Some(Json::Null) => None,
            Some(Json::Number(number) | Json::Text(number)) => {
                let number = canonical_number(number).filter(|number| !number.starts_with('-'));
                Some(number.ok_or(wrong)?)
            }
            Some(_) => return Err(wrong),
        };
        let unit = self.text(element, "uom")?.map(str::to_owned);
        Ok(Quantity { class, quantity, unit })
    }

    /// A list of `{"type": "…", "<value>": "…"}`.
    pub(super) fn references(
        &self,
        field: &'static str,
        value: &'static str,
        vocabulary: Vocabulary,
    ) -> Result<Vec<TypedReference>, EpcisError> {
        let read = |(position, element): (usize, &'a Json)| {
            let kind = self.word(element, "type", vocabulary)?;
            let inside = format!("/{position}/{value}");
            let reference = self.uri(self.required_text(element, value)?, field, &inside)?;
            Ok(TypedReference { kind, reference })
        };
        self.list(field)?.iter().enumerate().map(read).collect()
    }

    pub(super) fn error_declaration(&self) -> Result<Option<ErrorDeclaration>, EpcisError> {
        let declaration = match self.event.get("errorDeclaration") {
            None | Some(Json::Null) => return Ok(None),
            Some(declaration @ Json::Object(_)) => declaration,
            Some(_) => return Err(self.wrong("errorDeclaration", "an object")),
        };
        Ok(Some(ErrorDeclaration {
            time: self.required_time(declaration, "declarationTime")?,
            reason: self.word(declaration, "reason", Vocabulary::ErrorReason)?,
            corrective_event_ids: self.texts(declaration, "correctiveEventIDs")?,
        }))
    }

    fn list(&self, field: &'static str) -> Result<&'a [Json], EpcisError> {
        match self.event.get(field) {
            None | Some(Json::Null) => Ok(&[]),
            Some(Json::Array(elements)) => self.bounded(elements).map(|()| elements.as_slice()),
            Some(_) => Err(self.wrong(field, "a list")),
        }
    }

    fn bounded(&self, elements: &[Json]) -> Result<(), EpcisError> {
        if elements.len() > self.limits.list_max {
            return Err(EpcisError::TooLarge { what: "members of one list", max: self.limits.list_max });
        }
        Ok(())
    }

    fn full_uri(&self, text: &str) -> String {
        let expanded = self.namespaces.expand(text).unwrap_or_else(|| text.to_owned());
        modernise(&expanded).unwrap_or(expanded)
    }

    fn wrong(&self, field: &'static str, expected: &'static str) -> EpcisError {
        EpcisError::WrongType { index: self.index, field, expected }
    }
}
