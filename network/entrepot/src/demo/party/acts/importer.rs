//! The importer: knows what it ordered and for how much, declares that value, and orders the payment.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use trade_claims::DeclarationPlace;
use trade_proofs::ProofContext;

use crate::demo::{
    documents,
    party::{
        about::{CURRENCY, minor, text, told},
        desk::Desk,
    },
    secrets::Secret,
};

/// What it agreed to pay for one watch, in cents.
const AGREED_MINOR: u64 = 428_150;

/// How many watches lie on a pallet.
const WATCHES: u64 = 3;

/// The tariff band under which watches are declared.
const BAND_ID: &str = "watches";

pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match name {
        "declare" => declare(desk, about).await,
        "declare_with_the_proof_of" => declare_with_another_proof(desk, about).await,
        "prove_another_band" => prove_another_band(desk, about),
        "open_value" => open_value(desk, text(about, "declaration_id")?).await,
        "check_invoice" => check_invoice(desk, about).await,
        "order_payment" => order_payment(desk, about).await,
        _ => bail!("the importer does not know how to {name}"),
    }
}

/// Declares a pallet at the price that was agreed, with a proof for the tariff's band.
async fn declare(desk: &mut Desk, about: &Value) -> Result<Value> {
    let declaration_id = text(about, "declaration_id")?;
    let value = Secret::new(AGREED_MINOR * WATCHES)?;
    let request = declaration(desk, about, &value).await?;
    let answer = desk.clerk()?.post("/v1/declarations", &request).await?;
    let secret_minor = value.minor();
    desk.note(declaration_id, request);
    desk.keep(declaration_id, value);
    told(answer, secret_minor)
}

/// Declares anew under the proof of an earlier declaration.
async fn declare_with_another_proof(desk: &mut Desk, about: &Value) -> Result<Value> {
    let other = text(about, "other")?;
    let mut request = desk.noted(other)?.clone();
    request["declaration_id"] = about["declaration_id"].clone();
    let answer = desk.clerk()?.post("/v1/declarations", &request).await?;
    told(answer, desk.kept(other)?.minor())
}

/// Tries to prove that a declared value lies below the band.
fn prove_another_band(desk: &Desk, about: &Value) -> Result<Value> {
    let value = desk.kept(text(about, "declaration_id")?)?;
    let context = context(desk, text(about, "declaration_id")?, text(about, "tariff_id")?)?;
    Ok(json!({"proved": value.prove_range(&context, 0, 999).is_ok()}))
}

/// Opens a declared value to customs.
async fn open_value(desk: &mut Desk, declaration_id: &str) -> Result<Value> {
    let opening = json!({"private": desk.kept(declaration_id)?.opening()});
    let answer = desk.clerk()?.post(&format!("/v1/declarations/-/{declaration_id}/opening"), &opening).await?;
    told(answer, desk.kept(declaration_id)?.minor())
}

/// Whether an invoice asks for what was agreed.
async fn check_invoice(desk: &mut Desk, about: &Value) -> Result<Value> {
    let (seller, invoice_id) = (text(about, "seller")?, text(about, "invoice_id")?);
    let opened = desk.clerk()?.get(&format!("/v1/invoices/{seller}/{invoice_id}/opening")).await?.accepted()?;
    let total = Secret::opened(&opened)?;
    let agrees = total.minor() == AGREED_MINOR * WATCHES;
    desk.keep(invoice_id, total);
    Ok(json!({"agrees": agrees}))
}

/// Orders its bank to pay an invoice, quoting what the invoice says.
async fn order_payment(desk: &mut Desk, about: &Value) -> Result<Value> {
    let (seller, invoice_id) = (text(about, "seller")?, text(about, "invoice_id")?);
    let invoice = desk.clerk()?.get(&format!("/v1/invoices/{seller}/{invoice_id}")).await?.accepted()?;
    let order = json!({
        "creditor": invoice["seller"], "amount_minor": desk.kept(invoice_id)?.minor().to_string(),
        "currency": invoice["currency"], "end_to_end_id": invoice_id, "reference": invoice["creditor_reference"],
    });
    desk.hand_to(text(about, "bank")?, &format!("order-{invoice_id}.json"), &order)?;
    Ok(Value::Null)
}

async fn declaration(desk: &mut Desk, about: &Value, value: &Secret) -> Result<Value> {
    let (declaration_id, tariff_id) = (text(about, "declaration_id")?, text(about, "tariff_id")?);
    let tariff = desk.clerk()?.get(&format!("/v1/tariffs/{tariff_id}")).await?.accepted()?;
    ensure!(tariff["version"] == 1, "the tariff has been changed");
    let band = tariff["bands"].as_array().into_iter().flatten().find(|band| band["band_id"] == BAND_ID);
    let band = band.context("the tariff has no band for watches")?;
    let (least, most) = (minor(band, "value_min_minor")?, minor(band, "value_max_minor")?);
    let proof = value.prove_range(&context(desk, declaration_id, tariff_id)?, least, most)?;
    Ok(json!({
        "declaration_id": declaration_id, "tariff_id": tariff_id, "tariff_version": 1, "band_id": BAND_ID,
        "items": [documents::pallet(text(about, "pallet")?)], "hs_code": "910211", "origin": "CN",
        "destination": about["destination"], "quantity": WATCHES.to_string(), "unit": "C62", "currency": CURRENCY,
        "right_id": about["right_id"], "licence_id": about["licence_id"],
        "value_commitment": value.commitment(), "value_proof": proof,
    }))
}

/// To what the proof of a declared value is bound.
fn context(desk: &Desk, declaration_id: &str, tariff_id: &str) -> Result<ProofContext> {
    let place = DeclarationPlace::parse(desk.msp_id(), declaration_id, (tariff_id, 1), BAND_ID, CURRENCY)?;
    Ok(place.context(desk.deployment())?)
}
