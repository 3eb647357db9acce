//! The record of a hold: found, told from one that others made up, and written.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, HoldId};
use trade_model::customs::{CustomsEvent, CustomsRejection, HOLDS, Hold, ReadHold};

use crate::caller::Caller;
use crate::{authorship, ledger};

/// A hold by its id.
///
/// # Errors
/// [`CustomsRejection::HoldUnknown`].
pub fn read_hold(ctx: &mut Context<'_>, request: ReadHold) -> Result<Attested<Hold>, Refusal> {
    let record = find(ctx, &request.hold_id)?;
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

pub(super) fn find(ctx: &mut Context<'_>, hold_id: &HoldId) -> Result<Hold, Refusal> {
    ledger::require(ctx, &HOLDS, hold_id, |hold_id| CustomsRejection::HoldUnknown { hold_id })
}

/// Whether the authority has made the hold what it is.
pub(super) fn is_authentic(ctx: &mut Context<'_>, hold: &Hold) -> Result<bool, Refusal> {
    authorship::is_authentic(ctx, &HOLDS, &hold.hold_id, hold, &hold.authority)
}

/// Writes a hold as it is now.
pub(super) fn put(ctx: &mut Context<'_>, caller: &Caller, hold: &Hold) -> Result<(), Refusal> {
    authorship::put(ctx, caller, (&HOLDS, &hold.hold_id), hold, &[&hold.authority])
}

/// What the last step of a hold announces.
pub(super) fn changed(hold: &Hold) -> CustomsEvent {
    let step = u32::try_from(hold.steps.len()).unwrap_or(u32::MAX);
    CustomsEvent::HoldChanged { hold_id: hold.hold_id.clone(), step }
}
