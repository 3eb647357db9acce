//! Error declarations: an event is taken back by declaring it erroneous; nothing is edited or deleted.
//!
//! What other members accepted since, one of them alone does not undo: where a fact of another rests on what the event
//! changed, the declaration is a proposal, and the state stands until those members consent (see `reliance`).
//!
//! The event stays, marked. What it changed is set back where it still stands. Alarms are not touched: whether one
//! still has its ground is read from the records on which it rests. Of several commissionings that contradicted one
//! that is taken back, the oldest by a member that may commission becomes the first; a declaration looks at the oldest
//! [`RIVALS_MAX`] of them, so that nobody can make it too large for a transaction.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{AlarmId, EventRecordId, Foreign, ItemId};
use trade_model::item::{
    ALARM_DECISIONS, ALARMS, Alarm, Basis, CORRECTIONS, CORRECTIONS_OF, CaptureStatus, Change, Correction,
    DeclaredError, Effect, Entitlement, Item, ItemRejection, Origin, RIVALS, RecordedEvent,
};
use trade_standards::identifier::MspId;

use super::alarm;
use super::effects::entitlement::{entitlement_of, may_commission};
use super::effects::packing::{link, nests};
use super::registry;
use super::registry::Entry;
use super::reliance;
use super::session::Session;
use crate::authorship;

/// Most commissionings that contradict the one taken back that a declaration looks at.
const RIVALS_MAX: usize = 1_000;

/// Takes the event back, or proposes to, where accepted facts of others rest on it.
///
/// # Errors
/// [`ItemRejection::EventOfAnother`] unless the caller recorded the event.
pub(super) fn declare(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: RecordedEvent,
    declared: DeclaredError,
) -> Result<CaptureStatus, Refusal> {
    if record.recorded.by != *session.caller.msp_id() {
        return Err(ItemRejection::EventOfAnother { event_hash: record.event_hash }.into());
    }
    let grounds = (&session.caller.members, &mut session.holds);
    let reliance = reliance::on(ctx, &mut session.registry, grounds, &record)?;
    if reliance.is_none() {
        take_back(ctx, session, record, declared)?;
        return Ok(CaptureStatus::CorrectionRecorded);
    }
    if let Some(correction) = proposed(ctx, &record)? {
        // All may have agreed while an authority held something of it, which it has let go since.
        if !reliance.is_agreed(&correction.items, &reliance::consents(ctx, &record.record_id)?) {
            return Ok(CaptureStatus::AlreadyRecorded);
        }
        take_back(ctx, session, record, correction.declared)?;
        return Ok(CaptureStatus::CorrectionRecorded);
    }
    let items: BTreeSet<ItemId> = record.effects.iter().map(|effect| effect.item_id.clone()).collect();
    for item_id in &items {
        CORRECTIONS_OF.put(ctx, &(item_id.clone(), record.record_id.clone()), &record.record_id)?;
    }
    let correction = Correction { record_id: record.record_id.clone(), declared, items: items.into_iter().collect() };
    let me = session.caller.msp_id().clone();
    authorship::put(ctx, &session.caller, (&CORRECTIONS, &record.record_id), &correction, &[&me])?;
    Ok(CaptureStatus::CorrectionProposed)
}

/// The correction that the recorder of an event has declared, where others must agree.
pub(super) fn proposed(ctx: &mut Context<'_>, record: &RecordedEvent) -> Result<Option<Correction>, Refusal> {
    let Some(correction) = CORRECTIONS.find(ctx, &record.record_id)? else { return Ok(None) };
    let author = &record.recorded.by;
    let authentic = authorship::is_authentic(ctx, &CORRECTIONS, &record.record_id, &correction, author)?;
    Ok(authentic.then_some(correction))
}

/// Marks the event and takes back what it changed, whether that was proposed before or not.
pub(super) fn take_back(
    ctx: &mut Context<'_>,
    session: &mut Session,
    mut record: RecordedEvent,
    declared: DeclaredError,
) -> Result<(), Refusal> {
    if let Some(proposed) = CORRECTIONS.find(ctx, &record.record_id)? {
        for item_id in proposed.items {
            CORRECTIONS_OF.delete(ctx, &(item_id, record.record_id.clone()))?;
        }
    }
    for effect in record.effects.iter().rev() {
        undo(ctx, session, &record, effect)?;
    }
    for (item_id, rivals) in rivals_of(ctx, &record.record_id)? {
        resolve(ctx, session, &item_id, rivals)?;
    }
    record.declared_erroneous = Some(declared);
    session.records.insert(record.record_id.clone(), record);
    Ok(())
}

