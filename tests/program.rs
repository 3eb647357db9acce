//! The `entrepot` program, built for the tests.

use fabric_contract::{CompositeKey, Context, Contract, Fault};
use serde_json::Value;

/// Under this name the program's chaincode is the changed one. A supervisor starts its processes from its own file, and
/// gives them no environment.
const CHANGED: &str = "changed-chaincode";

fn main() -> std::process::ExitCode {
    let contracts = trade_contracts::router();
    let program = std::env::current_exe().unwrap_or_default();
    match program.file_name().is_some_and(|name| name == CHANGED) {
        true => entrepot::run_with(contracts.contract(changed())),
        false => entrepot::run_with(contracts),
    }
}

/// What colluding peers can do beside the honest contracts: write any record under any key of any table.
fn changed() -> Contract {
    Contract::new("forged").submit("Write", write)
}

/// Takes `{"key": [table, parts …], "record": …}`; `{transaction}` in it stands for the id of this transaction.
fn write(ctx: &mut Context<'_>, forged: Value) -> Result<Value, Fault> {
    let transaction = ctx.tx_id().to_owned();
    let here = |text: &str| text.replace("{transaction}", &transaction);
    let key: Vec<String> = forged["key"].as_array().into_iter().flatten().filter_map(Value::as_str).map(here).collect();
    let parts: Vec<&str> = key.iter().map(String::as_str).collect();
    let (table, parts) = parts.split_first().unwrap_or((&"", &[]));
    ctx.put(&CompositeKey::new(table, parts)?, here(&forged["record"].to_string()).into_bytes())?;
    Ok(Value::Null)
}
