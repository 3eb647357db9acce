//! The event hash of CBV 2.0 (§8.9): a name for an event that anybody can compute from its content.
//!
//! The *pre-hash string* is a concatenation of `key=value` in a fixed order without separators: times in UTC with
//! three decimals, numbers without superfluous zeros, GS1 keys as canonical Digital Links at their finest level,
//! words of the vocabulary as full URIs, lists sorted by their bytes, extensions as `{namespace}local` at the end
//! of the element they stand in. `recordTime`, `eventID` and `errorDeclaration` take no part, so that a
//! correction hashes like the event it corrects.
//!
//! One deviation from the reference implementation: numbers are canonised as decimals, not as binary floating
//! point, so that nothing is lost beyond 15 digits.

use super::context::Namespaces;
use super::time::EventTime;
use super::vocabulary::{Vocabulary, modernise};
use crate::gs1::Gs1Uri;
use crate::json::Json;

/// What a field of the standard holds, and so how it is written.
#[derive(Clone, Copy)]
enum Kind {
    /// A value, or a list of values under one name.
    Value,
    /// A moment.
    Time,
    /// A word of the vocabulary.
    Word(Vocabulary),
    /// A list whose members are written under another name.
    Members(&'static str),
    /// A list of elements with fields of their own, written under another name.
    Elements(&'static str, &'static [(&'static str, Kind)]),
    /// An element with fields of its own.
    Element(&'static [(&'static str, Kind)]),
}

const QUANTITY: Kind =
    Kind::Elements("quantityElement", &[("epcClass", Kind::Value), ("quantity", Kind::Value), ("uom", Kind::Value)]);
const PLACE: Kind = Kind::Element(&[("id", Kind::Value)]);
const DISPOSITION: Kind = Kind::Word(Vocabulary::Disposition);

/// The canonical order of an event's fields. Certification stands where the reference output has it.
const EVENT: &[(&str, Kind)] = &[
    ("eventTime", Kind::Time),
    ("eventTimeZoneOffset", Kind::Value),
    ("certificationInfo", Kind::Value),
    ("parentID", Kind::Value),
    ("epcList", Kind::Members("epc")),
    ("inputEPCList", Kind::Members("epc")),
    ("childEPCs", Kind::Members("epc")),
    ("quantityList", QUANTITY),
    ("childQuantityList", QUANTITY),
    ("inputQuantityList", QUANTITY),
    ("outputEPCList", Kind::Members("epc")),
    ("outputQuantityList", QUANTITY),
    ("action", Kind::Value),
    ("transformationID", Kind::Value),
    ("bizStep", Kind::Word(Vocabulary::BizStep)),
    ("disposition", DISPOSITION),
    ("persistentDisposition", Kind::Element(&[("set", DISPOSITION), ("unset", DISPOSITION)])),
    ("readPoint", PLACE),
    ("bizLocation", PLACE),
    ("sensorElementList", Kind::Elements("sensorElement", SENSOR_ELEMENT)),
];

const SENSOR_ELEMENT: &[(&str, Kind)] = &[
    (
        "sensorMetadata",
        Kind::Element(&[
            ("time", Kind::Time),
            ("startTime", Kind::Time),
            ("endTime", Kind::Time),
            ("deviceID", Kind::Value),
            ("deviceMetadata", Kind::Value),
            ("rawData", Kind::Value),
            ("dataProcessingMethod", Kind::Value),
            ("bizRules", Kind::Value),
        ]),
    ),
    (
        "sensorReport",
        Kind::Element(&[
            ("type", Kind::Word(Vocabulary::Gs1)),
            ("exception", Kind::Word(Vocabulary::Gs1)),
            ("deviceID", Kind::Value),
            ("deviceMetadata", Kind::Value),
            ("rawData", Kind::Value),
            ("dataProcessingMethod", Kind::Value),
            ("time", Kind::Time),
            ("microorganism", Kind::Value),
            ("chemicalSubstance", Kind::Value),
            ("value", Kind::Value),
            ("component", Kind::Word(Vocabulary::Component)),
            ("stringValue", Kind::Value),
            ("booleanValue", Kind::Value),
            ("hexBinaryValue", Kind::Value),
            ("uriValue", Kind::Value),
            ("minValue", Kind::Value),
            ("maxValue", Kind::Value),
            ("meanValue", Kind::Value),
            ("sDev", Kind::Value),
            ("percRank", Kind::Value),
            ("percValue", Kind::Value),
            ("uom", Kind::Value),
            ("coordinateReferenceSystem", Kind::Value),
        ]),
    ),
];

/// Typed references stand among the extensions, sorted with them: so does the reference output.
const REFERENCES: &[(&str, &str, Vocabulary)] = &[
    ("bizTransactionList", "bizTransaction", Vocabulary::TransactionType),
    ("sourceList", "source", Vocabulary::PartyType),
    ("destinationList", "destination", Vocabulary::PartyType),
];

/// Fields that take no part, at the level of the event.
const LEFT_OUT: &[&str] = &["recordTime", "eventID", "type", "errorDeclaration"];

/// Members that take no part anywhere.
const COMMENTS: &[&str] = &["@context", "#text", "rdfs:comment", "comment"];

/// The pre-hash string of an event; `ignored` names extension fields to skip.
pub(super) fn prehash(event: &Json, namespaces: &Namespaces, ignored: &[String]) -> String {
    let writer = Writer { namespaces };
    let kind = event.get("type").and_then(Json::as_text).unwrap_or_default();
    let mut string = format!("eventType={kind}");
    string.push_str(&writer.fields(event, EVENT));
    let mut others = Vec::new();
    for (name, value) in event.members() {
        let known = EVENT.iter().any(|(field, _)| field == name);
        let skipped = LEFT_OUT.contains(&name.as_str()) || COMMENTS.contains(&name.as_str()) || ignored.contains(name);
        match REFERENCES.iter().find(|(field, ..)| field == name) {
            Some((field, member, vocabulary)) => others.extend(writer.references(field, member, *vocabulary, value)),
            None if !known && !skipped => writer.extension(name, value, &mut others),
            None => {}
        }
    }
    others.sort();
    string.push_str(&others.concat());
    string
}

struct Writer<'a> {
    namespaces: &'a Namespaces,
}

impl Writer<'_> {
    /// The fields of `object` in the order of `order`.
    fn fields(&self, object: &Json, order: &[(&str, Kind)]) -> String {
        let mut string = String::new();
        for (name, kind) in order {
            if let Some(value) = object.get(name) {
                string.push_str(&self.field(name, *kind, value));
            }
        }
        string
    }

