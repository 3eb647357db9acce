//! API1: broken object level authorization. A member asks for another member's objects by their ids.

use anyhow::{Context, Result};
use entrepot::demo::documents;
use serde_json::json;

use super::{commissioning, deposit, system};

#[tokio::test]
async fn operations_and_transfers_of_others_are_out_of_reach() -> Result<()> {
    let system = system().await?;
    let (exporter, importer, carrier) =
        (system.caller("ExporterMSP")?, system.caller("ImporterMSP")?, system.caller("LogisticsMSP")?);
    let written = exporter.post("/v1/evidence", &deposit("an operation of the exporter's")).await?.accepted()?;
    let operation = format!("/v1/operations/{}", written["transaction_id"].as_str().context("no transaction id")?);
    importer.get(&operation).await?.refused(404, "operation_unknown")?;
    exporter.get(&operation).await?.accepted().context("control")?;

    exporter.post("/v1/captures", &commissioning("OBJECT1")).await?.accepted()?;
    let offer = json!({"transfer_id": "OBJECT-1", "items": [documents::item("OBJECT1")], "to": "LogisticsMSP", "condition": "dry"});
    exporter.post("/v1/custody-transfers", &offer).await?.accepted()?;
    let accept = "/v1/custody-transfers/ExporterMSP/OBJECT-1/accept";
    importer.post(accept, &json!({})).await?.refused(403, "custody.not_receiver")?;
    carrier.post(accept, &json!({})).await?.accepted().context("control")?;
    Ok(())
}
