//! The parameters of an operation in path, query and head.

use serde_json::{Value, json};

use super::{components::Components, listed, schema::plain};
use crate::{
    routes::{self, Parameter, ParameterIn, ParameterKind, Route},
    settings::PAGE_MAX,
};

/// All parameters of a route.
pub(super) fn of(route: &Route, components: &mut Components) -> Vec<Value> {
    let mut parameters: Vec<Value> = route
        .parameters
        .iter()
        .map(|parameter| {
            json!({
                "name": parameter.name,
                "in": if parameter.place == ParameterIn::Path { "path" } else { "query" },
                "required": parameter.place != ParameterIn::Query,
                "description": parameter.summary,
                "schema": field(route, parameter, components)
                    .or_else(|| text_of_the_gateway(parameter))
                    .unwrap_or_else(|| own(parameter.kind)),
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
    if routes::record_of(route).is_some() {
        parameters.push(json!({
            "name": "proof",
            "in": "query",
            "required": false,
            "description": "`transaction`: the answer has one more member, `transaction_proof`, with the block, the \
                            endorsements and the writes of the transaction that wrote the record last. `ETag` is that \
                            of the answer without it, and `If-None-Match` is not looked at.",
            "schema": {"type": "string", "enum": ["transaction"]},
        }));
    }
    parameters.extend(headers(route));
    parameters
}

/// The headers that a route looks at.
fn headers(route: &Route) -> Vec<Value> {
    let mut headers = Vec::new();
    if route.is_write() {
        headers.push(header(
            "Idempotency-Key",
            "A new key for each new request, the same key for each retry.",
            json!({"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}),
            "delivery-4711",
        ));
        headers[0]["required"] = true.into();
        headers.push(header(
            "Client-Reference",
            "What stands for the request on the ledger, the same with each retry: the contract refuses a reference that \
             the caller has used before. It is public, so it must not be guessable from the request. Where the \
             gateway signs, it sends a digest of it with the caller's organization and subject, so that nobody else \
             can take it. Default: one that the gateway makes of the idempotency key with a key of its own; none where \
             the caller signs.",
            json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
            "5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d",
        ));
    }
    headers.extend(condition(route));
    if route.submits() {
        headers.push(header(
            "Prefer",
            "`respond-async`: 202 once the endorsed transaction is stored, before the orderer has it. `wait=n`: wait \
             at most n seconds for the outcome, and no longer than the gateway's own bound. `Preference-Applied` tells \
             what was followed.",
            json!({"type": "string", "minLength": 1, "maxLength": 200}),
            "respond-async, wait=5",
        ));
    }
    headers
}

/// A header that may be left out.
fn header(name: &str, description: &str, schema: Value, example: &str) -> Value {
    json!({
        "name": name,
        "in": "header",
        "required": false,
        "description": description,
        "schema": schema,
        "example": example,
    })
}

/// The header that says which state of a record the caller has seen.
fn condition(route: &Route) -> Option<Value> {
    if route.question().is_some() {
        let mut seen = header(
            "If-Match",
            "The `ETag` of the record as the caller has read it, or `*` for whatever it is. The peers that endorse \
             compare it; with another record than this one nothing is written (412).",
            json!({"type": "string", "pattern": "^(\\*|\"[0-9a-f]{64}\")$"}),
            "*",
        );
        seen["required"] = true.into();
        return Some(seen);
    }
    route.has_tag().then(|| {
        header(
            "If-None-Match",
            "Tags of answers that the caller has; with one of them in force it is answered 304.",
            json!({"type": "string", "minLength": 1, "maxLength": 1000}),
            "\"5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d\"",
        )
    })
}

/// The schema of the field of the request that the parameter becomes; none where it is only a part of one.
fn field(route: &Route, parameter: &Parameter, components: &mut Components) -> Option<Value> {
    let name = parameter.field.filter(|_| !matches!(parameter.kind, ParameterKind::Party | ParameterKind::PartysId))?;
    let mut request = (route.transaction()?.request.inline)(&mut components.generator).to_value();
    plain(&mut request);
    let mut schema = request["properties"][name].take();
    schema.as_object_mut()?.remove("description");
    Some(schema)
}

/// The schema of a text that the gateway itself reads, where its form can be said.
fn text_of_the_gateway(parameter: &Parameter) -> Option<Value> {
    if parameter.field.is_some() || !matches!(parameter.kind, ParameterKind::Text) {
        return None;
    }
    let (pattern, example) = match parameter.name {
        "fields" => ("^[a-z0-9_]+(,[a-z0-9_]+)*$", "invoice_id,due_on"),
        "changed_since" => ("^([0-9]{1,19}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.{1,40})$", "40"),
        "state" => ("^(accepted|submitted|committed|invalid|refused|cancelled|indeterminate)$", "indeterminate"),
        "gtin" => ("^[0-9]{8,14}$", "09521234543213"),
        "serial" => ("^[^/]{1,20}$", "4711"),
        "certificate_sha256" => ("^[0-9a-f]{64}$", "5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"),
        "after" => ("^(latest|[0-9]{1,20}-[0-9]{1,10})$", "12-0"),
        "transaction_id" => ("^[0-9a-f]{64}$", "5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"),
        // Words of any script, so no pattern.
        "q" => return Some(json!({"type": "string", "minLength": 2, "maxLength": 250, "examples": ["aurora"]})),
        _ => return None,
    };
    Some(json!({"type": "string", "pattern": pattern, "examples": [example]}))
}

/// The schema of a parameter that is no field as it stands.
fn own(kind: ParameterKind) -> Value {
    match kind {
        ParameterKind::Text => json!({"type": "string", "minLength": 1, "maxLength": 1000}),
        ParameterKind::Party => json!({
            "type": "string",
            "pattern": "^(-|[A-Za-z0-9][A-Za-z0-9.-]{0,63})$",
            "examples": ["ExporterMSP"],
        }),
        ParameterKind::PartysId => {
            json!({"type": "string", "minLength": 1, "maxLength": 70, "examples": ["2026-0001"]})
        }
        ParameterKind::Number => json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": u32::MAX}),
        ParameterKind::PageSize => json!({
            "type": "integer",
            "format": "int32",
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
    }
}
