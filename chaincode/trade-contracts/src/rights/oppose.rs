//! Opposing a right, answering an opposition and deciding it.
//!
//! An opposition takes nothing away by itself from a right that is attested, except that the right is not passed on
//! meanwhile; one that nobody decides lapses. So it takes a stake, and one member opposes a right once.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Digest256;
use trade_model::rights::{
    AnswerOpposition, DecideOpposition, OPPOSITION_ANSWERS, OPPOSITION_DECISIONS, OPPOSITIONS, OpposeRight, Opposition,
    OppositionAnswer, OppositionDecision, OppositionFile, OppositionGround, Right, RightEndKind, RightFacts, RightRef,
    RightStanding, RightsEvent, RightsRejection, Verdict, WithdrawOpposition,
};
use trade_rules::right::{When, standing};
use trade_standards::identifier::MspId;

use super::days::is_older;
use super::{attest, end, facts, opposed};
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, evidence, rules};

/// Opposes a right.
///
/// # Errors
/// A member with a stake only, and once; originals that it names must be deposited.
pub fn oppose_right(ctx: &mut Context<'_>, request: OpposeRight) -> Result<Opposition, Refusal> {
    let mut caller = Caller::of::<OpposeRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let known = facts::standing_right(ctx, right_id, caller.now)?;
    let right_id = known.right.right_id.clone();
    if opposed::by(ctx, &known.right, caller.msp_id())?.is_some() {
        return Err(RightsRejection::OppositionExists { right_id }.into());
    }
    if !has_stake(ctx, &caller, &known, &request.ground)? {
        return Err(RightsRejection::NoStake { right_id }.into());
    }
    check_deposited(ctx, &request.evidence)?;

    caller.follow(known.right.recorded.at);
    let opposition = Opposition {
        right_id: right_id.clone(),
        opponent: caller.msp_id().clone(),
        ground: request.ground,
        reason: request.reason,
        evidence: request.evidence,
        opposed: caller.stamp(),
        withdrawn: None,
    };
    write(ctx, &caller, &known.right, &opposition)?;
    announce(ctx, RightsEvent::RightOpposed { right_id, opponent: opposition.opponent.clone() })?;
    Ok(opposition)
}

/// Takes the caller's opposition back.
///
/// # Errors
/// [`RightsRejection::OppositionUnknown`], [`RightsRejection::OppositionClosed`].
pub fn withdraw_opposition(ctx: &mut Context<'_>, request: WithdrawOpposition) -> Result<Opposition, Refusal> {
    let mut caller = Caller::of::<WithdrawOpposition>(ctx)?;
    let opponent = caller.msp_id().clone();
    let (right, file) = open_file(ctx, &caller, request.right_id, &opponent)?;
    let mut opposition = file.opposition;

    caller.follow(opposition.opposed.at);
    opposition.withdrawn = Some(caller.stamp());
    write(ctx, &caller, &right, &opposition)?;
    announce(ctx, RightsEvent::OppositionWithdrawn { right_id: right.right_id, opponent })?;
    Ok(opposition)
}

/// Answers an opposition against the caller's right.
///
/// # Errors
/// The owner only, once, while the opposition is open; originals that it names must be deposited.
pub fn answer_opposition(ctx: &mut Context<'_>, request: AnswerOpposition) -> Result<OppositionAnswer, Refusal> {
    let mut caller = Caller::of::<AnswerOpposition>(ctx)?;
    let (right, file) = open_file(ctx, &caller, request.right_id, &request.opponent)?;
    facts::check_owner(&right, caller.msp_id())?;
    let (right_id, opponent) = (right.right_id.clone(), request.opponent);
    if file.answer.is_some() {
        return Err(RightsRejection::OppositionAnswered { right_id, opponent }.into());
    }
    check_deposited(ctx, &request.evidence)?;

    caller.follow(file.opposition.opposed.at);
    let answer = OppositionAnswer {
        right_id: right_id.clone(),
        opponent: opponent.clone(),
        text: request.text,
        evidence: request.evidence,
        answered: caller.stamp(),
    };
    let key = opposed::key_of(&right, &opponent);
    authorship::put(ctx, &caller, (&OPPOSITION_ANSWERS, &key), &answer, &[caller.msp_id()])?;
    announce(ctx, RightsEvent::OppositionAnswered { right_id, opponent })?;
    Ok(answer)
}

