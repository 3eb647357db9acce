//! The one event of a transaction.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::event::LedgerEvent;

pub(crate) fn announce(ctx: &mut Context<'_>, event: impl Into<LedgerEvent>) -> Result<(), Refusal> {
    let (name, payload) = event.into().to_wire();
    Ok(ctx.set_event(&name, payload)?)
}
