//! What a row's document can hold, as the schemas of the model say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use trade_model::tables;

use super::{Resource, resources};

impl Resource {
    /// The JSON Schemas of the fields of its documents; they refer to definitions that `generator` collects.
    #[must_use]
    pub fn properties(&self, generator: &mut SchemaGenerator) -> Map<String, Value> {
        let tables = schemas(generator);
        let definitions = Value::Object(generator.definitions().clone());
        let mut properties = Map::new();
        collect(&definitions, &schema_of(&tables, self.table), &mut properties);
        for part in self.parts {
            let one = schema_of(&tables, part.table);
            let schema = if part.many { json!({ "type": "array", "items": one }) } else { one };
            properties.insert(part.name.to_owned(), schema);
        }
        properties
    }

    /// The fields that its documents can have.
    #[must_use]
    pub fn fields(&self) -> &'static BTreeSet<String> {
        static FIELDS: LazyLock<BTreeMap<&'static str, BTreeSet<String>>> = LazyLock::new(all_fields);
        static NONE: BTreeSet<String> = BTreeSet::new();
        FIELDS.get(self.name).unwrap_or(&NONE)
    }
}

/// The fields of all resources' documents.
fn all_fields() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let fields_of = |resource: &'static Resource| {
        let fields = resource.properties(&mut generator).keys().cloned().collect();
        (resource.name, fields)
    };
    resources().iter().copied().map(fields_of).collect()
}

/// The schemas of the model's tables.
fn schemas(generator: &mut SchemaGenerator) -> BTreeMap<&'static str, Value> {
    tables::all(generator).into_iter().map(|table| (table.name, table.value)).collect()
}

fn schema_of(tables: &BTreeMap<&'static str, Value>, table: &str) -> Value {
    tables.get(table).cloned().unwrap_or_else(|| json!({}))
}

/// Collects an object's properties, through references and choices.
fn collect(definitions: &Value, schema: &Value, properties: &mut Map<String, Value>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        collect(definitions, definitions.get(name).unwrap_or(&Value::Null), properties);
    }
    let own = schema.get("properties").and_then(Value::as_object);
    properties.extend(own.into_iter().flatten().map(|(name, schema)| (name.clone(), schema.clone())));
    for word in ["allOf", "anyOf", "oneOf"] {
        for one in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
            collect(definitions, one, properties);
        }
    }
}
