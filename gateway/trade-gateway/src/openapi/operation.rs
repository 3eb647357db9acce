//! One operation: what it takes and what it answers, by its row in the table of routes.

use serde_json::{Map, Value, json};

use super::{
    components::{Components, capitals},
    examples, imports, listed, oauth, parameters,
    schema::plain,
};
use crate::{
    answer::{OperationView, SigningStep},
    index::EventsAnswer,
    problem::{MEDIA_TYPE, ProblemCode},
    proof::{PROOF, RecordProof},
    routes::{self, Access, Action, Route, Transaction},
    webhooks::WebhookView,
};
use trade_model::transaction::{PRIVATE, Presence};

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
    if route.question().is_some() {
        statuses.extend([412, 428]);
    }
    if routes::record_of(route).is_some() {
        statuses.push(409);
    }
    match route.action {
        Action::Evaluate(_) | Action::ConsumerPage => statuses.extend([404, 422, 502, 504]),
        Action::Submit(_) => statuses.extend([404, 409, 502, 504]),
        Action::SignProposal | Action::SignTransaction => statuses.extend([404, 409, 410, 502, 504]),
        Action::LedgerTransaction | Action::Block => statuses.extend([404, 422, 502]),
        Action::Operation | Action::History(_) | Action::OauthMetadata | Action::OauthKeys => {
            statuses.extend([404, 422]);
        }
        Action::Token => statuses.extend([401, 404]),
        Action::PutWebhook => statuses.extend([409, 422]),
        Action::CancelOperation => statuses.extend([404, 409, 422]),
        Action::Webhook
        | Action::RemoveWebhook
        | Action::ChangeWebhookSecret
        | Action::ReplayWebhook
        | Action::WebhookDeliveries
        | Action::Import
        | Action::RemoveImport
        | Action::ImportRows
        | Action::ImportReport
        | Action::Mapping
        | Action::PreviewMapping => statuses.extend([404, 422]),
        Action::StartImport => statuses.extend([404, 409, 422]),
        Action::PutMapping => statuses.extend([409, 422]),
        _ => statuses.push(422),
    }
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

/// The operation of a route.
pub(super) fn operation(route: &Route, components: &mut Components) -> Value {
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "description": description(route),
        "tags": [tag(route)],
        "parameters": parameters::of(route, components),
        "responses": responses(route, components),
        "security": match route.access {
            Access::Public => json!([]),
            Access::Members(_) => {
                let scope = if route.changes() { "write" } else { "read" };
                json!([{"clientCertificate": []}, {"accessToken": [scope]}])
            }
        },
    });
    if let Access::Members(roles) = route.access {
        operation["x-roles"] = json!(roles.iter().map(|role| role.as_str()).collect::<Vec<_>>());
    }
    if let Some(transaction) = route.transaction() {
        operation["x-transaction"] = json!(transaction.name);
    }
    if !route.duties().is_empty() {
        operation["x-duties"] = json!(route.duties().iter().map(|duty| duty.as_str()).collect::<Vec<_>>());
    }
    if let Some(body) = request_body(route, components) {
        operation["requestBody"] = body;
    }
    operation
}

/// The routes of one kind of record have one tag, which is the name of a class or a module in many clients.
pub(super) fn tag(route: &Route) -> &str {
    let mut parts = route.path.trim_start_matches('/').split('/');
    match parts.next() {
        Some("v1") => parts.next().unwrap_or("v1"),
        Some("01") => "consumer",
        _ => "operation",
    }
}

fn description(route: &Route) -> String {
    let members = match route.access {
        Access::Public => "Anybody may call it, without a certificate.".to_owned(),
        Access::Members(roles) => {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            format!("For members with the role {}.", roles.join(", "))
        }
    };
    let duties: Vec<&str> = route.duties().iter().map(|duty| duty.as_str()).collect();
    let duty =
        if duties.is_empty() { String::new() } else { format!(" The person needs the duty {}.", duties.join(" or ")) };
    let Some(transaction) = route.transaction() else { return members + &duty };
    let kind = if route.is_write() { "Submits" } else { "Evaluates" };
    let condition = routes::reading(route).map_or_else(String::new, |reading| {
        let (method, path) = (reading.method.as_str(), reading.path);
        format!(" Others can change the record as well, so `If-Match` says which answer of `{method} {path}` was seen.")
    });
    format!("{kind} the transaction `{}`. {members}{duty}{condition}", transaction.name)
}