    fn field(&self, name: &str, kind: Kind, value: &Json) -> String {
        let mut parts: Vec<String> = match kind {
            Kind::Value => value.elements().iter().map(|element| self.pair(name, scalar(element))).collect(),
            Kind::Time => value.elements().iter().map(|element| self.time(name, element)).collect(),
            Kind::Word(vocabulary) => {
                value.elements().iter().map(|element| self.word(name, element, vocabulary)).collect()
            }
            Kind::Element(order) => value.elements().iter().map(|element| self.element(name, element, order)).collect(),
            Kind::Members(member) => {
                let mut members: Vec<String> =
                    value.elements().iter().map(|element| self.pair(member, scalar(element))).collect();
                members.sort();
                return under(name, &members.concat());
            }
            Kind::Elements(member, order) => {
                let mut members: Vec<String> =
                    value.elements().iter().map(|element| self.element(member, element, order)).collect();
                members.sort();
                return under(name, &members.concat());
            }
        };
        parts.sort();
        parts.concat()
    }

    /// An element's fields in their order, then its extensions, sorted.
    fn element(&self, name: &str, element: &Json, order: &[(&str, Kind)]) -> String {
        let mut others = Vec::new();
        for (member, value) in element.members() {
            let known = order.iter().any(|(field, _)| field == member);
            if !known && !COMMENTS.contains(&member.as_str()) {
                self.extension(member, value, &mut others);
            }
        }
        others.sort();
        under(name, &(self.fields(element, order) + &others.concat()))
    }

    fn references(&self, list: &str, member: &str, vocabulary: Vocabulary, value: &Json) -> Option<String> {
        let mut members: Vec<String> = Vec::new();
        for element in value.elements() {
            let kind = element.get("type").map(|kind| self.word("type", kind, vocabulary)).unwrap_or_default();
            let reference = element.get(member).map(|value| self.pair(member, scalar(value))).unwrap_or_default();
            members.push(kind + &reference);
        }
        members.sort();
        let string = under(list, &members.concat());
        (!string.is_empty()).then_some(string)
    }

