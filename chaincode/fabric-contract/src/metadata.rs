//! The description of a chaincode that Fabric's tools and other libraries read, made from the routing table.
//!
//! Tags are the pairs that the Go library writes; every object type in `components.schemas` carries its `$id`, which
//! the published schema of this format demands and some libraries forget.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    Contract, Kind, Router,
    contract::{Function, Schema},
};

/// The function that each Fabric contract library answers with its metadata.
pub(crate) const METADATA_FUNCTION: &str = "org.hyperledger.fabric:GetMetadata";

const DEFINITIONS: &str = "/components/schemas";

pub(crate) fn of(router: &Router) -> Value {
    let mut generator =
        SchemaSettings::draft07().with(|settings| settings.definitions_path = DEFINITIONS.into()).into_generator();
    let mut within = |schema: Option<Schema>| schema.map(|schema| (schema.within)(&mut generator));
    let mut contracts = Map::new();
    for (index, contract) in router.contracts.iter().enumerate() {
        contracts.insert(contract.name.clone(), describe(router, contract, index == 0, &mut within));
    }
    let schemas: Map<String, Value> = generator
        .take_definitions(true)
        .into_iter()
        .map(|(name, schema)| (name.clone(), component(name, schema)))
        .collect();
    json!({
        "info": { "title": router.title, "version": router.version },
        "contracts": contracts,
        "components": { "schemas": schemas },
    })
}

fn describe(
    router: &Router,
    contract: &Contract,
    default: bool,
    within: &mut impl FnMut(Option<Schema>) -> Option<Value>,
) -> Value {
    let transactions: Vec<Value> =
        contract.functions.iter().map(|(name, function)| transaction(name, function, within)).collect();
    json!({
        "name": contract.name,
        "default": default,
        "info": { "title": contract.name, "version": router.version },
        "transactions": transactions,
    })
}

fn transaction(name: &str, function: &Function, within: &mut impl FnMut(Option<Schema>) -> Option<Value>) -> Value {
    let tag = match function.kind {
        Kind::Submit => ["submit", "SUBMIT"],
        Kind::Evaluate => ["evaluate", "EVALUATE"],
    };
    let mut out = json!({ "name": name, "tag": tag });
    if let Some(schema) = within(function.request) {
        out["parameters"] = json!([{ "name": "request", "required": true, "schema": schema }]);
    }
    if let Some(schema) = within(function.response) {
        out["returns"] = schema;
    }
    out
}

/// Completes an object type as the format wants it; other types (enumerations, texts) stay as they are.
fn component(name: String, mut schema: Value) -> Value {
    if let Some(object) = schema.as_object_mut()
        && object.get("type").is_some_and(|kind| kind == "object")
        && object.contains_key("properties")
    {
        object.insert("$id".to_owned(), Value::String(name));
        object.entry("required").or_insert_with(|| json!([]));
        object.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    schema
}
