//! What became of an alarm, and who is told.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, Attested, EventRecordId, Role};
use trade_model::governance::MEMBERS_MAX;
use trade_model::item::{
    ALARM_ANSWERS, ALARM_DECISIONS, Alarm, AlarmAnswer, AlarmDecision, AlarmGroup, AlarmKind, AlarmReport, AlarmState,
    Grade, ItemRejection,
};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use crate::authorship;
use crate::caller;
use crate::item::find::find_event;

/// Who reads, and when.
///
/// That others are not told of a soft alarm before its time is a courtesy of the answers and no secret: each member's
/// peer holds the ledger.
pub(in crate::item) struct Reader {
    msp_id: Option<MspId>,
    /// Whether it reads for the public good: a customs authority or a regulator.
    official: bool,
    pub(in crate::item) now: UtcTime,
}

impl Reader {
    pub(in crate::item) fn of(ctx: &mut Context<'_>) -> Result<Self, Refusal> {
        let members = caller::members(ctx)?;
        let msp_id = MspId::parse(&ctx.creator().msp_id).ok();
        let member = msp_id.as_ref().and_then(|msp_id| members.find(msp_id));
        let official = member.is_some_and(|member| member.has_role(Role::Customs) || member.has_role(Role::Regulator));
        Ok(Self { msp_id, official, now: caller::now(ctx)? })
    }

    /// Whether the reader is told of an alarm.
    pub(in crate::item) fn is_told_of(&self, report: &AlarmReport) -> bool {
        let concerned = |msp_id: &MspId| {
            report.alarm.is_party(msp_id) || report.alarm.addressed_to.iter().any(|told| told.msp_id == *msp_id)
        };
        report.public || self.official || self.msp_id.as_ref().is_some_and(concerned)
    }

    /// Whether the reader is told of a group of alarms whatever became of them.
    pub(in crate::item) fn is_told_of_group(&self, group: &AlarmGroup) -> bool {
        let concerned = |msp_id: &MspId| group.parties.contains(msp_id) || group.addressed_to.contains(msp_id);
        let public = is_told_after(group.grade, group.answer_by, self.now);
        public || self.official || self.msp_id.as_ref().is_some_and(concerned)
    }
}

/// Whether everybody is told of an alarm that nobody has decided.
fn is_told_after(grade: Grade, answer_by: UtcTime, now: UtcTime) -> bool {
    match grade {
        Grade::Hard => true,
        Grade::Soft => answer_by < now,
        Grade::Faint => false,
    }
}

/// An alarm with what became of it by `now`.
pub(in crate::item) fn report(ctx: &mut Context<'_>, alarm: Alarm, now: UtcTime) -> Result<AlarmReport, Refusal> {
    let taken_back = TakenBack::of(ctx, &alarm)?;
    let state = state(ctx, &alarm, &taken_back)?;
    let waits = matches!(state, AlarmState::Raised | AlarmState::Answered);
    let public = !waits || is_told_after(alarm.grade, alarm.answer_by, now);
    Ok(AlarmReport { alarm, state, public, taken_back_by: taken_back.members() })
}

fn state(ctx: &mut Context<'_>, alarm: &Alarm, taken_back: &TakenBack) -> Result<AlarmState, Refusal> {
    if let Some(decision) = decision_on(ctx, &alarm.group_id)?.filter(|decision| decision.authenticated) {
        return Ok(decision.record.finding.into());
    }
    if taken_back.leaves_no_ground(alarm) {
        return Ok(AlarmState::Withdrawn);
    }
    for msp_id in &alarm.about {
        let key = (alarm.group_id.clone(), Part(msp_id.clone()));
        if answer_of(ctx, &key)?.is_some_and(|answer| answer.authenticated) {
            return Ok(AlarmState::Answered);
        }
    }
    Ok(AlarmState::Raised)
}

/// The members that declared a record erroneous on which an alarm rests.
struct TakenBack {
    /// The event that raised it.
    later: Option<MspId>,
    /// The one that it contradicts.
    earlier: Option<MspId>,
}

