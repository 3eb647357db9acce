//! The one event of a transaction: its name says what happened, its payload holds ids and nothing else.

use fabric_contract::Context;
use serde_json::Value;

use crate::Refusal;

pub(crate) fn announce(ctx: &mut Context<'_>, name: &str, ids: &Value) -> Result<(), Refusal> {
    Ok(ctx.set_event(name, ids.to_string().into_bytes())?)
}
