//! What is said beside a request: for whom, and which state of the record is meant.

use fabric_contract::{Context, Part, organization_collection};
use trade_model::authorship::digest;
use trade_model::common::{Beside, CLIENT_REFERENCES, Digest256, Role};
use trade_model::governance::MEMBERS;
use trade_model::rejection::{self, ConditionRejection, Rejection};
use trade_model::transaction::Conditional;
use trade_model::{Refusal, Transaction};

use crate::caller;

/// What is said beside the request of this transaction.
pub(crate) fn of(ctx: &Context<'_>) -> Result<Beside, Rejection> {
    Ok(ctx.extra_argument().map(rejection::read).transpose()?.unwrap_or_default())
}

/// Notes the request under its reference, if it has one, and refuses what has been done before. What is noted lies in
/// the collection of the caller's organization: others see hashes, and it adds to no public state.
pub(crate) fn note_reference(ctx: &mut Context<'_>) -> Result<(), Refusal> {
    let Some(reference) = of(ctx)?.client_reference else { return Ok(()) };
    let creator = ctx.creator();
    // Who has no collection has nothing done either.
    let members = MEMBERS.find(ctx, &())?;
    let member =
        members.as_ref().map(|members| members.members.iter().find(|one| one.msp_id.as_str() == creator.msp_id));
    if member.is_some_and(|member| member.is_none_or(|member| member.has_role(Role::Regulator))) {
        return Ok(());
    }
    let key = Part(Digest256::of(format!("{reference} {}", creator.id).as_bytes()));
    let collection = organization_collection(&creator.msp_id);
    let transaction_id = caller::transaction_id(ctx)?;
    let mut own = ctx.private(&collection);
    if own.hash(&CLIENT_REFERENCES.key(&key)?)?.is_some() {
        // Peers of other organizations do not have the value.
        let transaction_id = CLIENT_REFERENCES.find_private(&mut own, &key).ok().flatten();
        return Err(ConditionRejection::AlreadyDone { transaction_id }.into());
    }
    Ok(CLIENT_REFERENCES.put_private(&mut own, &key, &transaction_id)?)
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
