//! `item:ConsentToCorrection`: those whose accepted facts rest on a record agree that it is taken back.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Duty, EventRecordId};
use trade_model::item::{
    CORRECTION_CONSENTS, ConsentToCorrection, Correction, CorrectionConsent, CorrectionReport, EVENTS, ItemEvent,
    ItemRejection, ReadCorrection, RecordedEvent,
};

use super::correction;
use super::registry::Registry;
use super::reliance::{self, Reliance};
use super::session::Session;
use super::standing::is_authority;
use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::customs::hold::Holds;
use crate::{ledger, rules};

/// Agrees to a correction, and carries it out when nobody is missing any more.
///
/// # Errors
/// A member whose accepted facts rest on the record, or an officer of the authority where all things concerned are;
/// once, and before the correction is carried out.
pub fn consent(ctx: &mut Context<'_>, request: ConsentToCorrection) -> Result<CorrectionReport, Refusal> {
    let mut caller = Caller::of::<ConsentToCorrection>(ctx)?;
    let (correction, record) = find(ctx, &request.record_id)?;
    let record_id = request.record_id;
    if record.declared_erroneous.is_some() {
        return Err(ItemRejection::CorrectionApplied { record_id }.into());
    }
    caller.follow(correction.declared.recorded.at);
    let mut registry = Registry::default();
    registry.load(ctx, &correction.items)?;
    caller.follow(registry.last_recorded_at());
    let me = caller.msp_id().clone();
    let key = (record_id.clone(), Part(me.clone()));
    ledger::must_be_new(ctx, &CORRECTION_CONSENTS, &key, |(record_id, _)| ItemRejection::CorrectionConsented {
        record_id,
    })?;
    let mut holds = Holds::at(caller.now);
    let reliance = reliance::on(ctx, &mut registry, (&caller.members, &mut holds), &record)?;
    let as_authority = decides(ctx, (&mut registry, &mut holds), &caller, &correction, &record)?;
    if !as_authority && !reliance.parties.contains(&me) {
        return Err(ItemRejection::CorrectionNotConcerned { record_id }.into());
    }
    caller.acting.check(if as_authority { Duty::Officer } else { Duty::Clerk }, &caller.me)?;

    let own = CorrectionConsent { record_id: record_id.clone(), as_authority, consented: caller.stamp() };
    authorship::put(ctx, &caller, (&CORRECTION_CONSENTS, &key), &own, &[&me])?;
    let mut consents = reliance::consents(ctx, &record_id)?;
    consents.push(own);
    let applied = reliance.is_agreed(&consents);
    if applied {
        apply(ctx, caller, registry, &correction, record)?;
    }
    let event =
        if applied { ItemEvent::CorrectionApplied { record_id } } else { ItemEvent::CorrectionConsented { record_id } };
    announce(ctx, event)?;
    Ok(report(correction, reliance, consents, applied))
}

/// Where a correction stands.
///
/// # Errors
/// [`ItemRejection::CorrectionUnknown`], also for one that the recorder of the event has not declared.
pub fn read_correction(ctx: &mut Context<'_>, request: ReadCorrection) -> Result<CorrectionReport, Refusal> {
    let (correction, record) = find(ctx, &request.record_id)?;
    let (members, mut holds) = (caller::members(ctx)?, Holds::at(caller::now(ctx)?));
    let reliance = reliance::on(ctx, &mut Registry::default(), (&members, &mut holds), &record)?;
    let consents = reliance::consents(ctx, &request.record_id)?;
    let applied = record.declared_erroneous.is_some();
    Ok(report(correction, reliance, consents, applied))
}

fn find(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<(Correction, RecordedEvent), Refusal> {
    let unknown = |record_id| ItemRejection::CorrectionUnknown { record_id };
    let record = ledger::require(ctx, &EVENTS, record_id, unknown)?;
    let correction = correction::proposed(ctx, &record)?.ok_or_else(|| unknown(record_id.clone()))?;
    Ok((correction, record))
}

/// Whether the caller may decide about everything concerned, and not about its own record: the authority
/// that holds a thing; where none does, the one of the place.
fn decides(
    ctx: &mut Context<'_>,
    (registry, holds): (&mut Registry, &mut Holds),
    caller: &Caller,
    correction: &Correction,
    record: &RecordedEvent,
) -> Result<bool, Refusal> {
    if record.recorded.by == *caller.msp_id() || correction.items.is_empty() {
        return Ok(false);
    }
    for item_id in &correction.items {
        let item = registry.known(ctx, item_id)?.clone();
        let may_decide = match holds.on(ctx, &caller.members, &item)? {
            Some(hold) => hold.authority == *caller.msp_id(),
            None => is_authority(ctx, registry, &caller.members, (caller.msp_id(), &item))?,
        };
        if !may_decide {
            return Ok(false);
        }
    }
    // Another authority's hold on a unit out of which a thing goes, or into which it goes back, binds here, too.
    for effect in &record.effects {
        let item = registry.known(ctx, &effect.item_id)?.clone();
        for thing in reliance::touched(&item, effect) {
            let Some(thing) = registry.find(ctx, thing)?.cloned() else { continue };
            let hold = holds.on(ctx, &caller.members, &thing)?;
            if hold.is_some_and(|hold| hold.authority != *caller.msp_id()) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn apply(
    ctx: &mut Context<'_>,
    caller: Caller,
    registry: Registry,
    correction: &Correction,
    record: RecordedEvent,
) -> Result<(), Refusal> {
    let rules = rules::current(ctx)?;
    let mut session = Session::new(caller, None, rules);
    session.registry = registry;
    correction::take_back(ctx, &mut session, record, correction.declared.clone())?;
    session.write(ctx)
}

fn report(
    correction: Correction,
    reliance: Reliance,
    consents: Vec<CorrectionConsent>,
    applied: bool,
) -> CorrectionReport {
    CorrectionReport {
        correction,
        parties: reliance.parties.into_iter().collect(),
        needs_authority: reliance.needs_authority,
        consents,
        applied,
    }
}