/// Decides an opposition. One that is upheld ends the right.
///
/// # Errors
/// A member that may attest the office's entries and is no party, after the owner has answered or let its time pass.
pub fn decide_opposition(ctx: &mut Context<'_>, request: DecideOpposition) -> Result<OppositionDecision, Refusal> {
    let mut caller = Caller::of::<DecideOpposition>(ctx)?;
    let (right, file) = open_file(ctx, &caller, request.right_id, &request.opponent)?;
    attest::check_neutral(ctx, &caller, &right)?;
    let (right_id, opponent) = (right.right_id.clone(), request.opponent);
    let opposed_at = file.opposition.opposed.at;
    let days = rules::current(ctx)?.rights.answer_days.get();
    if file.answer.is_none() && !is_older(opposed_at, days, caller.now) {
        return Err(RightsRejection::AnswerPending { right_id, opponent }.into());
    }

    caller.follow(file.answer.map_or(opposed_at, |answer| answer.answered.at));
    let decision = OppositionDecision {
        right_id: right_id.clone(),
        opponent: opponent.clone(),
        verdict: request.verdict,
        reason: request.reason,
        decided: caller.stamp(),
    };
    let key = opposed::key_of(&right, &opponent);
    authorship::put(ctx, &caller, (&OPPOSITION_DECISIONS, &key), &decision, &[caller.msp_id()])?;
    if decision.verdict == Verdict::Upheld {
        let how = (RightEndKind::Cancelled, decision.reason.clone(), Some(opponent.clone()));
        end::write(ctx, &caller, &right, how)?;
    }
    announce(ctx, RightsEvent::OppositionDecided { right_id, opponent })?;
    Ok(decision)
}

/// The right of a request and the open opposition of a member.
fn open_file(
    ctx: &mut Context<'_>,
    caller: &Caller,
    right_id: RightRef,
    opponent: &MspId,
) -> Result<(Right, OppositionFile), Refusal> {
    let right = facts::standing_right(ctx, right_id.of(caller.msp_id()), caller.now)?.right;
    let (right_id, by) = (right.right_id.clone(), opponent.clone());
    let Some(opposition) = opposed::by(ctx, &right, opponent)? else {
        return Err(RightsRejection::OppositionUnknown { right_id, opponent: by }.into());
    };
    let file = opposed::file(ctx, &right, opposition, caller.now)?;
    if file.open {
        return Ok((right, file));
    }
    Err(RightsRejection::OppositionClosed { right_id, opponent: by }.into())
}

/// Whether what the opponent names gives it a stake. Against an attested right only what is attested itself, or the
/// registry of prefixes, does: anybody can assert a right.
fn has_stake(
    ctx: &mut Context<'_>,
    caller: &Caller,
    opposed: &RightFacts,
    ground: &OppositionGround,
) -> Result<bool, Refusal> {
    let (me, right) = (caller.msp_id(), &opposed.right);
    if right.owner == *me {
        return Ok(false);
    }
    match ground {
        OppositionGround::EarlierRight { right_id } => {
            let own = facts::authentic(ctx, right_id.clone(), caller.now)?;
            let attested = standing(&own, When::at(caller.now)) == RightStanding::Attested;
            let own = own.right;
            let earlier = own.validity.from <= right.validity.from;
            let same_place = own.territories.iter().any(|country| right.territories.has(country));
            Ok(own.owner == *me && attested && earlier && same_place && own.right_id != right.right_id)
        }
        OppositionGround::SameRegistration => {
            let attested = standing(opposed, When::at(caller.now)) == RightStanding::Attested;
            for claim in facts::conflicts(ctx, right)? {
                let claim = facts::authentic(ctx, claim, caller.now)?;
                let as_strong = !attested || standing(&claim, When::at(caller.now)) == RightStanding::Attested;
                if claim.right.owner == *me && as_strong {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        OppositionGround::OwnProduct { gtin } => {
            let company = caller.members.company_of_gtin(gtin);
            Ok(right.products.has(gtin) && company.is_some_and(|company| company.msp_id == *me))
        }
    }
}

fn check_deposited<'d>(
    ctx: &mut Context<'_>,
    originals: impl IntoIterator<Item = &'d Digest256>,
) -> Result<(), Refusal> {
    for sha256 in originals {
        if !evidence::is_deposited(ctx, sha256)? {
            return Err(RightsRejection::ExtractUnknown { sha256: sha256.clone() }.into());
        }
    }
    Ok(())
}

fn write(ctx: &mut Context<'_>, caller: &Caller, right: &Right, opposition: &Opposition) -> Result<(), Refusal> {
    let key = opposed::key_of(right, &opposition.opponent);
    authorship::put(ctx, caller, (&OPPOSITIONS, &key), opposition, &[caller.msp_id()])
}
