//! The promise of compatibility: what stands on the ledger under which key, and what is announced.
//!
//! `golden/ledger.json` lists every table with the shape of its keys and the JSON Schema of its values, and every
//! event. Indexes, bundles and verifiers of others read ledgers by it. A change that this test finds is a change for
//! them: a new table, event or optional field is written down with `ENTREPOT_GOLDEN=write`; anything else needs a
//! migration.

use std::path::{Path, PathBuf};

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};
use trade_model::{
    agreement::AgreementEvent, custody::CustodyEvent, customs::CustomsEvent, disclosure::DisclosureEvent,
    evidence::EvidenceEvent, governance::GovernanceEvent, item::ItemEvent, mandate::MandateEvent,
    payment::PaymentEvent, rights::RightsEvent, tables, title::TitleEvent,
};

#[test]
#[expect(clippy::disallowed_methods, reason = "how a test is run decides no ledger state")]
fn the_ledgers_schema_is_what_was_promised() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/ledger.json");
    let now = lines(&schema());
    if std::env::var("ENTREPOT_GOLDEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(&file, &now).expect("the golden file can be written");
    }
    let promised = std::fs::read_to_string(&file).expect("the golden file is committed");
    let difference = promised.lines().zip(now.lines()).enumerate().find(|(_, (promised, now))| promised != now);
    assert!(
        promised == now,
        "the ledger's schema changed, first here: {difference:?}; what is only new is written down with \
         ENTREPOT_GOLDEN=write"
    );
}

#[test]
fn no_table_is_left_out_of_the_schema() {
    let schema = schema();
    let promised: Vec<(&str, bool)> = schema["tables"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|table| Some((table["name"].as_str()?, table["authored"].as_bool()?)))
        .collect();
    let mut declared = 0;
    for file in tables_files() {
        let source = std::fs::read_to_string(&file).expect("a source file");
        for (word, authored) in [("Table::new(", false), ("Authored::new(", true)] {
            for name in source.split(word).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')) {
                let name = name.split('"').next().unwrap_or_default();
                declared += 1;
                let place = file.display();
                assert!(
                    promised.contains(&(name, authored)),
                    "{place}: {name} has no line in `tables()`, or not as what it is: public, private or authored"
                );
            }
        }
    }
    assert_eq!(declared, promised.len(), "tables that are not constants of a `tables.rs`");
}

/// `tables.rs` of every domain.
fn tables_files() -> Vec<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let domains = std::fs::read_dir(source).expect("the crate's source").flatten();
    domains.map(|domain| domain.path().join("tables.rs")).filter(|file| file.exists()).collect()
}

/// One line for each table, event and definition, so that a change is read in one line.
fn lines(schema: &Value) -> String {
    let mut text = String::from("{");
    for (part, entries) in schema.as_object().expect("an object").iter() {
        let rows: Vec<String> = match entries {
            Value::Object(named) => named.iter().map(|(name, entry)| format!("{}: {entry}", json!(name))).collect(),
            other => other.as_array().into_iter().flatten().map(Value::to_string).collect(),
        };
        let (open, close) = if entries.is_object() { ('{', '}') } else { ('[', ']') };
        let comma = if text.ends_with('{') { "" } else { "," };
        text += &format!("{comma}\n{}: {open}\n  {}\n{close}", json!(part), rows.join(",\n  "));
    }
    text + "\n}\n"
}

fn schema() -> Value {
    // As written: what stands on the ledger, not what a request may leave out.
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let tables = tables::all(&mut generator);
    let events = events(&mut generator);
    let mut definitions = generator.take_definitions(true);
    definitions.values_mut().for_each(without_words);
    json!({ "tables": tables, "events": events, "$defs": definitions })
}

/// Descriptions and examples may be mended without asking anybody.
fn without_words(schema: &mut Value) {
    match schema {
        Value::Object(words) => {
            if words.get("description").is_some_and(Value::is_string) {
                words.remove("description");
            }
            if words.get("examples").is_some_and(Value::is_array) {
                words.remove("examples");
            }
            words.values_mut().for_each(without_words);
        }
        Value::Array(list) => list.iter_mut().for_each(without_words),
        _ => {}
    }
}

fn events(generator: &mut SchemaGenerator) -> Vec<Value> {
    fn of<E: JsonSchema>(generator: &mut SchemaGenerator, names: &[&str]) -> Value {
        json!({ "names": names, "schema": generator.subschema_for::<E>() })
    }
    vec![
        of::<GovernanceEvent>(generator, GovernanceEvent::NAMES),
        of::<ItemEvent>(generator, ItemEvent::NAMES),
        of::<CustodyEvent>(generator, CustodyEvent::NAMES),
        of::<RightsEvent>(generator, RightsEvent::NAMES),
        of::<EvidenceEvent>(generator, EvidenceEvent::NAMES),
        of::<CustomsEvent>(generator, CustomsEvent::NAMES),
        of::<PaymentEvent>(generator, PaymentEvent::NAMES),
        of::<AgreementEvent>(generator, AgreementEvent::NAMES),
        of::<TitleEvent>(generator, TitleEvent::NAMES),
        of::<MandateEvent>(generator, MandateEvent::NAMES),
        of::<DisclosureEvent>(generator, DisclosureEvent::NAMES),
    ]
}
