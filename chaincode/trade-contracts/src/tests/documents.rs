//! Real EPCIS documents: every one that holds only object and aggregation events is captured, every other refused by
//! name.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::world::*;

#[test]
fn every_document_of_covered_types_is_captured_and_the_others_are_refused_by_name()
-> Result<(), Box<dyn std::error::Error>> {
    let Some(folder) = shared_data::find("epcis/documents")? else { return Ok(()) };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let mut world = World::established();
    // One of the documents tells of July 2026.
    world.clock += 365 * 24 * 3_600;
    let (mut captured, mut refused, mut wrong) = (0, 0, Vec::new());
    for file in &files {
        let document: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let covered = covered(&document);
        match world.submit(EXPORTER, "item:Capture", &json!({ "document": document })) {
            Ok(_) if covered => captured += 1,
            Err(failure) if !covered && failure.code == "item.event_type_not_supported" => refused += 1,
            other => wrong.push(format!("{}: covered {covered}, got {other:?}", file.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(captured + refused, files.len());
    assert!(captured >= 15 && refused >= 15, "{captured} captured, {refused} refused");
    Ok(())
}

fn covered(document: &Value) -> bool {
    let body = &document["epcisBody"];
    let events = body.get("eventList").or_else(|| body.get("event"));
    let events = events.and_then(Value::as_array).cloned().unwrap_or_default();
    events.iter().all(|event| matches!(event["type"].as_str(), Some("ObjectEvent" | "AggregationEvent")))
}
