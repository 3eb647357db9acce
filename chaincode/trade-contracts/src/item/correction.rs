//! Error declarations: an event is taken back by declaring it erroneous; nothing is edited or deleted.
//!
//! The event stays, marked. What it changed is set back where it still stands. The alarms that rest on it are withdrawn,
//! except those that are about the declarer itself: nobody takes away an alarm about its own conduct. They are marked as
//! answered and stand until a customs authority closes them. A declaration settles the oldest [`RESOLVED_MAX`] of them. What stands beyond that stays, so that nobody can make a declaration
//! too large for a transaction by raising alarms.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use trade_model::item::{
    Alarm, AlarmAnswer, AlarmKind, AlarmState, Basis, DeclaredError, Effect, EffectField, Life, Origin, RecordedEvent,
};
use trade_model::rejection::Rejection;
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use super::alarm;
use super::book::Ground;
use super::capture::{Session, find_record};
use super::effects::{held_on_its_own_word, link, may_commission, nests, unlink};
use super::keys::{self, Timeline};
use crate::Refusal;
use crate::caller::Caller;

/// Most alarms that one declaration settles.
const RESOLVED_MAX: usize = 1_000;

/// Marks the event and takes back what rests on it.
///
/// # Errors
/// [`Rejection::EventOfAnother`] unless the caller recorded the event.
pub(super) fn withdraw(
    ctx: &mut Context<'_>,
    session: &mut Session,
    mut record: RecordedEvent,
    declared: DeclaredError,
) -> Result<(), Refusal> {
    if record.recorded_by != *session.caller.msp_id() {
        return Err(Rejection::EventOfAnother { event_hash: record.event_hash }.into());
    }
    for effect in record.effects.iter().rev() {
        undo(ctx, session, &record, effect)?;
    }
    for alarm_id in &record.alarms {
        settle(ctx, session, alarm_id)?;
    }
    for (item_id, resting) in resting_on(ctx, session, &record.record_id)? {
        resolve(ctx, session, &item_id, resting)?;
    }
    record.declared_erroneous = Some(declared);
    session.records.insert(record.record_id.clone(), record);
    Ok(())
}

/// Sets one change back, if nothing later stands in its place. What became of goods that somebody else holds by now is no
/// longer the recorder's to change.
fn undo(ctx: &mut Context<'_>, session: &mut Session, record: &RecordedEvent, effect: &Effect) -> Result<(), Refusal> {
    let item_id = &effect.item_id;
    let Some(item) = session.book.find(ctx, item_id)?.cloned() else { return Ok(()) };
    let held_by_another = item.holder.as_ref().is_some_and(|holder| *holder != record.recorded_by);
    if held_by_another && matches!(effect.field, EffectField::Life | EffectField::Parent) {
        return Ok(());
    }
    match effect.field {
        EffectField::Commissioning if item.commissioned_in == effect.after => {
            let changed = session.book.change(ctx, item_id)?;
            changed.origin = Origin::Unknown;
            changed.commissioned_by = None;
            changed.commissioned_at = None;
            changed.commissioned_in = None;
        }
        EffectField::Life if item.life_set_in.as_ref() == Some(&record.record_id) => {
            let before = effect.before.as_deref().and_then(Life::from_word).unwrap_or(Life::Active);
            let changed = session.book.change(ctx, item_id)?;
            changed.life = before;
            changed.life_set_in = None;
        }
        EffectField::Parent if item.parent == effect.after => {
            if let Some(unit_id) = &effect.after {
                unlink(ctx, session, item_id, unit_id)?;
            }
            // The unit may have gone elsewhere since, or into the very thing that would go back into it.
            let mut unit = effect.before.clone();
            if let Some(unit_id) = &effect.before {
                let same_hands = session.book.known(ctx, unit_id)?.holder == item.holder;
                if same_hands && nests(ctx, session, item_id, unit_id)? {
                    link(ctx, session, item_id, unit_id)?;
                } else {
                    unit = None;
                }
            }
            append(session, record, item_id, Timeline::Packing, unit)?;
        }
        EffectField::Location if item.location == effect.after => {
            session.book.change(ctx, item_id)?.location = effect.before.clone();
            append(session, record, item_id, Timeline::Location, effect.before.clone())?;
        }
        EffectField::Owner if item.owner.as_ref().map(MspId::as_str) == effect.after.as_deref() => {
            let before = effect.before.as_deref().and_then(|owner| MspId::parse(owner).ok());
            session.book.change(ctx, item_id)?.owner = before;
            append(session, record, item_id, Timeline::Title, effect.before.clone())?;
        }
        _ => {}
    }
    Ok(())
}

/// The alarms of later events that rest on the erroneous one fall with it. Of several commissionings that contradicted
/// it, the oldest by somebody who may commission becomes the first, and the others contradict that one from now on.
/// Without one, they stand as they are: nobody made them good.
fn resolve(ctx: &mut Context<'_>, session: &mut Session, item_id: &str, resting: Vec<Alarm>) -> Result<(), Refusal> {
    let (commissionings, others): (Vec<Alarm>, Vec<Alarm>) = resting
        .into_iter()
        .partition(|alarm| alarm.kind == AlarmKind::SecondCommissioning && alarm.state == AlarmState::Open);
    for alarm in others {
        settle(ctx, session, &alarm.alarm_id)?;
    }
    for alarm in &commissionings {
        let vacant = session.book.known(ctx, item_id)?.commissioned_in.is_none();
        if vacant && promote(ctx, session, alarm)? {
            settle(ctx, session, &alarm.alarm_id)?;
        }
    }
    let standing = session.book.known(ctx, item_id)?.clone();
    for alarm in commissionings {
        if let Some(first) = standing.commissioned_in.as_ref().filter(|first| **first != alarm.record_id) {
            session.moved_pointers.push(keys::alarm_on(&alarm)?);
            let other_party = standing.commissioned_by.clone();
            let repointed = Alarm { conflicts_with: first.clone(), other_party, ..alarm };
            session.alarms.insert(repointed.alarm_id.clone(), repointed);
        }
    }
    Ok(())
}

