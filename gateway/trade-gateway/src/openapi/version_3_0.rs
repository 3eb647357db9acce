//! The same document in OpenAPI 3.0.3, whose schemas are not quite JSON Schema.
//!
//! Many generators, gateways and ERP importers read no later version. Each word that 3.0 does not know is said by those
//! that it knows; what it cannot say, that a caller may show a client certificate, stands in `x-client-certificate`.

use serde_json::{Map, Value, json};

use super::schema::{COMPONENTS, parts};

/// The scheme of a client certificate on the connection.
const CERTIFICATE: &str = "clientCertificate";

/// Says a document of version 3.1 in version 3.0.3.
pub(super) fn of(mut document: Value) -> Value {
    document["openapi"] = "3.0.3".into();
    if let Some(whole) = document.as_object_mut() {
        whole.remove("jsonSchemaDialect");
    }
    document["info"]["license"] = json!({"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"});
    if let Some(schemes) = document["components"]["securitySchemes"].as_object_mut() {
        schemes.remove(CERTIFICATE);
    }
    each(&mut document["components"]["schemas"], schema);
    each(&mut document["components"]["responses"], response);
    each(&mut document["paths"], |item| each(item, operation));
    document
}

fn each(map: &mut Value, change: impl FnMut(&mut Value)) {
    map.as_object_mut().into_iter().flat_map(Map::values_mut).for_each(change);
}

fn operation(operation: &mut Value) {
    if let Some(ways) = operation["security"].as_array_mut() {
        let all = ways.len();
        ways.retain(|way| way.get(CERTIFICATE).is_none());
        let certificate = ways.len() < all;
        operation["x-client-certificate"] = certificate.into();
    }
    for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
        schema(&mut parameter["schema"]);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        content(body);
    }
    each(&mut operation["responses"], response);
}

fn response(response: &mut Value) {
    if response.get("$ref").is_some() {
        return;
    }
    content(response);
    if let Some(headers) = response.get_mut("headers") {
        each(headers, |header| schema(&mut header["schema"]));
    }
}

fn content(body: &mut Value) {
    // An answer without a body has none, and asking for it by index would put `null` there.
    if let Some(content) = body.get_mut("content") {
        each(content, |media| schema(&mut media["schema"]));
    }
}

/// Says one schema and all in it in the words of 3.0.
fn schema(value: &mut Value) {
    let Some(words) = value.as_object_mut() else { return };
    parts(words).into_iter().for_each(schema);
    constant(words);
    first_example(words);
    nullable(words);
    exclusive_bound(words, "exclusiveMinimum", "minimum");
    exclusive_bound(words, "exclusiveMaximum", "maximum");
    for word in ["unevaluatedProperties", "propertyNames", "patternProperties", "$comment"] {
        words.remove(word);
    }
    reference_alone(words);
}

/// `const` is an enumeration of one.
fn constant(words: &mut Map<String, Value>) {
    if let Some(value) = words.remove("const") {
        words.insert("enum".to_owned(), json!([value]));
    }
}

/// Of several examples the first one.
fn first_example(words: &mut Map<String, Value>) {
    if let Some(Value::Array(examples)) = words.remove("examples") {
        words.extend(examples.into_iter().next().map(|example| ("example".to_owned(), example)));
    }
}

/// That a value may be `null` is a word beside its type, not a type.
fn nullable(words: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = words.get("type") {
        let others: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        if others.len() < kinds.len() {
            words.insert("nullable".to_owned(), true.into());
        }
        match <[Value; 1]>::try_from(others) {
            Ok([kind]) => words.insert("type".to_owned(), kind),
            Err(others) => {
                words.remove("type");
                let options: Vec<Value> = others.into_iter().map(|kind| json!({"type": kind})).collect();
                words.insert("anyOf".to_owned(), options.into())
            }
        };
    }
    for choice in ["anyOf", "oneOf"] {
        let Some(Value::Array(options)) = words.get_mut(choice) else { continue };
        let before = options.len();
        // What stood here as `{"type": "null"}` has gone through this function already.
        options.retain(|option| option["type"] != "null");
        if options.len() < before {
            words.insert("nullable".to_owned(), true.into());
        }
    }
}

