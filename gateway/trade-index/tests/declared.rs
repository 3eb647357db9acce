//! What is declared as a list is what the ledger's tables hold.

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use serde_json::Value;
use trade_index::{Column, Kind, Resource, Shared, resources};
use trade_model::tables::{self, TableInfo};

/// Why a public table is in no list.
const NOT_LISTED: &[(&str, &[&str])] = &[
    (
        "a way to find records, for contracts",
        &[
            "agreement-pair",
            "alarm-time",
            "cleared-item",
            "commitment",
            "declared-item",
            "declared-item-of-another",
            "entry-reference",
            "entry-use",
            "event-id",
            "event-rival",
            "evidence-first",
            "group-alarm",
            "hold-on",
            "hs-cleared",
            "hs-declared",
            "item-alarm",
            "item-alarm-standing",
            "item-correction",
            "item-event",
            "item-sighting",
            "licence-held",
            "licence-of",
            "licence-offered",
            "licence-under",
            "licence-under-right",
            "mandate-between",
            "party-alarm",
            "proposal-age",
            "proposal-open",
            "recorder-sighting",
            "recorder-signal",
            "right-attested-for",
            "right-claim",
            "right-for",
            "right-of",
            "stopped-item",
            "tariff",
            "tariff-of",
            "unit-content",
        ],
    ),
    ("one record, with a route of its own", &["participants", "rules"]),
    (
        "a timeline of an item, of which `item:Trace` makes one story",
        &["timeline-custody", "timeline-licence", "timeline-location", "timeline-packing", "timeline-title"],
    ),
    (
        "not every member is told of it: the contract judges for each caller",
        &["alarm", "alarm-answer", "alarm-decision", "alarm-group"],
    ),
    ("which list an organization confirms: `governance:ReadFounding` counts who has", &["founding-confirmation"]),
    ("waits for a second person of one organization, whose affair it is", &["settlement-proposal"]),
];

#[test]
fn every_public_table_is_listed_or_has_a_reason_not_to_be() {
    let (tables, _) = schema();
    let known: BTreeSet<&str> = tables.iter().map(|table| table.name).collect();
    let public: BTreeSet<&str> = tables.iter().filter(|table| !table.private).map(|table| table.name).collect();
    let listed: BTreeSet<&str> = resources()
        .iter()
        .flat_map(|resource| std::iter::once(resource.table).chain(resource.parts.iter().map(|part| part.table)))
        .collect();
    let reasoned: BTreeSet<&str> = NOT_LISTED.iter().flat_map(|(_, tables)| tables.iter().copied()).collect();
    let missing: Vec<_> = public.difference(&listed).filter(|table| !reasoned.contains(**table)).collect();
    assert!(missing.is_empty(), "not listed and without a reason: {missing:?}");
    let gone: Vec<_> = listed.union(&reasoned).filter(|table| !known.contains(**table)).collect();
    assert!(gone.is_empty(), "no table of the ledger: {gone:?}");
    let twice: Vec<_> = listed.intersection(&reasoned).collect();
    assert!(twice.is_empty(), "listed all the same: {twice:?}");
    let private: Vec<_> = listed.difference(&public).collect();
    assert!(private.is_empty(), "private tables are listed: {private:?}");
}

#[test]
fn every_column_stands_in_the_schema_of_its_record() {
    let (tables, definitions) = schema();
    for resource in resources() {
        for column in resource.columns {
            let found = schema_at(&tables, &definitions, resource, column);
            let found = found.unwrap_or_else(|| panic!("{}: nothing stands at {}", resource.name, column.pointer));
            let types = types(&definitions, &found);
            let wanted = match column.kind {
                Kind::Number => "integer",
                Kind::Text | Kind::Thing | Kind::Day | Kind::Moment => "string",
            };
            assert!(types.contains(wanted), "{}: {} is {types:?}, not {wanted}", resource.name, column.name);
        }
        for set in resource.sets {
            let found = schema_at(&tables, &definitions, resource, set);
            let found = found.unwrap_or_else(|| panic!("{}: nothing stands at {}", resource.name, set.pointer));
            assert!(types(&definitions, &found).contains("array"), "{}: {} is no array", resource.name, set.name);
        }
    }
}

#[test]
fn names_are_used_once() {
    let names: BTreeSet<&str> = resources().iter().map(|resource| resource.name).collect();
    assert_eq!(names.len(), resources().len());
    for resource in resources() {
        let columns: BTreeSet<&str> = resource.columns.iter().chain(resource.sets).map(|column| column.name).collect();
        assert_eq!(columns.len(), resource.columns.len() + resource.sets.len(), "{}", resource.name);
        for column in columns {
            assert!(
                !["sort", "after", "limit", "total", "q", "changed_since", "fields", "authenticated", "id"]
                    .contains(&column)
            );
            assert!(!column.ends_with("_from") && !column.ends_with("_to"), "{column} reads as the end of a range");
        }
    }
}

