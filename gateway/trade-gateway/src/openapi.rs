//! The OpenAPI 3.1 document, made from the table of routes and the schemas of the model.

mod listed;
mod oauth;

use std::{collections::BTreeSet, sync::LazyLock};

use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use trade_model::transaction::{PRIVATE, Presence};

use crate::{
    answer::{OperationView, SigningStep},
    index::EventsAnswer,
    problem::{MEDIA_TYPE, Problem, ProblemCode},
    routes::{self, Access, Action, ParameterIn, ParameterKind, Route, Transaction},
    settings::PAGE_MAX,
};

/// The document as JSON text.
#[must_use]
pub fn document_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| document().to_string().into_bytes());
    &BYTES
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in routes::all() {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_ascii_lowercase()] = operation(route, &mut generator);
    }
    let problem = generator.subschema_for::<Problem>().to_value();
    let refusals = oauth::refusals(&problem, &mut generator);
    let mut schemas = generator.take_definitions(true);
    keep_reached(&mut schemas, &[&Value::Object(paths.clone()), &problem, &refusals]);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Entrepot gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A cross-border trade ledger on Hyperledger Fabric. Callers are known by the client certificate of \
                            their organization. Every error is a problem (RFC 9457) with a stable code.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "clientCertificate": {
                    "type": "mutualTLS",
                    "description": "An enrolment certificate of a listed organization, with the role client or admin.",
                },
                "accessToken": oauth::scheme(),
            },
            "responses": {
                "OauthRefusal": refusals,
                "Problem": {
                    "description": "What went wrong, with a stable code.",
                    "content": {MEDIA_TYPE: {"schema": problem}},
                    "x-codes": ProblemCode::listed(),
                }
            },
        },
    })
}

/// Leaves out the schemas to which nothing refers: those of tables that no list shows.
fn keep_reached(schemas: &mut Map<String, Value>, from: &[&Value]) {
    fn collect(value: &Value, open: &mut Vec<String>) {
        match value {
            Value::Object(object) => {
                let reference = object.get("$ref").and_then(Value::as_str);
                open.extend(reference.and_then(|text| text.strip_prefix("#/components/schemas/")).map(str::to_owned));
                object.values().for_each(|value| collect(value, open));
            }
            Value::Array(array) => array.iter().for_each(|value| collect(value, open)),
            _ => {}
        }
    }
    let (mut open, mut reached) = (Vec::new(), BTreeSet::new());
    from.iter().for_each(|value| collect(value, &mut open));
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name).filter(|_| reached.insert(name.clone())) {
            collect(schema, &mut open);
        }
    }
    schemas.retain(|name, _| reached.contains(name));
}

/// The statuses of all errors that a route can answer with by the gateway's own rules; a contract adds its own, which
/// the document covers with `4XX`.
#[must_use]
pub fn error_statuses(route: &Route) -> Vec<u16> {
    let mut statuses = vec![400, 414, 431, 500, 503];
    if matches!(route.access, Access::Members(_)) {
        statuses.extend([401, 403]);
    }
    if route.has_body() {
        statuses.extend([408, 413, 415, 422]);
    }
    match route.action {
        Action::Evaluate(_) | Action::ConsumerPage => statuses.extend([404, 422, 502, 504]),
        Action::Submit(_) => statuses.extend([404, 409, 502, 504]),
        Action::SignProposal | Action::SignTransaction => statuses.extend([404, 409, 410, 502, 504]),
        Action::Operation | Action::History(_) | Action::OauthMetadata | Action::OauthKeys => {
            statuses.extend([404, 422])
        }
        Action::Token => statuses.extend([401, 404]),
        _ => statuses.push(422),
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [tag(route)],
        "parameters": parameters(route),
        "responses": responses(route, generator),
        "security": match route.access {
            Access::Public => json!([]),
            Access::Members(_) => {
                let scope = if route.submits() { "write" } else { "read" };
                json!([{"clientCertificate": []}, {"accessToken": [scope]}])
            }
        },
    });
    if let Access::Members(roles) = route.access {
        operation["x-roles"] = json!(roles.iter().map(|role| role.as_str()).collect::<Vec<_>>());
    }
    if let Some(transaction) = route.transaction() {
        operation["x-transaction"] = json!(transaction.name);
        if !transaction.duties.is_empty() {
            operation["x-duties"] = json!(transaction.duties.iter().map(|duty| duty.as_str()).collect::<Vec<_>>());
        }
    }
    if let Some(body) = request_body(route, generator) {
        operation["requestBody"] = body;
    }
    operation
}

