//! A transaction as a REST request, by the table of routes: what a client sends for a request of the model.

use serde_json::{Map, Value};
use trade_model::transaction::PRIVATE;
use trade_standards::percent;

use crate::routes::{self, OWN_PARTY, ParameterIn, ParameterKind, Route};

/// Method, target and body of a REST request.
#[derive(Debug, Clone, PartialEq)]
pub struct RestRequest {
    /// The method.
    pub method: &'static str,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The JSON body; none for a read.
    pub body: Option<Value>,
}

/// What to send for `request`; none when no route calls the transaction.
///
/// # Errors
/// The request cannot be written as JSON.
pub fn request_of<T: trade_model::Transaction>(
    request: &T,
    private: Option<Value>,
) -> Result<Option<RestRequest>, serde_json::Error> {
    let Some(route) = routes::of::<T>() else { return Ok(None) };
    Ok(Some(rest_request(route, serde_json::to_value(request)?, private)))
}

/// Where the record is read that a request to this target changes, if others can change it as well.
#[must_use]
pub fn record_changed_at(target: &str) -> Option<String> {
    let path = target.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |route: &&&Route| {
        let template: Vec<&str> = route.path.split('/').collect();
        let same = |(own, sent): (&&str, &&str)| own.starts_with('{') || own == sent;
        template.len() == parts.len() && template.iter().zip(&parts).all(same)
    };
    let changed = routes::all().iter().filter(|route| route.is_write()).find(fits)?;
    let reading = routes::reading(changed)?;
    Some(parts[..reading.path.split('/').count()].join("/"))
}

/// What to send to `route` for the argument of its transaction.
#[must_use]
pub fn rest_request(route: &Route, argument: Value, private: Option<Value>) -> RestRequest {
    let mut fields = match argument {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let (mut path, mut query) = (route.path.to_owned(), Vec::new());
    for parameter in route.parameters {
        let Some(text) = parameter.field.and_then(|field| taken(&mut fields, field, parameter.kind)) else { continue };
        if parameter.place == ParameterIn::Path {
            path = path.replace(&format!("{{{}}}", parameter.name), &percent::encode(&text));
        } else {
            query.push(format!("{}={}", parameter.name, percent::encode(&text)));
        }
    }
    let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    let body_field = route.transaction().and_then(|transaction| transaction.body_field);
    let body = route.has_body().then(|| match body_field {
        Some(field) => fields.remove(field).unwrap_or_default(),
        None => {
            fields.extend(private.map(|private| (PRIVATE.to_owned(), private)));
            Value::Object(fields)
        }
    });
    RestRequest { method: route.method.as_str(), target, body }
}

/// The text of a field as a parameter has it. Of a record's name the party goes first and leaves the id.
fn taken(fields: &mut Map<String, Value>, field: &str, kind: ParameterKind) -> Option<String> {
    let text = fields.remove(field).filter(|value| !value.is_null()).map(|value| text(&value))?;
    if !matches!(kind, ParameterKind::Party) {
        return Some(text);
    }
    let (party, id) = text.split_once('/').unwrap_or(("", &text));
    fields.insert(field.to_owned(), id.into());
    Some(if party.is_empty() { OWN_PARTY } else { party }.to_owned())
}

/// A value as path and query write it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trade_model::{custody::Reject, customs::Replay, item::ReadItem, payment::ReadInvoice, rejection};

    use super::*;
    use crate::routes::Parameter;

    fn sent<T: trade_model::Transaction>(request: Value, private: Option<Value>) -> (String, Option<Value>) {
        let request: T = rejection::read(request.to_string().as_bytes()).expect("a request of its type");
        let sent = request_of(&request, private).expect("JSON").expect("a route");
        (format!("{} {}", sent.method, sent.target), sent.body)
    }

    #[test]
    fn fields_go_where_the_route_takes_them() {
        let link = "https://id.gs1.org/01/09521234543213/21/7";
        let item = sent::<ReadItem>(json!({"item": link}), None);
        assert_eq!(item, ("GET /v1/items/https%3A%2F%2Fid.gs1.org%2F01%2F09521234543213%2F21%2F7".to_owned(), None));
        let replay = sent::<Replay>(json!({"declaration_id": "D-1", "on": "2026-01-02", "tariff_version": 3}), None);
        assert_eq!(replay.0, "GET /v1/declarations/-/D-1/replay?on=2026-01-02&tariff_version=3");
        let reject = sent::<Reject>(json!({"transfer_id": "T-1", "reason": "wet"}), None);
        assert_eq!(reject, ("POST /v1/custody-transfers/-/T-1/reject".to_owned(), Some(json!({"reason": "wet"}))));
    }

    #[test]
    fn a_records_name_is_two_parts_of_the_path() {
        let path = |name: &str| sent::<ReadInvoice>(json!({"invoice_id": name}), None).0;
        assert_eq!(path("AMSP/2026/001"), "GET /v1/invoices/AMSP/2026%2F001");
        assert_eq!(path("INV 7"), "GET /v1/invoices/-/INV%207");
        assert_eq!(path("/2026/001"), "GET /v1/invoices/-/2026%2F001");
    }

    #[test]
    fn what_others_can_change_is_read_where_the_path_begins() {
        let read = |target: &str| record_changed_at(target);
        assert_eq!(read("/v1/invoices/-/a%2Fb/accept?signing=caller").as_deref(), Some("/v1/invoices/-/a%2Fb"));
        assert_eq!(read("/v1/invoices/AMSP/1/credits/2/accept").as_deref(), Some("/v1/invoices/AMSP/1/credits/2"));
        assert_eq!(read("/v1/rights/AMSP/1/offer/accept").as_deref(), Some("/v1/rights/AMSP/1"));
        assert_eq!((read("/v1/invoices"), read("/v1/invoices/-/1/opening"), read("/nothing")), (None, None, None));
    }

    #[test]
    fn every_route_of_a_transaction_gets_back_what_it_was_sent() {
        for route in routes::all().iter().filter(|route| route.transaction().is_some()) {
            let mut fields = Map::new();
            for (number, field) in route.parameters.iter().filter_map(|parameter| parameter.field).enumerate() {
                fields.insert(field.to_owned(), json!(format!("a/b {number}")));
            }
            let named = |parameter: &&Parameter| matches!(parameter.kind, ParameterKind::Party);
            let names: Vec<&str> = route.parameters.iter().filter(named).filter_map(|one| one.field).collect();
            let sent = rest_request(route, Value::Object(fields.clone()), None);
            assert!(!sent.target.contains(['{', '}', ' ']), "{}", sent.target);
            for (field, value) in &fields {
                let whole = value.as_str().map(percent::encode).unwrap_or_default();
                let expected = if names.contains(&field.as_str()) { whole.replacen("%2F", "/", 1) } else { whole };
                assert!(sent.target.contains(&expected), "{}: {value}", sent.target);
            }
        }
    }
}
