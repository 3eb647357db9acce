//! Pages of the events of an item, of alarms and of groups of alarms: newest first, to the end.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, AlarmId, Cursor, EventRecordId};
use trade_model::item::{
    ALARM_GROUPS, ALARMS, ALARMS_BY_TIME, AlarmGroupPage, AlarmGroupReport, AlarmPage, AlarmReport, Concern, EVENTS,
    EventPage, GROUP_ALARMS, ITEM_ALARMS, ITEM_EVENTS, ItemRejection, PARTY_ALARMS, ReadAlarm, ReadAlarmGroup,
    ReadAlarms, ReadEvents, ReadPartyAlarms,
};

use super::alarm::{self, Reader, answers_to, decision_on, find_group};
use super::find::find_alarm;

/// The events that name an item, a unit or a class, newest record first.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list. Nothing recorded is an empty page.
pub fn events(ctx: &mut Context<'_>, request: ReadEvents) -> Result<EventPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let page = ITEM_EVENTS.page(ctx, &request.item, limit, bookmark(request.after.as_ref()))?;
    let ids: Vec<EventRecordId> = page.entries.into_iter().map(|(_, record_id)| record_id).collect();
    let events = EVENTS.find_many(ctx, &ids)?.into_iter().flatten().collect();
    Ok(EventPage { item_id: request.item, events, next: page.bookmark.map(Cursor::of_bookmark) })
}

/// An alarm by its id.
///
/// # Errors
/// [`ItemRejection::AlarmUnknown`], [`ItemRejection::AlarmNotPublic`].
pub fn read_alarm(ctx: &mut Context<'_>, request: ReadAlarm) -> Result<AlarmReport, Refusal> {
    let reader = Reader::of(ctx)?;
    let alarm = find_alarm(ctx, &request.alarm_id)?;
    let report = alarm::report(ctx, alarm, reader.now)?;
    if reader.is_told_of(&report) {
        return Ok(report);
    }
    let (alarm_id, answer_by) = (report.alarm.alarm_id, report.alarm.answer_by);
    Err(ItemRejection::AlarmNotPublic { alarm_id, answer_by }.into())
}

/// Alarms of which the reader is told, of one item or of all, newest first.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn alarms(ctx: &mut Context<'_>, request: ReadAlarms) -> Result<AlarmPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let after = bookmark(request.after.as_ref());
    let (ids, next): (Vec<AlarmId>, _) = match &request.item {
        None => {
            let page = ALARMS_BY_TIME.page(ctx, &(), limit, after)?;
            (page.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect(), page.bookmark)
        }
        Some(item_id) => {
            let page = ITEM_ALARMS.page(ctx, item_id, limit, after)?;
            (page.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect(), page.bookmark)
        }
    };
    let reports = told(ctx, &ids)?;
    let wanted = |report: &AlarmReport| !request.open_only || report.state.stands();
    Ok(AlarmPage { alarms: reports.into_iter().filter(wanted).collect(), next: next.map(Cursor::of_bookmark) })
}

/// The alarms that one event raised, with what was answered and decided.
///
/// # Errors
/// [`ItemRejection::AlarmGroupUnknown`], [`ItemRejection::AlarmGroupNotPublic`].
pub fn read_alarm_group(ctx: &mut Context<'_>, request: ReadAlarmGroup) -> Result<AlarmGroupReport, Refusal> {
    let reader = Reader::of(ctx)?;
    let group = find_group(ctx, &request.group_id)?;
    let decision = decision_on(ctx, &group.group_id)?;
    if decision.is_none() && !reader.is_told_of_group(&group) {
        let (group_id, answer_by) = (group.group_id, group.answer_by);
        return Err(ItemRejection::AlarmGroupNotPublic { group_id, answer_by }.into());
    }
    let answers = answers_to(ctx, &group.group_id)?;
    let limit = request.limit.unwrap_or_default().get();
    let page = GROUP_ALARMS.page(ctx, &group.group_id, limit, bookmark(request.after.as_ref()))?;
    let ids: Vec<AlarmId> = page.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect();
    let members = told(ctx, &ids)?;
    Ok(AlarmGroupReport { group, answers, decision, members, next: page.bookmark.map(Cursor::of_bookmark) })
}

/// The groups of alarms that concern a member, of which the reader is told, newest first.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn party_alarms(ctx: &mut Context<'_>, request: ReadPartyAlarms) -> Result<AlarmGroupPage, Refusal> {
    let reader = Reader::of(ctx)?;
    let limit = request.limit.unwrap_or_default().get();
    let prefix = (Part(request.party), request.concern);
    let page = PARTY_ALARMS.page(ctx, &prefix, limit, bookmark(request.after.as_ref()))?;
    let ids: Vec<AlarmGroupId> = page.entries.into_iter().map(|(_, group_id)| group_id).collect();
    let decided = matches!(request.concern, Concern::Confirmed | Concern::Dismissed);
    let found = ALARM_GROUPS.find_many(ctx, &ids)?.into_iter().flatten();
    let groups = found.filter(|group| decided || reader.is_told_of_group(group)).collect();
    Ok(AlarmGroupPage { groups, next: page.bookmark.map(Cursor::of_bookmark) })
}

/// Those of the alarms of which the reader is told, with what became of them.
fn told(ctx: &mut Context<'_>, ids: &[AlarmId]) -> Result<Vec<AlarmReport>, Refusal> {
    let reader = Reader::of(ctx)?;
    let mut reports = Vec::with_capacity(ids.len());
    for alarm in ALARMS.find_many(ctx, ids)?.into_iter().flatten() {
        let report = alarm::report(ctx, alarm, reader.now)?;
        reports.extend(reader.is_told_of(&report).then_some(report));
    }
    Ok(reports)
}

fn bookmark(cursor: Option<&Cursor>) -> &str {
    cursor.map(Cursor::bookmark).unwrap_or_default()
}
