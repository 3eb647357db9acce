//! What parties do with their own secrets, a file for each party. What an act gives back is told to the teller of the
//! story, so it holds nothing secret: the gateway's answer, or whether something holds.

mod bank;
mod customs;
mod exporter;
mod importer;
mod regulator;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::desk::Desk;
use crate::demo::rest::Answer;

/// The currency in which everybody trades here.
const CURRENCY: &str = "EUR";

/// Does an act of the desk's party.
///
/// # Errors
/// The party does not know it, or it went wrong.
pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match desk.msp_id() {
        "ExporterMSP" => exporter::perform(desk, name, about).await,
        "ImporterMSP" => importer::perform(desk, name, about).await,
        "BankMSP" => bank::perform(desk, name, about).await,
        "CustomsMSP" => customs::perform(desk, name, about).await,
        "RegulatorMSP" => regulator::perform(desk, name, about).await,
        other => bail!("{other} has no secrets"),
    }
}

/// What the teller is told about an answer of the gateway, which must not tell an amount.
fn told(answer: Answer, secret_minor: u64) -> Result<Value> {
    let told = json!({"status": answer.status, "body": answer.body});
    ensure!(!told.to_string().contains(&secret_minor.to_string()), "the answer tells the amount");
    Ok(told)
}

/// A text that the teller has to say.
fn text<'a>(about: &'a Value, field: &str) -> Result<&'a str> {
    about[field].as_str().with_context(|| format!("the party was not told the {field}"))
}

/// Minor units as JSON has them here: a decimal string.
fn minor(value: &Value, field: &str) -> Result<u64> {
    let minor = value[field].as_str().and_then(|text| text.parse().ok());
    minor.with_context(|| format!("{field} is no amount"))
}
