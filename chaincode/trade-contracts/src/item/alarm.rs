//! Raising and closing an alarm. When it is raised, the alarm, its evidence and the count on the item are written in the transaction that found it.
//!
//! Anybody who may record events can raise any number of alarms about a thing, so the item holds two counts and nothing
//! that grows; alarms stand under keys of their own and are read by range, oldest first. The evidence names the event by
//! its digest: one event can raise an alarm for each of two thousand things, and it is on the ledger once.

use fabric_contract::Context;
use serde_json::json;
use sha2::{Digest, Sha256};
use trade_model::evidence::{Evidence, EvidenceKind, Subject, SubjectKind};
use trade_model::item::{Alarm, AlarmClosure, AlarmKind, AlarmState, CloseAlarm, RecordedEvent};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_standards::identifier::MspId;

use super::book::Book;
use super::{find_alarm, keys};
use crate::announce::announce;
use crate::caller::Caller;
use crate::{Refusal, evidence, form};

/// The version of the conflict rules, quoted in the evidence.
const RULES: &str = "conflict-rules/2";

/// A conflict as the rules find it, before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Conflict {
    pub(crate) kind: AlarmKind,
    pub(crate) item_id: String,
    pub(crate) conflicts_with: String,
    /// Whose record, custody or title is contradicted, when it is an enterprise's.
    pub(crate) other_party: Option<MspId>,
}

/// The id of the alarm that a conflict of an event raises; the same conflict of the same record has the same id.
pub(crate) fn id(record: &RecordedEvent, conflict: &Conflict) -> String {
    let Conflict { kind, item_id, conflicts_with, .. } = conflict;
    let identity = format!("{}\n{item_id}\n{}\n{conflicts_with}", kind.as_str(), record.record_id);
    let mut alarm_id = hex::encode(Sha256::digest(identity.as_bytes()));
    alarm_id.truncate(32);
    alarm_id
}

/// Writes an alarm as it is now, and the index entries that it has as long as it stands.
pub(crate) fn write(ctx: &mut Context<'_>, alarm: &Alarm) -> Result<(), Refusal> {
    ctx.put_json(&keys::alarm(&alarm.alarm_id)?, alarm)?;
    let mut entries = vec![keys::standing_alarm(&alarm.item_id, alarm.number, &alarm.alarm_id)?];
    if alarm.kind.rests_on_an_event() {
        entries.push(keys::alarm_on(alarm)?);
    }
    for entry in entries {
        if alarm.state.stands() {
            ctx.put_json(&entry, &alarm.alarm_id)?;
        } else {
            ctx.delete(&entry)?;
        }
    }
    Ok(())
}

/// Closes an alarm.
///
/// # Errors
/// Customs only, and not about its own conduct: of the roles that can write, it alone has no stake in whose goods these
/// are, and a maker that was first could otherwise wave away whoever contradicts it.
pub fn close(ctx: &mut Context<'_>, request: CloseAlarm) -> Result<Alarm, Refusal> {
    let mut caller = Caller::with_role(ctx, &[Role::Customs])?;
    form::text("reason", &request.reason, form::REMARK_MAX)?;
    let mut alarm = find_alarm(ctx, &request.alarm_id)?;
    if !alarm.state.stands() {
        return Err(Rejection::AlarmNotStanding { alarm_id: alarm.alarm_id }.into());
    }
    if alarm.is_about(caller.msp_id()) {
        return Err(Rejection::AlarmAboutCaller { alarm_id: alarm.alarm_id }.into());
    }

    caller.follow(alarm.raised_at);
    if let Some(answer) = &alarm.answer {
        caller.follow(answer.at);
    }
    let mut book = Book::default();
    count_out(ctx, &mut book, &alarm)?;
    let (at, by) = (caller.now, caller.msp_id().clone());
    alarm.state = AlarmState::Closed;
    alarm.closure = Some(AlarmClosure { at, by, reason: request.reason, transaction_id: caller.tx_id });
    write(ctx, &alarm)?;
    book.flush(ctx)?;
    announce(ctx, "item.alarm_closed", &json!({ "alarm_id": alarm.alarm_id }))?;
    Ok(alarm)
}

