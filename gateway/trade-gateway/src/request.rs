//! Turns the parts of an HTTP request into the argument and the private input of a transaction.
//!
//! Every refusal here happens before anything is sent to Fabric. No text made here quotes private input.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trade_model::{
    common::{Beside, Digest256, Invisible},
    rejection::{ProofRejection, Rejection, RequestRejection},
    transaction::{PRIVATE, Presence},
};
use trade_standards::percent::{self, Plus};

use crate::{
    condition,
    json::{self, JsonError},
    preference::Preference,
    problem::{Problem, ProblemCode},
    routes::{self, OWN_PARTY, Parameter, ParameterIn, ParameterKind, Route, Transaction},
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
    /// The header `If-Match`.
    pub(crate) if_match: Option<String>,
    /// The header `If-None-Match`.
    pub(crate) if_none_match: Option<String>,
    /// The header `Client-Reference`.
    pub(crate) client_reference: Option<String>,
    /// The header `Prefer`.
    pub(crate) prefer: Option<String>,
    /// The header `Last-Event-ID`.
    pub(crate) last_event_id: Option<String>,
    /// The media type of the body, in lower case and without parameters.
    pub(crate) media_type: String,
    /// Whether the idempotency key is the organization's and not the caller's.
    pub(crate) of_organization: bool,
    /// Whether the caller prefers HTML.
    pub(crate) wants_html: bool,
    /// Whether the caller asks for a stream of events.
    pub(crate) wants_stream: bool,
}

impl Parts {
    /// What the caller prefers about waiting.
    pub(crate) fn preference(&self) -> Preference {
        Preference::parse(self.prefer.as_deref())
    }

    /// The parts of a request that are in its path, query and body. `target` is path and query, percent-encoded.
    ///
    /// # Errors
    /// Path or query is not valid percent-encoded UTF-8, or a parameter of the path is not acceptable.
    pub(crate) fn of(route: &Route, target: &str, body: Vec<u8>) -> Result<Self, Problem> {
        let undecodable = || Problem::of(ProblemCode::PathMalformed);
        let (sent_path, sent_query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = BTreeMap::new();
        for (template, sent) in route.path.split('/').zip(sent_path.split('/')) {
            let Some(name) = template.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else { continue };
            let text = percent::decode(sent, Plus::Itself).map_err(|_| undecodable())?;
            check_text(name, &text)?;
            path.insert(name.to_owned(), text);
        }
        let mut query = Vec::new();
        for pair in sent_query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decode = |text| percent::decode(text, Plus::Blank).map_err(|_| undecodable());
            query.push((decode(name)?, decode(value)?));
        }
        Ok(Self { path, query, body, target: target.to_owned(), ..Self::default() })
    }
}