fn tag(route: &Route) -> &str {
    let mut parts = route.path.trim_start_matches('/').split('/');
    match parts.next() {
        Some("v1") => parts.next().unwrap_or("v1"),
        Some("01") => "consumer",
        _ => "operation",
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": if parameter.place == ParameterIn::Path { "path" } else { "query" },
                "required": parameter.place != ParameterIn::Query,
                "description": parameter.summary,
                "schema": match parameter.kind {
                    ParameterKind::Text | ParameterKind::Party | ParameterKind::PartysId => {
                        json!({"type": "string", "minLength": 1, "maxLength": 1000})
                    }
                    ParameterKind::Number => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
                    ParameterKind::PageSize => json!({
                        "type": "integer",
                        "minimum": 1,
                        "maximum": PAGE_MAX,
                        "description": "At most the gateway's page limit, 200 unless its settings say otherwise",
                    }),
                    ParameterKind::Flag => json!({"type": "boolean"}),
                    ParameterKind::AnyOf => json!({
                        "type": "array",
                        "items": {"type": "string", "minLength": 1, "maxLength": 1000},
                        "maxItems": 50,
                    }),
                    ParameterKind::Day => json!({"type": "string", "format": "date"}),
                    ParameterKind::Moment => json!({"type": "string", "format": "date-time"}),
                    ParameterKind::Cursor => json!({"type": "string", "minLength": 1, "maxLength": 4000}),
                    ParameterKind::Sort(resource) => json!({"type": "string", "enum": listed::orders(resource)}),
                },
            })
        })
        .collect();
    if route.transaction().is_some() {
        parameters.push(json!({
            "name": "signing",
            "in": "query",
            "required": false,
            "description": "`caller`: the caller signs proposal and transaction. Implied when the organization's keys are \
                            held outside the gateway.",
            "schema": {"type": "string", "enum": ["caller"]},
        }));
    }
    if route.is_write() {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": true,
            "description": "A new key for each new request, the same key for each retry.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
        }));
    }
    parameters
}

fn request_body(route: &Route, generator: &mut SchemaGenerator) -> Option<Value> {
    let content = match &route.action {
        Action::Token => oauth::form(),
        Action::BankStatement => json!({
            "application/xml": {"schema": {"type": "string", "description": "ISO 20022 camt.053 or camt.054"}}
        }),
        Action::Submit(transaction) => json!({"application/json": {"schema": argument(route, transaction, generator)}}),
        _ => json!({"application/json": {"schema": (route.own_body()?.reference)(generator)}}),
    };
    Some(json!({"required": true, "content": content}))
}

/// The transaction's argument without what path and query give, and with the private input beside it.
fn argument(route: &Route, transaction: &Transaction, generator: &mut SchemaGenerator) -> Value {
    let request = transaction.request;
    if transaction.body_field.is_some() {
        return json!({"type": "object", "description": route.summary});
    }
    let given: Vec<&str> = route.parameters.iter().filter_map(|parameter| parameter.field).collect();
    if given.is_empty() && transaction.presence == Presence::Never {
        return (request.reference)(generator).to_value();
    }
    let mut schema = inline_object((request.inline)(generator));
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !given.contains(&name.as_str()));
        if transaction.presence != Presence::Never {
            properties.insert(PRIVATE.to_owned(), (transaction.private.reference)(generator).to_value());
        }
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !given.iter().any(|one| name == one));
        if transaction.presence == Presence::Required {
            required.push(json!(PRIVATE));
        }
    }
    schema
}

