//! Assessing a declaration and replaying a decision.
//!
//! A decision keeps the facts it was taken on, so that a replay needs nothing but the decision and a tariff.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{AlarmId, Attested, DeclarationId, ItemId, Role};
use trade_model::customs::{
    Assess, CustomsEvent, CustomsRejection, DECISIONS, DECLARATIONS, Decision, DecisionInputs, Declaration,
    DeclarationState, InputItem, Outcome, ReadDecision, Replay, ReplayedDecision, Tariff,
};
use trade_model::governance::Members;
use trade_model::item::Item;
use trade_rules::customs::decide;
use trade_standards::identifier::MspId;

use super::{authenticity, declaration, tariff};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::item::registry::Registry;
use crate::{item, ledger, rights};

/// Most items, contents of units included, that one consignment can hold.
const CONSIGNMENT_MAX: usize = 2_000;
/// Most alarms of one item that a decision names.
const ALARMS_NAMED_MAX: usize = 5;

/// Decides on a declaration by the rules in force on the day it was filed. A decision to clear releases nothing until a
/// second person approves it.
///
/// # Errors
/// The authority of the tariff only; a declaration that was cleared or intercepted is decided for good.
pub fn assess(ctx: &mut Context<'_>, request: Assess) -> Result<Decision, Refusal> {
    let mut caller = Caller::of::<Assess>(ctx)?;
    let mut filed = of_authority(ctx, &caller, &request.declaration_id)?;
    caller.follow(filed.filed.at);
    if matches!(filed.state, DeclarationState::Cleared | DeclarationState::Intercepted) {
        return Err(CustomsRejection::AlreadyDecided { declaration_id: filed.declaration_id }.into());
    }
    let tariff = tariff::version_of(ctx, &filed.tariff_id, filed.tariff_version)?;
    let mut registry = Registry::default();
    let items = consignment(ctx, &mut registry, &filed)?;
    let inputs = gather(ctx, &mut registry, &caller.members, &filed, &tariff, &items)?;
    let rules_of = filed.filed.at.date();
    let (outcome, findings) = decide(&tariff, &inputs, rules_of);

    filed.decisions += 1;
    filed.state = outcome.into();
    let decision = Decision {
        declaration_id: filed.declaration_id.clone(),
        number: filed.decisions,
        outcome,
        findings,
        tariff_id: tariff.tariff_id,
        tariff_version: tariff.version,
        rules_of,
        inputs_sha256: authorship::digest(&inputs),
        inputs,
        decided: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    DECLARATIONS.put(ctx, &filed.declaration_id, &filed)?;
    let key = (decision.declaration_id.clone(), decision.number);
    authorship::put(ctx, &caller, (&DECISIONS, &key), &decision, &[&filed.authority])?;
    let (declaration_id, number) = (decision.declaration_id.clone(), decision.number);
    let event = match outcome {
        Outcome::Clear => CustomsEvent::ClearanceProposed { declaration_id, number },
        Outcome::DocumentCheck => CustomsEvent::DocumentsRequested { declaration_id, number },
        Outcome::Intercept => CustomsEvent::Intercepted { declaration_id, number },
    };
    announce(ctx, event)?;
    Ok(decision)
}

/// A declaration that this authority decides about, as its importer filed it and the authority decided so far.
pub(super) fn of_authority(
    ctx: &mut Context<'_>,
    caller: &Caller,
    declaration_id: &DeclarationId,
) -> Result<Declaration, Refusal> {
    let filed = declaration::find(ctx, declaration_id)?;
    if filed.authority != *caller.msp_id() {
        return Err(CustomsRejection::NotTheAuthority { declaration_id: filed.declaration_id }.into());
    }
    if !authenticity::of_declaration(ctx, &filed)? {
        return Err(CustomsRejection::DeclarationUnauthenticated { declaration_id: filed.declaration_id }.into());
    }
    Ok(filed)
}

/// The items of a consignment, contents of units included.
pub(super) fn consignment(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    filed: &Declaration,
) -> Result<Vec<ItemId>, Refusal> {
    let items = registry.with_contents(ctx, &filed.items, CONSIGNMENT_MAX)?;
    Ok(items.ok_or(CustomsRejection::ConsignmentTooLarge { max: CONSIGNMENT_MAX })?)
}

/// A decision on a declaration; the last one when no number is given.
///
/// # Errors
/// [`CustomsRejection::DeclarationUnknown`], [`CustomsRejection::DecisionUnknown`].
pub fn read_decision(ctx: &mut Context<'_>, request: ReadDecision) -> Result<Attested<Decision>, Refusal> {
    let record = find_decision(ctx, &request.declaration_id, request.number)?;
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

/// Whether the authority of the declaration has made the decision.
fn is_authentic(ctx: &mut Context<'_>, decision: &Decision) -> Result<bool, Refusal> {
    let authority = declaration::find(ctx, &decision.declaration_id)?.authority;
    let key = (decision.declaration_id.clone(), decision.number);
    authorship::is_authentic(ctx, &DECISIONS, &key, (decision, &decision.decided), &authority)
}

/// Decides again from the stored facts, for the same or another day or version of the tariff. Writes nothing.
///
/// # Errors
/// [`CustomsRejection::DecisionUnknown`], or a tariff that is not there for the day or version asked for.
pub fn replay(ctx: &mut Context<'_>, request: Replay) -> Result<ReplayedDecision, Refusal> {
    let decision = find_decision(ctx, &request.declaration_id, request.number)?;
    let authenticated = is_authentic(ctx, &decision)?;
    let rules_of = request.on.unwrap_or(decision.rules_of);
    let tariff = match (request.tariff_version, request.on) {
        (Some(version), _) => tariff::version_of(ctx, &decision.tariff_id, version)?,
        (None, Some(day)) => tariff::in_force(ctx, &decision.tariff_id, day)?,
        (None, None) => tariff::version_of(ctx, &decision.tariff_id, decision.tariff_version)?,
    };
    let (outcome, findings) = decide(&tariff, &decision.inputs, rules_of);
    let inputs_sha256 = authorship::digest(&decision.inputs);
    Ok(ReplayedDecision {
        declaration_id: decision.declaration_id,
        number: decision.number,
        same_decision: outcome == decision.outcome && findings == decision.findings,
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

pub(super) fn find_decision(
    ctx: &mut Context<'_>,
    declaration_id: &DeclarationId,
    number: Option<u32>,
) -> Result<Decision, Refusal> {
    let number = match number {
        Some(number) => number,
        None => declaration::find(ctx, declaration_id)?.decisions,
    };
    let key = (declaration_id.clone(), number);
    ledger::require(ctx, &DECISIONS, &key, |(declaration_id, _)| CustomsRejection::DecisionUnknown { declaration_id })
}

/// The facts as they are now.
pub(super) fn gather(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    filed: &Declaration,
    tariff: &Tariff,
    items: &[ItemId],
) -> Result<DecisionInputs, Refusal> {
    let band = tariff.bands.iter().find(|band| band.band_id == filed.band_id);
    let band = band.ok_or_else(|| CustomsRejection::BandUnknown { band_id: filed.band_id.clone() })?;
    let right = match &filed.right_id {
        Some(right_id) => {
            let right = rights::find_right(ctx, right_id)?;
            Some(rights::facts(ctx, right, filed.filed.at)?)
        }
        None => None,
    };
    let (licences, chain_problem) = match (&right, &filed.licence_id) {
        (Some(right), Some(licence_id)) => rights::chain(ctx, &right.right, licence_id)?,
        _ => (Vec::new(), None),
    };
    let mut facts = Vec::with_capacity(items.len());
    for item_id in items {
        let item = registry.find(ctx, item_id)?.cloned();
        let alarms = item::standing_alarms(ctx, item_id, ALARMS_NAMED_MAX)?;
        facts.push(input_item(item_id, item.as_ref(), alarms, members, &filed.importer));
    }
    facts.sort_by(|a, b| a.item_id.cmp(&b.item_id));
    Ok(DecisionInputs {
        importer: filed.importer.clone(),
        hs_code: filed.hs_code.clone(),
        origin: filed.origin.clone(),
        destination: filed.destination.clone(),
        currency: filed.currency.clone(),
        accepted_at: filed.filed.at,
        proved_min_minor: band.value_min_minor,
        proved_max_minor: band.value_max_minor,
        proof_holds: declaration::proof_holds(ctx, filed, band),
        right,
        licences,
        chain_problem,
        items: facts,
    })
}

fn input_item(
    item_id: &ItemId,
    item: Option<&Item>,
    (open_alarms, all): (Vec<AlarmId>, bool),
    members: &Members,
    importer: &MspId,
) -> InputItem {
    let holder = item.and_then(|item| item.holder.clone());
    let maker = item.and_then(|item| item.commissioner.as_ref());
    let carries = |holder: &MspId| members.find(holder).is_some_and(|member| member.has_role(Role::Carrier));
    let in_consignment = |holder: &MspId| holder == importer || Some(holder) == maker || carries(holder);
    InputItem {
        item_id: item_id.clone(),
        gtin: item.and_then(|item| item.gtin.clone()),
        origin: item.map(|item| item.origin),
        holder_in_consignment: holder.as_ref().is_some_and(in_consignment),
        holder,
        open_alarms,
        more_open_alarms: !all,
    }
}