/// The alarms that stand on a record, by their item and oldest first; those of this very document among them.
fn resting_on(
    ctx: &mut Context<'_>,
    session: &Session,
    record_id: &str,
) -> Result<BTreeMap<String, Vec<Alarm>>, Refusal> {
    let mut ids: BTreeSet<String> = session.alarms.keys().cloned().collect();
    for row in ctx.scan(&keys::alarms_on(record_id)?, RESOLVED_MAX)? {
        ids.insert(row.json()?);
    }
    let mut resting: BTreeMap<String, Vec<Alarm>> = BTreeMap::new();
    for alarm_id in ids {
        let alarm = find_alarm(ctx, session, &alarm_id)?;
        let stands_on =
            |alarm: &Alarm| alarm.state.stands() && alarm.kind.rests_on_an_event() && alarm.conflicts_with == record_id;
        if let Some(alarm) = alarm.filter(stands_on) {
            resting.entry(alarm.item_id.clone()).or_default().push(alarm);
        }
    }
    for alarms in resting.values_mut() {
        alarms.sort_by_key(|alarm| alarm.number);
    }
    Ok(resting)
}

/// Lets the commissioning that raised the alarm stand as the first one, if it still counts and its recorder may
/// commission; tells whether it does.
fn promote(ctx: &mut Context<'_>, session: &mut Session, alarm: &Alarm) -> Result<bool, Refusal> {
    let participants = &session.caller.participants;
    let entitled = match (participants.find(alarm.recorded_by.as_str()), ObjectUri::parse(&alarm.item_id)) {
        (Some(enterprise), Ok(object)) => may_commission(participants, enterprise, &object),
        _ => false,
    };
    let later = find_record(ctx, session, &alarm.record_id)?;
    let Some(mut later) = later.filter(|later| entitled && later.declared_erroneous.is_none()) else {
        return Ok(false);
    };
    let maker = later.recorded_by.clone();
    let item = session.book.change(ctx, &alarm.item_id)?;
    item.origin = Origin::Commissioned;
    item.commissioned_by = Some(maker.clone());
    item.commissioned_at = Some(later.event_time);
    item.commissioned_in = Some(later.record_id.clone());
    // What the other held and owned by its own word alone goes with that word.
    let holds = held_on_its_own_word(item, &maker);
    let owns = item.owner.is_none();
    if holds {
        item.holder = Some(maker.clone());
        item.open_offer = None;
    }
    if owns {
        item.owner = Some(maker.clone());
    }
    let unit = item.parent.clone();
    if let Some(unit_id) = unit.filter(|_| holds)
        && session.book.known(ctx, &unit_id)?.holder.as_ref() != Some(&maker)
    {
        unlink(ctx, session, &alarm.item_id, &unit_id)?;
        append(session, &later, &alarm.item_id, Timeline::Packing, None)?;
    }
    for (moves, timeline) in [(holds, Timeline::Custody), (owns, Timeline::Title)] {
        if moves {
            append(session, &later, &alarm.item_id, timeline, Some(maker.to_string()))?;
        }
    }
    let after = Some(later.record_id.clone());
    later.effects.push(Effect {
        item_id: alarm.item_id.clone(),
        field: EffectField::Commissioning,
        before: None,
        after,
    });
    session.records.insert(later.record_id.clone(), later);
    Ok(true)
}

/// The record on which an alarm rests is taken back. When that is done by somebody whom the alarm is about, the alarm
/// stands all the same, marked: otherwise whoever is caught would take the alarm away together with the record.
fn settle(ctx: &mut Context<'_>, session: &mut Session, alarm_id: &str) -> Result<(), Refusal> {
    let Some(mut alarm) = find_alarm(ctx, session, alarm_id)?.filter(|alarm| alarm.state.stands()) else {
        return Ok(());
    };
    let by = session.caller.msp_id().clone();
    if alarm.is_about(&by) {
        let (at, transaction_id) = (session.caller.now, session.caller.tx_id.clone());
        alarm.state = AlarmState::Answered;
        alarm.answer.get_or_insert(AlarmAnswer { at, by, transaction_id });
    } else {
        alarm.state = AlarmState::Withdrawn;
        alarm::count_out(ctx, &mut session.book, &alarm)?;
    }
    session.alarms.insert(alarm_id.to_owned(), alarm);
    Ok(())
}

fn find_alarm(ctx: &mut Context<'_>, session: &Session, alarm_id: &str) -> Result<Option<Alarm>, Refusal> {
    match session.alarms.get(alarm_id) {
        Some(alarm) => Ok(Some(alarm.clone())),
        None => Ok(ctx.get_json(&keys::alarm(alarm_id)?)?),
    }
}

fn append(
    session: &mut Session,
    record: &RecordedEvent,
    item_id: &str,
    timeline: Timeline,
    value: Option<String>,
) -> Result<(), Refusal> {
    let Caller { now, asserted, .. } = session.caller;
    let tx_id = session.caller.tx_id.clone();
    let ground = Ground {
        basis: Basis::Correction,
        reference: &record.record_id,
        now,
        asserted,
        claimed_at: None,
        tx_id: &tx_id,
    };
    session.book.append(item_id, timeline, value, &ground)
}
