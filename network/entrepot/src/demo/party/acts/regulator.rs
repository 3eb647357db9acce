//! The regulator, past the gateway.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::demo::{bypass::Regulator, party::desk::Desk};

pub(super) async fn perform(desk: &mut Desk, name: &str, about: &Value) -> Result<Value> {
    let bypass = Regulator::connect(&desk.layout, &desk.addresses, &desk.consortium).await?;
    match name {
        "write_past_the_gateway" => bypass.contract_refuses(about).await?,
        "order_past_the_gateway" => bypass.channel_refuses().await?,
        _ => bail!("the regulator does not know how to {name}"),
    }
    Ok(Value::Null)
}
