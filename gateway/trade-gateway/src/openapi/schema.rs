//! Schemas as generators of clients take them: the same values, said in the plainest words of JSON Schema.
//!
//! The schemas that the model's types describe are right and hard to read by machines: an enumeration is a choice of
//! constants, an optional field may be `null` although no answer ever says so. Generators refuse such, or make types of
//! them that nobody wants to use.

use serde_json::{Map, Value, json};

/// Where schemas with a name stand.
pub(super) const COMPONENTS: &str = "#/components/schemas/";

/// A reference to the schema with this name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{COMPONENTS}{name}")})
}

/// The name of the schema that is referred to.
pub(super) fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(COMPONENTS)
}

/// The schemas that stand directly in one.
pub(super) fn parts(schema: &mut Map<String, Value>) -> Vec<&mut Value> {
    let mut parts = Vec::new();
    for (word, value) in schema.iter_mut() {
        match (word.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(named)) => parts.extend(named.values_mut()),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(list)) => parts.extend(list),
            ("items" | "not" | "propertyNames", value) | ("additionalProperties", value @ Value::Object(_)) => {
                parts.push(value);
            }
            _ => {}
        }
    }
    parts
}

/// Says the schema and all in it plainly.
pub(super) fn plain(schema: &mut Value) {
    if *schema == Value::Bool(true) {
        *schema = json!({});
    }
    let Some(words) = schema.as_object_mut() else { return };
    parts(words).into_iter().for_each(plain);
    enumeration(words);
    without_null(words);
    distributed(words);
    known_format(words);
    simple_default(words);
    // OpenAPI 3.0 takes no empty list here.
    if words.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        words.remove("required");
    }
}

/// A choice of constants is an enumeration; what each one means goes into the description. In a choice of constants
/// and others the constants become one.
fn enumeration(words: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = words.get_mut("oneOf") else { return };
    let (mut values, mut lines) = (Vec::new(), String::new());
    options.retain(|option| match constants(option) {
        Some(constants) => {
            if let ([Value::String(value)], Some(meaning)) = (constants, option["description"].as_str()) {
                lines += &format!("\n* `{value}`: {}", meaning.replace('\n', " "));
            }
            values.extend_from_slice(constants);
            false
        }
        None => true,
    });
    if values.is_empty() {
        return;
    }
    let enumeration = json!({"type": "string", "enum": values});
    if options.is_empty() {
        words.remove("oneOf");
        words.extend(enumeration.as_object().cloned().unwrap_or_default());
    } else {
        options.insert(0, enumeration);
    }
    let before = words.get("description").and_then(Value::as_str).unwrap_or_default();
    if !lines.is_empty() {
        let description = format!("{before}\n{lines}");
        words.insert("description".to_owned(), description.trim_start().into());
    }
}

/// The texts for which a schema of constant texts stands.
fn constants(schema: &Value) -> Option<&[Value]> {
    let words = schema.as_object().filter(|words| words.get("type").is_some_and(|kind| kind == "string"))?;
    match (words.get("const"), words.get("enum")) {
        (Some(value), None) => Some(std::slice::from_ref(value)),
        (None, Some(Value::Array(values))) => Some(values),
        _ => None,
    }
}

/// A field that may be left out is never `null`: no answer holds one, and requests need none.
fn without_null(words: &mut Map<String, Value>) {
    let required = words.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = words.get_mut("properties") else { return };
    for (name, property) in properties {
        if !required.contains(&json!(name)) {
            not_null(property);
        }
    }
}

/// The schema without the value `null`.
pub(super) fn not_null(schema: &mut Value) {
    let Some(words) = schema.as_object_mut() else { return };
    if words.get("default").is_some_and(Value::is_null) {
        words.remove("default");
    }
    if let Some(Value::Array(kinds)) = words.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [kind] = kinds.as_slice() {
            let kind = kind.clone();
            words.insert("type".to_owned(), kind);
        }
    }
    let Some(Value::Array(options)) = words.get_mut("anyOf") else { return };
    options.retain(|option| *option != json!({"type": "null"}));
    let [Value::Object(only)] = options.as_slice() else { return };
    let only = only.clone();
    words.remove("anyOf");
    for (word, value) in only {
        words.entry(word).or_insert(value);
    }
}

