//! Real documents by others go through the whole system.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::harness::{establish, shared};

/// The event types that the capture route takes.
const TAKEN: [&str; 2] = ["ObjectEvent", "AggregationEvent"];

#[tokio::test]
async fn every_document_of_taken_event_types_is_captured_and_others_are_refused_by_name() -> Result<()> {
    let Some(folder) = shared_data::find("epcis/documents")? else { return Ok(()) };
    let system = shared()?;
    establish(system).await?;
    let exporter = system.caller("ExporterMSP")?;
    let mut captured = 0;
    for (name, document) in json_files(&folder)? {
        let types = event_types(&document);
        let other = types.iter().find(|kind| !TAKEN.contains(&kind.as_str()));
        let answer = exporter.post("/v1/captures", &document).await?;
        match other {
            None => {
                answer.accepted().with_context(|| name.clone())?;
                captured += 1;
            }
            Some(_) => {
                let problem = answer.refused(422, "item.event_type_not_supported").with_context(|| name.clone())?;
                let text = problem.to_string();
                let named = types.iter().any(|kind| !TAKEN.contains(&kind.as_str()) && text.contains(kind));
                ensure!(named, "{name}: the refusal does not name the event type: {text}");
            }
        }
    }
    ensure!(captured >= 10, "only {captured} documents were captured");
    Ok(())
}

#[tokio::test]
async fn every_bank_notification_is_read_and_its_batches_add_up() -> Result<()> {
    let Some(folder) = shared_data::find("iso20022")? else { return Ok(()) };
    let system = shared()?;
    let bank = system.caller("BankMSP")?;
    let mut read = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.contains("camt.054") && !name.contains("camt_054") {
            continue;
        }
        let answer =
            bank.send("POST", "/v1/bank-statements", fs::read(&path)?, &[("content-type", "application/xml")]).await?;
        let statement = answer.accepted().with_context(|| name.clone())?;
        let entries: usize = array(&statement["statements"]).map(|one| array(&one["entries"]).count()).sum();
        ensure!(entries > 0, "{name} has no entries: {statement}");
        read += 1;
    }
    ensure!(read >= 3, "only {read} notifications were read");
    Ok(())
}

/// The event types that occur in a document.
fn event_types(document: &Value) -> BTreeSet<String> {
    let list = &document["epcisBody"]["eventList"];
    let events: Vec<&Value> = if list.is_array() { array(list).collect() } else { vec![document] };
    events.into_iter().filter_map(|event| Some(event["type"].as_str()?.to_owned())).collect()
}

fn json_files(folder: &Path) -> Result<Vec<(String, Value)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = serde_json::from_slice(&fs::read(&path)?).with_context(|| name.clone())?;
        files.push((name, document));
    }
    ensure!(!files.is_empty(), "{} is empty", folder.display());
    files.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(files)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
