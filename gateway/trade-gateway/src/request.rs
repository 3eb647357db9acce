//! Turns the parts of an HTTP request into the argument and the private input of a transaction.
//!
//! Every refusal here happens before anything is sent to Fabric. No text made here quotes private input.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    json::{self, JsonError},
    problem::{Problem, ProblemCode},
    routes::{Parameter, ParameterKind, Place, Private, Route, Transaction},
    settings::Limits,
};

/// Longest text of one parameter, in bytes.
const PARAMETER_BYTES_MAX: usize = 1_000;

/// The parts of a request that matter beyond its route.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// The parameters of the path, decoded.
    pub(crate) path: BTreeMap<String, String>,
    /// The parameters of the query, decoded, in their order.
    pub(crate) query: Vec<(String, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// The path and query as they were sent: part of what an idempotency key stands for.
    pub(crate) target: String,
    /// The header `Idempotency-Key`.
    pub(crate) idempotency_key: Option<String>,
    /// Whether the caller prefers HTML.
    pub(crate) wants_html: bool,
}

/// What a transaction is called with.
#[derive(Debug, PartialEq)]
pub(crate) struct Arguments {
    /// The argument; none for a transaction without one.
    pub(crate) argument: Option<Value>,
    /// A field of the argument that is sent as the caller wrote it, with its text.
    pub(crate) verbatim: Option<(&'static str, String)>,
    /// The private input, if given.
    pub(crate) private: Option<Value>,
    /// Whether the caller signs.
    pub(crate) caller_signs: bool,
}

/// Reads the arguments of a transaction.
///
/// # Errors
/// A problem that names what is malformed, missing, unknown or not of the expected form.
pub(crate) fn arguments(
    route: &Route,
    transaction: &Transaction,
    parts: &Parts,
    limits: &Limits,
) -> Result<Arguments, Problem> {
    let (mut fields, caller_signs) = parameters(route, parts, limits)?;
    let (mut private, mut verbatim) = (None, None);
    if route.has_body() {
        let body = body_object(&parts.body, limits)?;
        match transaction.body_field {
            Some(field) => {
                fields.insert(field.to_owned(), Value::Object(body));
                let text = std::str::from_utf8(&parts.body).map_err(|_| malformed("not UTF-8"))?;
                verbatim = Some((field, text.trim().to_owned()));
            }
            None => private = merge(&mut fields, body)?,
        }
    }
    let argument = match transaction.request {
        None => None,
        Some(request) => {
            let argument = Value::Object(fields);
            (request.check)(argument.clone()).map_err(|reason| not_of_form(&reason))?;
            Some(argument)
        }
    };
    check_private(transaction.private.as_ref(), private.as_ref())?;
    Ok(Arguments { argument, verbatim, private, caller_signs })
}

impl Arguments {
    /// The argument as it is sent. A document's numbers are not read and written again: binary floating point would change
    /// them, and with them the document's hashes.
    pub(crate) fn bytes(&self) -> Option<Vec<u8>> {
        let argument = self.argument.as_ref()?;
        let (Some((field, text)), Value::Object(fields)) = (&self.verbatim, argument) else {
            return Some(argument.to_string().into_bytes());
        };
        let others = fields.iter().filter(|(name, _)| name != field);
        let mut members: Vec<String> = others.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        members.push(format!("{}:{text}", json!(field)));
        Some(format!("{{{}}}", members.join(",")).into_bytes())
    }
}

/// Parses a body that must be one JSON object.
///
/// # Errors
/// It is empty, malformed, nested too deeply or something other than an object.
pub(crate) fn body_object(body: &[u8], limits: &Limits) -> Result<Map<String, Value>, Problem> {
    match json::parse(body, limits.json_depth) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(malformed("the body must be a JSON object")),
        Err(error @ JsonError::TooDeep(_)) => Err(Problem::of(ProblemCode::JsonTooDeep).with_detail(error.to_string())),
        Err(error) => Err(malformed(&error.to_string())),
    }
}

/// The parameters of path and query as fields of the argument, and whether the caller signs.
fn parameters(route: &Route, parts: &Parts, limits: &Limits) -> Result<(Map<String, Value>, bool), Problem> {
    let mut fields = Map::new();
    for parameter in route.parameters.iter().filter(|parameter| parameter.place == Place::Path) {
        let text = parts.path.get(parameter.name).map(String::as_str).unwrap_or_default();
        insert(&mut fields, parameter, text, limits)?;
    }
    let mut caller_signs = false;
    let mut seen = Vec::new();
    for (name, text) in &parts.query {
        if seen.contains(&name) {
            return Err(bad_parameter(name, "is given twice"));
        }
        seen.push(name);
        if name == "signing" && route.transaction().is_some() {
            match text.as_str() {
                "caller" => caller_signs = true,
                _ => return Err(bad_parameter(name, "must be `caller`")),
            }
            continue;
        }
        let known = route.parameters.iter().find(|one| one.place != Place::Path && one.name == name);
        let Some(parameter) = known else {
            return Err(bad_parameter(name, "is not known for this route"));
        };
        insert(&mut fields, parameter, text, limits)?;
    }
    for parameter in route.parameters.iter().filter(|parameter| parameter.place == Place::RequiredQuery) {
        if !seen.iter().any(|name| *name == parameter.name) {
            return Err(bad_parameter(parameter.name, "is required"));
        }
    }
    Ok((fields, caller_signs))
}

