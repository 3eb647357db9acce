//! `agreement`: terms between two members, offered by one and accepted by the other, each by its own transaction.
//!
//! Offer, answer and end are records of their own, each by the one member that signs it. So nobody's peer is needed for
//! what is another member's to say, and a member that stays silent holds up nothing but the agreement itself.

mod standing;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::agreement::{
    AGREEMENT_ANSWERS, AGREEMENT_ENDS, AGREEMENTS, AGREEMENTS_OF_PAIR, AGREEMENTS_OF_PAIR_MAX, AcceptAgreement,
    Agreement, AgreementAnswer, AgreementEnd, AgreementEvent, AgreementName, AgreementRef, AgreementRejection,
    AgreementStanding, AgreementState, Answer, EndAgreement, OfferAgreement, ReadAgreement, RefuseAgreement, Terms,
};
use trade_model::common::{AMOUNT_MAX, Malformed, Remark, Role, Scoped};
use trade_model::rejection::{Rejection, RequestRejection};
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::authorship;
use crate::caller::{self, Caller};
use crate::named::whole;
use crate::table::On;
use crate::{ledger, period, rules};

pub(crate) use self::standing::in_force;
use self::standing::{Signed, pair_key};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("agreement").on(offer).on_seen(accept, read).on_seen(refuse, read).on_seen(end, read).on(read)
}

/// Offers terms to another member.
///
/// # Errors
/// Two members that trade; the tolerance is within what the rules allow, and the days are not over.
pub fn offer(ctx: &mut Context<'_>, request: OfferAgreement) -> Result<Agreement, Refusal> {
    let caller = Caller::of::<OfferAgreement>(ctx)?;
    let agreement_id = Scoped::new(caller.msp_id().clone(), request.agreement_id);
    check_partner(&caller, &request.with)?;
    let rules = rules::current(ctx)?.payments;
    check_terms(&request.terms, rules.tolerance_basis_points.get())?;
    if request.terms.valid.until.is_some_and(|last| last < caller.now.date()) {
        return Err(AgreementRejection::ValidityOver { agreement_id }.into());
    }
    ledger::must_be_new(ctx, &AGREEMENTS, &agreement_id, |agreement_id| AgreementRejection::AgreementExists {
        agreement_id,
    })?;

    let agreement = Agreement {
        agreement_id,
        with: request.with,
        terms: request.terms,
        answer_by: caller.now.after_days(rules.agreement_answer_days.get()),
        offered: caller.stamp(),
    };
    let owners = [agreement.offerer(), &agreement.with];
    authorship::put(ctx, &caller, (&AGREEMENTS, &agreement.agreement_id), &agreement, &owners)?;
    announce(ctx, AgreementEvent::Offered { agreement_id: agreement.agreement_id.clone() })?;
    Ok(agreement)
}

/// The other member agrees.
///
/// # Errors
/// In time, once, and not on days on which another agreement holds between the two.
pub fn accept(ctx: &mut Context<'_>, request: AcceptAgreement) -> Result<AgreementAnswer, Refusal> {
    let mut caller = Caller::of::<AcceptAgreement>(ctx)?;
    let signed = to_answer(ctx, &mut caller, request.agreement_id)?;
    let agreement_id = signed.offer.agreement_id.clone();
    check_partner(&caller, signed.offer.offerer())?;
    if signed.offer.terms.valid.until.is_some_and(|last| last < caller.now.date()) {
        return Err(AgreementRejection::ValidityOver { agreement_id }.into());
    }
    let mut names = others_ahead(ctx, &caller, &signed.offer)?;

    names.push(agreement_id.clone());
    AGREEMENTS_OF_PAIR.put(ctx, &pair_key(&signed.offer), &names)?;
    let answer = answer(ctx, &caller, &signed.offer, Answer::Accepted, None)?;
    announce(ctx, AgreementEvent::Accepted { agreement_id })?;
    Ok(answer)
}

/// The other member does not agree.
///
/// # Errors
/// In time, and once.
pub fn refuse(ctx: &mut Context<'_>, request: RefuseAgreement) -> Result<AgreementAnswer, Refusal> {
    let mut caller = Caller::of::<RefuseAgreement>(ctx)?;
    let signed = to_answer(ctx, &mut caller, request.agreement_id)?;
    let answer = answer(ctx, &caller, &signed.offer, Answer::Refused, Some(request.reason))?;
    announce(ctx, AgreementEvent::Refused { agreement_id: signed.offer.agreement_id })?;
    Ok(answer)
}

