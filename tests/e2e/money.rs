//! Exporter, importer and bank, which trade with money: what the tests about it begin with.

use anyhow::Result;
use entrepot::demo::{rest::Caller, secrets::Secret};
use fixtures::of;
use serde_json::{Value, json};
use trade_claims::{Deployment, SettlementPlace};

use crate::harness::{System, establish, trading};

/// The three, with an agreement and an account.
pub struct Trade {
    pub system: &'static System,
    pub exporter: Caller,
    pub importer: Caller,
    pub bank: Caller,
}

impl Trade {
    /// Those of the system that tests share.
    pub async fn open(system: &'static System) -> Result<Self> {
        establish(system).await?;
        trading(system).await?;
        let [exporter, importer, bank] = ["ExporterMSP", "ImporterMSP", "BankMSP"].map(|msp_id| system.caller(msp_id));
        Ok(Self { system, exporter: exporter?, importer: importer?, bank: bank? })
    }

    /// The exporter issues an invoice and opens its total to the buyer.
    pub async fn issue(&self, invoice: &Value, total: &Secret) -> Result<()> {
        self.exporter.post("/v1/invoices", invoice).await?.accepted()?;
        let id = trade_standards::percent::encode(invoice["invoice_id"].as_str().unwrap_or_default());
        let path = format!("/v1/invoices/-/{id}/opening");
        self.exporter.post(&path, &json!({ "private": total.opening() })).await?.accepted()?;
        Ok(())
    }

    /// The importer owes the exporter.
    pub async fn owe(&self, id: &str, total: &Secret) -> Result<()> {
        let invoice = fixtures::json(&fixtures::invoice(id, "ImporterMSP", of(&total.commitment())));
        self.issue(&invoice, total).await?;
        self.importer.post(&format!("/v1/invoices/ExporterMSP/{id}/accept"), &json!({})).await?.accepted()?;
        Ok(())
    }

    /// The bank reports a payment on the exporter's account and opens its amount.
    pub async fn report(&self, id: &str, paid: &Secret) -> Result<()> {
        let entry = fixtures::json(&fixtures::entry(id, "ExporterMSP", id, of(&paid.commitment())));
        self.bank.post("/v1/statement-entries", &entry).await?.accepted()?;
        let path = format!("/v1/statement-entries/-/{id}/opening");
        self.bank.post(&path, &json!({ "private": paid.opening() })).await?.accepted()?;
        Ok(())
    }

    /// A settlement, exact or with a tolerance and a percentage.
    pub fn settle(
        &self,
        invoice_id: &str,
        total: &Secret,
        entry_id: &str,
        paid: &Secret,
        (tolerance, share): (u64, Option<u32>),
    ) -> Result<Value> {
        let consortium = &self.system.consortium;
        let deployment = Deployment { channel: &consortium.channel, chaincode: &consortium.chaincode.name };
        let (invoice, entry) = (format!("ExporterMSP/{invoice_id}"), format!("BankMSP/{entry_id}"));
        let place = SettlementPlace::parse(&invoice, &entry, "EUR")?;
        let proof = total.prove_match(paid, &place.context(deployment)?, tolerance)?;
        let reason = if tolerance == 0 { "none" } else { "bank_charge" };
        let mut settle =
            json!({ "invoice_id": invoice, "entry_id": entry, "tolerance_reason": reason, "proof": proof });
        if let Some(basis_points) = share {
            let claim = total.share_claim(paid, place, basis_points);
            settle["share_proof"] = json!(total.prove_share(paid, &claim, deployment)?);
        }
        Ok(settle)
    }
}

/// Where an invoice of the exporter stands.
pub async fn state(reader: &Caller, invoice_id: &str) -> Result<Value> {
    Ok(reader.get(&format!("/v1/invoices/ExporterMSP/{invoice_id}")).await?.accepted()?["state"].clone())
}
