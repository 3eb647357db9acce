//! `item:AnswerAlarm`: what a member says to alarms that concern it.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::item::{ALARM_ANSWERS, AlarmAnswer, AnswerAlarm, ItemEvent, ItemRejection};

use super::group::find_group;
use super::report::{answer_of, check_undecided};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

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
    check_undecided(ctx, &group.group_id)?;
    let key = (group.group_id.clone(), Part(me.clone()));
    if answer_of(ctx, &key)?.is_some_and(|answer| answer.authenticated) {
        return Err(ItemRejection::AlarmAnswered { group_id: group.group_id }.into());
    }
    caller.follow(group.raised.at);

    let record = AlarmAnswer { group_id: group.group_id.clone(), text: request.text, answered: caller.stamp() };
    authorship::put(ctx, &caller, (&ALARM_ANSWERS, &key), &record, &[&me])?;
    announce(ctx, ItemEvent::AlarmAnswered { group_id: group.group_id })?;
    Ok(record)
}