fn request_body(route: &Route, components: &mut Components) -> Option<Value> {
    let content = match &route.action {
        Action::Token => oauth::form(),
        Action::BankStatement => json!({"application/xml": {
            // Bytes, because an XML document says its encoding itself.
            "schema": {"type": "string", "format": "binary", "description": "ISO 20022 camt.053 or camt.054"},
            "example": examples::BANK_STATEMENT,
        }}),
        Action::StartImport => imports::files(true),
        Action::PreviewMapping => imports::files(false),
        Action::Submit(transaction) => json_of(argument(route, transaction, components)),
        _ => json_of((route.own_body()?.reference)(&mut components.generator).to_value()),
    };
    Some(json!({"required": true, "content": content}))
}

/// The transaction's argument without what path and query give, and with the private input beside it.
fn argument(route: &Route, transaction: &Transaction, components: &mut Components) -> Value {
    let name = format!("{}Request", capitals(route.operation));
    if transaction.body_field.is_some() {
        return components.name(name, examples::epcis_document());
    }
    let given: Vec<&str> = route.parameters.iter().filter_map(|parameter| parameter.field).collect();
    if given.is_empty() && transaction.presence == Presence::Never {
        return (transaction.request.reference)(&mut components.generator).to_value();
    }
    let mut schema = (transaction.request.inline)(&mut components.generator).to_value();
    let private = (transaction.private.reference)(&mut components.generator).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.entry("properties").or_insert_with(|| json!({}));
        object.entry("required").or_insert_with(|| json!([]));
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| !given.contains(&name.as_str()));
        if transaction.presence != Presence::Never {
            properties.insert(PRIVATE.to_owned(), private);
        }
    }
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|name| !given.iter().any(|one| name == one));
        if transaction.presence == Presence::Required {
            required.push(json!(PRIVATE));
        }
    }
    components.name(name, schema)
}

fn responses(route: &Route, components: &mut Components) -> Value {
    let mut responses: Map<String, Value> = successes(route, components).into_iter().collect();
    let refusal = match route.action {
        Action::Token => oauth::refusal(),
        _ => json!({"$ref": "#/components/responses/Problem"}),
    };
    for status in error_statuses(route) {
        responses.insert(status.to_string(), refusal.clone());
    }
    if route.has_tag() {
        responses["200"]["headers"] = json!({
            "ETag": {
                "description": "Stands for this answer. What changes the record takes it in `If-Match`.",
                "schema": {"type": "string", "pattern": TAG},
            }
        });
        let known = "The answer is the one whose tag was sent in `If-None-Match`";
        responses.insert("304".to_owned(), json!({"description": known}));
    }
    if route.transaction().is_some() {
        responses.insert("4XX".to_owned(), json!({"$ref": "#/components/responses/Problem"}));
    }
    Value::Object(responses)
}

/// The form of a tag (RFC 9110 §8.8.3).
const TAG: &str = "^\"[0-9a-f]{64}\"$";

/// The error answer of every route.
pub(super) fn problem(schema: Value) -> Value {
    json!({
        "description": "What went wrong, with a stable code.",
        "headers": {
            "Retry-After": {
                "description": "Seconds after which the same request may succeed; with each 503",
                "schema": {"type": "integer", "minimum": 1},
            },
            "ETag": {
                "description": "The tag of the record as it is now; with each 412",
                "schema": {"type": "string", "pattern": TAG},
            },
        },
        "content": {MEDIA_TYPE: {"schema": schema, "example": examples::problem()}},
        "x-codes": ProblemCode::listed(),
    })
}

