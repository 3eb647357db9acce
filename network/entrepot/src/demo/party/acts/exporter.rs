//! The exporter: knows its prices, issues the invoice, and settles it with what its bank reports.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use trade_claims::SettlementPlace;

use crate::demo::{
    calendar::Calendar,
    documents,
    party::{
        about::{CURRENCY, minor, text, told},
        desk::Desk,
    },
    secrets::{Secret, salted},
};

/// What one watch costs, in cents.
const PRICE_MINOR: u64 = 428_150;

/// The reference that the buyer is asked to quote (ISO 11649).
const REFERENCE: &str = "RF18539007547034";

pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match name {
        "issue_invoice" => issue(desk, about).await,
        "open_invoice" => open(desk, text(about, "invoice_id")?).await,
        "settle" => settle(desk, about).await,
        _ => bail!("the exporter does not know how to {name}"),
    }
}

/// Issues an invoice over so many watches.
async fn issue(desk: &mut Desk, about: &Value) -> Result<Value> {
    let (invoice_id, watches) = (text(about, "invoice_id")?, about["watches"].as_u64().unwrap_or_default());
    let total = Secret::new(PRICE_MINOR * watches)?;
    let document = salted(documents::invoice(invoice_id, total.minor(), CURRENCY).as_bytes())?;
    let calendar = Calendar::today();
    let invoice = json!({
        "invoice_id": invoice_id, "buyer": text(about, "buyer")?, "currency": CURRENCY,
        "issued_on": calendar.day(-17)?, "due_on": calendar.day(13)?, "creditor_reference": REFERENCE,
        "total_commitment": total.commitment(), "document_digest": document.digest(),
    });
    let answer = desk.clerk()?.post("/v1/invoices", &invoice).await?;
    let secret_minor = total.minor();
    desk.note(invoice_id, json!({"private": total.opening_with(&document)}));
    desk.keep(invoice_id, total);
    told(answer, secret_minor)
}

/// Opens the total to the buyer.
async fn open(desk: &mut Desk, invoice_id: &str) -> Result<Value> {
    let opening = desk.noted(invoice_id)?.clone();
    let answer = desk.clerk()?.post(&format!("/v1/invoices/-/{invoice_id}/opening"), &opening).await?;
    told(answer, desk.kept(invoice_id)?.minor())
}

/// Settles an invoice with an entry: reads what the bank has opened, and proves that both amounts agree as far as it is
/// told to prove.
async fn settle(desk: &mut Desk, about: &Value) -> Result<Value> {
    let invoice_id = text(about, "invoice_id")?;
    let entry_id = format!("{}/{}", text(about, "bank")?, text(about, "entry_id")?);
    let clerk = desk.clerk()?;
    let opened = clerk.get(&format!("/v1/statement-entries/{entry_id}/opening")).await?.accepted()?;
    let paid = Secret::opened(&opened)?;
    let place = SettlementPlace::parse(&format!("{}/{invoice_id}", desk.msp_id()), &entry_id, CURRENCY)?;
    let (total, deployment) = (desk.kept(invoice_id)?, desk.deployment());
    let proof = total.prove_match(&paid, &place.context(deployment)?, minor(about, "proved_minor")?)?;
    let basis_points = u32::try_from(about["proved_basis_points"].as_u64().unwrap_or_default())?;
    let share = total.share_claim(&paid, place, basis_points);
    let request = json!({
        "invoice_id": invoice_id, "entry_id": entry_id, "tolerance_reason": "bank_charge", "proof": proof,
        "share_proof": total.prove_share(&paid, &share, deployment)?,
    });
    told(clerk.post("/v1/settlements", &request).await?, paid.minor())
}