/// One of the two gives notice, or the offerer takes its offer back.
///
/// # Errors
/// The two members only, and once.
pub fn end(ctx: &mut Context<'_>, request: EndAgreement) -> Result<AgreementEnd, Refusal> {
    let mut caller = Caller::of::<EndAgreement>(ctx)?;
    let signed = find(ctx, request.agreement_id)?;
    let agreement_id = signed.offer.agreement_id.clone();
    if !signed.offer.is_party(caller.msp_id()) {
        return Err(AgreementRejection::NotAParty { agreement_id }.into());
    }
    caller.follow(signed.last_at());
    let notice_days = match signed.state(caller.now) {
        AgreementState::Accepted if signed.end.is_none() => signed.offer.terms.notice_days.get(),
        AgreementState::Offered | AgreementState::Unanswered if signed.offer.offerer() == caller.msp_id() => 0,
        _ => return Err(AgreementRejection::NotInForce { agreement_id }.into()),
    };

    let end = AgreementEnd {
        agreement_id,
        ends_at: caller.now.after_days(notice_days),
        reason: request.reason,
        noticed: caller.stamp(),
    };
    authorship::put(ctx, &caller, (&AGREEMENT_ENDS, &end.agreement_id), &end, &[caller.msp_id()])?;
    announce(ctx, AgreementEvent::Ended { agreement_id: end.agreement_id.clone() })?;
    Ok(end)
}

/// An agreement and what became of it.
///
/// # Errors
/// [`AgreementRejection::AgreementUnknown`].
pub fn read(ctx: &mut Context<'_>, request: ReadAgreement) -> Result<AgreementStanding, Refusal> {
    let signed = find(ctx, request.agreement_id)?;
    let state = signed.state(caller::now(ctx)?);
    let Signed { offer, answer, end, authenticated } = signed;
    Ok(AgreementStanding { offer, authenticated, state, answer, end })
}

fn find(ctx: &mut Context<'_>, agreement_id: AgreementRef) -> Result<Signed, Refusal> {
    let agreement_id = whole(ctx, agreement_id)?;
    let signed = standing::load(ctx, &agreement_id)?;
    Ok(signed.ok_or(AgreementRejection::AgreementUnknown { agreement_id })?)
}

/// An offer that the caller can answer.
fn to_answer(ctx: &mut Context<'_>, caller: &mut Caller, agreement_id: AgreementRef) -> Result<Signed, Refusal> {
    let signed = find(ctx, agreement_id)?;
    let agreement_id = signed.offer.agreement_id.clone();
    if signed.offer.with != *caller.msp_id() {
        return Err(AgreementRejection::NotOffered { agreement_id }.into());
    }
    if !standing::is_offer_authentic(ctx, &signed.offer)? {
        return Err(AgreementRejection::Unauthenticated { agreement_id }.into());
    }
    caller.follow(signed.last_at());
    match signed.state(caller.now) {
        AgreementState::Offered => Ok(signed),
        AgreementState::Unanswered => Err(AgreementRejection::OfferExpired { agreement_id }.into()),
        _ => Err(AgreementRejection::Answered { agreement_id }.into()),
    }
}

fn answer(
    ctx: &mut Context<'_>,
    caller: &Caller,
    offer: &Agreement,
    answer: Answer,
    reason: Option<Remark>,
) -> Result<AgreementAnswer, Refusal> {
    let answer = AgreementAnswer {
        agreement_id: offer.agreement_id.clone(),
        offer_sha256: authorship::digest(offer),
        answer,
        reason,
        answered: caller.stamp(),
    };
    authorship::put(ctx, caller, (&AGREEMENT_ANSWERS, &answer.agreement_id), &answer, &[caller.msp_id()])?;
    Ok(answer)
}

/// The other agreements of the two in this currency that are not over.
fn others_ahead(ctx: &mut Context<'_>, caller: &Caller, offer: &Agreement) -> Result<Vec<AgreementName>, Refusal> {
    let mut ahead = Vec::new();
    for agreement_id in AGREEMENTS_OF_PAIR.find(ctx, &pair_key(offer))?.unwrap_or_default() {
        let Some(other) = standing::load(ctx, &agreement_id)? else { continue };
        if other.state(caller.now) != AgreementState::Accepted {
            continue;
        }
        if other.days().overlaps(&offer.terms.valid) {
            return Err(AgreementRejection::Overlaps { agreement_id }.into());
        }
        ahead.push(agreement_id);
    }
    if ahead.len() >= AGREEMENTS_OF_PAIR_MAX {
        return Err(AgreementRejection::TooMany { most: AGREEMENTS_OF_PAIR_MAX }.into());
    }
    Ok(ahead)
}

fn check_partner(caller: &Caller, other: &MspId) -> Result<(), AgreementRejection> {
    if other == caller.msp_id() {
        return Err(AgreementRejection::WithItself);
    }
    if caller.has_partner(other, Role::TRADERS) {
        Ok(())
    } else {
        Err(AgreementRejection::PartnerNotEnrolled { msp_id: other.clone() })
    }
}

/// A tolerance is bounded twice, so that no payment of a part settles the whole.
fn check_terms(terms: &Terms, most: u32) -> Result<(), Rejection> {
    if terms.tolerance_minor.get() > AMOUNT_MAX {
        let malformed = Malformed::new("request.number_malformed", "must be at most 2^48 - 1");
        return Err(RequestRejection::of("/terms/tolerance_minor", &malformed).into());
    }
    period::check("/terms/valid", &terms.valid)?;
    if (terms.tolerance_minor.get() == 0) != (terms.tolerance_basis_points.get() == 0) {
        return Err(AgreementRejection::ToleranceIncomplete.into());
    }
    if terms.tolerance_basis_points.get() > most {
        return Err(AgreementRejection::ToleranceTooGreat { most }.into());
    }
    Ok(())
}