impl TakenBack {
    fn of(ctx: &mut Context<'_>, alarm: &Alarm) -> Result<Self, Refusal> {
        let later = recorder_that_withdrew(ctx, &alarm.record_id)?;
        let rests_on = alarm.kind.rests_on_an_event().then_some(alarm.conflicts_with.as_str());
        let earlier = match rests_on.and_then(|record_id| EventRecordId::parse(record_id).ok()) {
            Some(record_id) => recorder_that_withdrew(ctx, &record_id)?,
            None => None,
        };
        Ok(Self { later, earlier })
    }

    /// Whom an alarm is about does not take it away together with its own record. Of two makers, the one that gives in
    /// takes the question off the other.
    fn leaves_no_ground(&self, alarm: &Alarm) -> bool {
        let gives_in = alarm.kind == AlarmKind::SecondCommissioning;
        let innocent = |msp_id: &MspId| !alarm.is_about(msp_id);
        self.later.as_ref().is_some_and(innocent)
            || self
                .earlier
                .as_ref()
                .is_some_and(|msp_id| innocent(msp_id) || (gives_in && *msp_id != alarm.recorded_by))
    }

    fn members(self) -> Vec<MspId> {
        let members: BTreeSet<MspId> = self.later.into_iter().chain(self.earlier).collect();
        members.into_iter().collect()
    }
}

fn recorder_that_withdrew(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<Option<MspId>, Refusal> {
    let record = find_event(ctx, record_id)?.filter(|record| record.declared_erroneous.is_some());
    Ok(record.map(|record| record.recorded.by))
}

/// What an authority decided about a group of alarms, if it has been decided.
pub(in crate::item) fn decision_on(
    ctx: &mut Context<'_>,
    group_id: &AlarmGroupId,
) -> Result<Option<Attested<AlarmDecision>>, Refusal> {
    let Some(record) = ALARM_DECISIONS.find(ctx, group_id)? else { return Ok(None) };
    let author = record.decided.by.clone();
    let authenticated = authorship::is_authentic(ctx, &ALARM_DECISIONS, group_id, &record, &author)?;
    Ok(Some(Attested { record, authenticated }))
}

/// Refuses when an authority has decided. A decision that others made up in its name hinders nobody.
pub(super) fn check_undecided(ctx: &mut Context<'_>, group_id: &AlarmGroupId) -> Result<(), Refusal> {
    match decision_on(ctx, group_id)? {
        Some(decision) if decision.authenticated => {
            Err(ItemRejection::AlarmDecided { group_id: group_id.clone() }.into())
        }
        _ => Ok(()),
    }
}

/// What a member answered to a group of alarms, if it did.
pub(super) fn answer_of(
    ctx: &mut Context<'_>,
    key: &(AlarmGroupId, Part<MspId>),
) -> Result<Option<Attested<AlarmAnswer>>, Refusal> {
    match ALARM_ANSWERS.find(ctx, key)? {
        Some(answer) => attested(ctx, key, answer).map(Some),
        None => Ok(None),
    }
}

/// What members answered to a group of alarms.
pub(in crate::item) fn answers_to(
    ctx: &mut Context<'_>,
    group_id: &AlarmGroupId,
) -> Result<Vec<Attested<AlarmAnswer>>, Refusal> {
    let found = ALARM_ANSWERS.scan(ctx, group_id, MEMBERS_MAX)?;
    found.entries.into_iter().map(|(key, record)| attested(ctx, &key, record)).collect()
}

fn attested(
    ctx: &mut Context<'_>,
    key: &(AlarmGroupId, Part<MspId>),
    record: AlarmAnswer,
) -> Result<Attested<AlarmAnswer>, Refusal> {
    let authenticated = authorship::is_authentic(ctx, &ALARM_ANSWERS, key, &record, &key.1.0)?;
    Ok(Attested { record, authenticated })
}
