//! Customs: reads what the importer has opened to it.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use crate::demo::{
    party::{about::text, desk::Desk},
    secrets::Secret,
};

/// Who declares in the story.
const IMPORTER: &str = "ImporterMSP";

pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    match name {
        "read_value" => read_value(desk, text(about, "declaration_id")?).await,
        _ => bail!("customs does not know how to {name}"),
    }
}

/// Reads a declared value at its own peer, and whether it is the one that was declared.
async fn read_value(desk: &mut Desk, declaration_id: &str) -> Result<Value> {
    let clerk = desk.clerk()?;
    let declared = clerk.get(&format!("/v1/declarations/{IMPORTER}/{declaration_id}")).await?.accepted()?;
    let opened = clerk.get(&format!("/v1/declarations/{IMPORTER}/{declaration_id}/opening")).await?.accepted()?;
    let value = Secret::opened(&opened)?;
    Ok(json!({"opens": declared["value_commitment"] == value.commitment()}))
}