    /// A field outside the standard: name and value, then its members, sorted. Lists repeat the name.
    fn extension(&self, name: &str, value: &Json, strings: &mut Vec<String>) {
        match value {
            Json::Null => {}
            Json::Array(elements) => {
                for element in elements {
                    self.extension(name, element, strings);
                }
            }
            Json::Object(members) => {
                let mut children = Vec::new();
                for (member, value) in members {
                    if !COMMENTS.contains(&member.as_str()) {
                        self.extension(member, value, &mut children);
                    }
                }
                children.sort();
                let text = value.get("#text").map(|text| self.value(scalar(text))).unwrap_or_default();
                strings.push(format!("{}{text}{}", self.namespaces.name(name), children.concat()));
            }
            _ => strings.push(format!("{}{}", self.namespaces.name(name), self.value(scalar(value)))),
        }
    }

    fn word(&self, name: &str, value: &Json, vocabulary: Vocabulary) -> String {
        let text = scalar(value);
        let word = vocabulary.expand(text.trim()).unwrap_or_else(|| text.into_owned());
        self.pair(name, word.into())
    }

    fn time(&self, name: &str, value: &Json) -> String {
        let text = scalar(value);
        match EventTime::parse(text.trim()) {
            Some(time) => format!("{name}={time}"),
            None => self.pair(name, text),
        }
    }

    /// `name=value`, or nothing when there is no value.
    fn pair(&self, name: &str, text: std::borrow::Cow<'_, str>) -> String {
        under(name, &self.value(text))
    }

    /// `=value` in its canonical form, or nothing.
    fn value(&self, text: std::borrow::Cow<'_, str>) -> String {
        let text = text.trim();
        if text.is_empty() {
            return String::new();
        }
        let text = self.namespaces.expand(text).unwrap_or_else(|| text.to_owned());
        let text = modernise(&text).unwrap_or(text);
        if let Some(number) = canonical_number(&text) {
            return format!("={number}");
        }
        match Gs1Uri::parse_form_only(&text) {
            Some(uri) => format!("={}", uri.canonical()),
            None => format!("={text}"),
        }
    }
}

/// `name` before `content`, or nothing when there is no content.
fn under(name: &str, content: &str) -> String {
    if content.is_empty() { String::new() } else { format!("{name}{content}") }
}

fn scalar(value: &Json) -> std::borrow::Cow<'_, str> {
    match value {
        Json::Text(text) | Json::Number(text) => text.into(),
        Json::Bool(true) => "true".into(),
        Json::Bool(false) => "false".into(),
        Json::Null | Json::Array(_) | Json::Object(_) => "".into(),
    }
}

/// A decimal number without sign plus, leading zeros, trailing zeros or exponent: `1.50` is `1.5`, `007` is `7`,
/// `1e3` is `1000`. `None` when `text` is no decimal number or would grow beyond 400 digits.
pub(super) fn canonical_number(text: &str) -> Option<String> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, small_integer(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !all_digits || whole.len() + fraction.len() == 0 || whole.len() + fraction.len() > 400 {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    // The decimal point stands behind this many digits; negative counts zeros in front.
    let point = whole.len() as i64 + exponent;
    let (whole, fraction) = if point <= 0 {
        (String::new(), format!("{}{digits}", "0".repeat(point.unsigned_abs() as usize)))
    } else if point as usize >= digits.len() {
        (format!("{digits}{}", "0".repeat(point as usize - digits.len())), String::new())
    } else {
        let (whole, fraction) = digits.split_at(point as usize);
        (whole.to_owned(), fraction.to_owned())
    };
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let sign = if negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// An exponent of at most three digits.
fn small_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let holds = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if holds { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::canonical_number;

    #[test]
    fn numbers_have_one_form() {
        let table = [
            ("26.0", Some("26")),
            ("0.180", Some("0.18")),
            ("007", Some("7")),
            ("+5", Some("5")),
            ("-0.0", Some("0")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("1e3", Some("1000")),
            ("1.25E1", Some("12.5")),
            ("12e-4", Some("0.0012")),
            ("040123450000003338", Some("40123450000003338")),
            ("-3.50", Some("-3.5")),
            ("", None),
            (".", None),
            ("-", None),
            ("+01:00", None),
            ("1e", None),
            ("1e1234", None),
            ("0x10", None),
            ("A93", None),
            ("1.2.3", None),
            ("inf", None),
        ];
        for (text, expected) in table {
            assert_eq!(canonical_number(text).as_deref(), expected, "{text}");
        }
    }
}
