//! The bank: carries out a payment order, and reports on the seller's account what its own notification says.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::demo::{
    calendar::Calendar,
    documents::{self, Credit},
    party::{
        about::{minor, text, told},
        desk::Desk,
    },
    secrets::{Secret, salted},
};

/// What the correspondent bank keeps, in cents.
const CHARGE_MINOR: u64 = 450;

/// Under which reference the bank books the payment.
const BOOKING: &str = "2026112000000042";

pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match name {
        "carry_out" => carry_out(desk, about).await,
        "report_entry" => report(desk, about).await,
        "open_entry" => open(desk, text(about, "entry_id")?).await,
        _ => bail!("the bank does not know how to {name}"),
    }
}

/// Carries out an order: the seller's account is credited, and a camt.054 says so, which the gateway reads.
async fn carry_out(desk: &mut Desk, about: &Value) -> Result<Value> {
    let order = desk.handed(&format!("order-{}.json", text(about, "invoice_id")?))?;
    let message = documents::credit_notification(&Credit {
        minor: minor(&order, "amount_minor")?.checked_sub(CHARGE_MINOR).context("less than the charge")?,
        currency: text(&order, "currency")?,
        end_to_end_id: text(&order, "end_to_end_id")?,
        creditor_reference: text(&order, "reference")?,
        servicer_reference: BOOKING,
        day: &Calendar::today().day(-1)?,
    });
    let headers = [("content-type", "application/xml")];
    let read = desk.clerk()?.send("POST", "/v1/bank-statements", message.clone().into_bytes(), &headers).await?;
    let statement = read.accepted()?;
    let entries = statement["statements"][0]["entries"].as_array().context("a statement without entries")?;
    ensure!(entries.len() == 1, "the notification is about one entry");
    desk.note("notification", json!({"message": message, "entry": entries[0]}));
    Ok(json!({"version": statement["version"]}))
}

/// Reports the entry of the notification: everything in it is what was read.
async fn report(desk: &mut Desk, about: &Value) -> Result<Value> {
    let entry_id = text(about, "entry_id")?;
    let notification = desk.noted("notification")?.clone();
    let (entry, payment) = (&notification["entry"], &notification["entry"]["payments"][0]);
    let amount = Secret::new(minor(entry, "amount_minor")?)?;
    let message = salted(text(&notification, "message")?.as_bytes())?;
    let request = json!({
        "entry_id": entry_id, "account_holder": text(about, "account_holder")?,
        "account_servicer_reference": entry["account_servicer_reference"],
        "end_to_end_id": payment["end_to_end_id"], "creditor_reference": payment["creditor_references"][0],
        "direction": entry["direction"], "booked_on": entry["booked_on"], "currency": entry["currency"],
        "statement_digest": message.digest(), "amount_commitment": amount.commitment(),
    });
    let answer = desk.clerk()?.post("/v1/statement-entries", &request).await?;
    let secret_minor = amount.minor();
    desk.note(entry_id, json!({"private": amount.opening_with(&message)}));
    desk.keep(entry_id, amount);
    told(answer, secret_minor)
}

/// Opens the amount to the account holder.
async fn open(desk: &mut Desk, entry_id: &str) -> Result<Value> {
    let opening = desk.noted(entry_id)?.clone();
    let answer = desk.clerk()?.post(&format!("/v1/statement-entries/-/{entry_id}/opening"), &opening).await?;
    told(answer, desk.kept(entry_id)?.minor())
}
