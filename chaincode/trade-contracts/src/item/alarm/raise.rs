//! Raising the alarms of an event.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use sha2::{Digest, Sha256};
use trade_model::Refusal;
use trade_model::common::{AlarmId, Digest256, EventRecordId, Foreign, ItemId, Moment, NewestFirst};
use trade_model::item::{
    ALARMS, ALARMS_BY_TIME, Alarm, AlarmKind, Concern, GROUP_ALARMS, Grade, ITEM_ALARMS, PARTY_ALARMS, RIVALS,
    RaisedAlarm, RecordedEvent, STANDING_ALARMS,
};
use trade_standards::identifier::MspId;

use super::conflict::Conflict;
use super::judgement::{self, Found};
use super::{addressees, group};
use crate::item::session::Session;
use crate::item::signal;

/// Raises the alarms of one event, as one group, and notes the group on its record. What several members with standing
/// say alike is no conflict and raises nothing.
///
/// # Errors
/// [`trade_model::item::ItemRejection::TooManySignals`] when the recorder has said too much about one of the things.
pub(in crate::item) fn raise(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &mut RecordedEvent,
    conflicts: Vec<Conflict>,
) -> Result<(), Refusal> {
    let found = judged(ctx, session, record, conflicts)?;
    if found.is_empty() {
        return Ok(());
    }
    for Found { conflict, .. } in &found {
        signal::note(ctx, session, &record.record_id, &conflict.item_id)?;
    }
    let often_dismissed = is_often_dismissed(ctx, session)?;
    let evidence_sha256 = group::deposit(ctx, session, record, &found)?;
    let mut alarms = Vec::with_capacity(found.len());
    for mut found in found {
        if often_dismissed && found.judgement.grade == Grade::Soft {
            found.judgement.grade = Grade::Faint;
        }
        let alarm = alarm(session, record, &evidence_sha256, found);
        write(ctx, session.place, &alarm)?;
        alarms.push(alarm);
    }
    record.alarm_group = Some(group::write(ctx, session, record, &alarms)?);
    session.raised.extend(alarms.iter().map(told));
    Ok(())
}

/// Whether what the caller raised was dismissed so often that it is no longer told without being confirmed.
fn is_often_dismissed(ctx: &mut Context<'_>, session: &Session) -> Result<bool, Refusal> {
    let rules = session.alarm_rules;
    let counted = rules.dismissed.get() as usize;
    let raiser = (Part(session.caller.msp_id().clone()), Concern::Dismissed);
    let begin = rules.dismissals_begin(session.caller.now);
    let dismissed = PARTY_ALARMS.scan(ctx, &raiser, counted)?.entries;
    Ok(dismissed.iter().filter(|((_, _, newest, _), _)| newest.at > begin).count() >= counted)
}

/// A commissioning that contradicted one that is taken back contradicts the one that became the first from now on: an
/// alarm beside the earlier one, in the same group, which the maker of that one finds and can answer.
pub(in crate::item) fn raise_again(
    ctx: &mut Context<'_>,
    session: &mut Session,
    alarm: Alarm,
    first: &EventRecordId,
    maker: Option<&MspId>,
) -> Result<(), Refusal> {
    let raised = session.caller.stamp();
    let about = judgement::members_of(&alarm.recorded_by, maker);
    let item = session.registry.find(ctx, &alarm.item_id)?.cloned();
    let (members, place) = (&session.caller.members, alarm.place.as_ref());
    let addressed_to = addressees::of(members, &alarm.item_id, item.as_ref(), place, &about);
    let again = Alarm {
        alarm_id: id(&alarm.record_id, (alarm.kind, &alarm.item_id, &Foreign::of_id(first))),
        conflicts_with: Foreign::of_id(first),
        about,
        addressed_to,
        other_party: maker.cloned(),
        answer_by: session.alarm_rules.answer_by(raised.at),
        raised,
        ..alarm
    };
    write(ctx, session.place, &again)?;
    group::grow(ctx, session, &again)
}

