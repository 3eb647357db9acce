//! What is said between the teller and a party: amounts and texts in a task, and what may be told of an answer.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::demo::rest::Answer;

/// The currency in which everybody trades here.
pub(super) const CURRENCY: &str = "EUR";

/// What the teller is told about an answer of the gateway, which must not tell an amount.
pub(super) fn told(answer: Answer, secret_minor: u64) -> Result<Value> {
    let told = json!({"status": answer.status, "body": answer.body});
    ensure!(!told.to_string().contains(&secret_minor.to_string()), "the answer tells the amount");
    Ok(told)
}

/// A text that the teller has to say.
pub(super) fn text<'a>(about: &'a Value, field: &str) -> Result<&'a str> {
    about[field].as_str().with_context(|| format!("the party was not told the {field}"))
}

/// Minor units as JSON has them here: a decimal string.
pub(super) fn minor(value: &Value, field: &str) -> Result<u64> {
    let minor = value[field].as_str().and_then(|text| text.parse().ok());
    minor.with_context(|| format!("{field} is no amount"))
}