/// Sets one change back, if nothing later stands in its place. Where a thing is, the recorder no longer says once
/// another member holds it.
fn undo(ctx: &mut Context<'_>, session: &mut Session, record: &RecordedEvent, effect: &Effect) -> Result<(), Refusal> {
    let item_id = &effect.item_id;
    let Some(item) = session.registry.find(ctx, item_id)?.cloned() else { return Ok(()) };
    let holds = item.holder.as_ref() == Some(&record.recorded.by);
    match &effect.change {
        Change::Commissioning { by_event } if item.commissioned_by_event.as_ref() == Some(by_event) => {
            let is_others = is_anothers(ctx, &item, &record.recorded.by)?;
            let changed = session.registry.change(ctx, item_id)?;
            changed.origin = Origin::Unknown;
            // Another took it over by both signatures while this word stood: it gives way to nobody to whom it would
            // not have given way then.
            changed.entitlement = if is_others { changed.entitlement } else { Entitlement::Seen };
            changed.commissioner = None;
            changed.commissioned_at = None;
            changed.commissioned_by_event = None;
        }
        Change::Life { before, .. } if item.life_set_by_event.as_ref() == Some(&record.record_id) => {
            let changed = session.registry.change(ctx, item_id)?;
            changed.life = *before;
            changed.life_set_by_event = None;
        }
        Change::Parent { before, after } if item.parent == *after => {
            let unit = put_back(ctx, session, &item, before.as_ref(), after.as_ref())?;
            session.append(record, item_id, Entry::Packing(unit), Basis::Correction)?;
        }
        Change::Recall { before, after } if item.recalled_by_event == *after => {
            session.registry.change(ctx, item_id)?.recalled_by_event = before.clone();
        }
        Change::Location { before, after } if holds && item.location.as_ref() == Some(after) => {
            session.registry.change(ctx, item_id)?.location = before.clone();
            session.append(record, item_id, Entry::Location(before.clone()), Basis::Correction)?;
        }
        Change::Licence { before, after } if item.licence_id.as_ref() == Some(after) => {
            session.registry.change(ctx, item_id)?.licence_id = before.clone();
            session.append(record, item_id, Entry::Licence(before.clone()), Basis::Correction)?;
        }
        Change::Owner { before, after } if item.owner.as_ref() == Some(after) => {
            session.registry.change(ctx, item_id)?.owner = before.clone();
            session.append(record, item_id, Entry::Title(before.clone()), Basis::Correction)?;
        }
        _ => {}
    }
    Ok(())
}

/// Whether another member than the recorder holds the thing by what both sides signed, recovered it, or owns it.
fn is_anothers(ctx: &mut Context<'_>, item: &Item, recorder: &MspId) -> Result<bool, Refusal> {
    let last = registry::last_custody(ctx, item)?;
    let signed = last.is_some_and(|last| last.basis != Basis::FirstSeen && last.basis != Basis::Commissioning);
    let held = signed && item.holder.as_ref().is_some_and(|holder| holder != recorder);
    Ok(held || item.owner.as_ref().is_some_and(|owner| owner != recorder))
}

/// Takes a thing out of the unit in which it was put and puts it back into the one in which it was, if that can still
/// be: the unit may have gone elsewhere since, or into the very thing that would go back into it. Answers where it
/// lies.
fn put_back(
    ctx: &mut Context<'_>,
    session: &mut Session,
    item: &Item,
    before: Option<&ItemId>,
    after: Option<&ItemId>,
) -> Result<Option<ItemId>, Refusal> {
    if let Some(unit_id) = after {
        session.registry.take_out(ctx, &item.item_id, unit_id)?;
    }
    let Some(unit_id) = before else { return Ok(None) };
    let same_hands = session.registry.known(ctx, unit_id)?.holder == item.holder;
    if !same_hands || !nests(ctx, session, &item.item_id, unit_id)? {
        return Ok(None);
    }
    link(ctx, session, &item.item_id, unit_id)?;
    Ok(Some(unit_id.clone()))
}

/// Of several commissionings that contradicted the one taken back, the oldest by a member that may commission becomes
/// the first, and the others contradict that one from now on. Without one, they stand as they are: nobody made them
/// good.
fn resolve(ctx: &mut Context<'_>, session: &mut Session, item_id: &ItemId, rivals: Vec<Alarm>) -> Result<(), Refusal> {
    for alarm in &rivals {
        if session.registry.known(ctx, item_id)?.commissioned_by_event.is_none() {
            promote(ctx, session, alarm)?;
        }
    }
    let standing = session.registry.known(ctx, item_id)?.clone();
    let Some(first) = &standing.commissioned_by_event else { return Ok(()) };
    for alarm in rivals.into_iter().filter(|alarm| alarm.record_id != *first) {
        alarm::raise_again(ctx, session, alarm, first, standing.commissioner.as_ref())?;
    }
    Ok(())
}