/// The conflicts that are alarms, each once.
fn judged(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &RecordedEvent,
    conflicts: Vec<Conflict>,
) -> Result<Vec<Found>, Refusal> {
    let mut seen: BTreeSet<AlarmId> = BTreeSet::new();
    let mut found = Vec::with_capacity(conflicts.len());
    for conflict in conflicts {
        let alarm_id = id(&record.record_id, (conflict.kind, &conflict.item_id, &conflict.conflicts_with));
        if !seen.insert(alarm_id.clone()) {
            continue;
        }
        let item = session.registry.find(ctx, &conflict.item_id)?.cloned();
        let judgement = judgement::judge(&session.caller.members, &record.recorded.by, &conflict, item.as_ref());
        found.extend(judgement.map(|judgement| Found { alarm_id, conflict, judgement, item }));
    }
    Ok(found)
}

/// The id of the alarm that a conflict of an event raises; the same conflict of the same record has the same id.
fn id(record_id: &EventRecordId, (kind, item_id, conflicts_with): (AlarmKind, &ItemId, &Foreign)) -> AlarmId {
    let identity = format!("{}\n{item_id}\n{record_id}\n{conflicts_with}", kind.as_str());
    AlarmId::of_digest(Sha256::digest(identity.as_bytes()).into())
}

fn alarm(session: &Session, record: &RecordedEvent, evidence_sha256: &Digest256, found: Found) -> Alarm {
    let Found { alarm_id, conflict, judgement, item } = found;
    let (members, item) = (&session.caller.members, item.as_ref());
    let seen_at = record.business_location.as_ref().or(record.read_point.as_ref());
    let place = addressees::place(members, item, seen_at);
    let addressed_to = addressees::of(members, &conflict.item_id, item, place.as_ref(), &judgement.about);
    let raised = session.caller.stamp();
    Alarm {
        alarm_id,
        group_id: group::id(record),
        kind: conflict.kind,
        grade: judgement.grade,
        text: conflict.kind.public_text().to_owned(),
        item_id: conflict.item_id,
        event_hash: record.event_hash.clone(),
        record_id: record.record_id.clone(),
        conflicts_with: conflict.conflicts_with,
        recorded_by: record.recorded.by.clone(),
        other_party: conflict.other_party,
        about: judgement.about,
        place,
        addressed_to,
        answer_by: session.alarm_rules.answer_by(raised.at),
        raised,
        evidence_sha256: evidence_sha256.clone(),
    }
}

/// Writes an alarm and where it is found.
fn write(ctx: &mut Context<'_>, place: u32, alarm: &Alarm) -> Result<(), Refusal> {
    let Alarm { alarm_id, item_id, raised, .. } = alarm;
    let newest = NewestFirst::new(raised.at, place);
    ALARMS.put(ctx, alarm_id, alarm)?;
    ALARMS_BY_TIME.put(ctx, &(newest, alarm_id.clone()), alarm_id)?;
    ITEM_ALARMS.put(ctx, &(item_id.clone(), newest, alarm_id.clone()), alarm_id)?;
    GROUP_ALARMS.put(ctx, &(alarm.group_id.clone(), alarm_id.clone()), alarm_id)?;
    let standing = (item_id.clone(), alarm.grade.weight(), NewestFirst::new(alarm.answer_by, 0), alarm_id.clone());
    STANDING_ALARMS.put(ctx, &standing, alarm_id)?;
    // Only members that may commission cause these, so strangers cannot disturb who reads them by range.
    if alarm.kind == AlarmKind::SecondCommissioning {
        let rival = (Part(alarm.conflicts_with.clone()), item_id.clone(), Moment(raised.at), alarm_id.clone());
        RIVALS.put(ctx, &rival, alarm_id)?;
    }
    Ok(())
}

fn told(alarm: &Alarm) -> RaisedAlarm {
    RaisedAlarm {
        alarm_id: alarm.alarm_id.clone(),
        group_id: alarm.group_id.clone(),
        kind: alarm.kind,
        item_id: alarm.item_id.clone(),
        evidence_sha256: alarm.evidence_sha256.clone(),
    }
}
