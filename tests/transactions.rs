//! One declaration per transaction: everything that lists transactions lists the same ones.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Result, ensure};
use fabric_contract::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use trade_gateway::routes;
use trade_model::{
    Transaction as _,
    common::Duty,
    customs::ReadDecision,
    item::{ReadCorrection, ReadSerials},
    payment::ReadSettlementLimit,
    rights::ReadRight,
};

/// Every transaction of the chaincode can be called over REST, or it is said why not; and no route calls another one.
#[test]
fn every_transaction_has_a_route_or_a_reason_why_not() -> Result<()> {
    let declared: BTreeSet<(String, Kind)> =
        trade_contracts::router().transactions().into_iter().map(|one| (one.name, one.kind)).collect();
    let routed: BTreeSet<(String, Kind)> = routes::all()
        .iter()
        .filter_map(|route| route.transaction())
        .map(|transaction| (transaction.name.to_owned(), transaction.kind))
        .collect();
    let unknown: Vec<_> = routed.difference(&declared).collect();
    ensure!(unknown.is_empty(), "routes call transactions that no contract lists: {unknown:?}");
    let excused: BTreeSet<&str> = routes::WITHOUT_ROUTE.iter().map(|(name, _)| *name).collect();
    let missing: BTreeSet<&str> = declared.difference(&routed).map(|(name, _)| name.as_str()).collect();
    ensure!(missing == excused, "without a route are {missing:?}, excused are {excused:?}");
    for (name, reason) in routes::WITHOUT_ROUTE {
        ensure!(reason.len() > 20, "{name} has no reason: {reason:?}");
    }
    Ok(())
}

/// The table in the contracts' README names each transaction once, under its contract and kind.
#[test]
fn the_table_of_the_contracts_readme_is_the_router() -> Result<()> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chaincode/trade-contracts/README.md");
    let readme = fs::read_to_string(readme)?;
    let table = table();
    ensure!(readme.contains(&table), "put this into chaincode/trade-contracts/README.md:\n{table}");
    Ok(())
}

/// The table of duties in that README names what each duty lets a person write; one that only reads has no row.
#[test]
fn the_duties_of_the_contracts_readme_are_those_of_the_declarations() -> Result<()> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chaincode/trade-contracts/README.md");
    let readme = fs::read_to_string(readme)?;
    let mut rows = "| duty | transactions |\n|---|---|\n".to_owned();
    for duty in Duty::ALL {
        let routed = routes::all().iter().filter_map(|route| route.transaction());
        let needing: BTreeSet<String> =
            routed.filter(|one| one.duties.contains(duty)).map(|one| format!("`{}`", one.name)).collect();
        if needing.is_empty() {
            continue;
        }
        rows += &format!("| `{duty}` | {} |\n", needing.into_iter().collect::<Vec<_>>().join(" "));
    }
    ensure!(readme.contains(&rows), "put this into chaincode/trade-contracts/README.md:\n{rows}");
    Ok(())
}

/// That README lists the tables whose records bear an authorship digest as the model declares them.
#[test]
fn the_authored_tables_of_the_contracts_readme_are_those_of_the_model() -> Result<()> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chaincode/trade-contracts/README.md");
    let readme = fs::read_to_string(readme)?;
    let authored = trade_model::tables::readers().values().filter(|reader| reader.info.authored);
    let names: Vec<String> = authored.map(|reader| format!("`{}`", reader.info.name)).collect();
    let row = format!("| bears digests | {} |\n", names.join(" "));
    ensure!(readme.contains(&row), "put this into chaincode/trade-contracts/README.md:\n{row}");
    Ok(())
}

/// Answers that show a record which speaks for an organization and do not say whether it made it, by transaction and
/// table, and why they need not.
const FILTERED: &[(&str, &str, &str)] = &[
    (ReadDecision::NAME, "declaration-act", "the acts that were authentic when it was decided are its inputs"),
    (ReadCorrection::NAME, "correction", "one that the recorder has not made is answered as unknown"),
    (ReadCorrection::NAME, "correction-consent", "only consents that their members have made are listed"),
    (ReadSerials::NAME, "serial-range", "only ranges that their company has made are listed"),
    (ReadSettlementLimit::NAME, "settlement-limit", "one that the organization has not set is answered as unknown"),
    (ReadRight::NAME, "right-opposition", "only oppositions that their members have made are listed"),
    (ReadRight::NAME, "right-opposition-answer", "only the owner's own answer is shown"),
    (ReadRight::NAME, "right-opposition-decision", "only what an attester has decided itself is shown"),
];