/// A bound that does not belong to the range is a bound and the word that it does not.
fn exclusive_bound(words: &mut Map<String, Value>, exclusive: &str, inclusive: &str) {
    let excluded =
        words.get_mut(exclusive).filter(|bound| bound.is_number()).map(|bound| std::mem::replace(bound, true.into()));
    words.extend(excluded.map(|bound| (inclusive.to_owned(), bound)));
}

/// Beside a reference nothing is read, so what stands there moves around it.
fn reference_alone(words: &mut Map<String, Value>) {
    let to_schema = words.get("$ref").and_then(Value::as_str).is_some_and(|target| target.starts_with(COMPONENTS));
    if to_schema
        && words.len() > 1
        && let Some(target) = words.remove("$ref")
    {
        words.insert("allOf".to_owned(), json!([{"$ref": target}]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(mut value: Value) -> Value {
        schema(&mut value);
        value
    }

    #[test]
    fn an_answer_without_a_body_stays_one() {
        let mut answer = json!({"description": "Forgotten"});
        response(&mut answer);
        assert_eq!(answer, json!({"description": "Forgotten"}));
    }

    #[test]
    fn words_that_3_0_does_not_know_are_said_by_those_that_it_knows() {
        for (version_3_1, version_3_0) in [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (json!({"type": ["string", "integer"]}), json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})),
            (
                json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}]}),
                json!({"anyOf": [{"$ref": "#/components/schemas/A"}], "nullable": true}),
            ),
            (json!({"const": "a", "type": "string"}), json!({"enum": ["a"], "type": "string"})),
            (json!({"examples": ["a", "b"]}), json!({"example": "a"})),
            (json!({"exclusiveMinimum": 0}), json!({"exclusiveMinimum": true, "minimum": 0})),
            (json!({"exclusiveMaximum": 9}), json!({"exclusiveMaximum": true, "maximum": 9})),
            (
                json!({"$ref": "#/components/schemas/A", "description": "a"}),
                json!({"allOf": [{"$ref": "#/components/schemas/A"}], "description": "a"}),
            ),
            (json!({"$ref": "#/components/schemas/A"}), json!({"$ref": "#/components/schemas/A"})),
            (
                json!({"properties": {"const": {"const": 1}, "examples": {"items": {"examples": [2]}}}}),
                json!({"properties": {"const": {"enum": [1]}, "examples": {"items": {"example": 2}}}}),
            ),
        ] {
            assert_eq!(said(version_3_1.clone()), version_3_0, "{version_3_1}");
        }
    }

    #[test]
    fn no_word_of_3_1_is_left_in_the_document() {
        fn look(value: &mut Value, seen: &mut usize) {
            let Some(words) = value.as_object_mut() else { return };
            *seen += 1;
            for word in
                ["const", "examples", "$defs", "prefixItems", "propertyNames", "patternProperties", "contentEncoding"]
            {
                assert!(!words.contains_key(word), "{word} in {words:?}");
            }
            assert!(words.get("type").is_none_or(Value::is_string), "{words:?}");
            assert!(words.get("type").is_none_or(|kind| kind != "null"), "{words:?}");
            assert!(!words.contains_key("$ref") || words.len() == 1, "{words:?}");
            parts(words).into_iter().for_each(|part| look(part, seen));
        }
        let mut document = of(super::super::document());
        let mut seen = 0;
        each(&mut document["components"]["schemas"], |schema| look(schema, &mut seen));
        each(&mut document["paths"], |item| {
            each(item, |operation| {
                for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
                    look(&mut parameter["schema"], &mut seen);
                }
            });
        });
        assert!(seen > 1000, "{seen}");
        assert_eq!(document["openapi"], "3.0.3");
        let whoami = &document["paths"]["/v1/whoami"]["get"];
        assert_eq!(
            (&whoami["security"], &whoami["x-client-certificate"]),
            (&json!([{"accessToken": ["read"]}]), &true.into())
        );
        let health = &document["paths"]["/healthz"]["get"];
        assert_eq!((&health["security"], &health["x-client-certificate"]), (&json!([]), &false.into()));
    }
}
