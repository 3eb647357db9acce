//! What stands for a request: noted with it, so that it is not done twice.

use fabric_contract::{Context, Part, organization_collection};
use trade_model::Refusal;
use trade_model::common::{CLIENT_REFERENCES, Digest256, Role};
use trade_model::governance::MEMBERS;
use trade_model::rejection::ConditionRejection;

use crate::{beside, caller};

/// Notes the request under its reference, if it has one, and refuses what has been done before. What is noted lies in
/// the collection of the caller's organization: others see hashes, and it adds to no public state.
pub(crate) fn note(ctx: &mut Context<'_>) -> Result<(), Refusal> {
    let Some(reference) = beside::of(ctx)?.client_reference else { return Ok(()) };
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
