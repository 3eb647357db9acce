//! Raising and closing an alarm.
//!
//! When an alarm is raised, the alarm, its evidence and the count on the item are written in the transaction that found
//! it.
//!
//! Every member that may record events can raise any number of alarms about a thing, so the item holds two counts and
//! nothing that grows; alarms stand under keys of their own and are read by range, oldest first. The evidence names the
//! event by its digest: one event can raise an alarm for each of two thousand things, and it is on the ledger once.

use fabric_contract::{Context, Part};
use serde_json::json;
use sha2::{Digest, Sha256};
use trade_model::Refusal;
use trade_model::common::{AlarmId, Digest256, EventRecordId, Foreign, ItemId, MediaType, Set, Text};
use trade_model::evidence::{EVIDENCE, Evidence, EvidenceKind, Subject};
use trade_model::item::{
    ALARMS, ALARMS_ON, Alarm, AlarmClosure, AlarmCounts, AlarmKind, AlarmState, CloseAlarm, ITEM_ALARMS, ItemEvent,
    ItemRejection, RecordedEvent, STANDING_ALARMS,
};
use trade_standards::identifier::MspId;

use super::find::find_alarm;
use super::registry::Registry;
use crate::announce::announce;
use crate::caller::Caller;

/// The version of the conflict rules, quoted in the evidence.
const RULES: &str = "conflict-rules/2";

/// The place of an alarm among those that rest on the record of an event.
pub(super) type PlaceOnRecord = (Part<Foreign>, ItemId, u32, AlarmId);

/// A conflict as the rules find it, before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) kind: AlarmKind,
    pub(crate) item_id: ItemId,
    pub(crate) conflicts_with: Foreign,
    /// Whose record, custody or title is contradicted, when it is a member's.
    pub(crate) other_party: Option<MspId>,
}

/// The id of the alarm that a conflict of an event raises; the same conflict of the same record has the same id.
pub(crate) fn id(record: &RecordedEvent, conflict: &Conflict) -> AlarmId {
    let Conflict { kind, item_id, conflicts_with, .. } = conflict;
    let identity = format!("{}\n{item_id}\n{}\n{conflicts_with}", kind.as_str(), record.record_id);
    AlarmId::of_digest(Sha256::digest(identity.as_bytes()).into())
}

/// Writes an alarm as it is now, and the index entries that it has as long as it stands.
pub(crate) fn write(ctx: &mut Context<'_>, alarm: &Alarm) -> Result<(), Refusal> {
    let alarm_id = &alarm.alarm_id;
    ALARMS.put(ctx, alarm_id, alarm)?;
    let of_item = (alarm.item_id.clone(), alarm.number, alarm_id.clone());
    let on_record = alarm.kind.rests_on_an_event().then(|| place_on_record(alarm));
    if alarm.state.stands() {
        STANDING_ALARMS.put(ctx, &of_item, alarm_id)?;
        if let Some(place) = on_record {
            ALARMS_ON.put(ctx, &place, alarm_id)?;
        }
    } else {
        STANDING_ALARMS.delete(ctx, &of_item)?;
        if let Some(place) = on_record {
            ALARMS_ON.delete(ctx, &place)?;
        }
    }
    Ok(())
}

/// Where an alarm stands among those that rest on the same record.
pub(super) fn place_on_record(alarm: &Alarm) -> PlaceOnRecord {
    let Alarm { conflicts_with, item_id, number, alarm_id, .. } = alarm;
    (Part(conflicts_with.clone()), item_id.clone(), *number, alarm_id.clone())
}

/// Closes an alarm.
///
/// # Errors
/// Customs only, and not about its own conduct: of the roles that can write, it alone has no stake in whose goods these
/// are, and a maker that was first could otherwise wave away a member that contradicts it.
pub fn close(ctx: &mut Context<'_>, request: CloseAlarm) -> Result<Alarm, Refusal> {
    let mut caller = Caller::of::<CloseAlarm>(ctx)?;
    let mut alarm = find_alarm(ctx, &request.alarm_id)?;
    if !alarm.state.stands() {
        return Err(ItemRejection::AlarmNotStanding { alarm_id: alarm.alarm_id }.into());
    }
    if alarm.is_about(caller.msp_id()) {
        return Err(ItemRejection::AlarmAboutCaller { alarm_id: alarm.alarm_id }.into());
    }

    caller.follow(alarm.raised.at);
    if let Some(answer) = &alarm.answer {
        caller.follow(answer.at);
    }
    let mut registry = Registry::default();
    count_out(ctx, &mut registry, &alarm)?;
    alarm.state = AlarmState::Closed;
    alarm.closure = Some(AlarmClosure { stamp: caller.stamp(), reason: request.reason });
    write(ctx, &alarm)?;
    registry.flush(ctx)?;
    announce(ctx, ItemEvent::AlarmClosed { alarm_id: alarm.alarm_id.clone() })?;
    Ok(alarm)
}

