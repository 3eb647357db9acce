//! Ending a right: its owner surrenders it, or an attester of the office cancels it.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::Remark;
use trade_model::rights::{EndRight, RIGHT_ENDS, Right, RightEnd, RightEndKind, RightsEvent, Whole};
use trade_standards::identifier::MspId;

use super::{attest, facts};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Ends a right from now on. What was licensed or decided before stays so.
///
/// # Errors
/// The owner, or a member that may attest the office's entries and has no part in the right.
pub fn end_right(ctx: &mut Context<'_>, request: EndRight) -> Result<RightEnd, Refusal> {
    let mut caller = Caller::of::<EndRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let right = facts::standing_right(ctx, right_id, caller.now)?.right;
    let kind = if right.owner == *caller.msp_id() {
        RightEndKind::Surrendered
    } else {
        attest::check_neutral(ctx, &caller, &right)?;
        RightEndKind::Cancelled
    };

    caller.follow(right.recorded.at);
    let end = write(ctx, &caller, &right, (kind, request.reason, None))?;
    announce(ctx, RightsEvent::RightEnded { right_id: right.right_id })?;
    Ok(end)
}

/// Writes that the caller ends a right: how, why, and because of whose opposition.
pub(super) fn write(
    ctx: &mut Context<'_>,
    caller: &Caller,
    right: &Right,
    (kind, reason, opponent): (RightEndKind, Remark, Option<MspId>),
) -> Result<RightEnd, Refusal> {
    let end = RightEnd { right_id: right.right_id.clone(), kind, reason, opponent, ended: caller.stamp() };
    let key = (Whole(right.right_id.clone()), Part(caller.msp_id().clone()));
    authorship::put(ctx, caller, (&RIGHT_ENDS, &key), &end, &[caller.msp_id()])?;
    Ok(end)
}
