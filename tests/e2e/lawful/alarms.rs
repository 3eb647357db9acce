//! Members that say the same, and a member that explains what it said.

use anyhow::{Context, Result, ensure};
use entrepot::demo::documents;
use serde_json::{Value, json};

use crate::harness::{System, establish, everywhere};

const EXPORTER: &str = "ExporterMSP";
const CARRIER: &str = "LogisticsMSP";
const CUSTOMS: &str = "CustomsMSP";
const PLANT: &str = "https://id.gs1.org/414/9521234000006";

async fn captured(system: &System, who: &str, document: &Value) -> Result<Value> {
    Ok(system.caller(who)?.post("/v1/captures", document).await?.accepted()?["result"].clone())
}

/// A document with one event about a watch.
fn event(serial: &str, step: &str) -> Value {
    let mut document = documents::commissioning(&[serial], "2026-11-04T08:00:00Z", PLANT);
    let event = &mut document["epcisBody"]["eventList"][0];
    event["action"] = json!("OBSERVE");
    event["bizStep"] = json!(step);
    document
}

/// The owner and the carrier that holds its watch both record the same event, as both receive the same document.
#[tokio::test]
async fn owner_and_holder_record_one_event_without_an_alarm() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let event_of_maker = documents::commissioning(&["SAME1"], "2026-11-02T08:00:00Z", PLANT);
        captured(system, EXPORTER, &event_of_maker).await?;
        let offer =
            json!({ "transfer_id": "SAME1", "items": [documents::item("SAME1")], "to": CARRIER, "condition": "good" });
        system.caller(EXPORTER)?.post("/v1/custody-transfers", &offer).await?.accepted()?;
        let accept = format!("/v1/custody-transfers/{EXPORTER}/SAME1/accept");
        system.caller(CARRIER)?.post(&accept, &json!({})).await?.accepted()?;
        let carried = event("SAME1", "storing");
        for who in [CARRIER, EXPORTER] {
            let receipt = captured(system, who, &carried).await?;
            ensure!(receipt["alarms"] == json!([]), "{who}: {receipt}");
        }
    }
    Ok(())
}

/// A carrier scanned the wrong label, says so, and nothing remains.
#[tokio::test]
async fn a_member_explains_a_misread_label_and_nothing_remains() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        captured(system, EXPORTER, &documents::commissioning(&["MISREAD1"], "2026-11-02T08:00:00Z", PLANT)).await?;
        let receipt = captured(system, CARRIER, &event("MISREAD1", "shipping")).await?;
        let group = receipt["alarms"][0]["group_id"].as_str().context("no alarm")?;
        let answer = json!({ "text": "a label was misread at the dock" });
        system.caller(CARRIER)?.post(&format!("/v1/alarm-groups/{group}/answer"), &answer).await?.accepted()?;
        let decision = json!({ "finding": "explained", "reason": "the dock's log agrees" });
        let path = format!("/v1/alarm-groups/{group}/decision");
        system.caller_as(CUSTOMS, "Officer1")?.post(&path, &decision).await?.accepted()?;
        let report = system.caller(EXPORTER)?.get(&format!("/v1/alarm-groups/{group}")).await?.accepted()?;
        ensure!(report["decision"]["authenticated"] == true, "{report}");
        ensure!(report["answers"][0]["authenticated"] == true, "{report}");
        ensure!(report["members"][0]["state"] == "explained", "{report}");
    }
    Ok(())
}
