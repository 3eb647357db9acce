//! What becomes of a hold: it is confirmed, turned into a seizure, lifted. What two persons decide takes two to undo.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{HoldId, Remark};
use trade_model::customs::{
    ApproveHold, ConfirmHold, CustomsRejection, DECLARATIONS, DeclarationState, Hold, HoldState, HoldStep,
    HoldStepKind, LiftHold, Seize,
};

use super::apply::apply;
use super::record::{changed, find, is_authentic, put};
use crate::announce::announce;
use crate::caller::Caller;
use crate::item::registry::Registry;

/// Proposes that a hold stands until it is lifted.
///
/// # Errors
/// The authority only, while the hold binds and would end by itself.
pub fn confirm(ctx: &mut Context<'_>, request: ConfirmHold) -> Result<Hold, Refusal> {
    let mut caller = Caller::of::<ConfirmHold>(ctx)?;
    let hold = of_authority(ctx, &mut caller, &request.hold_id)?;
    if !hold.binds(caller.now) || hold.until.is_none() {
        return Err(CustomsRejection::HoldNotInForce { hold_id: hold.hold_id }.into());
    }
    take(ctx, &caller, hold, HoldStepKind::Confirm, request.reason, true)
}

/// Proposes that the authority takes what it holds into its custody.
///
/// # Errors
/// The authority only, while the hold binds.
pub fn seize(ctx: &mut Context<'_>, request: Seize) -> Result<Hold, Refusal> {
    let mut caller = Caller::of::<Seize>(ctx)?;
    let hold = of_authority(ctx, &mut caller, &request.hold_id)?;
    if !hold.binds(caller.now) || hold.state == HoldState::Seized {
        return Err(CustomsRejection::HoldNotInForce { hold_id: hold.hold_id }.into());
    }
    take(ctx, &caller, hold, HoldStepKind::Seize, request.reason, true)
}

/// Ends a hold; where two persons stand behind it, proposes that it ends.
///
/// # Errors
/// The authority only. The hold of an interception ends when its declaration is cleared, and can be lifted once that is
/// refused, so that the goods can leave.
pub fn lift(ctx: &mut Context<'_>, request: LiftHold) -> Result<Hold, Refusal> {
    let mut caller = Caller::of::<LiftHold>(ctx)?;
    let hold = of_authority(ctx, &mut caller, &request.hold_id)?;
    if hold.state == HoldState::Lifted {
        return Err(CustomsRejection::HoldNotInForce { hold_id: hold.hold_id }.into());
    }
    if let Some(declaration_id) = &hold.declaration_id {
        let filed = DECLARATIONS.find(ctx, declaration_id)?;
        if !filed.is_some_and(|filed| filed.state == DeclarationState::Refused) {
            return Err(CustomsRejection::HoldOfDeclaration { declaration_id: declaration_id.clone() }.into());
        }
    }
    let by_two = hold.steps.iter().any(|step| step.approved.is_some());
    let takes_two = by_two || hold.stands_until_lifted() || hold.declaration_id.is_some();
    take(ctx, &caller, hold, HoldStepKind::Lift, request.reason, takes_two)
}

/// Approves the step that waits.
///
/// # Errors
/// The authority only, by another person than the one that proposed the step.
pub fn approve_hold(ctx: &mut Context<'_>, request: ApproveHold) -> Result<Hold, Refusal> {
    let mut caller = Caller::of::<ApproveHold>(ctx)?;
    let mut hold = of_authority(ctx, &mut caller, &request.hold_id)?;
    let looked_at = |step: &&HoldStep| step.done.transaction_id == request.proposal;
    let Some(waiting) = hold.waiting().filter(looked_at).cloned() else {
        return Err(CustomsRejection::NoStepWaits { hold_id: hold.hold_id }.into());
    };
    caller.acting.check_second(&waiting.person, &caller.me)?;
    let in_time = hold.until.is_none_or(|until| caller.now <= until);
    if !in_time && matches!(waiting.step, HoldStepKind::Confirm | HoldStepKind::Seize) {
        return Err(CustomsRejection::HoldNotInForce { hold_id: hold.hold_id }.into());
    }

    if let Some(step) = hold.steps.last_mut() {
        step.approved = Some(caller.stamp());
        step.second = Some(caller.acting.person.clone());
    }
    let mut registry = Registry::default();
    apply(ctx, &mut registry, &caller, &mut hold, waiting.step)?;
    registry.flush(ctx)?;
    put(ctx, &caller, &hold)?;
    announce(ctx, changed(&hold))?;
    Ok(hold)
}

/// A hold of the authority that calls.
fn of_authority(ctx: &mut Context<'_>, caller: &mut Caller, hold_id: &HoldId) -> Result<Hold, Refusal> {
    let hold = find(ctx, hold_id)?;
    if hold.authority != *caller.msp_id() {
        return Err(CustomsRejection::NotTheHolder { hold_id: hold.hold_id }.into());
    }
    if !is_authentic(ctx, &hold)? {
        return Err(CustomsRejection::HoldUnauthenticated { hold_id: hold.hold_id }.into());
    }
    if let Some(last) = hold.last_changed() {
        caller.follow(last.at);
    }
    Ok(hold)
}

/// Takes a step, at once or as a proposal. A proposal takes the place of one that waits.
fn take(
    ctx: &mut Context<'_>,
    caller: &Caller,
    mut hold: Hold,
    step: HoldStepKind,
    reason: Remark,
    takes_two: bool,
) -> Result<Hold, Refusal> {
    if hold.waiting().is_some_and(|waiting| waiting.step != HoldStepKind::Place) {
        hold.steps.pop();
    }
    hold.steps.push(HoldStep {
        step,
        reason,
        done: caller.stamp(),
        person: caller.acting.person.clone(),
        takes_two,
        approved: None,
        second: None,
    });
    let mut registry = Registry::default();
    if !takes_two {
        apply(ctx, &mut registry, caller, &mut hold, step)?;
    }
    registry.flush(ctx)?;
    put(ctx, caller, &hold)?;
    announce(ctx, changed(&hold))?;
    Ok(hold)
}