fn insert(fields: &mut Map<String, Value>, parameter: &Parameter, text: &str, limits: &Limits) -> Result<(), Problem> {
    let Some(field) = parameter.field else { return Ok(()) };
    check_text(parameter.name, text)?;
    let number = || text.parse::<u32>().map_err(|_| bad_parameter(parameter.name, "must be a whole number"));
    let value = match parameter.kind {
        ParameterKind::Text => Value::from(text),
        ParameterKind::Number => Value::from(number()?),
        ParameterKind::PageSize => match number()? {
            size if (1..=limits.page).contains(&size) => Value::from(size),
            _ => return Err(bad_parameter(parameter.name, &format!("must be 1 to {}", limits.page))),
        },
        ParameterKind::Flag => match text {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(bad_parameter(parameter.name, "must be `true` or `false`")),
        },
    };
    fields.insert(field.to_owned(), value);
    Ok(())
}

/// Texts that end up in ledger keys and on screens hold no control or direction-changing characters.
///
/// # Errors
/// The text is empty, too long, or holds such a character.
pub(crate) fn check_text(name: &str, text: &str) -> Result<(), Problem> {
    let strange = |character: char| {
        character.is_control()
            || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if text.is_empty() {
        return Err(bad_parameter(name, "must not be empty"));
    }
    if text.len() > PARAMETER_BYTES_MAX {
        return Err(bad_parameter(name, &format!("must be at most {PARAMETER_BYTES_MAX} bytes")));
    }
    if text.chars().any(strange) {
        return Err(bad_parameter(name, "must not hold control or invisible characters"));
    }
    Ok(())
}

/// Adds the fields of the body and returns the private input that came with them.
fn merge(fields: &mut Map<String, Value>, mut body: Map<String, Value>) -> Result<Option<Value>, Problem> {
    let private = body.remove("private");
    for (name, value) in body {
        if fields.contains_key(&name) {
            return Err(validation_failed(format!("`{name}` is given by the path and must not be in the body"))
                .with_field(format!("/{name}"), "given by the path"));
        }
        fields.insert(name, value);
    }
    Ok(private)
}

fn check_private(expected: Option<&Private>, given: Option<&Value>) -> Result<(), Problem> {
    match (expected, given) {
        (None, Some(_)) => {
            Err(validation_failed("this transaction takes no private input").with_field("/private", "not taken here"))
        }
        (Some(Private { required: true, .. }), None) => {
            Err(validation_failed("this transaction needs private input").with_field("/private", "required"))
        }
        // The reason may quote a private value, so it is dropped.
        (Some(expected), Some(value)) => (expected.shape.check)(value.clone()).map_err(|_| {
            validation_failed("the private input does not have the expected form")
                .with_field("/private", "not of the expected form")
        }),
        (_, None) => Ok(()),
    }
}

fn not_of_form(reason: &str) -> Problem {
    let reason: String = reason.chars().take(300).collect();
    // serde names the field it complains about between backticks.
    let field = reason.split('`').nth(1).filter(|_| reason.contains("field `")).map(|name| format!("/{name}"));
    let problem = validation_failed(reason.clone());
    match field {
        Some(field) => problem.with_field(field, reason),
        None => problem,
    }
}

fn validation_failed(detail: impl Into<String>) -> Problem {
    Problem::of(ProblemCode::ValidationFailed).with_detail(detail)
}

fn malformed(detail: &str) -> Problem {
    Problem::of(ProblemCode::JsonMalformed).with_detail(detail)
}

fn bad_parameter(name: &str, reason: &str) -> Problem {
    let name: String = name.chars().take(64).filter(|character| !character.is_control()).collect();
    Problem::of(ProblemCode::ParameterInvalid).with_detail(format!("`{name}` {reason}")).with_field(name, reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::by_operation;

    fn read(operation: &str, path: &[(&str, &str)], query: &[(&str, &str)], body: &str) -> Result<Arguments, Problem> {
        let owned = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        let parts = Parts {
            path: path.iter().map(owned).collect(),
            query: query.iter().map(owned).collect(),
            body: body.as_bytes().to_vec(),
            ..Parts::default()
        };
        let route = by_operation(operation).expect("a route of the table");
        arguments(route, route.transaction().expect("a transaction"), &parts, &Limits::default())
    }

    fn code(result: Result<Arguments, Problem>) -> String {
        result.map_or_else(|problem| problem.code, |_| "accepted".to_owned())
    }

    #[test]
    fn path_query_and_body_become_one_argument() -> Result<(), Problem> {
        let events = read("readEvents", &[("id", "urn:x:1")], &[("skip", "2"), ("limit", "10")], "")?;
        assert_eq!(events.argument, Some(json!({"item": "urn:x:1", "skip": 2, "limit": 10})));
        let reject = read("rejectCustody", &[("id", "o1")], &[("signing", "caller")], r#"{"reason":"wet"}"#)?;
        assert_eq!(reject.argument, Some(json!({"offer_id": "o1", "reason": "wet"})));
        assert!(reject.caller_signs);
        Ok(())
    }

    #[test]
    fn an_epcis_document_is_the_body_as_it_is() -> Result<(), Problem> {
        let capture = read("capture", &[], &[("licence_id", "l1")], r#"{"type":"EPCISDocument","private":1}"#)?;
        let expected = json!({"document": {"type": "EPCISDocument", "private": 1}, "licence_id": "l1"});
        assert_eq!((&capture.argument, &capture.private), (&Some(expected.clone()), &None));
        let sent = capture.bytes().expect("an argument");
        assert_eq!(serde_json::from_slice::<Value>(&sent).ok(), Some(expected));
        let exact = read("capture", &[], &[], r#" {"ext:weight":0.12345678901234567890} "#)?.bytes();
        assert_eq!(exact.as_deref(), Some(br#"{"document":{"ext:weight":0.12345678901234567890}}"#.as_slice()));
        Ok(())
    }

    #[test]
    fn every_kind_of_bad_parameter_is_refused() {
        for query in [
            vec![("skip", "-1")],
            vec![("skip", "1"), ("skip", "2")],
            vec![("limit", "201")],
            vec![("limit", "0")],
            vec![("colour", "red")],
            vec![("signing", "gateway")],
        ] {
            assert_eq!(code(read("readEvents", &[("id", "x")], &query, "")), "parameter_invalid", "{query:?}");
        }
        for id in ["", "a\u{0}b", "a\u{202e}b", &"x".repeat(1_001)] {
            assert_eq!(code(read("readItem", &[("id", id)], &[], "")), "parameter_invalid", "{id:?}");
        }
        assert_eq!(code(read("traceItem", &[("id", "x")], &[], "")), "parameter_invalid");
        assert_eq!(code(read("readAlarms", &[], &[("open_only", "yes")], "")), "parameter_invalid");
    }

    #[test]
    fn every_kind_of_bad_body_is_refused() {
        for (body, expected) in [
            ("", "json_malformed"),
            ("[]", "json_malformed"),
            (r#"{"reason":"a","reason":"b"}"#, "json_malformed"),
            (r#"{"reason":1}"#, "validation_failed"),
            (r#"{}"#, "validation_failed"),
            (r#"{"reason":"a","colour":"red"}"#, "validation_failed"),
            (r#"{"reason":"a","offer_id":"o2"}"#, "validation_failed"),
            (r#"{"reason":"a","private":{}}"#, "validation_failed"),
        ] {
            assert_eq!(code(read("rejectCustody", &[("id", "o1")], &[], body)), expected, "{body}");
        }
        let deep = format!("{{\"reason\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(code(read("rejectCustody", &[("id", "o1")], &[], &deep)), "json_too_deep");
    }

    #[test]
    fn a_refused_private_input_is_not_quoted() {
        let invoice = |private: &str| {
            let body = format!(
                r#"{{"invoice_id":"i","buyer":"ImporterMSP","currency":"EUR","issued_on":"2026-01-02","tolerance_minor":"0","total_commitment":"c"{private}}}"#
            );
            read("issueInvoice", &[], &[], &body)
        };
        assert_eq!(code(invoice("")), "validation_failed");
        let problem = invoice(r#","private":{"amount_minor":4242424242,"blinding":"canary"}"#).expect_err("a number");
        let text = format!("{problem:?}");
        assert!(!text.contains("4242424242") && !text.contains("canary"), "{text}");
        let accepted = invoice(r#","private":{"amount_minor":"1","blinding":"b"}"#).expect("a good invoice");
        assert_eq!(accepted.private, Some(json!({"amount_minor": "1", "blinding": "b"})));
        assert!(accepted.argument.is_some_and(|argument| argument.get("private").is_none()));
    }
}