/// Whether a member has commissioned one of the things itself, which it would gain by taking the record back.
pub(super) fn is_rival(ctx: &mut Context<'_>, record_id: &EventRecordId, member: &MspId) -> Result<bool, Refusal> {
    let rivals = rivals_of(ctx, record_id)?;
    Ok(rivals.values().flatten().any(|alarm| alarm.recorded_by == *member))
}

/// The alarms about commissionings that contradict a record and that no authority has decided, by their item and oldest
/// first.
fn rivals_of(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<BTreeMap<ItemId, Vec<Alarm>>, Refusal> {
    let found = RIVALS.scan(ctx, &Part(Foreign::of_id(record_id)), RIVALS_MAX)?;
    let ids: Vec<AlarmId> = found.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect();
    let mut rivals: BTreeMap<ItemId, Vec<Alarm>> = BTreeMap::new();
    for alarm in ALARMS.find_many(ctx, &ids)?.into_iter().flatten() {
        if !ALARM_DECISIONS.exists(ctx, &alarm.group_id)? {
            rivals.entry(alarm.item_id.clone()).or_default().push(alarm);
        }
    }
    Ok(rivals)
}

/// Lets the commissioning that raised the alarm stand as the first one, if it still counts and its recorder may
/// commission. What the other held and owned by its own word alone goes with that word; what an authority holds stays
/// with whom it is.
fn promote(ctx: &mut Context<'_>, session: &mut Session, alarm: &Alarm) -> Result<(), Refusal> {
    let members = &session.caller.members;
    let recorder = members.find(&alarm.recorded_by);
    let entitled = recorder.is_some_and(|recorder| may_commission(members, recorder, &alarm.item_id.object()));
    let later = session.find_record(ctx, &alarm.record_id)?;
    let Some(mut later) = later.filter(|later| entitled && later.declared_erroneous.is_none()) else {
        return Ok(());
    };
    let maker = later.recorded.by.clone();
    let entitlement = entitlement_of(members, &maker, &alarm.item_id.object());
    let before = session.registry.known(ctx, &alarm.item_id)?.clone();
    let held = session.holds.on(ctx, members, &before)?.is_some();
    let recovered = registry::last_custody(ctx, &before)?.is_some_and(|last| last.basis == Basis::Recovery);
    let own_word = before.received_by_transfer.is_none() && !recovered;
    let takes_custody = !held && own_word && before.holder.as_ref() != Some(&maker);
    let item = session.registry.change(ctx, &alarm.item_id)?;
    item.origin = Origin::Commissioned;
    item.commissioner = Some(maker.clone());
    item.commissioned_at = Some(later.event_time);
    item.commissioned_by_event = Some(later.record_id.clone());
    item.introduced_by = maker.clone();
    item.entitlement = entitlement;
    if takes_custody {
        hand_to(ctx, session, &before, &later)?;
    }
    if before.owner.is_none() {
        session.registry.change(ctx, &alarm.item_id)?.owner = Some(maker.clone());
        session.append(&later, &alarm.item_id, Entry::Title(Some(maker)), Basis::Correction)?;
    }
    let change = Change::Commissioning { by_event: later.record_id.clone() };
    later.effects.push(Effect { item_id: alarm.item_id.clone(), change });
    session.records.insert(later.record_id.clone(), later);
    Ok(())
}

/// Gives a thing into the hands of the recorder of its commissioning, out of a unit that others hold.
fn hand_to(
    ctx: &mut Context<'_>,
    session: &mut Session,
    before: &Item,
    commissioning: &RecordedEvent,
) -> Result<(), Refusal> {
    let (item_id, maker) = (&before.item_id, commissioning.recorded.by.clone());
    let item = session.registry.change(ctx, item_id)?;
    item.holder = Some(maker.clone());
    item.open_transfer = None;
    if let Some(unit_id) = &before.parent
        && session.registry.known(ctx, unit_id)?.holder.as_ref() != Some(&maker)
    {
        session.registry.take_out(ctx, item_id, unit_id)?;
        session.append(commissioning, item_id, Entry::Packing(None), Basis::Correction)?;
    }
    session.append(commissioning, item_id, Entry::Custody(Some(maker)), Basis::Correction)
}