/// What stands beside a choice of objects goes into each of them.
fn distributed(words: &mut Map<String, Value>) {
    let Some(Value::Array(mut options)) = words.remove("oneOf") else { return };
    let objects = options.iter().all(|option| option["properties"].is_object());
    if objects && words.contains_key("properties") {
        let common = words.remove("properties").unwrap_or_default();
        let required = words.remove("required").unwrap_or_default();
        words.remove("type");
        for option in &mut options {
            let properties = common.as_object().into_iter().flatten();
            for (name, property) in properties {
                option["properties"][name] = property.clone();
            }
            let own = option["required"].as_array().cloned().unwrap_or_default();
            let all = own.into_iter().chain(required.as_array().cloned().unwrap_or_default());
            option["required"] = all.collect();
        }
    }
    words.insert("oneOf".to_owned(), options.into());
}

/// A default of several values is said in words: generators write it into programs as it stands here.
fn simple_default(words: &mut Map<String, Value>) {
    let several = |value: &Value| value.is_object() || value.as_array().is_some_and(|list| !list.is_empty());
    if !words.get("default").is_some_and(several) {
        return;
    }
    if let Some(value) = words.remove("default") {
        let before = words.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{before}\n\nDefault: `{value}`");
        words.insert("description".to_owned(), description.trim_start().into());
    }
}

/// Whole numbers have a format that generators know, and say their bounds themselves.
fn known_format(words: &mut Map<String, Value>) {
    let (format, bound) = match words.get("format").and_then(Value::as_str) {
        Some("uint8") => ("int32", Some(u64::from(u8::MAX))),
        Some("uint16") => ("int32", Some(u64::from(u16::MAX))),
        Some("uint32") => ("int64", Some(u64::from(u32::MAX))),
        Some("uint64" | "uint") => ("int64", None),
        _ => return,
    };
    words.insert("format".to_owned(), format.into());
    if let Some(bound) = bound {
        words.entry("maximum").or_insert(bound.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(mut schema: Value) -> Value {
        plain(&mut schema);
        schema
    }

    #[test]
    fn a_choice_of_constants_is_an_enumeration_that_says_what_each_means() {
        let choice = json!({"description": "A vote.", "oneOf": [
            {"const": "yes", "type": "string", "description": "For it."},
            {"enum": ["no", "none"], "type": "string"},
        ]});
        let expected = json!({
            "type": "string", "enum": ["yes", "no", "none"], "description": "A vote.\n\n* `yes`: For it.",
        });
        assert_eq!(plainly(choice), expected);
        let mixed =
            json!({"oneOf": [{"const": "a", "type": "string"}, {"type": "object"}, {"const": "b", "type": "string"}]});
        assert_eq!(plainly(mixed), json!({"oneOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "object"}]}));
    }

    #[test]
    fn only_a_field_that_may_be_left_out_loses_its_null() {
        let object = json!({"required": ["a"], "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"type": ["string", "null"], "default": null},
            "c": {"anyOf": [{"$ref": "#/components/schemas/C", "description": "C."}, {"type": "null"}], "description": "c"},
            "null": {"type": "null"},
        }});
        let expected = json!({"required": ["a"], "properties": {
            "a": {"type": ["string", "null"]},
            "b": {"type": "string"},
            "c": {"$ref": "#/components/schemas/C", "description": "c"},
            "null": {"type": "null"},
        }});
        assert_eq!(plainly(object), expected);
    }

    #[test]
    fn what_stands_beside_a_choice_of_objects_goes_into_each() {
        let choice = json!({
            "oneOf": [
                {"type": "object", "properties": {"a": {}}, "required": ["a"]},
                {"type": "object", "properties": {"b": {}}},
            ],
            "type": "object", "properties": {"all": true}, "required": ["all"],
        });
        let expected = json!({"oneOf": [
            {"type": "object", "properties": {"a": {}, "all": {}}, "required": ["a", "all"]},
            {"type": "object", "properties": {"b": {}, "all": {}}, "required": ["all"]},
        ]});
        assert_eq!(plainly(choice), expected);
    }

    #[test]
    fn a_default_of_several_values_is_said_in_words() {
        let schema = json!({"$ref": "#/components/schemas/R", "description": "R.", "default": {"days": 3}});
        let expected = json!({"$ref": "#/components/schemas/R", "description": "R.\n\nDefault: `{\"days\":3}`"});
        assert_eq!(plainly(schema), expected);
        let simple = json!({"type": "array", "default": []});
        assert_eq!(plainly(simple.clone()), simple);
    }

    #[test]
    fn properties_that_are_called_like_words_of_a_schema_are_left_alone() {
        let object = json!({"properties": {"type": {"format": "uint16"}, "oneOf": {"type": "string"}}, "required": ["type", "oneOf"]});
        let expected = json!({
            "properties": {"type": {"format": "int32", "maximum": 65535}, "oneOf": {"type": "string"}},
            "required": ["type", "oneOf"],
        });
        assert_eq!(plainly(object), expected);
    }
}
