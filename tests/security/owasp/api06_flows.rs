//! API6: unrestricted access to sensitive business flows. Payments and proofs are used twice, and names are taken ahead
//! of those they belong to.

use anyhow::{Context, Result, ensure};
use entrepot::demo::{rest::new_key, secrets::Secret};
use fixtures::of;
use serde_json::json;
use trade_claims::{Deployment, SettlementPlace};

use super::{commissioning, system};
use crate::harness::trading;

#[tokio::test]
async fn a_payment_settles_one_invoice_once() -> Result<()> {
    let system = system().await?;
    trading(system).await?;
    let [exporter, importer, bank] = ["ExporterMSP", "ImporterMSP", "BankMSP"].map(|msp_id| system.caller(msp_id));
    let (exporter, importer, bank) = (exporter?, importer?, bank?);
    let (total, other, paid) = (Secret::new(80_000)?, Secret::new(80_000)?, Secret::new(80_000)?);
    for (id, secret) in [("FLOW-1", &total), ("FLOW-2", &other)] {
        let invoice = fixtures::json(&fixtures::invoice(id, "ImporterMSP", of(&secret.commitment())));
        exporter.post("/v1/invoices", &invoice).await?.accepted()?;
        let opening = json!({"private": secret.opening()});
        exporter.post(&format!("/v1/invoices/-/{id}/opening"), &opening).await?.accepted()?;
        importer.post(&format!("/v1/invoices/ExporterMSP/{id}/accept"), &json!({})).await?.accepted()?;
    }
    let mut entry = fixtures::json(&fixtures::entry("FLOW-1", "ExporterMSP", "FLOW-1", of(&paid.commitment())));
    bank.post("/v1/statement-entries", &entry).await?.accepted()?;
    bank.post("/v1/statement-entries/-/FLOW-1/opening", &json!({"private": paid.opening()})).await?.accepted()?;
    entry["entry_id"] = json!("FLOW-2");
    entry["amount_commitment"] = json!(Secret::new(80_000)?.commitment());
    bank.post("/v1/statement-entries", &entry).await?.refused(409, "payment.entry_reported_before")?;

    let deployment = Deployment { channel: &system.consortium.channel, chaincode: &system.consortium.chaincode.name };
    let settle = |invoice: &str, secret: &Secret| -> Result<_> {
        let context =
            SettlementPlace::parse(&format!("ExporterMSP/{invoice}"), "BankMSP/FLOW-1", "EUR")?.context(deployment)?;
        Ok(json!({
            "invoice_id": invoice, "entry_id": "BankMSP/FLOW-1", "tolerance_reason": "none",
            "proof": secret.prove_match(&paid, &context, 0)?,
        }))
    };
    let (first, key) = (settle("FLOW-1", &total)?, new_key()?);
    let settled = exporter.post_again("/v1/settlements", &first, &key).await?.accepted().context("control")?;
    exporter.post("/v1/settlements", &first).await?.refused(409, "payment.invoice_settled")?;
    exporter.post("/v1/settlements", &settle("FLOW-2", &other)?).await?.refused(409, "payment.entry_used")?;
    let again = exporter.post_again("/v1/settlements", &first, &key).await?.accepted()?;
    ensure!(again["transaction_id"] == settled["transaction_id"], "a retry made a second settlement");
    Ok(())
}

#[tokio::test]
async fn a_makers_serial_number_is_not_taken_before_it() -> Result<()> {
    let system = system().await?;
    let squatted = system.caller("LogisticsMSP")?.post("/v1/captures", &commissioning("FLOW3")).await?.accepted()?;
    let kind = &squatted["result"]["alarms"][0]["kind"];
    ensure!(kind == "commissioner_not_entitled", "{squatted}");
    let own = system.caller("ExporterMSP")?.post("/v1/captures", &commissioning("FLOW3")).await?;
    own.accepted().context("control: the maker's own event is taken")?;
    Ok(())
}
