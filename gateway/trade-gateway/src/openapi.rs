//! The OpenAPI document, made from the table of routes and the schemas of the model: in version 3.1, and in 3.0.3 for
//! programs that read no other.

mod components;
mod examples;
mod imports;
mod listed;
mod oauth;
mod operation;
mod parameters;
mod schema;
mod version_3_0;

use std::{collections::BTreeSet, sync::LazyLock};

use components::Components;
use serde_json::{Map, Value, json};

pub use operation::error_statuses;

use crate::{
    problem::Problem,
    routes::{self, Transaction},
};

/// The document as JSON text.
#[must_use]
pub fn document_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| document().to_string().into_bytes());
    &BYTES
}

/// The document in version 3.0.3, as JSON text.
#[must_use]
pub fn document_3_0_bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| document_3_0().to_string().into_bytes());
    &BYTES
}

/// The document in version 3.0.3.
#[must_use]
pub fn document_3_0() -> Value {
    version_3_0::of(document())
}

/// The argument of a transaction: its schema, the schemas to which it refers, and an example.
pub(crate) struct Form {
    pub(crate) schema: Value,
    pub(crate) definitions: Value,
    pub(crate) example: Value,
}

/// The form of a transaction's argument.
pub(crate) fn form_of(transaction: &Transaction) -> Form {
    let mut components = Components::new();
    let mut schema = (transaction.request.inline)(&mut components.generator).to_value();
    schema::plain(&mut schema);
    let definitions = components.finish(&[&schema]);
    let example = examples::of(&schema, &definitions);
    Form { schema, definitions: definitions.into(), example }
}

/// The document in version 3.1.
#[must_use]
pub fn document() -> Value {
    let mut components = Components::new();
    let mut paths = Map::new();
    for route in routes::all() {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_ascii_lowercase()] = operation::operation(route, &mut components);
    }
    let problem = components.of::<Problem>();
    let refusals = oauth::refusals(&problem, &mut components);
    let schemas = components.finish(&[&Value::Object(paths.clone()), &problem, &refusals]);
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        with_examples(operation, &schemas);
    }
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
        "servers": [{"url": "/", "description": "The gateway that serves this document"}],
        "tags": tags(),
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
            "responses": {"OauthRefusal": refusals, "Problem": operation::problem(problem)},
        },
    })
}

/// The groups of operations, in the order of the table of routes.
fn tags() -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let tags = routes::all().iter().map(|route| operation::tag(route)).filter(|tag| seen.insert(*tag));
    let described = |tag: &str| match tag {
        "operation" => "The gateway itself".to_owned(),
        "oauth" => "Access tokens".to_owned(),
        "consumer" => "What a consumer may know about a code".to_owned(),
        tag => format!("Routes below `/v1/{tag}`"),
    };
    tags.map(|tag| json!({"name": tag, "description": described(tag)})).collect()
}

/// Gives each JSON body without an example one.
fn with_examples(operation: &mut Value, schemas: &Map<String, Value>) {
    let add = |body: &mut Value| {
        let Some(content) = body.pointer_mut("/content/application~1json").and_then(Value::as_object_mut) else {
            return;
        };
        let example = content.get("schema").map(|schema| examples::of(schema, schemas));
        if let Some(example) = example {
            content.entry("example").or_insert(example);
        }
    };
    if let Some(body) = operation.get_mut("requestBody") {
        add(body);
    }
    operation["responses"].as_object_mut().into_iter().flat_map(Map::values_mut).for_each(add);
}

#[cfg(test)]
mod tests;
