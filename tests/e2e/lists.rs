//! Lists, histories, search and events, from an index that reads the blocks of a running network.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use fixtures::json;
use serde_json::{Value, json};

use crate::harness::{PROGRAM, System, establish, everywhere};

const BRAND: &str = "ExporterMSP";
const REGULATOR: &str = "RegulatorMSP";

/// How long the index may take to read what was committed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until there is what `wanted` wants.
pub(crate) async fn until(system: &System, msp_id: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    let (caller, deadline) = (system.caller(msp_id)?, Instant::now() + PATIENCE);
    loop {
        let answer = caller.get(path).await?;
        // It says that it has read nothing yet.
        if answer.status == 503 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        let answer = answer.accepted()?;
        if wanted(&answer) {
            return Ok(answer);
        }
        ensure!(Instant::now() < deadline, "{path} did not come to it: {answer}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether a page of a list has any row.
pub(crate) fn has_rows(answer: &Value) -> bool {
    answer["rows"].as_array().is_some_and(|rows| !rows.is_empty())
}

#[tokio::test]
async fn what_is_committed_is_listed_to_every_member_with_who_made_it() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right = json(&fixtures::right("LI-1", &[]));
        let committed = system.caller(BRAND)?.post("/v1/rights", &right).await?.accepted()?;
        let block = committed["block_number"].as_u64().context("a block")?;
        let path = "/v1/rights?number=LI-1";
        let list = until(system, REGULATOR, path, has_rows).await?;
        let row = &list["rows"][0];
        ensure!(row["id"] == format!("{BRAND}/EM-mark-LI-1") && row["record"]["owner"] == BRAND, "{row}");
        ensure!(row["authenticated"] == true && row["changed"]["block"] == block, "{row}");
        ensure!(list["as_of"]["block"].as_u64() >= Some(block), "{list}");

        // What is made of it later stands beside it, and the history tells both.
        let attestation = format!("/v1/rights/{BRAND}/EM-mark-LI-1/attestation");
        system.caller("CustomsMSP")?.post(&attestation, &json!({"basis": {"kind": "register"}})).await?.accepted()?;
        let attested = |answer: &Value| !answer["rows"][0]["record"]["attestations"].is_null();
        let row = until(system, BRAND, path, attested).await?["rows"][0].clone();
        ensure!(
            row["authenticated"] == true && row["record"]["attestations"][0]["attested"]["by"] == "CustomsMSP",
            "{row}"
        );
        let history = format!("/v1/rights/{BRAND}/EM-mark-LI-1/history");
        let history = system.caller(REGULATOR)?.get(&history).await?.accepted()?;
        let parts: Vec<&Value> = history["versions"].as_array().into_iter().flatten().map(|one| &one["part"]).collect();
        ensure!(parts == ["record", "attestations"], "{history}");

        let found = system.caller(REGULATOR)?.get("/v1/search?q=li+exportermsp").await?.accepted()?;
        ensure!(found["found"].as_array().is_some_and(|found| !found.is_empty()), "{found}");
        let behind = format!("/v1/events?name=rights.right_registered&after={}-0", block - 1);
        let events = system.caller(REGULATOR)?.get(&behind).await?.accepted()?;
        let transactions = events["events"].as_array().into_iter().flatten().map(|event| &event["transaction_id"]);
        ensure!(transactions.into_iter().any(|id| *id == committed["transaction_id"]), "{events}");
    }
    Ok(())
}

#[tokio::test]
async fn every_list_is_read_to_its_end_and_holds_nothing_that_its_authors_did_not_make() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        until(system, BRAND, "/v1/foundings?limit=1", has_rows).await?;
        let caller = system.caller(BRAND)?;
        for resource in trade_index::resources() {
            let mut target = format!("/v1/{}?limit=50&sort=id", resource.name);
            let mut last = String::new();
            loop {
                let page = caller.get(&target).await?.accepted()?;
                for row in page["rows"].as_array().into_iter().flatten() {
                    let id = row["id"].as_str().context("an id")?;
                    ensure!(id > last.as_str(), "{}: {id} does not come after {last}", resource.name);
                    ensure!(row["authenticated"] != false, "{}: {row}", resource.name);
                    last = id.to_owned();
                }
                let Some(next) = page["next"].as_str() else { break };
                target = format!("/v1/{}?limit=50&sort=id&after={next}", resource.name);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_index_is_read_anew_and_compared_with_what_contracts_answer() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let right = json(&fixtures::right("LI-2", &[]));
        system.caller(BRAND)?.post("/v1/rights", &right).await?.accepted()?;
        // An index of its own beside the gateway's, which goes on.
        let folder = tempfile::tempdir()?;
        let given = std::fs::read_to_string(system.layout.folder("gateway")?.join("settings.yaml"))?;
        let database = format!("database: 'sqlite:{}'", folder.path().join("index.sqlite").display());
        let settings = given.replace("database: null", &database);
        ensure!(settings != given, "the settings name no database:\n{given}");
        let file = folder.path().join("settings.yaml");
        std::fs::write(&file, settings)?;
        let index = |what: &str| -> Result<String> {
            let output = Command::new(PROGRAM).args(["index", what, "--settings"]).arg(&file).output()?;
            let (told, failed) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
            ensure!(output.status.success(), "{what}: {told}{failed}");
            Ok(told)
        };
        ensure!(index("status")?.contains("next block of the index 0,"), "a new index has read something");
        let rebuilt = index("rebuild")?;
        ensure!(!rebuilt.contains("next block of the index 0,"), "{rebuilt}");
        let compared = index("verify")?;
        ensure!(compared.contains(" records are what the contracts answer, 0 are not"), "{compared}");
        ensure!(!compared.starts_with("0 "), "nothing was compared: {compared}");
    }
    Ok(())
}
