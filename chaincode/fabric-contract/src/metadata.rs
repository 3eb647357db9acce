//! The description of a chaincode that Fabric's tools and other libraries read, made from the routing table.
//!
//! Tags are the pairs that the Go library writes. The format's published schema (`contract-schema.json` of Fabric's
//! Node library) is narrower than JSON Schema: every type under `components.schemas` carries its `$id`, lists of
//! required fields are not empty, and the schema of a parameter or response knows few words. What needs more words,
//! such as an optional response, becomes a component of its own and is referred to.

use std::collections::BTreeMap;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    Contract, Kind,
    contract::{Function, Schema},
};

/// The function that each Fabric contract library answers with its metadata.
pub(crate) const METADATA_FUNCTION: &str = "org.hyperledger.fabric:GetMetadata";

const DEFINITIONS: &str = "/components/schemas";

/// The words that the format allows in the schema of a parameter or a response.
const WORDS: [&str; 27] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "default",
    "description",
    "discriminator",
    "enum",
    "example",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "properties",
    "readOnly",
    "required",
    "title",
    "type",
];

/// Describes the contracts of a chaincode of this title and version.
pub(crate) fn of(title: &str, version: &str, contracts: &[Contract]) -> Value {
    let mut components = Components::new();
    let contracts: BTreeMap<&str, Value> = contracts
        .iter()
        .enumerate()
        .map(|(index, contract)| (contract.name(), describe(version, contract, index == 0, &mut components)))
        .collect();
    json!({
        "info": { "title": title, "version": version },
        "contracts": contracts,
        "components": { "schemas": components.finish() },
    })
}

fn describe(version: &str, contract: &Contract, default: bool, components: &mut Components) -> Value {
    let functions = contract.functions.iter();
    let transactions: Vec<Value> =
        functions.map(|(name, function)| transaction(&contract.name, name, function, components)).collect();
    json!({
        "name": contract.name,
        "default": default,
        "info": { "title": contract.name, "version": version },
        "transactions": transactions,
    })
}

fn transaction(contract: &str, name: &str, function: &Function, components: &mut Components) -> Value {
    let tag = match function.kind {
        Kind::Submit => ["submit", "SUBMIT"],
        Kind::Evaluate => ["evaluate", "EVALUATE"],
    };
    let mut out = json!({ "name": name, "tag": tag });
    if let Some(schema) = function.request {
        let schema = components.refer(schema, &format!("{contract}.{name}.request"));
        out["parameters"] = json!([{ "name": "request", "required": true, "schema": schema }]);
    }
    if let Some(schema) = function.response {
        out["returns"] = components.refer(schema, &format!("{contract}.{name}.response"));
    }
    out
}

/// The types that the transactions refer to.
struct Components {
    generator: SchemaGenerator,
    own: BTreeMap<String, Value>,
}

impl Components {
    fn new() -> Self {
        let settings = SchemaSettings::draft07().with(|settings| settings.definitions_path = DEFINITIONS.into());
        Self { generator: settings.into_generator(), own: BTreeMap::new() }
    }

    /// The schema of a parameter or response; as a component called `name` when the format has no words for it.
    fn refer(&mut self, schema: Schema, name: &str) -> Value {
        let schema = (schema.within)(&mut self.generator);
        match schema.as_object() {
            // "Anything" is a boolean in JSON Schema and an empty object here.
            None => json!({}),
            Some(words) if words.keys().all(|word| WORDS.contains(&word.as_str())) => schema,
            Some(_) => {
                self.own.insert(name.to_owned(), schema);
                json!({ "$ref": format!("#{DEFINITIONS}/{name}") })
            }
        }
    }

    fn finish(mut self) -> BTreeMap<String, Value> {
        let mut all = self.own;
        all.extend(self.generator.take_definitions(true));
        for (name, schema) in &mut all {
            complete(name, schema);
        }
        all
    }
}

fn complete(name: &str, schema: &mut Value) {
    if !schema.is_object() {
        *schema = json!({});
    }
    if let Some(words) = schema.as_object_mut() {
        words.insert("$id".to_owned(), Value::from(name));
        // Clients build requests from this, and an object's unknown fields are refused or ignored: none may be added.
        if words.contains_key("properties") {
            words.entry("additionalProperties").or_insert(Value::Bool(false));
        }
    }
}
