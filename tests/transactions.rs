//! One declaration per transaction: everything that lists transactions lists the same ones.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Result, ensure};
use fabric_contract::Kind;
use trade_gateway::routes;
use trade_model::common::Duty;

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

/// The table of duties in that README names what each duty lets a person write.
#[test]
fn the_duties_of_the_contracts_readme_are_those_of_the_declarations() -> Result<()> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chaincode/trade-contracts/README.md");
    let readme = fs::read_to_string(readme)?;
    let mut rows = "| duty | transactions |\n|---|---|\n".to_owned();
    for duty in Duty::ALL {
        let routed = routes::all().iter().filter_map(|route| route.transaction());
        let needing: BTreeSet<String> =
            routed.filter(|one| one.duties.contains(duty)).map(|one| format!("`{}`", one.name)).collect();
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