/// The answers that are no problem, by their status.
fn successes(route: &Route, components: &mut Components) -> Vec<(String, Value)> {
    match &route.action {
        Action::Evaluate(transaction) => evaluated(route, transaction, components),
        Action::Submit(transaction) => submitted(route, transaction, components),
        Action::ConsumerPage => {
            let scan = components.of::<trade_model::item::ScanAnswer>();
            let content = json!({"application/json": {"schema": scan}, "text/html": {"schema": {"type": "string"}}});
            vec![answer("200", "What is recorded", content)]
        }
        Action::List(resource) => {
            let page = listed::page(route.operation, resource, components);
            let content = json!({"application/json": {"schema": page, "example": listed::example(resource)}});
            vec![linked(answer("200", "A page of the list", content))]
        }
        Action::LedgerEvents => {
            let mut content = json_of(components.of::<EventsAnswer>());
            content["text/event-stream"] = json!({"schema": {"type": "string"}});
            vec![linked(answer("200", "A page of events, or a stream of them", content))]
        }
        Action::Block => vec![answer("200", "The block", bytes())],
        Action::CancelOperation => vec![emptied("Cancelled: nothing is written")],
        Action::StartImport | Action::PutMapping | Action::ImportReport | Action::ImportTemplate => {
            let answers = imports::answers(&route.action, components);
            answers.into_iter().map(|(status, description, content)| answer(status, description, content)).collect()
        }
        Action::RemoveImport | Action::RemoveWebhook => vec![emptied("Forgotten")],
        Action::PutWebhook => {
            let view = components.of::<WebhookView>();
            let outcomes = [("200", "Changed"), ("201", "Made; the secret is told now and never again")];
            outcomes.map(|(status, description)| answer(status, description, json_of(view.clone()))).into()
        }
        Action::SignTransaction => {
            let view = components.of::<OperationView>();
            let outcomes = [("200", "Committed"), ("201", "Committed"), ("202", "The outcome is not known yet")];
            outcomes.map(|(status, description)| answer(status, description, json_of(view.clone()))).into()
        }
        Action::Token => vec![answer("200", "The access token", json_of(oauth::token(components)))],
        Action::SignProposal => {
            let step = components.of::<SigningStep>();
            vec![
                answer("200", "Of a read, the contract's answer", json_of(json!({}))),
                answer("202", "Of a write, the transaction to be signed next", json_of(step)),
            ]
        }
        _ => {
            let own = route.own_response().map(|shape| (shape.reference)(&mut components.generator).to_value());
            let success = answer("200", "Success", json_of(own.unwrap_or_else(|| json!({"type": "object"}))));
            vec![if route.links() { linked(success) } else { success }]
        }
    }
}

/// The answers to a question: the contract's, or a step that the caller signs.
fn evaluated(route: &Route, transaction: &Transaction, components: &mut Components) -> Vec<(String, Value)> {
    let answered = (transaction.answer.reference)(&mut components.generator).to_value();
    if routes::record_of(route).is_some() {
        components.add_property::<RecordProof>(&answered, PROOF);
    }
    let step = components.of::<SigningStep>();
    vec![
        answer("200", "The contract's answer", json_of(answered)),
        answer("202", "The caller signs for itself: the proposal to be signed", json_of(step)),
    ]
}

/// The answers to a write: committed, or not finished yet.
fn submitted(route: &Route, transaction: &Transaction, components: &mut Components) -> Vec<(String, Value)> {
    let committed = committed(route, transaction, components);
    vec![
        answer(&route.success.to_string(), "Committed", json_of(committed)),
        answer(
            "202",
            "To be signed by the caller, or handed over and the outcome is not known yet",
            json_of(unfinished(components)),
        ),
    ]
}

/// The operation with the contract's answer in it, under a name of its own.
fn committed(route: &Route, transaction: &Transaction, components: &mut Components) -> Value {
    let mut schema = components.inline::<OperationView>();
    schema["properties"]["result"] = (transaction.answer.reference)(&mut components.generator).to_value();
    if let Some(required) = schema["required"].as_array_mut() {
        required.push(json!("result"));
    }
    schema["description"] = format!("How an operation stands that has committed: {}.", route.summary).into();
    components.name(format!("{}Committed", capitals(route.operation)), schema)
}

/// A write that is not finished: the caller signs next, or the outcome is not known.
fn unfinished(components: &mut Components) -> Value {
    let schema = json!({
        "description": "What is next: the caller signs (there is a `stage`), or asks later how the operation ended.",
        "oneOf": [components.of::<SigningStep>(), components.of::<OperationView>()],
    });
    components.name("Unfinished".to_owned(), schema)
}

fn answer(status: &str, description: &str, content: Value) -> (String, Value) {
    (status.to_owned(), json!({"description": description, "content": content}))
}

/// An answer without a body.
fn emptied(description: &str) -> (String, Value) {
    ("204".to_owned(), json!({"description": description}))
}

fn bytes() -> Value {
    json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}})
}

/// An answer that says where the next page is.
fn linked((status, mut answer): (String, Value)) -> (String, Value) {
    answer["headers"] = json!({
        "Link": {
            "description": "Where the next page is, with `rel=\"next\"` (RFC 8288); absent on the last page",
            "schema": {"type": "string", "maxLength": 16384},
        }
    });
    (status, answer)
}

fn json_of(mut schema: Value) -> Value {
    plain(&mut schema);
    json!({"application/json": {"schema": schema}})
}
