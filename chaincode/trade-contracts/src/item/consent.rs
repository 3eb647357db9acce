//! `item:ConsentToCorrection`: those whose accepted facts rest on a record agree that it is taken back, or the
//! authorities of the things decide so, each by two officers and about what is in its country.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Duty, EventRecordId, ItemId};
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
/// A member whose accepted facts rest on the record, once; or two officers of an authority where one of the things
/// concerned is, which has no stake in it; before the correction is carried out.
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
    let mut holds = Holds::at(caller.now);
    let reliance = reliance::on(ctx, &mut registry, (&caller.members, &mut holds), &record)?;
    let own = own(ctx, (&mut registry, &mut holds), &caller, &record, &reliance)?;

    let key = (record_id.clone(), Part(me.clone()));
    authorship::put(ctx, &caller, (&CORRECTION_CONSENTS, &key), &own, &[&me])?;
    let mut consents = reliance::consents(ctx, &record_id)?;
    consents.retain(|consent| consent.consented.by != me);
    consents.push(own);
    let applied = reliance.is_agreed(&correction.items, &consents);
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

/// What the caller says: for itself, as the first officer of an authority, or as the second one of what the first said.
fn own(
    ctx: &mut Context<'_>,
    grounds: (&mut Registry, &mut Holds),
    caller: &Caller,
    record: &RecordedEvent,
    reliance: &Reliance,
) -> Result<CorrectionConsent, Refusal> {
    let (me, record_id) = (caller.msp_id().clone(), record.record_id.clone());
    let key = (record_id.clone(), Part(me.clone()));
    let is_party = reliance.parties.contains(&me);
    let mut decides = if is_party { BTreeSet::new() } else { decides(ctx, grounds, caller, record)? };
    if !decides.is_empty() && correction::is_rival(ctx, &record_id, &me)? {
        decides.clear();
    }
    if let Some(before) = CORRECTION_CONSENTS.find(ctx, &key)? {
        // What others wrote in the name of a first officer, no second one approves.
        if !authorship::is_authentic(ctx, &CORRECTION_CONSENTS, &key, &before, &me)? {
            return Err(ItemRejection::CorrectionConsented { record_id }.into());
        }
        let (Some(first), None) = (&before.person, &before.approved) else {
            return Err(ItemRejection::CorrectionConsented { record_id }.into());
        };
        decides.retain(|thing| before.decides.contains(thing));
        if decides.is_empty() {
            return Err(ItemRejection::CorrectionNotConcerned { record_id }.into());
        }
        caller.acting.check(Duty::Officer, &caller.me)?;
        caller.acting.check_second(first, &caller.me)?;
        let decides = decides.into_iter().collect();
        return Ok(CorrectionConsent { decides, approved: Some(caller.stamp()), ..before });
    }
    let as_authority = !decides.is_empty();
    if !as_authority && !is_party {
        return Err(ItemRejection::CorrectionNotConcerned { record_id }.into());
    }
    caller.acting.check(if as_authority { Duty::Officer } else { Duty::Clerk }, &caller.me)?;
    let person = as_authority.then(|| caller.acting.person.clone());
    let decides = decides.into_iter().collect();
    Ok(CorrectionConsent { record_id, decides, consented: caller.stamp(), person, approved: None })
}

/// The things concerned about which the caller may decide, not being the recorder: the authority that holds a thing;
/// where none does, the one of the place. A unit out of which a thing goes, or into which it goes back, is concerned,
/// too.
fn decides(
    ctx: &mut Context<'_>,
    (registry, holds): (&mut Registry, &mut Holds),
    caller: &Caller,
    record: &RecordedEvent,
) -> Result<BTreeSet<ItemId>, Refusal> {
    let mut decides = BTreeSet::new();
    if record.recorded.by == *caller.msp_id() {
        return Ok(decides);
    }
    for effect in &record.effects {
        let item = registry.known(ctx, &effect.item_id)?.clone();
        for thing in reliance::touched(&item, effect) {
            let Some(thing) = registry.find(ctx, thing)?.cloned() else { continue };
            let may_decide = match holds.on(ctx, &caller.members, &thing)? {
                Some(hold) => hold.authority == *caller.msp_id(),
                None => is_authority(ctx, registry, &caller.members, (caller.msp_id(), &thing))?,
            };
            if may_decide {
                decides.insert(thing.item_id);
            }
        }
    }
    Ok(decides)
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
        needs_authority: reliance.needs_authority.into_iter().collect(),
        consents,
        applied,
    }
}
