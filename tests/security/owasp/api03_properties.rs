//! API3: broken object property level authorization. A member sets what the ledger decides, and a stranger reads more
//! than it should.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use entrepot::demo::{documents, rest::Caller, secrets::Secret};
use fixtures::of;
use serde_json::json;

use super::{commissioning, system};

#[tokio::test]
async fn fields_that_the_ledger_decides_are_not_taken_from_a_request() -> Result<()> {
    let system = system().await?;
    let exporter = system.caller("ExporterMSP")?;
    let total = Secret::new(4_711)?;
    let invoice = fixtures::json(&fixtures::invoice("PROPERTY-1", "ImporterMSP", of(&total.commitment())));
    for (field, value) in [
        ("seller", json!("ImporterMSP")),
        ("state", json!("settled")),
        ("settled_by_entry", json!("ENTRY-1")),
        ("issued", json!({"by": "ImporterMSP"})),
        ("authenticated", json!(true)),
        ("opening_shared", json!(true)),
    ] {
        let mut wider = invoice.clone();
        wider[field] = value;
        exporter.post("/v1/invoices", &wider).await?.refused(400, "request.malformed").context(field)?;
    }
    let issued = exporter.post("/v1/invoices", &invoice).await?.accepted().context("control")?;
    ensure!(
        issued["result"]["seller"] == "ExporterMSP" && issued["result"]["issued"]["by"] == "ExporterMSP",
        "{issued}"
    );
    Ok(())
}

#[tokio::test]
async fn a_consumers_answer_has_none_of_a_members_fields() -> Result<()> {
    let system = system().await?;
    let exporter = system.caller("ExporterMSP")?;
    exporter.post("/v1/captures", &commissioning("PROPERTY2")).await?.accepted()?;
    let consumer = Caller::anonymous(system.addresses.gateway, &system.gateway_authority()?)?;
    let path = format!("/01/{}/21/PROPERTY2", documents::GTIN);
    let scanned = consumer.send("GET", &path, Vec::new(), &[("accept", "application/json")]).await?.accepted()?;
    let members = ["holder", "custodian", "commissioned_by_event", "transaction_id", "MSP"];
    let text = scanned.to_string();
    let told: BTreeSet<&str> = members.into_iter().filter(|word| text.contains(word)).collect();
    ensure!(told.is_empty(), "a consumer is told {told:?}: {scanned}");
    let path = format!("/v1/items/{}", trade_standards::percent::encode(&documents::item("PROPERTY2")));
    let item = exporter.get(&path).await?.accepted()?.to_string();
    ensure!(members.iter().any(|word| item.contains(word)), "control: a member is told, {item}");
    Ok(())
}
