//! What is said beside a request: for whom, and which state of the record is meant.

use fabric_contract::Context;
use trade_model::authorship::digest;
use trade_model::common::Beside;
use trade_model::rejection::{self, ConditionRejection, Rejection};
use trade_model::transaction::Conditional;
use trade_model::{Refusal, Transaction};

/// What is said beside the request of this transaction.
pub(crate) fn of(ctx: &Context<'_>) -> Result<Beside, Rejection> {
    Ok(ctx.extra_argument().map(rejection::read).transpose()?.unwrap_or_default())
}

/// Refuses a condition where nothing can be compared.
pub(crate) fn check_none(ctx: &Context<'_>) -> Result<(), Rejection> {
    match of(ctx)?.if_match {
        Some(_) => Err(ConditionRejection::NotTaken.into()),
        None => Ok(()),
    }
}

/// What answers a question.
type Reading<Q> = fn(&mut Context<'_>, Q) -> Result<<Q as Transaction>::Answer, Refusal>;

/// Refuses when the record is another one than the sender has seen. What is read for that is read by the transaction:
/// if it changes before the transaction stands in a block, the transaction is invalid.
pub(crate) fn check<T: Conditional>(
    ctx: &mut Context<'_>,
    request: &T,
    read: Reading<T::Question>,
) -> Result<(), Refusal> {
    let Some(seen) = of(ctx)?.if_match else { return Ok(()) };
    let current = digest(&read(ctx, request.question())?);
    if current == seen { Ok(()) } else { Err(ConditionRejection::Changed { current }.into()) }
}
