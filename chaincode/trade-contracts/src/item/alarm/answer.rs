//! `item:AnswerAlarm`: what a member says to alarms that concern it.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::item::{ALARM_ANSWERS, ALARM_DECISIONS, AlarmAnswer, AnswerAlarm, ItemEvent, ItemRejection};

use super::group::find_group;
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;
use crate::ledger;

/// Puts on record what a member says to the alarms of one event.
///
/// # Errors
/// A member that they are about or addressed to, once, and before they are decided.
pub fn answer(ctx: &mut Context<'_>, request: AnswerAlarm) -> Result<AlarmAnswer, Refusal> {
    let mut caller = Caller::of::<AnswerAlarm>(ctx)?;
    let group = find_group(ctx, &request.group_id)?;
    let me = caller.msp_id().clone();
    if !group.about.contains(&me) && !group.addressed_to.contains(&me) {
        return Err(ItemRejection::AlarmNotConcerned { group_id: group.group_id }.into());
    }
    ledger::must_be_new(ctx, &ALARM_DECISIONS, &group.group_id, |group_id| ItemRejection::AlarmDecided { group_id })?;
    let key = (group.group_id.clone(), Part(me.clone()));
    ledger::must_be_new(ctx, &ALARM_ANSWERS, &key, |(group_id, _)| ItemRejection::AlarmAnswered { group_id })?;
    caller.follow(group.raised.at);

    let record = AlarmAnswer { group_id: group.group_id.clone(), text: request.text, answered: caller.stamp() };
    authorship::put(ctx, &caller, (&ALARM_ANSWERS, &key), &record, &[&me])?;
    announce(ctx, ItemEvent::AlarmAnswered { group_id: group.group_id })?;
    Ok(record)
}