/// Takes an alarm out of the count of those that stand against its item.
pub(crate) fn count_out(ctx: &mut Context<'_>, registry: &mut Registry, alarm: &Alarm) -> Result<(), Refusal> {
    // An alarm without a number concerns an event only and was never counted.
    if alarm.number > 0 && registry.find(ctx, &alarm.item_id)?.is_some() {
        let counts = &mut registry.change(ctx, &alarm.item_id)?.alarms;
        counts.standing = counts.standing.saturating_sub(1);
    }
    Ok(())
}

/// Writes the evidence, counts the alarm on its item when there is one, and notes it on the event. The alarm itself is
/// written by the caller at the end, because a later event of the same document may withdraw it.
pub(crate) fn raise(
    ctx: &mut Context<'_>,
    caller: &Caller,
    registry: &mut Registry,
    record: &mut RecordedEvent,
    event_sha256: &Digest256,
    conflict: Conflict,
) -> Result<Alarm, Refusal> {
    let alarm_id = id(record, &conflict);
    let facts = facts(&alarm_id, record, event_sha256, &conflict);
    let evidence_sha256 = Digest256::of(facts.as_bytes());
    let counted = count_in(ctx, registry, &conflict.item_id)?;
    let about = subjects(&alarm_id, &record.record_id, counted.is_some().then_some(&conflict.item_id))?;
    let deposit = evidence(caller, &evidence_sha256, about, facts)?;
    EVIDENCE.put(ctx, &Part(evidence_sha256.clone()), &deposit)?;
    let number = counted.map_or(0, |counts| counts.raised);
    ITEM_ALARMS.put(ctx, &(conflict.item_id.clone(), number, alarm_id.clone()), &alarm_id)?;
    record.alarms.push(alarm_id.clone());
    Ok(Alarm {
        alarm_id,
        number,
        kind: conflict.kind,
        item_id: conflict.item_id,
        text: conflict.kind.public_text().to_owned(),
        event_hash: record.event_hash.clone(),
        record_id: record.record_id.clone(),
        conflicts_with: conflict.conflicts_with,
        recorded_by: record.recorded.by.clone(),
        other_party: conflict.other_party,
        raised: caller.stamp(),
        evidence_sha256,
        state: AlarmState::Open,
        answer: None,
        closure: None,
    })
}

/// Counts a new alarm on its item; none when what it concerns has no record of its own.
fn count_in(ctx: &mut Context<'_>, registry: &mut Registry, item_id: &ItemId) -> Result<Option<AlarmCounts>, Refusal> {
    if registry.find(ctx, item_id)?.is_none() {
        return Ok(None);
    }
    let counts = &mut registry.change(ctx, item_id)?.alarms;
    counts.raised = counts.raised.saturating_add(1);
    counts.standing = counts.standing.saturating_add(1);
    Ok(Some(*counts))
}

/// What the ledger itself puts on record when it raises an alarm. The event is named by its digest: one event can raise
/// an alarm for each of two thousand things, and it is on the ledger once.
fn facts(alarm_id: &AlarmId, record: &RecordedEvent, event_sha256: &Digest256, conflict: &Conflict) -> String {
    let Conflict { kind, item_id, conflicts_with, other_party } = conflict;
    json!({
        "alarm_id": alarm_id,
        "kind": kind.as_str(),
        "item_id": item_id,
        "event_hash": record.event_hash,
        "record_id": record.record_id,
        "event_sha256": event_sha256,
        "conflicts_with": conflicts_with,
        "other_party": other_party,
        "recorded_by": record.recorded.by,
        "recorded_at": record.recorded.at,
        "transaction_id": record.recorded.transaction_id,
        "rules": RULES,
    })
    .to_string()
}

fn subjects<const MAX: usize>(
    alarm_id: &AlarmId,
    record_id: &EventRecordId,
    item_id: Option<&ItemId>,
) -> Result<Set<Subject, 0, MAX>, Refusal> {
    let mut subjects = vec![Subject::Alarm(alarm_id.clone()), Subject::Event(record_id.clone())];
    subjects.extend(item_id.cloned().map(Subject::Item));
    Ok(Set::new(subjects)?)
}

fn evidence(
    caller: &Caller,
    sha256: &Digest256,
    subjects: Set<Subject, 0, { trade_model::evidence::SUBJECTS_MAX }>,
    facts: String,
) -> Result<Evidence, Refusal> {
    Ok(Evidence {
        sha256: sha256.clone(),
        kind: EvidenceKind::Alarm,
        media_type: MediaType::parse("application/json")?,
        size_bytes: Some(facts.len() as u64),
        captured_at: caller.now,
        tool: Text::parse(RULES)?,
        subjects,
        deposited: caller.stamp(),
        facts: Some(facts),
    })
}