#[test]
fn what_belongs_to_a_record_is_found_by_the_records_key() {
    let (tables, _) = schema();
    let key_of = |name: &str| tables.iter().find(|table| table.name == name).map(|table| table.key.clone());
    for resource in resources() {
        let record = key_of(resource.table).unwrap_or_default();
        assert_eq!(record.len(), resource.key.len(), "{}: names of the key's parts", resource.name);
        for part in resource.parts {
            let entry = key_of(part.table).unwrap_or_default();
            let place = format!("{}: {}", resource.name, part.name);
            match part.shared {
                // A party's MSP id is an `owner` in one table and a `text` in another.
                Shared::Parts(shared) => {
                    assert!(shared == record.len() || resource.name == "tariffs", "{place}");
                    assert_eq!(entry.len() > shared, part.many, "{place}");
                    let named = |shape: &&&str| !["owner", "text"].contains(*shape);
                    let (ours, theirs): (Vec<_>, Vec<_>) =
                        (record.iter().filter(named).collect(), entry[..shared].iter().filter(named).collect());
                    assert_eq!(ours, theirs, "{place}");
                }
                Shared::Whole => {
                    assert_eq!((record.len(), entry.first()), (2, record.get(1)), "{place}");
                    assert!(part.many && record[0] == "owner", "{place}");
                }
            }
        }
    }
}

#[test]
fn documents_have_the_fields_of_their_records_and_parts() {
    for resource in resources() {
        let fields = resource.fields();
        assert!(!fields.is_empty(), "{}", resource.name);
        for part in resource.parts {
            assert!(fields.contains(part.name), "{}: {}", resource.name, part.name);
        }
    }
}

fn schema() -> (Vec<TableInfo>, Value) {
    let mut generator = SchemaGenerator::default();
    let tables = tables::all(&mut generator);
    let definitions = Value::Object(generator.take_definitions(true));
    (tables, definitions)
}

/// The schema of what a column points to, in the record or in what belongs to it.
fn schema_at(tables: &[TableInfo], definitions: &Value, resource: &Resource, column: &Column) -> Option<Value> {
    let value_of = |table: &str| tables.iter().find(|info| info.name == table).map(|info| info.value.clone());
    let mut steps = column.pointer.split('/').skip(1).peekable();
    let part = resource.parts.iter().find(|part| steps.peek() == Some(&part.name));
    let mut schema = match part {
        Some(part) => {
            steps.next();
            value_of(part.table)?
        }
        None => value_of(resource.table)?,
    };
    for step in steps {
        schema = property(definitions, &schema, step)?;
    }
    Some(schema)
}

fn property(definitions: &Value, schema: &Value, name: &str) -> Option<Value> {
    let schema = resolved(definitions, schema);
    if let Some(found) = schema.get("properties").and_then(|properties| properties.get(name)) {
        return Some(found.clone());
    }
    let choices = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
    choices.flatten().find_map(|choice| property(definitions, choice, name))
}

/// The JSON types that a schema allows.
fn types(definitions: &Value, schema: &Value) -> BTreeSet<String> {
    let schema = resolved(definitions, schema);
    let mut found = BTreeSet::new();
    match schema.get("type") {
        Some(Value::String(name)) => {
            found.insert(name.clone());
        }
        Some(Value::Array(names)) => found.extend(names.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    if schema.get("const").or(schema.get("enum").and_then(|values| values.get(0))).is_some_and(Value::is_string) {
        found.insert("string".to_owned());
    }
    for word in ["anyOf", "oneOf", "allOf"] {
        for choice in schema.get(word).and_then(Value::as_array).into_iter().flatten() {
            found.extend(types(definitions, choice));
        }
    }
    found
}

fn resolved(definitions: &Value, schema: &Value) -> Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let name = reference.rsplit('/').next().unwrap_or_default();
            resolved(definitions, definitions.get(name).unwrap_or(&Value::Null))
        }
        None => schema.clone(),
    }
}

/// A list answers a record with what belongs to it in one object, so that a name must not stand for both.
#[test]
fn no_part_of_a_document_hides_a_field_of_its_record() {
    let mut hidden = Vec::new();
    for resource in resources() {
        let alone = Resource { parts: &[], ..**resource };
        let own = alone.properties(&mut SchemaGenerator::default());
        assert!(own.contains_key(resource.key[0]) || own.len() > 1, "{} has no fields", resource.name);
        let parts = resource.parts.iter().filter(|part| own.contains_key(part.name));
        hidden.extend(parts.map(|part| format!("{} of {}", part.name, resource.name)));
    }
    assert!(hidden.is_empty(), "{hidden:?}");
}
