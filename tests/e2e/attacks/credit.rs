//! Attacks with credit notes: one that its buyer has not accepted, one that a later one replaced, one by another.

use anyhow::{Context, Result, ensure};
use entrepot::demo::secrets::{Secret, random};
use fixtures::of;
use serde_json::{Value, json};
use trade_claims::{Deployment, Facts, complete};
use trade_model::payment::{InvoiceRef, ReadInvoice};

use crate::{
    e2e::money::{Trade, state},
    harness::{everywhere, shared},
};

impl Trade {
    /// A request for a credit note on an invoice, with the proof that something remains open.
    async fn credit(&self, id: &str, total: &Secret, amount: &Secret) -> Result<Value> {
        let question = ReadInvoice { invoice_id: of::<InvoiceRef>(&format!("ExporterMSP/{id}")) };
        let invoice = serde_json::to_value(self.exporter.ask(&question).await?)?;
        let facts = Facts { sender: Some("ExporterMSP".parse()?), records: vec![invoice] };
        let request =
            json!({ "invoice_id": id, "reason": "pieces were missing", "amount_commitment": amount.commitment() });
        let openings = [serde_json::from_value(total.opening())?, serde_json::from_value(amount.opening())?];
        let consortium = &self.system.consortium;
        let deployment = Deployment { channel: &consortium.channel, chaincode: &consortium.chaincode.name };
        let mut whole = complete(request, &facts, &openings, deployment, &mut random()?)?;
        whole.as_object_mut().context("a request is an object")?.remove("invoice_id");
        Ok(whole)
    }

    /// Issues a credit note and opens its amount to the buyer.
    async fn credited(&self, id: &str, total: &Secret, amount: &Secret) -> Result<u64> {
        let request = self.credit(id, total, amount).await?;
        let path = format!("/v1/invoices/-/{id}/credits");
        let issued = self.exporter.post(&path, &request).await?.accepted()?;
        let number = issued["result"]["number"].as_u64().with_context(|| format!("{issued}"))?;
        let opening = json!({ "private": amount.opening() });
        self.exporter.post(&format!("{path}/{number}/opening"), &opening).await?.accepted()?;
        Ok(number)
    }
}

/// What opens the difference of two committed amounts.
fn less(total: &Secret, amount: &Secret) -> Result<Secret> {
    let [total, amount] = [total, amount].map(|secret| secret.opening());
    let opened = |text: &Value| serde_json::from_value::<trade_model::common::Opening>(text.clone());
    let rest = trade_proofs::Opening::weighted_difference((1, opened(&total)?.get()), (1, opened(&amount)?.get()))?;
    Secret::opened(&serde_json::to_value(trade_model::common::Opening::try_from(rest)?)?)
}

#[tokio::test]
async fn a_credit_note_lowers_nothing_before_its_buyer_accepts_it() -> Result<()> {
    for system in everywhere()? {
        let trade = Trade::open(system).await?;
        let (total, amount, paid) = (Secret::new(10_000)?, Secret::new(400)?, Secret::new(9_600)?);
        trade.owe("CREDIT-1", &total).await?;
        trade.report("CREDIT-1", &paid).await?;
        let number = trade.credited("CREDIT-1", &total, &amount).await?;

        // The seller settles against what it would like to be open.
        let rest = less(&total, &amount)?;
        let settle = trade.settle("CREDIT-1", &rest, "CREDIT-1", &paid, (0, None))?;
        trade.exporter.post("/v1/settlements", &settle).await?.refused(422, "proof.rejected")?;
        let accept = format!("/v1/invoices/ExporterMSP/CREDIT-1/credits/{number}/accept");
        trade.exporter.post(&accept, &json!({})).await?.refused(403, "payment.not_the_buyer")?;
        let carrier = system.caller("LogisticsMSP")?;
        carrier.post(&accept, &json!({})).await?.refused(403, "payment.not_the_buyer")?;
        let opening = format!("/v1/invoices/ExporterMSP/CREDIT-1/credits/{number}/opening");
        carrier.get(&opening).await?.refused(403, "caller.not_a_party")?;

        trade.importer.post(&accept, &json!({})).await?.accepted().context("control: the buyer")?;
        trade.exporter.post("/v1/settlements", &settle).await?.accepted().context("control: what is open now")?;
        ensure!(state(&trade.importer, "CREDIT-1").await? == "settled", "the settlement changes nothing");
    }
    Ok(())
}

#[tokio::test]
async fn a_credit_note_of_another_and_one_that_was_replaced() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let (total, small, great) = (Secret::new(10_000)?, Secret::new(100)?, Secret::new(4_000)?);
    trade.owe("CREDIT-2", &total).await?;
    let own = trade.credit("CREDIT-2", &total, &great).await?;
    let path = "/v1/invoices/ExporterMSP/CREDIT-2/credits";
    trade.importer.post(path, &own).await?.refused(403, "payment.not_the_seller")?;

    let first = trade.credited("CREDIT-2", &total, &great).await?;
    let second = trade.credited("CREDIT-2", &total, &small).await?;
    let accept = |number: u64| format!("{path}/{number}/accept");
    let outdated = trade.importer.post(&accept(first), &json!({})).await?;
    outdated.refused(409, "payment.credit_outdated").context("the buyer prefers the greater one")?;
    trade.importer.post(&accept(second), &json!({})).await?.accepted().context("control: the last one")?;
    trade.importer.post(&accept(second), &json!({})).await?.refused(409, "payment.credit_outdated")?;
    Ok(())
}

#[tokio::test]
async fn a_credit_note_whose_amount_the_buyer_cannot_see() -> Result<()> {
    let trade = Trade::open(shared()?).await?;
    let (total, amount) = (Secret::new(10_000)?, Secret::new(1)?);
    trade.owe("CREDIT-3", &total).await?;
    let request = trade.credit("CREDIT-3", &total, &amount).await?;
    let path = "/v1/invoices/ExporterMSP/CREDIT-3/credits";
    trade.exporter.post(path, &request).await?.accepted()?;
    let unseen = trade.importer.post(&format!("{path}/1/accept"), &json!({})).await?;
    unseen.refused(409, "payment.credit_not_opened")?;
    let another = json!({ "private": Secret::new(9_000)?.opening() });
    trade.exporter.post(&format!("{path}/1/opening"), &another).await?.refused(422, "private.opening_wrong")?;
    Ok(())
}
