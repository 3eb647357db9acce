//! Lawful trades with money: a payment with its bank's charge, a correction by both, a second payment after a reversal.

use anyhow::{Result, ensure};
use entrepot::demo::secrets::Secret;
use serde_json::json;

use crate::{
    e2e::money::{Trade, state},
    harness::shared,
};

#[tokio::test]
async fn a_payment_less_the_banks_charge_and_one_after_a_reversal() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let (total, paid) = (Secret::new(90_000)?, Secret::new(89_550)?);
    trade.owe("LAWFUL-1", &total).await?;
    trade.report("LAWFUL-1", &paid).await?;
    let settle = trade.settle("LAWFUL-1", &total, "LAWFUL-1", &paid, (1_000, Some(500)))?;
    trade.exporter.post("/v1/settlements", &settle).await?.accepted()?;
    let ground = json!({ "ground": "reported_in_error", "remark": "booked twice" });
    trade.bank.post("/v1/statement-entries/-/LAWFUL-1/reversal", &ground).await?.accepted()?;

    let again = Secret::new(90_000)?;
    trade.report("LAWFUL-2", &again).await?;
    let settle = trade.settle("LAWFUL-1", &total, "LAWFUL-2", &again, (0, None))?;
    trade.exporter.post("/v1/settlements", &settle).await?.accepted()?;
    let read = trade.importer.get("/v1/settlements/ExporterMSP/LAWFUL-1").await?.accepted()?;
    ensure!(read["number"] == 2 && read["authenticated"] == true, "{read}");
    Ok(())
}

#[tokio::test]
async fn an_invoice_is_corrected_by_both() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let (wrong, right) = (Secret::new(10_000)?, Secret::new(9_000)?);
    trade.owe("LAWFUL-3", &wrong).await?;
    let reason = json!({ "reason": "one piece was missing" });
    trade.exporter.post("/v1/invoices/-/LAWFUL-3/withdraw", &reason).await?.accepted()?;
    ensure!(state(&trade.importer, "LAWFUL-3").await? == "withdrawal_proposed", "one side alone");
    trade.importer.post("/v1/invoices/ExporterMSP/LAWFUL-3/withdrawal/accept", &json!({})).await?.accepted()?;
    ensure!(state(&trade.importer, "LAWFUL-3").await? == "withdrawn", "both have signed");
    trade.owe("LAWFUL-4", &right).await
}
