//! What a step of a hold changes, once it counts.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::{Hold, HoldState, HoldStepKind};

use super::custody;
use super::place::attach;
use crate::caller::Caller;
use crate::customs::consignment;
use crate::item::registry::Registry;

/// Changes the hold, and the things under it, as the step says.
pub(super) fn apply(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    hold: &mut Hold,
    step: HoldStepKind,
) -> Result<(), Refusal> {
    match step {
        HoldStepKind::Place => begin(ctx, registry, caller, hold)?,
        HoldStepKind::Confirm => {
            hold.until = None;
            begin(ctx, registry, caller, hold)?;
        }
        HoldStepKind::Seize => {
            custody::seize(ctx, registry, caller, hold)?;
            hold.state = HoldState::Seized;
            hold.until = None;
        }
        HoldStepKind::Lift => {
            custody::release(ctx, registry, caller, hold)?;
            hold.state = HoldState::Lifted;
        }
    }
    Ok(())
}

/// Lets a hold bind that waited for a second person: only now it takes the place of one that was on the things.
fn begin(ctx: &mut Context<'_>, registry: &mut Registry, caller: &Caller, hold: &mut Hold) -> Result<(), Refusal> {
    if hold.state == HoldState::Proposed {
        hold.state = HoldState::Held;
        let things = consignment::things(ctx, registry, &hold.items)?;
        attach(ctx, registry, caller, hold, &things)?;
    }
    Ok(())
}
