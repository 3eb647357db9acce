//! Four eyes: a second person of the authority approves a decision that releases goods.
//!
//! The contract tells the two persons apart by key and name of their certificates. What it cannot see are two
//! certificates under two names in one hand, which is for the authority that issues them.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, Foreign, ItemId};
use trade_model::customs::{
    APPROVALS, ApproveDecision, CustomsEvent, CustomsRejection, DECLARATIONS, DecisionApproval, Declaration,
    DeclarationState, ReadApproval,
};
use trade_model::item::Basis;

use super::{assess, authenticity, declaration, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::item::registry::{Entry, Ground, Registry};
use crate::ledger;

/// Approves a decision to clear, which releases the goods.
///
/// # Errors
/// The authority only, by another person than the one that decided; the facts must be what they were.
pub fn approve(ctx: &mut Context<'_>, request: ApproveDecision) -> Result<DecisionApproval, Refusal> {
    let mut caller = Caller::of::<ApproveDecision>(ctx)?;
    let mut filed = assess::of_authority(ctx, &caller, &request.declaration_id)?;
    if filed.state != DeclarationState::ClearanceProposed || filed.decisions != request.number {
        return Err(CustomsRejection::NothingToApprove { declaration_id: filed.declaration_id }.into());
    }
    let decision = assess::find_decision(ctx, &filed.declaration_id, Some(request.number))?;
    caller.follow(decision.decided.at);
    caller.acting.check_second(&decision.person, &caller.me)?;
    let mut registry = Registry::default();
    let items = assess::consignment(ctx, &mut registry, &filed)?;
    let tariff = tariff::version_of(ctx, &filed.tariff_id, filed.tariff_version)?;
    let inputs = assess::gather(ctx, &mut registry, &caller.members, &filed, &tariff, &items)?;
    if authorship::digest(&inputs) != decision.inputs_sha256 {
        return Err(CustomsRejection::FactsChanged { declaration_id: filed.declaration_id }.into());
    }

    filed.state = DeclarationState::Cleared;
    let approval = DecisionApproval {
        declaration_id: filed.declaration_id.clone(),
        number: decision.number,
        decision_sha256: authorship::digest(&decision),
        approved: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    note_licence(ctx, &mut registry, &caller, &filed, &items)?;
    registry.flush(ctx)?;
    DECLARATIONS.put(ctx, &filed.declaration_id, &filed)?;
    let key = (approval.declaration_id.clone(), approval.number);
    authorship::put(ctx, &caller, (&APPROVALS, &key), &approval, &[&filed.authority])?;
    let (declaration_id, number) = (approval.declaration_id.clone(), approval.number);
    announce(ctx, CustomsEvent::Cleared { declaration_id, number })?;
    Ok(approval)
}

/// The approval of a decision; of the last one when no number is given.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`], [`CustomsRejection::ApprovalUnknown`].
pub fn read_approval(ctx: &mut Context<'_>, request: ReadApproval) -> Result<Attested<DecisionApproval>, Refusal> {
    let filed = declaration::find(ctx, &request.declaration_id)?;
    let number = request.number.unwrap_or(filed.decisions);
    let key = (request.declaration_id, number);
    let record = ledger::require(ctx, &APPROVALS, &key, |(declaration_id, _)| CustomsRejection::ApprovalUnknown {
        declaration_id,
    })?;
    let decision = assess::find_decision(ctx, &key.0, Some(number))?;
    let authenticated = authenticity::of_approval(ctx, &decision, &filed.authority)?;
    Ok(Attested { record, authenticated })
}

/// The licence timeline of cleared items says under which licence they came in.
fn note_licence(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    filed: &Declaration,
    items: &[ItemId],
) -> Result<(), Refusal> {
    let Some(licence_id) = &filed.licence_id else { return Ok(()) };
    let ground = Ground::new(caller, Basis::Decision, Foreign::of_id(&filed.declaration_id), None);
    for item_id in items {
        if registry.find(ctx, item_id)?.is_none() {
            continue;
        }
        registry.change(ctx, item_id)?.licence_id = Some(licence_id.clone());
        registry.append(item_id, Entry::Licence(Some(licence_id.clone())), &ground)?;
    }
    Ok(())
}
