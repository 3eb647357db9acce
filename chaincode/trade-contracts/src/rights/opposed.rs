//! Oppositions against a right, and which of them are open.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::RightId;
use trade_model::governance::MEMBERS_MAX;
use trade_model::rights::{
    OPPOSITION_ANSWERS, OPPOSITION_DECISIONS, OPPOSITIONS, Opposition, OppositionAnswer, OppositionDecision,
    OppositionFile, Right, Whole,
};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::days::is_older;
use crate::{authorship, caller, rules};

type Key = (Whole<RightId>, Part<MspId>);

/// Whether any opposition is open.
pub(super) fn is_open(ctx: &mut Context<'_>, right: &Right, now: UtcTime) -> Result<bool, Refusal> {
    Ok(files(ctx, right, now)?.iter().any(|file| file.open))
}

/// All oppositions, with what followed.
pub(super) fn files(ctx: &mut Context<'_>, right: &Right, now: UtcTime) -> Result<Vec<OppositionFile>, Refusal> {
    let mut found = Vec::new();
    for (key, opposition) in OPPOSITIONS.scan(ctx, &Whole(right.right_id.clone()), MEMBERS_MAX)?.entries {
        if is_authentic(ctx, &key, &opposition)? {
            found.push(file(ctx, right, opposition, now)?);
        }
    }
    Ok(found)
}

/// The opposition of a member.
pub(super) fn by(ctx: &mut Context<'_>, right: &Right, opponent: &MspId) -> Result<Option<Opposition>, Refusal> {
    let key = key_of(right, opponent);
    match OPPOSITIONS.find(ctx, &key)? {
        Some(opposition) if is_authentic(ctx, &key, &opposition)? => Ok(Some(opposition)),
        _ => Ok(None),
    }
}

/// An opposition with what followed.
pub(super) fn file(
    ctx: &mut Context<'_>,
    right: &Right,
    opposition: Opposition,
    now: UtcTime,
) -> Result<OppositionFile, Refusal> {
    let key = key_of(right, &opposition.opponent);
    let answer = answer(ctx, right, &key)?;
    let decision = decision(ctx, right, &key)?;
    let days = rules::current(ctx)?.rights.opposition_days.get();
    let lapsed = is_older(opposition.opposed.at, days, now);
    let open = opposition.withdrawn.is_none() && decision.is_none() && !lapsed;
    Ok(OppositionFile { opposition, answer, decision, open })
}

pub(super) fn key_of(right: &Right, opponent: &MspId) -> Key {
    (Whole(right.right_id.clone()), Part(opponent.clone()))
}

fn is_authentic(ctx: &mut Context<'_>, key: &Key, opposition: &Opposition) -> Result<bool, Refusal> {
    authorship::is_authentic(ctx, &OPPOSITIONS, key, opposition, &key.1.0)
}

/// The answer of a member that owned the right when it answered.
fn answer(ctx: &mut Context<'_>, right: &Right, key: &Key) -> Result<Option<OppositionAnswer>, Refusal> {
    let Some(answer) = OPPOSITION_ANSWERS.find(ctx, key)? else { return Ok(None) };
    let by = &answer.answered.by;
    let may = right.was_owned_by(by, answer.answered.at);
    let authentic = may && authorship::is_authentic(ctx, &OPPOSITION_ANSWERS, key, &answer, by)?;
    Ok(authentic.then_some(answer))
}

/// The decision of a member that may attest the office's entries.
fn decision(ctx: &mut Context<'_>, right: &Right, key: &Key) -> Result<Option<OppositionDecision>, Refusal> {
    let Some(decision) = OPPOSITION_DECISIONS.find(ctx, key)? else { return Ok(None) };
    let by = &decision.decided.by;
    let may = caller::members(ctx)?.attests(by, &right.office);
    let authentic = may && authorship::is_authentic(ctx, &OPPOSITION_DECISIONS, key, &decision, by)?;
    Ok(authentic.then_some(decision))
}
