use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use trade_model::transaction::{PRIVATE, Presence};

use super::{
    document, examples,
    schema::{COMPONENTS, parts},
};
use crate::routes::{self, Access, Action, ParameterKind, Route};

fn operations(document: &Value) -> Vec<&Value> {
    let paths = document["paths"].as_object().expect("paths");
    paths.values().flat_map(|item| item.as_object().expect("methods").values()).collect()
}

fn operation<'a>(document: &'a Value, route: &Route) -> &'a Value {
    &document["paths"][route.path][route.method.as_str().to_ascii_lowercase()]
}

#[test]
fn every_route_is_listed_once_with_its_roles() {
    let document = document();
    let listed: BTreeSet<_> =
        operations(&document).iter().map(|one| one["operationId"].as_str().unwrap_or("")).collect();
    let expected: BTreeSet<_> = routes::all().iter().map(|route| route.operation).collect();
    assert_eq!(listed, expected);
    for route in routes::all() {
        let operation = operation(&document, route);
        assert_eq!(operation["operationId"], route.operation);
        assert_eq!(operation["x-roles"].is_array(), matches!(route.access, Access::Members(_)), "{}", route.operation);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                found.extend(
                    object
                        .get("discriminator")
                        .and_then(|discriminator| discriminator["mapping"].as_object())
                        .into_iter()
                        .flatten()
                        .filter_map(|(_, to)| to.as_str()),
                );
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
    let body = |name: &str| &document["components"]["schemas"][name];
    let opening = body("ShareInvoiceOpeningRequest");
    assert!(opening["properties"]["private"].is_object(), "{opening}");
    assert_eq!((&opening["properties"]["invoice_id"], &opening["required"]), (&Value::Null, &json!(["private"])));
    let reject = body("RejectCustodyRequest");
    assert_eq!((&reject["properties"]["transfer_id"], &reject["required"]), (&Value::Null, &json!(["reason"])));
}

#[test]
fn every_object_and_every_choice_has_a_name_that_no_other_schema_changes() {
    fn look(place: &str, schema: &mut Value, seen: &mut usize) {
        let Some(words) = schema.as_object_mut() else { return };
        *seen += 1;
        for word in ["allOf", "anyOf", "not", "$defs"] {
            assert!(!words.contains_key(word), "{place} has {word}: {words:?}");
        }
        for part in parts(words) {
            assert!(part["properties"].is_null() && part["oneOf"].is_null(), "in {place} without a name: {part}");
            look(place, part, seen);
        }
    }
    let document = document();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let mut seen = 0;
    for (name, schema) in schemas {
        look(name, &mut schema.clone(), &mut seen);
        // What schemars calls the second type of a name, by the order in which it meets them.
        let counted = name.trim_end_matches(|character: char| character.is_ascii_digit());
        assert!(counted == name || !schemas.contains_key(counted), "{name} is called after its place");
    }
    assert!(seen > 2000, "{seen}");
    for operation in operations(&document) {
        let bodies =
            operation["responses"].as_object().into_iter().flat_map(Map::values).chain([&operation["requestBody"]]);
        for schema in bodies.map(|body| &body["content"]["application/json"]["schema"]) {
            assert!(
                schema["properties"].is_null() && schema["oneOf"].is_null(),
                "{}: {schema}",
                operation["operationId"]
            );
        }
    }
}

#[test]
fn every_choice_of_objects_says_what_tells_them_apart_where_a_field_does() {
    let document = document();
    let subject = &document["components"]["schemas"]["Subject"];
    assert_eq!(subject["discriminator"]["propertyName"], "kind");
    assert_eq!(subject["discriminator"]["mapping"]["custody_transfer"], format!("{COMPONENTS}SubjectCustodyTransfer"));
    let act = &document["components"]["schemas"]["AttestedDeclarationActInspected"];
    assert_eq!(
        (&act["properties"]["act"]["const"], &act["properties"]["authenticated"]["type"]),
        (&"inspected".into(), &"boolean".into())
    );
}

/// The argument of a route's transaction: its body's example, and the examples of its parameters.
fn argument(document: &Value, route: &Route) -> Value {
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let operation = operation(document, route);
    let mut argument = operation["requestBody"]["content"]["application/json"]["example"].clone();
    if argument.is_null() {
        argument = json!({});
    }
    for (parameter, described) in route.parameters.iter().zip(operation["parameters"].as_array().into_iter().flatten())
    {
        let Some(field) = parameter.field.filter(|_| described["required"] == true) else { continue };
        let value = examples::of(&described["schema"], schemas);
        argument[field] = match (parameter.kind, argument[field].as_str(), value.as_str()) {
            (ParameterKind::PartysId, Some(party), Some(id)) => format!("{party}/{id}").into(),
            _ => value,
        };
    }
    argument
}

#[test]
fn every_example_of_a_body_is_one_that_its_transaction_takes() {
    let document = document();
    let mut taken = 0;
    for route in routes::all() {
        let Some(transaction) = route.transaction().filter(|transaction| transaction.body_field.is_none()) else {
            continue;
        };
        let mut argument = argument(&document, route);
        let private = argument.as_object_mut().and_then(|fields| fields.remove(PRIVATE));
        assert_eq!(private.is_some(), transaction.presence == Presence::Required, "{}", route.operation);
        let checked = (transaction.request.check)(&argument);
        assert!(checked.is_ok(), "{}: {checked:?} in {argument}", route.operation);
        if let Some(private) = private {
            let checked = (transaction.private.check)(&private);
            assert!(checked.is_ok(), "{}: {checked:?}", route.operation);
        }
        let content =
            &operation(&document, route)["responses"][route.success.to_string()]["content"]["application/json"];
        let answer = if route.is_write() { &content["example"]["result"] } else { &content["example"] };
        let checked = (transaction.answer.check)(answer);
        assert!(checked.is_ok(), "{}: {checked:?} in {answer}", route.operation);
        taken += 1;
    }
    assert!(taken > 100, "{taken}");
}

#[test]
fn every_json_body_has_an_example_and_the_examples_of_standards_can_be_read() {
    for operation in operations(&document()) {
        let responses = operation["responses"].as_object().into_iter().flat_map(Map::values);
        for body in responses.chain([&operation["requestBody"]]) {
            let media = &body["content"]["application/json"];
            assert!(media.is_null() || !media["example"].is_null(), "{}", operation["operationId"]);
        }
    }
    let document = examples::epcis_document()["examples"][0].to_string();
    let events = trade_standards::epcis::parse(document.as_bytes()).map(|document| document.events.len());
    assert_eq!(events.ok(), Some(1));
    let capture =
        routes::all().iter().find(|route| matches!(&route.action, Action::Submit(one) if one.body_field.is_some()));
    assert_eq!(capture.map(|route| route.operation), Some("capture"));
    let statement = trade_standards::iso20022::parse_camt(examples::BANK_STATEMENT.as_bytes());
    assert!(statement.is_ok(), "{statement:?}");
}
