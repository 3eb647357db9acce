//! Lists, histories, search and events, from an index that reads the blocks of a running network.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use entrepot::demo::documents;
use fabric_client::Start;
use fixtures::json;
use serde_json::{Value, json};
use tokio_stream::StreamExt;
use trade_index::{BlockFacts, FollowError, Follower, Reader, Store};
use trade_model::{Transaction, item::Capture};

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

/// A thing has several names, and a list finds it by each; what an authority's officer recalled says so there.
#[tokio::test]
async fn a_thing_is_found_by_each_of_its_names() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let goods = documents::commissioning(&["LI2"], "2026-11-02T08:00:00Z", "https://id.gs1.org/414/9521234000006");
        system.caller(BRAND)?.post("/v1/captures", &goods).await?.accepted()?;
        let item = documents::item("LI2");
        let offer = json!({"transfer_id": "LI2", "items": [item], "to": "ImporterMSP", "condition": "good"});
        system.caller(BRAND)?.post("/v1/custody-transfers", &offer).await?.accepted()?;
        system
            .caller("ImporterMSP")?
            .post("/v1/custody-transfers/ExporterMSP/LI2/accept", &json!({}))
            .await?
            .accepted()?;
        let recalled = json!({
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"], "type": "ObjectEvent",
            "eventTime": "2026-11-03T08:00:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
            "bizStep": "inspecting", "disposition": "recalled", "epcList": [item],
        });
        system.caller_as("CustomsMSP", "Officer1")?.post("/v1/captures", &recalled).await?.accepted()?;

        let urn = "urn:epc:id:sgtin:9521234.054321.LI2";
        ensure!(item == "https://id.gs1.org/01/09521234543213/21/LI2", "the names are of {item}");
        let is_recalled = |answer: &Value| !answer["rows"][0]["record"]["recalled_by_event"].is_null();
        until(system, REGULATOR, &format!("/v1/items?id={urn}"), is_recalled).await?;
        let caller = system.caller(REGULATOR)?;
        let names = [item.as_str(), urn];
        for name in names.map(trade_standards::percent::encode) {
            for (list, field) in [("items", "item_id"), ("custody-transfers", "item"), ("captured-events", "item")] {
                let answer = caller.get(&format!("/v1/{list}?{field}={name}")).await?.accepted()?;
                ensure!(has_rows(&answer), "{list} by {name}: {answer}");
            }
            caller.get(&format!("/v1/items/{name}/history")).await?.accepted()?;
            let read = caller.get(&format!("/v1/items/{name}?proof=transaction")).await?.accepted()?;
            ensure!(read["transaction_proof"]["transaction"]["function"] == Capture::NAME, "{read}");
        }
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
        // An index of its own beside the gateway's, which goes on; on PostgreSQL, too, where there is one.
        let folder = tempfile::tempdir()?;
        let given = std::fs::read_to_string(system.layout.folder("gateway")?.join("settings.yaml"))?;
        let file = format!("sqlite:{}", folder.path().join("index.sqlite").display());
        for database in [Some(file), std::env::var("ENTREPOT_POSTGRES").ok()].into_iter().flatten() {
            rebuilt_and_compared(&given, &database, &folder.path().join("settings.yaml"))?;
        }
    }
    Ok(())
}

/// Reads an index in a database anew, twice, and compares it.
fn rebuilt_and_compared(given: &str, database: &str, file: &Path) -> Result<()> {
    let settings = given.replace("database: null", &format!("database: '{database}'"));
    ensure!(settings != given, "the settings name no database:\n{given}");
    std::fs::write(file, settings)?;
    let index = |what: &str| -> Result<String> {
        let output = Command::new(PROGRAM).args(["index", what, "--settings"]).arg(file).output()?;
        let (told, failed) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        ensure!(output.status.success(), "{what}: {told}{failed}");
        Ok(told)
    };
    for _ in 0..2 {
        let rebuilt = index("rebuild")?;
        ensure!(!rebuilt.contains("next block of the index 0,"), "{rebuilt}");
    }
    ensure!(index("status")?.starts_with("peer of "), "the peer is not named");
    let compared = index("verify")?;
    ensure!(compared.contains(" records are what the contracts answer, 0 are not"), "{compared}");
    ensure!(!compared.starts_with("0 "), "nothing was compared: {compared}");
    Ok(())
}

#[tokio::test]
async fn an_index_of_another_chain_is_not_read_on() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let folder = tempfile::tempdir()?;
        let store = Store::open_file(&folder.path().join("index.sqlite")).await?;
        let reader = Reader {
            channel: system.consortium.channel.clone(),
            organization: BRAND.to_owned(),
            chaincode: system.consortium.chaincode.name.clone(),
        };
        let id = store.reader(&reader).await?;
        let digest = |number: u64| {
            let mut digest = [7; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            digest
        };
        let other = |number: u64| BlockFacts {
            number,
            previous_sha256: digest(number.wrapping_sub(1)),
            header_sha256: digest(number),
            organizations: None,
            transactions: Vec::new(),
        };
        let gateway = system.fabric(BRAND, BRAND).await?;
        let follower = Follower::new(store.clone(), reader, gateway.clone());
        store.apply(id, &other(0)).await?;
        let refused = follower.until(1).await;
        ensure!(matches!(refused, Err(FollowError::OtherChain(0))), "{refused:?}");

        let mut newest = gateway.blocks(&system.consortium.channel).start(Start::Newest).open()?;
        let newest = newest.next().await.context("a block")??.header.map_or(0, |header| header.number);
        // Other tests write meanwhile, a block or two.
        let ahead = newest + 1_000;
        for number in 1..ahead {
            store.apply(id, &other(number)).await?;
        }
        let refused = follower.until(ahead).await;
        ensure!(matches!(refused, Err(FollowError::Behind { next, .. }) if next == ahead), "{refused:?}");
    }
    Ok(())
}