/// What a transaction is called with.
#[derive(Debug, PartialEq)]
pub(crate) struct Arguments {
    /// The argument.
    pub(crate) argument: Value,
    /// A field of the argument that is sent as the caller wrote it, with its text.
    pub(crate) verbatim: Option<(&'static str, String)>,
    /// The private input, if given.
    pub(crate) private: Option<Value>,
    /// Whether the caller signs.
    pub(crate) caller_signs: bool,
    /// Whether the transaction is to be shown that wrote the record last.
    pub(crate) with_proof: bool,
    /// What is said beside the argument.
    pub(crate) beside: Beside,
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
    let (mut fields, [caller_signs, with_proof]) = parameters(route, parts, limits)?;
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
    let argument = Value::Object(fields);
    (transaction.request.check)(&argument).map_err(|rejection| Problem::refused(&rejection.into()))?;
    check_private(transaction, private.as_ref()).map_err(|rejection| Problem::refused(&rejection))?;
    let client_reference = parts.client_reference.as_deref().filter(|_| route.is_write());
    let client_reference = client_reference
        .map(Digest256::parse)
        .transpose()
        .map_err(|error| Problem::of(ProblemCode::ClientReferenceMalformed).with_detail(error.to_string()))?;
    let beside =
        Beside { if_match: condition::seen(route, parts.if_match.as_deref())?, client_reference, ..Beside::default() };
    Ok(Arguments { argument, verbatim, private, caller_signs, with_proof, beside })
}

impl Arguments {
    /// The argument as it is sent. A document's numbers are not read and written again: binary floating point would
    /// change them, and with them the document's hashes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (Some((field, text)), Value::Object(fields)) = (&self.verbatim, &self.argument) else {
            return self.argument.to_string().into_bytes();
        };
        let others = fields.iter().filter(|(name, _)| name != field);
        let mut members: Vec<String> = others.map(|(name, value)| format!("{}:{value}", json!(name))).collect();
        members.push(format!("{}:{text}", json!(field)));
        format!("{{{}}}", members.join(",")).into_bytes()
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

/// The parameters of path and query as fields of the argument; whether the caller signs, and whether it wants a proof.
fn parameters(route: &Route, parts: &Parts, limits: &Limits) -> Result<(Map<String, Value>, [bool; 2]), Problem> {
    let mut fields = Map::new();
    for parameter in route.parameters.iter().filter(|parameter| parameter.place == ParameterIn::Path) {
        let text = parts.path.get(parameter.name).map(String::as_str).unwrap_or_default();
        insert(&mut fields, parameter, text, limits)?;
    }
    let (mut caller_signs, mut with_proof) = (false, false);
    let mut seen = Vec::new();
    for (name, text) in &parts.query {
        if seen.contains(&name) {
            return Err(bad_parameter(name, "is given twice"));
        }
        seen.push(name);
        if name == "signing" && route.transaction().is_some() {
            caller_signs = must_be("caller", name, text)?;
            continue;
        }
        if name == "proof" && routes::record_of(route).is_some() {
            with_proof = must_be("transaction", name, text)?;
            continue;
        }
        let known = route.parameters.iter().find(|one| one.place != ParameterIn::Path && one.name == name);
        let Some(parameter) = known else {
            return Err(bad_parameter(name, "is not known for this route"));
        };
        insert(&mut fields, parameter, text, limits)?;
    }
    for parameter in route.parameters.iter().filter(|parameter| parameter.place == ParameterIn::RequiredQuery) {
        if !seen.iter().any(|name| *name == parameter.name) {
            return Err(bad_parameter(parameter.name, "is required"));
        }
    }
    Ok((fields, [caller_signs, with_proof]))
}

/// True for the only word that a parameter takes.
fn must_be(word: &str, name: &str, text: &str) -> Result<bool, Problem> {
    if text == word { Ok(true) } else { Err(bad_parameter(name, &format!("must be `{word}`"))) }
}

fn insert(fields: &mut Map<String, Value>, parameter: &Parameter, text: &str, limits: &Limits) -> Result<(), Problem> {
    let Some(field) = parameter.field else { return Ok(()) };
    check_text(parameter.name, text)?;
    let number = || text.parse::<u32>().map_err(|_| bad_parameter(parameter.name, "must be a whole number"));
    let value = match parameter.kind {
        ParameterKind::Text
        | ParameterKind::AnyOf
        | ParameterKind::Day
        | ParameterKind::Moment
        | ParameterKind::Cursor
        | ParameterKind::Sort(_) => Value::from(text),
        // The first slash of a name ends the party.
        ParameterKind::Party if text.contains('/') => {
            return Err(bad_parameter(parameter.name, "must be an MSP id, or `-` for the caller's own"));
        }
        ParameterKind::Party if text == OWN_PARTY => Value::from("/"),
        ParameterKind::Party => Value::from(format!("{text}/")),
        ParameterKind::PartysId => {
            let party = fields.get(field).and_then(Value::as_str).unwrap_or_default();
            Value::from(format!("{party}{text}"))
        }
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
    if text.is_empty() {
        return Err(bad_parameter(name, "must not be empty"));
    }
    if text.len() > PARAMETER_BYTES_MAX {
        return Err(bad_parameter(name, &format!("must be at most {PARAMETER_BYTES_MAX} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(bad_parameter(name, "must not hold control characters"));
    }
    match Invisible::in_text(text) {
        Some(invisible) => Err(bad_parameter(name, &invisible.to_string())),
        None => Ok(()),
    }
}

/// Adds the fields of the body and returns the private input that came with them.
fn merge(fields: &mut Map<String, Value>, mut body: Map<String, Value>) -> Result<Option<Value>, Problem> {
    let private = body.remove(PRIVATE);
    for (name, value) in body {
        if fields.contains_key(&name) {
            let misplaced = misplaced(format!("/{name}"), "is given by the path and must not be in the body");
            return Err(Problem::refused(&misplaced));
        }
        fields.insert(name, value);
    }
    Ok(private)
}

fn check_private(transaction: &Transaction, given: Option<&Value>) -> Result<(), Rejection> {
    let field = format!("/{PRIVATE}");
    match (transaction.presence, given) {
        (Presence::Never, Some(_)) => Err(misplaced(field, "is not taken by this transaction")),
        (Presence::Required, None) => Err(ProofRejection::OpeningMissing.into()),
        // Anything but the rule of a named kind may quote a private value, so it is dropped.
        (_, Some(value)) => (transaction.private.check)(value).map_err(|rejection| match rejection {
            RequestRejection::NumberMalformed { rule, .. } => RequestRejection::NumberMalformed { field, rule }.into(),
            _ => {
                let rule = "does not hold the object that this transaction expects".to_owned();
                RequestRejection::OpeningMalformed { field, rule }.into()
            }
        }),
        (_, None) => Ok(()),
    }
}

fn misplaced(field: String, rule: &str) -> Rejection {
    RequestRejection::Malformed { field, rule: rule.to_owned() }.into()
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
            if_match: Some("*".to_owned()),
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
        let events = read("readEvents", &[("id", "urn:x:1")], &[("after", "AA"), ("limit", "10")], "")?;
        assert_eq!(events.argument, json!({"item": "urn:x:1", "after": "AA", "limit": 10}));
        let reject = [("party", "AMSP"), ("id", "o1")];
        let reject = read("rejectCustody", &reject, &[("signing", "caller")], r#"{"reason":"wet"}"#)?;
        assert_eq!(reject.argument, json!({"transfer_id": "AMSP/o1", "reason": "wet"}));
        assert!(reject.caller_signs);
        Ok(())
    }

    #[test]
    fn a_records_name_is_made_of_the_party_and_the_id_of_the_path() -> Result<(), Problem> {
        let whole = read("readInvoice", &[("party", "AMSP"), ("id", "2026/001")], &[], "")?;
        assert_eq!(whole.argument, json!({"invoice_id": "AMSP/2026/001"}));
        let own = read("readInvoice", &[("party", "-"), ("id", "AMSP/INV 7")], &[], "")?;
        assert_eq!(own.argument, json!({"invoice_id": "/AMSP/INV 7"}));
        let crooked = read("readInvoice", &[("party", "AMSP/2026"), ("id", "001")], &[], "");
        assert_eq!(code(crooked), "parameter_invalid");
        Ok(())
    }

    #[test]
    fn an_epcis_document_is_the_body_as_it_is() -> Result<(), Problem> {
        let capture = read("capture", &[], &[("licence_id", "l1")], r#"{"type":"EPCISDocument","private":1}"#)?;
        let expected = json!({"document": {"type": "EPCISDocument", "private": 1}, "licence_id": "l1"});
        assert_eq!((&capture.argument, &capture.private), (&expected, &None));
        let sent = capture.bytes();
        assert_eq!(serde_json::from_slice::<Value>(&sent).ok(), Some(expected));
        let exact = read("capture", &[], &[], r#" {"ext:weight":0.12345678901234567890} "#)?.bytes();
        assert_eq!(exact, br#"{"document":{"ext:weight":0.12345678901234567890}}"#);
        Ok(())
    }

    #[test]
    fn every_kind_of_bad_parameter_is_refused() {
        for query in [
            vec![("limit", "-1")],
            vec![("limit", "1"), ("limit", "2")],
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
            (r#"{"reason":1}"#, "request.malformed"),
            (r#"{}"#, "request.malformed"),
            (r#"{"reason":"a","colour":"red"}"#, "request.malformed"),
            (r#"{"reason":"a","transfer_id":"o2"}"#, "request.malformed"),
            (r#"{"reason":"a","private":{}}"#, "request.malformed"),
        ] {
            assert_eq!(code(read("rejectCustody", &[("party", "-"), ("id", "o1")], &[], body)), expected, "{body}");
        }
        let deep = format!("{{\"reason\":{}{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(code(read("rejectCustody", &[("party", "-"), ("id", "o1")], &[], &deep)), "json_too_deep");
    }

    #[test]
    fn a_refused_private_input_is_not_quoted() {
        let share = |body: &str| read("shareInvoiceOpening", &[("party", "AMSP"), ("id", "i")], &[], body);
        assert_eq!(code(share("{}")), "private.missing");
        let problem = share(r#"{"private":{"value_minor":4242424242,"blinding":"canary"}}"#).expect_err("a number");
        let text = format!("{problem:?}");
        assert!(!text.contains("4242424242") && !text.contains("canary"), "{text}");
        let blinding = "01".repeat(32);
        let accepted = share(&format!(r#"{{"private":{{"value_minor":"1","blinding":"{blinding}"}}}}"#));
        let accepted = accepted.expect("a good opening");
        assert_eq!(accepted.private, Some(json!({"value_minor": "1", "blinding": blinding})));
        assert!(accepted.argument.get("private").is_none());
    }
}