fn inline_object(schema: Schema) -> Value {
    let mut schema = schema.to_value();
    if let Some(object) = schema.as_object_mut() {
        object.entry("properties").or_insert_with(|| json!({}));
        object.entry("required").or_insert_with(|| json!([]));
    }
    schema
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut responses: Map<String, Value> = successes(route, generator).into_iter().collect();
    let refusal = match route.action {
        Action::Token => oauth::refusal(),
        _ => json!({"$ref": "#/components/responses/Problem"}),
    };
    for status in error_statuses(route) {
        responses.insert(status.to_string(), refusal.clone());
    }
    if route.transaction().is_some() {
        responses.insert("4XX".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    }
    Value::Object(responses)
}

/// The answers that are no problem, by their status.
fn successes(route: &Route, generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let step = generator.subschema_for::<SigningStep>().to_value();
    let one = |description: &str, schema: Value| vec![answer("200", description, json_of(schema))];
    match &route.action {
        Action::Evaluate(transaction) => {
            // The caller who signs gets the proposal first, with the same status.
            let schema = json!({"anyOf": [(transaction.answer.reference)(generator), step]});
            one("The contract's answer", schema)
        }
        Action::Submit(transaction) => submitted(route, transaction, step, generator),
        Action::ConsumerPage => {
            let scan = generator.subschema_for::<trade_model::item::ScanAnswer>();
            let content = json!({"application/json": {"schema": scan}, "text/html": {"schema": {"type": "string"}}});
            vec![answer("200", "What is recorded", content)]
        }
        Action::List(resource) => {
            let mut content = json_of(listed::page(resource, generator));
            content["application/json"]["example"] = listed::example(resource);
            vec![linked(answer("200", "A page of the list", content))]
        }
        Action::LedgerEvents => {
            let mut content = json_of(generator.subschema_for::<EventsAnswer>().to_value());
            content["text/event-stream"] = json!({"schema": {"type": "string"}});
            vec![answer("200", "A page of events, or a stream of them", content)]
        }
        Action::SignTransaction => {
            let view = generator.subschema_for::<OperationView>().to_value();
            let outcomes = [("200", "Committed"), ("201", "Committed"), ("202", "The outcome is not known yet")];
            outcomes.map(|(status, description)| answer(status, description, json_of(view.clone()))).into()
        }
        Action::Token => one("The access token", oauth::token(generator)),
        Action::SignProposal => {
            let description = "The transaction to be signed next; for a read, the contract's answer";
            one(description, json!({"anyOf": [step, true]}))
        }
        _ => {
            let own = route.own_response().map(|shape| (shape.reference)(generator).to_value());
            let success = one("Success", own.unwrap_or_else(|| json!({"type": "object"})));
            if route.is_indexed() { success.into_iter().map(linked).collect() } else { success }
        }
    }
}

/// The answers to a write: committed, to be signed, or not known yet.
fn submitted(
    route: &Route,
    transaction: &Transaction,
    step: Value,
    generator: &mut SchemaGenerator,
) -> Vec<(String, Value)> {
    let committed = committed(transaction, generator);
    let success = route.success.to_string();
    let view = generator.subschema_for::<OperationView>().to_value();
    let unknown = answer("202", "Handed over; the outcome is not known yet", json_of(view));
    if success == "200" {
        let either = json_of(json!({"anyOf": [committed, step]}));
        return vec![answer("200", "Committed, or the proposal to be signed", either), unknown];
    }
    let to_sign = answer("200", "The proposal, to be signed by the caller", json_of(step));
    vec![to_sign, answer(&success, "Committed", json_of(committed)), unknown]
}

fn answer(status: &str, description: &str, content: Value) -> (String, Value) {
    (status.to_owned(), json!({"description": description, "content": content}))
}

/// An answer that says where the next page is.
fn linked((status, mut answer): (String, Value)) -> (String, Value) {
    answer["headers"] = json!({
        "Link": {
            "description": "Where the next page is, with `rel=\"next\"` (RFC 8288); absent on the last page",
            "schema": {"type": "string"},
        }
    });
    (status, answer)
}

fn json_of(schema: Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

/// The operation with the contract's answer in it.
fn committed(transaction: &Transaction, generator: &mut SchemaGenerator) -> Value {
    let view = generator.subschema_for::<OperationView>();
    let result = (transaction.answer.reference)(generator);
    json!({"allOf": [view, {"type": "object", "properties": {"result": result}, "required": ["result"]}]})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn operations(document: &Value) -> Vec<&Value> {
        let paths = document["paths"].as_object().expect("paths");
        paths.values().flat_map(|item| item.as_object().expect("methods").values()).collect()
    }

    #[test]
    fn every_route_is_listed_once_with_its_roles() {
        let document = document();
        let listed: BTreeSet<_> =
            operations(&document).iter().map(|one| one["operationId"].as_str().unwrap_or("")).collect();
        let expected: BTreeSet<_> = routes::all().iter().map(|route| route.operation).collect();
        assert_eq!(listed, expected);
        for route in routes::all() {
            let operation = &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()];
            assert_eq!(operation["operationId"], route.operation);
            assert_eq!(
                operation["x-roles"].is_array(),
                matches!(route.access, Access::Members(_)),
                "{}",
                route.operation
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("$ref").and_then(Value::as_str));
                    object.values().for_each(|value| references(value, found));
                }
                Value::Array(array) => array.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let document = document();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("references stay within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_operation_declares_its_errors_as_problems() {
        for operation in operations(&document()) {
            let responses = operation["responses"].as_object().expect("responses");
            let errors: Vec<_> = responses.keys().filter(|status| status.starts_with(['4', '5'])).collect();
            assert!(errors.len() >= 4, "{operation}");
            for status in errors {
                let of = if operation["operationId"] == "giveToken" { "OauthRefusal" } else { "Problem" };
                assert_eq!(responses[status]["$ref"], format!("#/components/responses/{of}"));
            }
        }
    }

    #[test]
    fn private_input_stands_beside_the_argument_and_path_fields_are_not_asked_twice() {
        let document = document();
        let body =
            |path: &str| &document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let opening = body("/v1/invoices/{party}/{id}/opening");
        assert!(opening["properties"]["private"].is_object(), "{opening}");
        assert_eq!((&opening["properties"]["invoice_id"], &opening["required"]), (&Value::Null, &json!(["private"])));
        let reject = body("/v1/custody-transfers/{party}/{id}/reject");
        assert_eq!((&reject["properties"]["transfer_id"], &reject["required"]), (&Value::Null, &json!(["reason"])));
    }
}
