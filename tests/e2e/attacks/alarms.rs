//! Burying a trace, griefing by alarms, contending for a thing's record by observations.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use entrepot::demo::{documents, rest::Caller};
use serde_json::{Value, json};

use crate::harness::{System, establish, everywhere};

const EXPORTER: &str = "ExporterMSP";
const CARRIER: &str = "LogisticsMSP";
const BANK: &str = "BankMSP";
const CUSTOMS: &str = "CustomsMSP";
const REGULATOR: &str = "RegulatorMSP";
const PLANT: &str = "https://id.gs1.org/414/9521234000006";

/// A watch that its maker has put into use.
async fn watch(system: &System, serial: &str) -> Result<()> {
    establish(system).await?;
    let event = documents::commissioning(&[serial], "2026-11-02T08:00:00Z", PLANT);
    system.caller(EXPORTER)?.post("/v1/captures", &event).await?.accepted()?;
    Ok(())
}

/// A document with one event about a watch.
fn event(serial: &str, step: &str, time: &str) -> Value {
    let mut document = documents::commissioning(&[serial], time, PLANT);
    let event = &mut document["epcisBody"]["eventList"][0];
    event["action"] = json!("OBSERVE");
    event["bizStep"] = json!(step);
    document
}

fn encoded(serial: &str) -> String {
    trade_standards::percent::encode(&documents::item(serial))
}

async fn trace(system: &System, serial: &str) -> Result<Value> {
    let path = format!("/v1/items/{}/trace?direction=backward", encoded(serial));
    system.caller(REGULATOR)?.get(&path).await?.accepted()
}

/// Sends a stranger's event until no other transaction disturbs it: what becomes of a thing, or of the stranger's own
/// record, may disturb the stranger, and never the other way round.
async fn observe(stranger: &Caller, seen: &Value) -> Result<()> {
    for _ in 0..100 {
        let answer = stranger.post("/v1/captures", seen).await?;
        let disturbed = ["ledger_conflict", "endorsement_mismatch"].iter().any(|code| answer.body["code"] == *code);
        if !disturbed {
            return answer.accepted().map(drop);
        }
    }
    anyhow::bail!("a stranger is disturbed for ever")
}

/// A carrier that has never held a watch observes it as often as it is let.
#[tokio::test]
async fn a_trace_is_not_buried_under_a_strangers_observations() -> Result<()> {
    for system in everywhere()? {
        watch(system, "BURY1").await?;
        let carrier = system.caller(CARRIER)?;
        for minute in 0..20 {
            let seen = event("BURY1", "shipping", &format!("2026-11-03T08:{minute:02}:00Z"));
            observe(&carrier, &seen).await?;
        }
        let once_more = event("BURY1", "shipping", "2026-11-03T09:00:00Z");
        carrier.post("/v1/captures", &once_more).await?.refused(429, "item.too_many_signals")?;

        let trace = trace(system, "BURY1").await?;
        let steps = trace["steps"].as_array().context("no steps")?;
        ensure!(steps.iter().all(|step| step["recorded_by"] == EXPORTER) && !steps.is_empty(), "{trace}");
        let seen = format!("/v1/sightings?item={}&limit=100", encoded("BURY1"));
        let seen = system.caller(REGULATOR)?.get(&seen).await?.accepted()?;
        ensure!(seen["events"].as_array().map(Vec::len) == Some(20), "sightings are kept: {seen}");
    }
    Ok(())
}

/// A carrier makes a watch look doubtful by statements about it.
#[tokio::test]
async fn a_strangers_statement_is_told_no_consumer_and_counts_against_the_stranger() -> Result<()> {
    for system in everywhere()? {
        watch(system, "GRIEF1").await?;
        let shipped = event("GRIEF1", "shipping", "2026-11-03T08:00:00Z");
        let receipt = system.caller(CARRIER)?.post("/v1/captures", &shipped).await?.accepted()?;
        let raised = &receipt["result"]["alarms"][0];
        let alarm = format!("/v1/alarms/{}", raised["alarm_id"].as_str().context("no alarm")?);
        let told = system.caller(EXPORTER)?.get(&alarm).await?.accepted()?;
        ensure!(told["about"] == json!([CARRIER]) && told["grade"] == "soft" && told["public"] == false, "{told}");
        system.caller(BANK)?.get(&alarm).await?.refused(403, "item.alarm_not_public")?;
        let scan = format!("/01/{}/21/GRIEF1", documents::GTIN);
        let scan = system.caller(BANK)?.send("GET", &scan, Vec::new(), &[("accept", "application/json")]).await?;
        let scan = scan.accepted()?;
        ensure!(scan["conflict_found"] == false && scan["reports"] == json!([]), "{scan}");

        let group = raised["group_id"].as_str().context("no group")?;
        let decision = json!({ "finding": "dismissed", "reason": "the watch lies in its maker's plant" });
        let path = format!("/v1/alarm-groups/{group}/decision");
        system.caller(CARRIER)?.post(&path, &decision).await?.refused(403, "role_not_permitted")?;
        system.caller_as(CUSTOMS, "Officer1")?.post(&path, &decision).await?.accepted()?;
        let record = format!("/v1/members/{CARRIER}/alarm-groups?concern=dismissed");
        let record = system.caller(BANK)?.get(&record).await?.accepted()?;
        let groups = record["groups"].as_array().context("no groups")?;
        ensure!(groups.iter().any(|counted| counted["group_id"] == group), "{record}");
    }
    Ok(())
}

/// A carrier observes a watch as fast as it can, while its holder records what it does with it.
#[tokio::test]
async fn a_strangers_observations_cost_the_holder_nothing() -> Result<()> {
    for system in everywhere()? {
        watch(system, "HOT1").await?;
        let carrier = system.caller(CARRIER)?;
        let stranger = tokio::spawn(async move {
            for minute in 0..20 {
                let seen = event("HOT1", "shipping", &format!("2026-11-03T08:{minute:02}:00Z"));
                observe(&carrier, &seen).await?;
            }
            Ok::<(), anyhow::Error>(())
        });
        let holder = system.caller(EXPORTER)?;
        let mut recorded = 0;
        while !stranger.is_finished() && recorded < 40 {
            let stored = event("HOT1", "storing", &format!("2026-11-04T08:{recorded:02}:00Z"));
            holder.post("/v1/captures", &stored).await?.accepted().context("the holder was disturbed")?;
            recorded += 1;
        }
        tokio::time::timeout(Duration::from_secs(120), stranger).await???;
        ensure!(recorded > 1, "the two did not work at the same time");
    }
    Ok(())
}

/// A carrier packs a watch of others into a unit of its own.
#[tokio::test]
async fn a_forward_trace_is_not_poisoned_by_packing_what_one_does_not_hold() -> Result<()> {
    for system in everywhere()? {
        watch(system, "POISON1").await?;
        let sscc = "095212340000000914";
        let carrier = system.caller(CARRIER)?;
        let packed =
            documents::packing_and_shipping(sscc, &["POISON1"], "2026-11-03T08:00:00Z", "2026-11-03T09:00:00Z", PLANT);
        carrier.post("/v1/captures", &packed).await?.accepted()?;
        let trace = trace(system, "POISON1").await?;
        let steps = trace["steps"].as_array().context("no steps")?;
        ensure!(steps.iter().all(|step| step["recorded_by"] == EXPORTER), "{trace}");
        ensure!(trace["packing"] == json!([]), "{trace}");
    }
    Ok(())
}
