//! Assessing a declaration and replaying a decision.
//!
//! A decision keeps the facts it was taken on, so that a replay needs nothing but the decision and a tariff.

use fabric_contract::Context;
use serde_json::json;
use sha2::{Digest, Sha256};
use trade_model::customs::{
    Assess, Decision, DecisionInputs, Declaration, DeclarationState, InputItem, Outcome, ReadDecision, Replay,
    ReplayedDecision, Tariff,
};
use trade_model::governance::Participants;
use trade_model::item::{Basis, Item};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::decide::decide;
use super::{declaration, keys, tariff};
use crate::announce::announce;
use crate::caller::Caller;
use crate::item::book::{Book, Ground};
use crate::item::keys::Timeline;
use crate::{Refusal, item, rights};

/// Most items, contents of units included, that one consignment can hold.
const CONSIGNMENT_MAX: usize = 2_000;
/// Most alarms of one item that a decision names.
const ALARMS_NAMED_MAX: usize = 5;

/// Decides on a declaration by the rules in force on the day it was filed.
///
/// # Errors
/// The authority of the tariff only; a declaration that was cleared or intercepted is decided for good.
pub fn assess(ctx: &mut Context<'_>, request: Assess) -> Result<Decision, Refusal> {
    let mut caller = Caller::with_role(ctx, &[Role::Customs])?;
    let mut filed = declaration::find(ctx, &request.declaration_id)?;
    caller.follow(filed.filed_at);
    if filed.authority != *caller.msp_id() {
        return Err(Rejection::NotTheAuthority { declaration_id: filed.declaration_id }.into());
    }
    if matches!(filed.state, DeclarationState::Cleared | DeclarationState::Intercepted) {
        return Err(Rejection::AlreadyDecided { declaration_id: filed.declaration_id }.into());
    }
    let tariff = tariff::version_of(ctx, &filed.tariff_id, filed.tariff_version)?;
    let mut book = Book::default();
    let items = book.with_contents(ctx, &filed.items, CONSIGNMENT_MAX)?;
    let items = items.ok_or(Rejection::ConsignmentTooLarge { max: CONSIGNMENT_MAX })?;
    let inputs = gather(ctx, &mut book, &caller.participants, &filed, &tariff, &items)?;
    let rules_of = filed.filed_at.date();
    let (outcome, findings) = decide(&tariff, &inputs, rules_of);

    filed.decisions += 1;
    filed.state = match outcome {
        Outcome::Clear => DeclarationState::Cleared,
        Outcome::DocumentCheck => DeclarationState::DocumentsRequested,
        Outcome::Intercept => DeclarationState::Intercepted,
    };
    let decision = Decision {
        declaration_id: filed.declaration_id.clone(),
        number: filed.decisions,
        outcome,
        findings,
        tariff_id: tariff.tariff_id,
        tariff_version: tariff.version,
        rules_of,
        inputs_sha256: digest(&inputs),
        inputs,
        decided_by: caller.msp_id().clone(),
        decided_at: caller.now,
        transaction_id: caller.tx_id,
    };
    if outcome == Outcome::Clear {
        note_licence(ctx, &mut book, &filed, &decision, caller.asserted, &items)?;
    }
    book.flush(ctx)?;
    ctx.put_json(&keys::declaration(&filed.declaration_id)?, &filed)?;
    ctx.put_json(&keys::decision(&decision.declaration_id, decision.number)?, &decision)?;
    let name = match outcome {
        Outcome::Clear => "customs.cleared",
        Outcome::DocumentCheck => "customs.documents_requested",
        Outcome::Intercept => "customs.intercepted",
    };
    announce(ctx, name, &json!({ "declaration_id": decision.declaration_id, "number": decision.number }))?;
    Ok(decision)
}

/// A decision on a declaration; the last one when no number is given.
///
/// # Errors
/// [`Rejection::DeclarationUnknown`], [`Rejection::DecisionUnknown`].
pub fn read_decision(ctx: &mut Context<'_>, request: ReadDecision) -> Result<Decision, Refusal> {
    find_decision(ctx, &request.declaration_id, request.number)
}

/// Decides again from the stored facts, for the same or another day or version of the tariff. Writes nothing.
///
/// # Errors
/// [`Rejection::DecisionUnknown`], or a tariff that is not there for the day or version asked for.
pub fn replay(ctx: &mut Context<'_>, request: Replay) -> Result<ReplayedDecision, Refusal> {
    let decision = find_decision(ctx, &request.declaration_id, request.number)?;
    let rules_of = request.on.unwrap_or(decision.rules_of);
    let tariff = match (request.tariff_version, request.on) {
        (Some(version), _) => tariff::version_of(ctx, &decision.tariff_id, version)?,
        (None, Some(day)) => tariff::in_force(ctx, &decision.tariff_id, day)?,
        (None, None) => tariff::version_of(ctx, &decision.tariff_id, decision.tariff_version)?,
    };
    let (outcome, findings) = decide(&tariff, &decision.inputs, rules_of);
    let inputs_sha256 = digest(&decision.inputs);
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
    })
}

