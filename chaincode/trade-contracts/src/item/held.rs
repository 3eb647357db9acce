//! Which authority holds a thing, for those that ask about it.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::item::{HeldBy, Item};

use crate::caller;
use crate::customs::hold::Holds;

/// The hold that binds an item now.
pub(super) fn held_by(ctx: &mut Context<'_>, item: &Item) -> Result<Option<HeldBy>, Refusal> {
    if item.hold.is_none() {
        return Ok(None);
    }
    let members = caller::members(ctx)?;
    let mut holds = Holds::at(caller::now(ctx)?);
    let binding = holds.on(ctx, &members, item)?;
    Ok(binding.map(|hold| HeldBy { authority: hold.authority.clone(), hold_id: hold.hold_id.clone() }))
}
