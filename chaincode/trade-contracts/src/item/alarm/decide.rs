//! `item:DecideAlarm`: an authority without a part in them decides about all alarms of one event.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{AlarmGroupId, NewestFirst};
use trade_model::item::{
    ALARM_DECISIONS, ALARMS, Alarm, AlarmDecision, AlarmFinding, AlarmGroup, Concern, DecideAlarm, GROUP_ALARMS,
    ItemEvent, ItemRejection, PARTY_ALARMS, STANDING_ALARMS, Weight,
};
use trade_standards::identifier::MspId;

use super::group::find_group;
use super::report::{answers_to, check_undecided};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Most alarms that one event raises: several kinds for each thing that it can name.
const ALARMS_MAX: usize = 10_000;

/// Decides about the alarms of one event.
///
/// # Errors
/// A customs authority without a part in them, that of the place where there is one; once.
pub fn decide(ctx: &mut Context<'_>, request: DecideAlarm) -> Result<AlarmDecision, Refusal> {
    let mut caller = Caller::of::<DecideAlarm>(ctx)?;
    let group = find_group(ctx, &request.group_id)?;
    check_authority(&caller, &group)?;
    check_undecided(ctx, &group.group_id)?;
    caller.follow(group.raised.at);
    for answer in answers_to(ctx, &group.group_id)? {
        caller.follow(answer.record.answered.at);
    }
    let alarms = alarms(ctx, &group.group_id)?;

    for alarm in &alarms {
        relist(ctx, alarm, request.finding)?;
    }
    let decision = AlarmDecision {
        group_id: group.group_id.clone(),
        finding: request.finding,
        reason: request.reason,
        decided: caller.stamp(),
    };
    count(ctx, &group, &decision)?;
    let me = caller.msp_id().clone();
    authorship::put(ctx, &caller, (&ALARM_DECISIONS, &group.group_id), &decision, &[&me])?;
    announce(ctx, ItemEvent::AlarmDecided { group_id: group.group_id })?;
    Ok(decision)
}

/// Nobody judges itself, and where the place has an authority that is no party, no other one decides: a distant one
/// could be chosen for its leniency. It is the authority of today: the one that was it when the alarms were raised may
/// have been suspended since, or have handed the country over.
fn check_authority(caller: &Caller, group: &AlarmGroup) -> Result<(), ItemRejection> {
    let group_id = group.group_id.clone();
    if group.parties.contains(caller.msp_id()) {
        return Err(ItemRejection::AlarmDecidedByParty { group_id });
    }
    let authorities = group.places.iter().filter_map(|place| caller.members.authority_of(place));
    let of_the_place: Vec<&MspId> =
        authorities.map(|member| &member.msp_id).filter(|msp_id| !group.parties.contains(msp_id)).collect();
    match of_the_place.first() {
        Some(&authority) if !of_the_place.contains(&caller.msp_id()) => {
            Err(ItemRejection::AlarmOfAnotherPlace { group_id, authority: authority.clone() })
        }
        _ => Ok(()),
    }
}

fn alarms(ctx: &mut Context<'_>, group_id: &AlarmGroupId) -> Result<Vec<Alarm>, Refusal> {
    let ids: Vec<_> =
        GROUP_ALARMS.scan(ctx, group_id, ALARMS_MAX)?.entries.into_iter().map(|(_, alarm_id)| alarm_id).collect();
    Ok(ALARMS.find_many(ctx, &ids)?.into_iter().flatten().collect())
}

/// An alarm that is confirmed counts from now on; another one is no longer among those that stand.
fn relist(ctx: &mut Context<'_>, alarm: &Alarm, finding: AlarmFinding) -> Result<(), Refusal> {
    let key =
        |weight: Weight| (alarm.item_id.clone(), weight, NewestFirst::new(alarm.answer_by, 0), alarm.alarm_id.clone());
    let listed = alarm.grade.weight();
    if finding == AlarmFinding::Confirmed && listed == Weight::Counts {
        return Ok(());
    }
    STANDING_ALARMS.delete(ctx, &key(listed))?;
    if finding == AlarmFinding::Confirmed {
        STANDING_ALARMS.put(ctx, &key(Weight::Counts), &alarm.alarm_id)?;
    }
    Ok(())
}

/// What was confirmed stands in the record of those it is about, what had no ground in that of its raiser. Each
/// decision is an entry of its own there, so that no two decisions meet in a key.
fn count(ctx: &mut Context<'_>, group: &AlarmGroup, decision: &AlarmDecision) -> Result<(), Refusal> {
    let (counted, concern): (&[MspId], Concern) = match decision.finding {
        AlarmFinding::Confirmed => (&group.about, Concern::Confirmed),
        AlarmFinding::Dismissed => (std::slice::from_ref(&group.recorded_by), Concern::Dismissed),
        AlarmFinding::Explained => return Ok(()),
    };
    for msp_id in counted {
        let key = (Part(msp_id.clone()), concern, NewestFirst::new(decision.decided.at, 0), group.group_id.clone());
        PARTY_ALARMS.put(ctx, &key, &group.group_id)?;
    }
    Ok(())
}