/// Every answer that shows a record which speaks for an organization says whether that organization made it, or shows
/// none that it did not make.
#[test]
fn every_answer_that_shows_an_authored_record_says_whether_it_is_authentic() -> Result<()> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let tables = trade_model::tables::all(&mut generator);
    let reads = routes::all().iter().filter_map(|route| route.transaction()).filter(|one| one.kind == Kind::Evaluate);
    let answers: Vec<_> = reads.map(|read| (read.name, (read.answer.reference)(&mut generator).to_value())).collect();
    let definitions = generator.take_definitions(true);
    let authored: Vec<(&str, BTreeSet<&str>)> = tables
        .iter()
        .filter(|table| table.authored)
        .map(|table| (table.name, fields(resolved(&table.value, &definitions))))
        .collect();
    let mut found = BTreeSet::new();
    for (name, answer) in &answers {
        let mut silent =
            Silent { definitions: &definitions, authored: &authored, open: Vec::new(), found: BTreeSet::new() };
        silent.look(answer, false);
        found.extend(silent.found.into_iter().map(|table| (*name, table)));
    }
    let excused: BTreeSet<(&str, &str)> = FILTERED.iter().map(|(name, table, _)| (*name, *table)).collect();
    ensure!(found == excused, "say nothing about authenticity: {found:?}; excused are {excused:?}");
    ensure!(FILTERED.iter().all(|(_, _, reason)| reason.len() > 20), "an excuse needs a reason");
    Ok(())
}

/// Looks through the schema of an answer for authored records beside which nothing is said.
struct Silent<'d> {
    definitions: &'d Map<String, Value>,
    authored: &'d [(&'d str, BTreeSet<&'d str>)],
    open: Vec<String>,
    found: BTreeSet<&'d str>,
}

impl Silent<'_> {
    /// `said` tells whether the object around this one says it.
    fn look(&mut self, schema: &Value, said: bool) {
        if let Some(name) = schema["$ref"].as_str() {
            if self.open.iter().any(|open| open == name) {
                return;
            }
            self.open.push(name.to_owned());
            self.look(resolved(schema, self.definitions), said);
            self.open.pop();
        }
        let own = fields(schema);
        let says = own.contains("authenticated");
        if !says && !said {
            let shown = self.authored.iter().filter(|(_, fields)| fields.is_subset(&own));
            self.found.extend(shown.map(|(table, _)| *table));
        }
        for field in schema["properties"].as_object().into_iter().flat_map(Map::values) {
            self.look(field, says);
        }
        for word in ["items", "additionalProperties"] {
            schema.get(word).into_iter().for_each(|each| self.look(each, said));
        }
        for word in ["anyOf", "oneOf", "allOf", "prefixItems"] {
            schema[word].as_array().into_iter().flatten().for_each(|option| self.look(option, said));
        }
    }
}

fn resolved<'d>(schema: &'d Value, definitions: &'d Map<String, Value>) -> &'d Value {
    let name = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"));
    name.and_then(|name| definitions.get(name)).unwrap_or(schema)
}

fn fields(schema: &Value) -> BTreeSet<&str> {
    schema["properties"].as_object().into_iter().flat_map(Map::keys).map(String::as_str).collect()
}

fn table() -> String {
    let mut rows = "| contract | submit | evaluate |\n|---|---|---|\n".to_owned();
    let transactions = trade_contracts::router().transactions();
    let mut contracts: Vec<&str> = transactions.iter().map(|one| one.contract.as_str()).collect();
    contracts.dedup();
    for contract in contracts {
        let of = |kind: Kind| {
            let own = transactions.iter().filter(|one| one.contract == contract && one.kind == kind);
            own.map(|one| format!("`{}`", one.function)).collect::<Vec<_>>().join(" ")
        };
        rows += &format!("| `{contract}` | {} | {} |\n", of(Kind::Submit), of(Kind::Evaluate));
    }
    rows
}
