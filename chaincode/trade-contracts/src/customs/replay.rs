//! Reading decisions, and deciding again from the facts that they keep.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Attested, DeclarationId, ScopedRef};
use trade_model::customs::{
    CustomsRejection, DECISIONS, Decision, Declaration, ReadDecision, Replay, ReplayedDecision,
};
use trade_rules::customs::{covering, decide as by_rules};

use super::{declaration, key::part, tariff};
use crate::{authorship, ledger};

/// A decision on a declaration; the last one when no number is given.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`], [`CustomsRejection::DecisionUnknown`].
pub fn read_decision(ctx: &mut Context<'_>, request: ReadDecision) -> Result<Attested<Decision>, Refusal> {
    let (filed, record) = asked(ctx, request.declaration_id, request.number)?;
    let authenticated = is_authentic(ctx, &filed, &record)?;
    Ok(Attested { record, authenticated })
}

/// Decides again from the stored facts, for the same or another day or version of the tariff. Writes nothing.
///
/// # Errors
/// [`CustomsRejection::DecisionUnknown`], or a tariff that is not there for the day or version asked for.
pub fn replay(ctx: &mut Context<'_>, request: Replay) -> Result<ReplayedDecision, Refusal> {
    let (filed, decision) = asked(ctx, request.declaration_id, request.number)?;
    let authenticated = is_authentic(ctx, &filed, &decision)?;
    let rules_of = request.on.unwrap_or(decision.rules_of);
    let tariff = match (request.tariff_version, request.on) {
        (Some(version), _) => tariff::version_of(ctx, &decision.tariff_id, version)?,
        (None, Some(day)) => tariff::in_force(ctx, &decision.tariff_id, day)?,
        (None, None) => tariff::version_of(ctx, &decision.tariff_id, decision.tariff_version)?,
    };
    let (outcome, findings) = by_rules(&tariff, &decision.inputs, rules_of);
    let inputs_sha256 = authorship::digest(&decision.inputs);
    Ok(ReplayedDecision {
        declaration_id: decision.declaration_id,
        number: decision.number,
        same_decision: outcome == decision.proposed
            && findings == decision.findings
            && covering(&decision.inputs, rules_of) == decision.licences,
        outcome,
        findings,
        tariff_version: tariff.version,
        rules_of,
        inputs_unchanged: inputs_sha256 == decision.inputs_sha256,
        inputs_sha256,
        recorded_outcome: decision.outcome,
        authenticated,
    })
}

/// A decision that must be there.
pub(super) fn find(ctx: &mut Context<'_>, filed: &Declaration, number: u32) -> Result<Decision, Refusal> {
    let key = part(&filed.declaration_id, number);
    let declaration_id = filed.declaration_id.clone();
    ledger::require(ctx, &DECISIONS, &key, |_| CustomsRejection::DecisionUnknown { declaration_id })
}

fn asked(
    ctx: &mut Context<'_>,
    declaration_id: ScopedRef<DeclarationId>,
    number: Option<u32>,
) -> Result<(Declaration, Decision), Refusal> {
    let filed = declaration::asked(ctx, declaration_id)?;
    let decision = find(ctx, &filed, number.unwrap_or(filed.decisions))?;
    Ok((filed, decision))
}

/// Whether the authority of the declaration has made the decision.
fn is_authentic(ctx: &mut Context<'_>, filed: &Declaration, decision: &Decision) -> Result<bool, Refusal> {
    let key = part(&decision.declaration_id, decision.number);
    authorship::is_authentic(ctx, &DECISIONS, &key, decision, &filed.authority)
}
