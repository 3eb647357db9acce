//! The schemas that have a name: those of the model's types, those of single operations, and parts of both.
//!
//! Generators call a type after its schema's name. What has none gets one from where it stands, made up differently by
//! each of them; so every object and every choice has its own here.

use std::collections::BTreeSet;

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::schema::{COMPONENTS, plain, reference, referred};

/// Collects schemas while operations are described.
pub(super) struct Components {
    pub generator: SchemaGenerator,
    named: Map<String, Value>,
    /// What objects get beside their own properties: an object's name, the property and its schema.
    added: Vec<(String, &'static str, Value)>,
}

impl Components {
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { generator: settings.into_generator(), named: Map::new(), added: Vec::new() }
    }

    /// A reference to the schema of a type.
    pub fn of<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// The schema of a type, to be changed.
    pub fn inline<T: JsonSchema>(&mut self) -> Value {
        let mut schema = T::json_schema(&mut self.generator).to_value();
        plain(&mut schema);
        schema
    }

    /// Gives a schema a name and refers to it.
    pub fn name(&mut self, name: String, schema: Value) -> Value {
        let reference = reference(&name);
        self.named.insert(name, schema);
        reference
    }

    /// Gives the object to which `to` refers one more property, which may be absent.
    pub fn add_property<T: JsonSchema>(&mut self, to: &Value, property: &'static str) {
        let name = referred(to).expect("an object with a name").to_owned();
        let schema = self.of::<T>();
        self.added.push((name, property, schema));
    }

    /// All schemas to which `from` leads.
    pub fn finish(mut self, from: &[&Value]) -> Map<String, Value> {
        let mut schemas = self.generator.take_definitions(true);
        schemas.extend(self.named);
        for (name, property, schema) in self.added {
            let properties = schemas.get_mut(&name).and_then(|object| object["properties"].as_object_mut());
            let before = properties.expect("an object").insert(property.to_owned(), schema.clone());
            assert!(before.is_none_or(|before| before == schema), "{name} has a property {property} of its own");
        }
        let mut parted = Map::new();
        for (name, mut schema) in schemas {
            plain(&mut schema);
            name_parts(&name, &mut schema, &mut parted);
            parted.insert(name, schema);
        }
        keep_reached(&mut parted, from);
        parted
    }
}

/// Gives a name to each object and each choice in a schema that has one.
fn name_parts(name: &str, schema: &mut Value, out: &mut Map<String, Value>) {
    let Some(words) = schema.as_object_mut() else { return };
    if let Some(Value::Object(properties)) = words.get_mut("properties") {
        for (property, schema) in properties {
            move_out(format!("{name}{}", capitals(property)), schema, out);
        }
    }
    if let Some(items) = words.get_mut("items") {
        move_out(format!("{name}Item"), items, out);
    }
    if let Some(values) = words.get_mut("additionalProperties") {
        move_out(format!("{name}Value"), values, out);
    }
    name_options(name, words, out);
}

/// Gives a name to each option of a choice, and says by which field they are told apart, if there is one.
fn name_options(name: &str, words: &mut Map<String, Value>, out: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = words.get_mut("oneOf") else { return };
    let tag = tag(options);
    let mut mapping = Map::new();
    for (place, option) in options.iter_mut().enumerate() {
        let value = tag.as_ref().and_then(|tag| option["properties"][tag]["const"].as_str()).map(str::to_owned);
        let own = format!("{name}{}", value.as_deref().map_or_else(|| kind_of(option, place), capitals));
        if let Some(value) = value {
            mapping.insert(value, json!(format!("{COMPONENTS}{own}")));
        }
        if referred(option).is_none() {
            let mut schema = std::mem::replace(option, reference(&own));
            name_parts(&own, &mut schema, out);
            out.insert(own, schema);
        }
    }
    if let Some(tag) = tag {
        words.insert("discriminator".to_owned(), json!({"propertyName": tag, "mapping": mapping}));
    }
}

/// The field that has another constant in each of the objects, and that each of them must have.
fn tag(options: &[Value]) -> Option<String> {
    let (first, others) = options.split_first()?;
    let constant = |option: &Value, name: &str| {
        let required = option["required"].as_array().is_some_and(|required| required.contains(&json!(name)));
        option["properties"][name]["const"].as_str().filter(|_| required).map(str::to_owned)
    };
    let names = first["properties"].as_object()?.keys();
    names
        .into_iter()
        .find(|name| {
            let values: BTreeSet<_> =
                others.iter().chain([first]).filter_map(|option| constant(option, name)).collect();
            values.len() == options.len()
        })
        .cloned()
}

/// What to call an option without a tag: after the only field that it must have, or after its type.
fn kind_of(option: &Value, place: usize) -> String {
    match (option["required"].as_array().map(Vec::as_slice), option["type"].as_str()) {
        (Some([Value::String(field)]), _) => capitals(field),
        (_, Some("string")) => "Name".to_owned(),
        _ => format!("Option{}", place + 1),
    }
}

/// Puts an object or a choice under a name of its own; goes on inside of others.
fn move_out(name: String, schema: &mut Value, out: &mut Map<String, Value>) {
    if schema["properties"].is_object() || schema["oneOf"].is_array() {
        let description = schema.get("description").cloned();
        let mut moved = std::mem::replace(schema, reference(&name));
        schema
            .as_object_mut()
            .into_iter()
            .for_each(|words| words.extend(description.clone().map(|text| ("description".to_owned(), text))));
        name_parts(&name, &mut moved, out);
        out.insert(name, moved);
    } else {
        name_parts(&name, schema, out);
    }
}

/// `custody_transfer` and `custody-transfer` as `CustodyTransfer`; `issueInvoice` as `IssueInvoice`.
pub(super) fn capitals(name: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect::<String>()
    };
    name.split(['-', '_']).map(word).collect()
}

/// Leaves out the schemas to which nothing refers: those of tables that no list shows.
fn keep_reached(schemas: &mut Map<String, Value>, from: &[&Value]) {
    let (mut open, mut reached) = (Vec::new(), BTreeSet::new());
    from.iter().for_each(|value| collect(value, &mut open));
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(&name).filter(|_| reached.insert(name.clone())) {
            collect(schema, &mut open);
        }
    }
    schemas.retain(|name, _| reached.contains(name));
}

fn collect(value: &Value, open: &mut Vec<String>) {
    open.extend(referred(value).map(str::to_owned));
    match value {
        Value::Object(object) => object.values().for_each(|value| collect(value, open)),
        Value::Array(array) => array.iter().for_each(|value| collect(value, open)),
        _ => {}
    }
}