/// Takes an alarm out of the count of those that stand against its item.
pub(crate) fn count_out(ctx: &mut Context<'_>, book: &mut Book, alarm: &Alarm) -> Result<(), Refusal> {
    // An alarm without a number concerns an event only and was never counted.
    if alarm.number > 0 && book.find(ctx, &alarm.item_id)?.is_some() {
        let counts = &mut book.change(ctx, &alarm.item_id)?.alarms;
        counts.standing = counts.standing.saturating_sub(1);
    }
    Ok(())
}

/// Writes the evidence, counts the alarm on its item when there is one, and notes it on the event. The alarm itself is written
/// by the caller at the end, because a later event of the same document may withdraw it.
pub(crate) fn raise(
    ctx: &mut Context<'_>,
    caller: &Caller,
    book: &mut Book,
    record: &mut RecordedEvent,
    event_sha256: &str,
    conflict: Conflict,
) -> Result<Alarm, Refusal> {
    let alarm_id = id(record, &conflict);
    let Conflict { kind, item_id, conflicts_with, other_party } = conflict;
    let facts = json!({
        "alarm_id": alarm_id,
        "kind": kind.as_str(),
        "item_id": item_id,
        "event_hash": record.event_hash,
        "record_id": record.record_id,
        "event_sha256": event_sha256,
        "conflicts_with": conflicts_with,
        "other_party": other_party,
        "recorded_by": record.recorded_by,
        "recorded_at": record.recorded_at,
        "transaction_id": record.transaction_id,
        "rules": RULES,
    })
    .to_string();
    let evidence_sha256 = hex::encode(Sha256::digest(facts.as_bytes()));

    let mut subjects = vec![Subject { kind: SubjectKind::Alarm, id: alarm_id.clone() }];
    subjects.push(Subject { kind: SubjectKind::Event, id: record.record_id.clone() });
    let mut number = 0;
    if book.find(ctx, &item_id)?.is_some() {
        subjects.push(Subject { kind: SubjectKind::Item, id: item_id.clone() });
        let counts = &mut book.change(ctx, &item_id)?.alarms;
        counts.raised = counts.raised.saturating_add(1);
        counts.standing = counts.standing.saturating_add(1);
        number = counts.raised;
    }
    subjects.sort_unstable();
    let deposit = Evidence {
        sha256: evidence_sha256.clone(),
        kind: EvidenceKind::Alarm,
        media_type: "application/json".to_owned(),
        size_bytes: Some(facts.len() as u64),
        captured_at: caller.now,
        tool: RULES.to_owned(),
        subjects,
        deposited_by: caller.msp_id().clone(),
        certificate_sha256: caller.certificate_sha256.clone(),
        deposited_at: caller.now,
        transaction_id: caller.tx_id.clone(),
        facts: Some(facts),
    };
    let alarm = Alarm {
        alarm_id: alarm_id.clone(),
        number,
        kind,
        item_id: item_id.clone(),
        text: kind.public_text().to_owned(),
        event_hash: record.event_hash.clone(),
        record_id: record.record_id.clone(),
        conflicts_with,
        recorded_by: record.recorded_by.clone(),
        other_party,
        raised_at: caller.now,
        transaction_id: caller.tx_id.clone(),
        evidence_sha256: evidence_sha256.clone(),
        state: AlarmState::Open,
        answer: None,
        closure: None,
    };
    ctx.put_json(&evidence::keys::evidence(&evidence_sha256)?, &deposit)?;
    ctx.put_json(&keys::item_alarm(&item_id, number, &alarm_id)?, &alarm_id)?;
    record.alarms.push(alarm_id);
    Ok(alarm)
}
