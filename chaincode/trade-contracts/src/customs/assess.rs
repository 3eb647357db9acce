//! Deciding on a declaration: by the rules of its tariff, or by an officer beside them.
//!
//! A decision keeps the facts it was taken on, so that a replay needs nothing but the decision and a tariff.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, DeclarationId, ItemId, Remark, ScopedRef, Set};
use trade_model::customs::{
    ALARMS_WEIGHED_MAX, Assess, CustomsEvent, CustomsRejection, DECISIONS, DECLARATIONS, Decide, Decision, Declaration,
    Outcome,
};
use trade_rules::customs::{covering, decide as by_rules};

use super::hold::{Interception, intercept};
use super::{consignment, declaration, facts, key::part, reservation, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::item;
use crate::item::registry::Registry;

/// Decides on a declaration by the rules in force on the day it was filed. A decision to clear releases nothing until a
/// second person approves it.
///
/// # Errors
/// The authority of the destination only; a declaration that was cleared or withdrawn is decided for good.
pub fn assess(ctx: &mut Context<'_>, request: Assess) -> Result<Decision, Refusal> {
    let caller = Caller::of::<Assess>(ctx)?;
    record(ctx, caller, request.declaration_id, None)
}

/// Decides as an officer sees fit, beside what the rules propose.
///
/// # Errors
/// As [`assess`].
pub fn decide(ctx: &mut Context<'_>, request: Decide) -> Result<Decision, Refusal> {
    let caller = Caller::of::<Decide>(ctx)?;
    let Decide { declaration_id, outcome, reason, alarms } = request;
    record(ctx, caller, declaration_id, Some(Judgement { outcome, reason, alarms }))
}

/// What an officer decides beside the rules, why, and which alarms it weighed.
struct Judgement {
    outcome: Outcome,
    reason: Remark,
    alarms: Set<AlarmId, 0, ALARMS_WEIGHED_MAX>,
}

fn record(
    ctx: &mut Context<'_>,
    mut caller: Caller,
    declaration_id: ScopedRef<DeclarationId>,
    officer: Option<Judgement>,
) -> Result<Decision, Refusal> {
    let mut filed = declaration::of_authority(ctx, &caller, declaration_id)?;
    if filed.state.is_closed() {
        return Err(CustomsRejection::AlreadyDecided { declaration_id: filed.declaration_id }.into());
    }
    let tariff = tariff::version_of(ctx, &filed.tariff_id, filed.tariff_version)?;
    tariff::check_authentic(ctx, &tariff, (&filed.authority, &filed.destination, filed.procedure))?;
    let mut registry = Registry::default();
    let things = consignment::things(ctx, &mut registry, &filed.items)?;
    let inputs = facts::gather(ctx, &mut registry, &caller.members, &filed, &tariff, &things)?;
    caller.follow(inputs.latest());
    let rules_of = filed.filed.at.date();
    let (proposed, findings) = by_rules(&tariff, &inputs, rules_of);
    let weighed = officer.as_ref().map(|officer| officer.alarms.clone()).unwrap_or_default();
    check_alarms(ctx, &weighed, &things)?;
    let (outcome, reason) = officer.map_or((proposed, None), |officer| (officer.outcome, Some(officer.reason)));

    if outcome == Outcome::Intercept {
        let by_rule = outcome <= proposed;
        let reason = reason.clone().map_or_else(|| broken(&filed), Ok)?;
        let interception = Interception { reason, by_rule };
        filed.hold = intercept(ctx, &mut registry, &caller, &filed, &things, interception)?;
    }
    if matches!(outcome, Outcome::Intercept | Outcome::Refuse) {
        reservation::note_stopped(ctx, &filed, &things)?;
    }
    filed.decisions += 1;
    filed.state = outcome.into();
    let decision = Decision {
        declaration_id: filed.declaration_id.clone(),
        number: filed.decisions,
        outcome,
        proposed,
        reason,
        alarms: weighed,
        findings,
        licences: covering(&inputs, rules_of),
        tariff_id: tariff.tariff_id,
        tariff_version: tariff.version,
        rules_of,
        inputs_sha256: authorship::digest(&inputs),
        inputs,
        decided: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    registry.flush(ctx)?;
    DECLARATIONS.put(ctx, &filed.declaration_id, &filed)?;
    let key = part(&decision.declaration_id, decision.number);
    authorship::put(ctx, &caller, (&DECISIONS, &key), &decision, &[&filed.authority])?;
    announce(ctx, announcement(&decision))?;
    Ok(decision)
}

/// Refuses alarms that do not stand, or are about other things.
fn check_alarms(ctx: &mut Context<'_>, weighed: &[AlarmId], things: &[ItemId]) -> Result<(), Refusal> {
    for alarm_id in weighed {
        let about = item::standing_alarm(ctx, alarm_id)?;
        if !about.is_some_and(|item_id| things.contains(&item_id)) {
            return Err(CustomsRejection::AlarmNotOfGoods { alarm_id: alarm_id.clone() }.into());
        }
    }
    Ok(())
}

/// Why the rules hold goods, for the record of the hold; the decision has the findings.
fn broken(filed: &Declaration) -> Result<Remark, Refusal> {
    let number = filed.decisions + 1;
    Ok(Remark::parse(&format!("by rule, see decision {number} on {}", filed.declaration_id))?)
}

fn announcement(decision: &Decision) -> CustomsEvent {
    let (declaration_id, number) = (decision.declaration_id.clone(), decision.number);
    match decision.outcome {
        Outcome::Clear => CustomsEvent::ClearanceProposed { declaration_id, number },
        Outcome::DocumentCheck => CustomsEvent::DocumentsRequested { declaration_id, number },
        Outcome::Intercept => CustomsEvent::Intercepted { declaration_id, number },
        Outcome::Refuse => CustomsEvent::Refused { declaration_id, number },
    }
}
