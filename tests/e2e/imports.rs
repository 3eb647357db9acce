//! A bulk import on a network that is killed in the middle of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use entrepot::demo::rest::{Answer, Caller};
use serde_json::{Value, json};

use crate::harness::{System, establish, start};

/// How long an import may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Rows that are recorded before the network is killed.
const RECORDED: u64 = 4;

const GTIN: &str = "09521234543213";

/// Thirty ranges of serial numbers, as a spreadsheet has saved them: the zeros at the front are gone. The digits of one
/// trade item are lost, one has a wrong check digit, and one is another company's.
fn table() -> String {
    let row = |number: u32| {
        let gtin = match number {
            5 => "9.52123E+12",
            15 => "9521234543214",
            25 => "9506000134352",
            _ => "9521234543213",
        };
        format!("{gtin};{:06};{:06}\r\n", number * 1_000, number * 1_000 + 999)
    };
    "GTIN;First serial;Last serial\r\n".to_owned() + &(0..30).map(row).collect::<String>()
}

async fn send(caller: &Caller, query: &str, file: &str) -> Result<Answer> {
    let headers = [("content-type", "text/csv")];
    caller.send("POST", &format!("/v1/imports?mapping=ranges{query}"), file.as_bytes().to_vec(), &headers).await
}

/// The import once it is as wanted.
async fn wait(caller: &Caller, id: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let view = caller.get(&format!("/v1/imports/{id}")).await?.accepted()?;
        if wanted(&view) {
            return Ok(view);
        }
        ensure!(Instant::now() < deadline, "it stays {view}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn counts(view: &Value) -> [u64; 4] {
    ["rows", "accepted", "failed", "waiting"].map(|name| view[name].as_u64().unwrap_or(u64::MAX))
}

async fn ranges(caller: &Caller) -> Result<Value> {
    Ok(caller.get(&format!("/v1/serial-ranges/{GTIN}")).await?.accepted()?["issued"].clone())
}

#[test]
fn an_import_that_is_killed_in_the_middle_goes_on_and_the_same_file_changes_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let network = start(folder.path(), None)?;
    let id = runtime.block_on(begin(&System::of(&network)?))?;
    network.kill()?;

    let network = start(folder.path(), None)?;
    let system = System::of(&network)?;
    runtime.block_on(go_on(&system, &id))?;
    network.stop()
}

/// Tries the file, begins to import it, and gives back the import's id when some rows are recorded and others wait.
async fn begin(system: &System) -> Result<String> {
    establish(system).await?;
    let exporter = system.caller("ExporterMSP")?;
    let mapping = json!({
        "target": "POST /v1/serial-ranges",
        "in_order": true,
        "fields": [
            {"field": "gtin", "column": "gtin", "convert": [{"kind": "gtin"}]},
            {"field": "/range/from", "column": "first serial"},
            {"field": "/range/to", "column": "last serial"},
        ],
    });
    exporter.put("/v1/import-mappings/ranges", &mapping).await?.accepted()?;
    let trial = send(&exporter, "&dry_run=true", &table()).await?.accepted()?;
    let trial = trial["id"].as_str().context("an id")?;
    let tried = wait(&exporter, trial, |view| view["state"] == "done").await?;
    ensure!(counts(&tried) == [30, 27, 3, 0], "{tried}");
    ensure!(ranges(&exporter).await? == json!([]), "a trial has written");

    let begun = send(&exporter, "", &table()).await?.accepted()?;
    let id = begun["id"].as_str().context("an id")?.to_owned();
    let view = wait(&exporter, &id, |view| view["accepted"].as_u64() >= Some(RECORDED)).await?;
    ensure!(view["waiting"].as_u64() > Some(0), "no row waits any more: {view}");
    Ok(id)
}

async fn go_on(system: &System, id: &str) -> Result<()> {
    let exporter = system.caller("ExporterMSP")?;
    let view = wait(&exporter, id, |view| view["state"] == "done").await?;
    ensure!(counts(&view) == [30, 27, 3, 0], "{view}");
    let recorded = ranges(&exporter).await?;
    ensure!(recorded.as_array().map(Vec::len) == Some(27), "{recorded}");

    let report = exporter.get(&format!("/v1/imports/{id}/report")).await?.body;
    let report = report.as_str().context("a text")?;
    let reasons = ["7,import.number_in_scientific_notation,", "17,import.check_digit,", "27,"];
    ensure!(report.lines().count() == 4, "{report}");
    for (line, reason) in report.lines().skip(1).zip(reasons) {
        ensure!(line.contains(&format!(",{reason}")), "{report}");
    }

    let again = send(&exporter, "", &table()).await?;
    ensure!(again.status == 200 && again.body["id"] == id, "{}", again.body);
    let view = wait(&exporter, id, |view| view["state"] == "done").await?;
    ensure!(counts(&view) == [30, 27, 3, 0], "{view}");
    ensure!(ranges(&exporter).await? == recorded, "the same file has changed something");
    Ok(())
}
