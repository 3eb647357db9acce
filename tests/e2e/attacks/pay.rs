//! Attacks with money: invoices, tolerances, banks, settlements.

use anyhow::{Context, Result, ensure};
use entrepot::demo::secrets::Secret;
use fixtures::of;
use serde_json::{Value, json};

use crate::{
    e2e::money::{Trade, state},
    harness::shared,
};

/// Both sign a tolerance that is above the whole invoice; the percentage still binds.
#[tokio::test]
async fn one_cent_for_a_million() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let mut terms = fixtures::json(&fixtures::agreement("CENT", "LogisticsMSP"));
    terms["terms"]["tolerance_minor"] = json!("281474976710655");
    terms["terms"]["tolerance_basis_points"] = json!(501);
    trade.exporter.post("/v1/agreements", &terms).await?.refused(422, "agreement.tolerance_too_great")?;
    terms["terms"]["tolerance_basis_points"] = json!(500);
    trade.exporter.post("/v1/agreements", &terms).await?.accepted()?;
    let carrier = trade.system.caller("LogisticsMSP")?;
    carrier.post("/v1/agreements/ExporterMSP/CENT/accept", &json!({})).await?.accepted()?;

    let (total, cent) = (Secret::new(100_000_000)?, Secret::new(1)?);
    let mut invoice = fixtures::json(&fixtures::invoice("CENT", "LogisticsMSP", of(&total.commitment())));
    invoice["creditor_reference"] = Value::Null;
    trade.issue(&invoice, &total).await?;
    carrier.post("/v1/invoices/ExporterMSP/CENT/accept", &json!({})).await?.accepted()?;
    trade.report("CENT", &cent).await?;
    let widest = 281_474_976_710_655;
    let without = trade.settle("CENT", &total, "CENT", &cent, (widest, None))?;
    trade.exporter.post("/v1/settlements", &without).await?.refused(400, "payment.share_proof_unfit")?;
    let another = trade.settle("CENT", &total, "CENT", &cent, (widest, Some(10_000)))?;
    trade.exporter.post("/v1/settlements", &another).await?.refused(422, "proof.rejected")?;
    ensure!(state(&carrier, "CENT").await? == "accepted", "a cent has paid it");
    Ok(())
}

#[tokio::test]
async fn an_uninvited_invoice_and_a_tolerance_of_one_side() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let total = Secret::new(5_000)?;
    let stranger = fixtures::json(&fixtures::invoice("UNINVITED", "ExporterMSP", of(&total.commitment())));
    let carrier = trade.system.caller("LogisticsMSP")?;
    carrier.post("/v1/invoices", &without(stranger, "USD")).await?.refused(422, "payment.no_agreement")?;
    let mut own = fixtures::json(&fixtures::invoice("UNINVITED", "ImporterMSP", of(&total.commitment())));
    own["tolerance_minor"] = json!("99999999");
    trade.exporter.post("/v1/invoices", &own).await?.refused(400, "request.malformed")?;

    // Invited, it still binds nobody before its buyer accepts it.
    let paid = Secret::new(5_000)?;
    let invited = fixtures::json(&fixtures::invoice("INVITED", "ImporterMSP", of(&total.commitment())));
    trade.issue(&invited, &total).await.context("control: under an agreement")?;
    trade.report("INVITED", &paid).await?;
    let settle = trade.settle("INVITED", &total, "INVITED", &paid, (0, None))?;
    trade.exporter.post("/v1/settlements", &settle).await?.refused(409, "payment.invoice_not_accepted")?;
    let reason = json!({ "reason": "not ordered" });
    trade.importer.post("/v1/invoices/ExporterMSP/INVITED/dispute", &reason).await?.accepted()?;
    trade.exporter.post("/v1/settlements", &settle).await?.refused(409, "payment.invoice_not_accepted")?;
    Ok(())
}

fn without(mut invoice: Value, currency: &str) -> Value {
    invoice["currency"] = json!(currency);
    invoice
}

#[tokio::test]
async fn a_reversal_that_changes_nothing_and_a_second_settlement() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let (total, paid) = (Secret::new(70_000)?, Secret::new(70_000)?);
    trade.owe("REOPEN", &total).await?;
    trade.report("REOPEN", &paid).await?;
    let settle = trade.settle("REOPEN", &total, "REOPEN", &paid, (0, None))?;
    trade.exporter.post("/v1/settlements", &settle).await?.accepted().context("control: once")?;
    trade.exporter.post("/v1/settlements", &settle).await?.refused(409, "payment.invoice_settled")?;
    ensure!(state(&trade.importer, "REOPEN").await? == "settled", "the settlement changes nothing");

    let ground = json!({ "ground": "reversed" });
    let path = "/v1/statement-entries/BankMSP/REOPEN/reversal";
    trade.exporter.post(path, &ground).await?.refused(403, "caller.role_missing")?;
    trade.bank.post(path, &ground).await?.accepted()?;
    ensure!(state(&trade.importer, "REOPEN").await? == "accepted", "the reversal changes nothing");
    trade.exporter.post("/v1/settlements", &settle).await?.refused(409, "payment.entry_reversed")?;
    Ok(())
}

#[tokio::test]
async fn squatting_an_invoices_number_and_commitment() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let total = Secret::new(60_000)?;
    let invoice = fixtures::json(&fixtures::invoice("SQUAT/1 ü", "ExporterMSP", of(&total.commitment())));
    // The importer has seen the exporter's proposal and is faster.
    trade.importer.post("/v1/invoices", &invoice).await?.accepted()?;
    let own = fixtures::json(&fixtures::invoice("SQUAT/1 ü", "ImporterMSP", of(&total.commitment())));
    trade.issue(&own, &total).await.context("the exporter's own number and commitment")?;
    let read = trade.importer.get("/v1/invoices/ExporterMSP/SQUAT%2F1%20%C3%BC").await?.accepted()?;
    ensure!(read["invoice_id"] == "ExporterMSP/SQUAT/1 ü" && read["opening_shared"] == true, "{read}");
    let copied = trade.importer.get("/v1/invoices/-/SQUAT%2F1%20%C3%BC").await?.accepted()?;
    ensure!(copied["invoice_id"] == "ImporterMSP/SQUAT/1 ü" && copied["opening_shared"] == false, "{copied}");
    Ok(())
}

#[tokio::test]
async fn an_entry_by_a_bank_that_the_holder_has_not_named() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let paid = Secret::new(1_000)?;
    let foreign = fixtures::json(&fixtures::entry("FOREIGN", "LogisticsMSP", "FOREIGN", of(&paid.commitment())));
    trade.bank.post("/v1/statement-entries", &foreign).await?.refused(403, "payment.account_not_open")?;
    trade
        .bank
        .post("/v1/account-acceptances", &json!({ "holder": "LogisticsMSP" }))
        .await?
        .refused(409, "payment.account_not_named")?;
    let named = fixtures::json(&fixtures::entry("NAMED", "ExporterMSP", "NAMED", of(&paid.commitment())));
    trade.bank.post("/v1/statement-entries", &named).await?.accepted().context("control: its customer")?;
    Ok(())
}
