//! API5: broken function level authorization. Callers without the role for a function call every one there is.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::system;

/// What is sent with POST and writes nothing to the ledger by itself: a statement that is read, a token, how an
/// organization is told of events, and files whose rows are writes of their own.
const NO_WRITES: [&str; 6] = [
    "/v1/bank-statements",
    "/v1/import-mappings/{name}/preview",
    "/v1/imports",
    "/v1/oauth/token",
    "/v1/webhooks/{id}/replay",
    "/v1/webhooks/{id}/secret",
];

/// Every write of the OpenAPI document, with its path parameters filled in.
fn writes(document: &Value) -> Result<Vec<String>> {
    let paths = document["paths"].as_object().context("no paths")?.iter();
    let sent = paths.filter(|(_, operations)| operations.get("post").is_some()).map(|(path, _)| path);
    let (others, writes): (Vec<&String>, Vec<_>) = sent.partition(|path| NO_WRITES.contains(&path.as_str()));
    ensure!(others.len() == NO_WRITES.len(), "{others:?}");
    ensure!(writes.len() > 15, "only {} writes were found", writes.len());
    Ok(writes.iter().map(|path| path.replace("{id}", "NONE").replace("{sha256}", &"0".repeat(64))).collect())
}

#[tokio::test]
async fn a_regulator_calls_no_function_that_writes() -> Result<()> {
    let system = system().await?;
    let (exporter, regulator) = (system.caller("ExporterMSP")?, system.caller("RegulatorMSP")?);
    let document = regulator.get("/openapi.json").await?.accepted()?;
    let mut reached = 0;
    for path in writes(&document)? {
        regulator.post(&path, &json!({})).await?.refused(403, "role_not_permitted").context(path.clone())?;
        let entitled = exporter.post(&path, &json!({})).await?;
        reached += usize::from(entitled.body["code"] != "role_not_permitted");
    }
    ensure!(reached > 10, "control: an enterprise reaches the contract on {reached} of them only");
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_customs_or_a_bank_is_theirs_alone() -> Result<()> {
    let system = system().await?;
    let (exporter, customs) = (system.caller("ExporterMSP")?, system.caller_as("CustomsMSP", "Officer1")?);
    exporter
        .post("/v1/declarations/ImporterMSP/NONE/assessment", &json!({}))
        .await?
        .refused(403, "role_not_permitted")?;
    let reached = customs.post("/v1/declarations/ImporterMSP/NONE/assessment", &json!({})).await?;
    reached.refused(404, "customs.declaration_unknown").context("control")?;

    let amount = entrepot::demo::secrets::Secret::new(5)?;
    let entry = fixtures::entry("FUNCTION-1", "ExporterMSP", "FUNCTION-1", fixtures::of(&amount.commitment()));
    let entry = fixtures::json(&entry);
    exporter.post("/v1/statement-entries", &entry).await?.refused(403, "caller.role_missing")?;
    system.caller("BankMSP")?.post("/v1/statement-entries", &entry).await?.accepted().context("control")?;
    Ok(())
}