fn find_decision(ctx: &mut Context<'_>, declaration_id: &str, number: Option<u32>) -> Result<Decision, Refusal> {
    let number = match number {
        Some(number) => number,
        None => declaration::find(ctx, declaration_id)?.decisions,
    };
    let decision = ctx.get_json::<Decision>(&keys::decision(declaration_id, number)?)?;
    Ok(decision.ok_or_else(|| Rejection::DecisionUnknown { declaration_id: declaration_id.to_owned() })?)
}

/// The facts as they are now.
fn gather(
    ctx: &mut Context<'_>,
    book: &mut Book,
    participants: &Participants,
    filed: &Declaration,
    tariff: &Tariff,
    items: &[String],
) -> Result<DecisionInputs, Refusal> {
    let band = tariff.bands.iter().find(|band| band.band_id == filed.band_id);
    let band = band.ok_or_else(|| Rejection::BandUnknown { band_id: filed.band_id.clone() })?;
    let right = match &filed.right_id {
        Some(right_id) => Some(rights::find_right(ctx, right_id)?),
        None => None,
    };
    let (licences, chain_problem) = match &filed.licence_id {
        Some(licence_id) => rights::chain(ctx, licence_id)?,
        None => (Vec::new(), None),
    };
    let mut facts = Vec::with_capacity(items.len());
    for item_id in items {
        let item = book.find(ctx, item_id)?.cloned();
        let standing = item.as_ref().map_or(0, |item| item.alarms.standing);
        let alarms = if standing == 0 { Vec::new() } else { item::standing_alarms(ctx, item_id, ALARMS_NAMED_MAX)?.0 };
        facts.push(input_item(item_id, item.as_ref(), alarms, participants, &filed.importer));
    }
    facts.sort_by(|a, b| a.item_id.cmp(&b.item_id));
    Ok(DecisionInputs {
        importer: filed.importer.clone(),
        hs_code: filed.hs_code.clone(),
        origin: filed.origin.clone(),
        destination: filed.destination.clone(),
        currency: filed.currency.clone(),
        accepted_at: filed.filed_at,
        proved_min_minor: band.value_min_minor.clone(),
        proved_max_minor: band.value_max_minor.clone(),
        proof_holds: declaration::check_proof(ctx, filed, band).is_ok(),
        right,
        licences,
        chain_problem,
        items: facts,
    })
}

fn input_item(
    item_id: &str,
    item: Option<&Item>,
    open_alarms: Vec<String>,
    participants: &Participants,
    importer: &MspId,
) -> InputItem {
    let holder = item.and_then(|item| item.holder.clone());
    let maker = item.and_then(|item| item.commissioned_by.as_ref());
    let carries =
        |holder: &MspId| participants.find(holder.as_str()).is_some_and(|party| party.has_role(Role::Carrier));
    let in_consignment = |holder: &MspId| holder == importer || Some(holder) == maker || carries(holder);
    InputItem {
        item_id: item_id.to_owned(),
        gtin: item.and_then(|item| item.gtin.clone()),
        origin: item.map(|item| item.origin),
        holder_in_consignment: holder.as_ref().is_some_and(in_consignment),
        holder,
        open_alarms,
        open_alarm_count: item.map_or(0, |item| item.alarms.standing),
    }
}

/// The licence timeline of cleared items says under which licence they came in.
fn note_licence(
    ctx: &mut Context<'_>,
    book: &mut Book,
    filed: &Declaration,
    decision: &Decision,
    asserted: UtcTime,
    items: &[String],
) -> Result<(), Refusal> {
    let Some(licence_id) = &filed.licence_id else { return Ok(()) };
    for item_id in items {
        if book.find(ctx, item_id)?.is_none() {
            continue;
        }
        book.change(ctx, item_id)?.licence_id = Some(licence_id.clone());
        let ground = Ground {
            basis: Basis::Decision,
            reference: &filed.declaration_id,
            now: decision.decided_at,
            asserted,
            claimed_at: None,
            tx_id: &decision.transaction_id,
        };
        book.append(item_id, Timeline::Licence, Some(licence_id.clone()), &ground)?;
    }
    Ok(())
}

/// SHA-256 of the facts as JSON without spaces, fields in the order of their types.
fn digest(inputs: &DecisionInputs) -> String {
    let text = serde_json::to_vec(inputs).expect("facts are texts, numbers and lists, which JSON always takes");
    hex::encode(Sha256::digest(text))
}
