//! Four eyes: a second person of the authority approves a decision that releases goods, or that is graver than the
//! rules propose.
//!
//! The contract tells the two persons apart by key and name of their certificates. What it cannot see are two
//! certificates under two names in one hand, which is for the authority that issues them.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, Foreign, ItemId, Remark};
use trade_model::customs::{
    APPROVALS, ApproveDecision, CustomsEvent, CustomsRejection, DECLARATIONS, Decision, DecisionApproval,
    DecisionInputs, Declaration, DeclarationState, HoldStep, HoldStepKind, Outcome, ReadApproval, Tariff,
};
use trade_model::item::Basis;
use trade_rules::customs::decide as by_rules;

use super::hold::{Holds, follow_decision};
use super::{authenticity, codes, consignment, declaration, facts, key::part, replay, reservation, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::item::registry::{Entry, Ground, Registry};
use crate::ledger;

/// Approves a decision: one to clear, which releases the goods, or one that is graver than the rules propose, which
/// then stands.
///
/// # Errors
/// The authority only, by another person than the one that decided. To release goods, the facts must be what they were,
/// and no other hold may bind them.
pub fn approve(ctx: &mut Context<'_>, request: ApproveDecision) -> Result<DecisionApproval, Refusal> {
    let mut caller = Caller::of::<ApproveDecision>(ctx)?;
    let filed = declaration::of_authority(ctx, &caller, request.declaration_id)?;
    let nothing = CustomsRejection::NothingToApprove { declaration_id: filed.declaration_id.clone() };
    if filed.state.is_closed() || filed.decisions == 0 || filed.decisions != request.number {
        return Err(nothing.into());
    }
    let decision = replay::find(ctx, &filed, request.number)?;
    let graver = decision.outcome > decision.proposed && decision.outcome > Outcome::DocumentCheck;
    let key = part(&filed.declaration_id, decision.number);
    if !(decision.outcome == Outcome::Clear || graver) || APPROVALS.exists(ctx, &key)? {
        return Err(nothing.into());
    }
    caller.follow(decision.decided.at);
    caller.acting.check_second(&decision.person, &caller.me)?;

    let approval = DecisionApproval {
        declaration_id: filed.declaration_id.clone(),
        number: decision.number,
        decision_sha256: authorship::digest(&decision),
        approved: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    let event =
        if graver { confirm(ctx, &caller, &filed, &decision)? } else { release(ctx, &caller, filed, &decision)? };
    authorship::put(ctx, &caller, (&APPROVALS, &key), &approval, &[caller.msp_id()])?;
    announce(ctx, event)?;
    Ok(approval)
}

/// The approval of a decision; of the last one when no number is given.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`], [`CustomsRejection::ApprovalUnknown`].
pub fn read_approval(ctx: &mut Context<'_>, request: ReadApproval) -> Result<Attested<DecisionApproval>, Refusal> {
    let filed = declaration::asked(ctx, request.declaration_id)?;
    let number = request.number.unwrap_or(filed.decisions);
    let key = part(&filed.declaration_id, number);
    let declaration_id = filed.declaration_id.clone();
    let record = ledger::require(ctx, &APPROVALS, &key, |_| CustomsRejection::ApprovalUnknown { declaration_id })?;
    let decision = replay::find(ctx, &filed, number)?;
    let authenticated = authenticity::of_approval(ctx, &decision, &filed.authority)?;
    Ok(Attested { record, authenticated })
}

/// Lets the goods go.
fn release(
    ctx: &mut Context<'_>,
    caller: &Caller,
    mut filed: Declaration,
    decision: &Decision,
) -> Result<CustomsEvent, Refusal> {
    let mut registry = Registry::default();
    let things = consignment::things(ctx, &mut registry, &filed.items)?;
    let tariff = tariff::version_of(ctx, &filed.tariff_id, filed.tariff_version)?;
    let inputs = facts::gather(ctx, &mut registry, &caller.members, &filed, &tariff, &things)?;
    if !says_the_same(&tariff, decision, &inputs) {
        return Err(CustomsRejection::FactsChanged { declaration_id: filed.declaration_id }.into());
    }
    let own = filed.hold.clone();
    Holds::at(caller.now).refuse_others(ctx, &caller.members, &mut registry, &things, own.as_ref())?;
    let declared = reservation::held_by(ctx, &filed, &things)?;
    let products = consignment::products(ctx, &mut registry, &declared)?;

    let step = step(caller, decision, HoldStepKind::Lift)?;
    follow_decision(ctx, &mut registry, caller, &filed, step)?;
    note_licences(ctx, &mut registry, caller, decision, &declared)?;
    registry.flush(ctx)?;
    codes::note_cleared(ctx, &filed, &products)?;
    reservation::note_cleared(ctx, &filed, &declared, caller.now)?;
    filed.state = DeclarationState::Cleared;
    DECLARATIONS.put(ctx, &filed.declaration_id, &filed)?;
    Ok(CustomsEvent::Cleared { declaration_id: filed.declaration_id, number: decision.number })
}

/// Whether the facts still say what they said when it was decided: the same things, alarms and acts, and of all else
/// what the rules make of it. A record that changes nothing of that, by the owner of a right or by a stranger that
/// claims its number, keeps no goods waiting.
fn says_the_same(tariff: &Tariff, decision: &Decision, inputs: &DecisionInputs) -> bool {
    let (proposed, findings) = by_rules(tariff, inputs, decision.rules_of);
    proposed == decision.proposed
        && findings == decision.findings
        && inputs.items == decision.inputs.items
        && inputs.acts == decision.inputs.acts
}

/// Lets stand what is graver than the rules propose.
fn confirm(
    ctx: &mut Context<'_>,
    caller: &Caller,
    filed: &Declaration,
    decision: &Decision,
) -> Result<CustomsEvent, Refusal> {
    if decision.outcome == Outcome::Intercept {
        let step = step(caller, decision, HoldStepKind::Confirm)?;
        let mut registry = Registry::default();
        follow_decision(ctx, &mut registry, caller, filed, step)?;
        registry.flush(ctx)?;
    }
    let (declaration_id, number) = (filed.declaration_id.clone(), decision.number);
    Ok(CustomsEvent::DecisionConfirmed { declaration_id, number })
}

/// What an approved decision does to the hold of its declaration.
fn step(caller: &Caller, decision: &Decision, step: HoldStepKind) -> Result<HoldStep, Refusal> {
    let reason = format!("decision {} on {}", decision.number, decision.declaration_id);
    Ok(HoldStep {
        step,
        reason: Remark::parse(&reason)?,
        done: decision.decided.clone(),
        person: decision.person.clone(),
        takes_two: true,
        approved: Some(caller.stamp()),
        second: Some(caller.acting.person.clone()),
    })
}

/// The licence timeline of cleared things says under which licence they came in: the one that was found to cover them.
fn note_licences(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    caller: &Caller,
    decision: &Decision,
    things: &[ItemId],
) -> Result<(), Refusal> {
    let ground = Ground::new(caller, Basis::Decision, Foreign::of_id(&decision.declaration_id.to_string()), None);
    for item_id in things {
        let Some(gtin) = registry.find(ctx, item_id)?.and_then(|item| item.gtin.clone()) else { continue };
        let Some(licence) = decision.licences.iter().find(|licence| licence.products.contains(&gtin)) else { continue };
        registry.change(ctx, item_id)?.licence_id = Some(licence.licence_id.clone());
        registry.append(item_id, Entry::Licence(Some(licence.licence_id.clone())), &ground)?;
    }
    Ok(())
}
