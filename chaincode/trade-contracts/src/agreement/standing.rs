//! What is signed of an agreement, and which one is in force between two members.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::agreement::{
    AGREEMENT_ANSWERS, AGREEMENT_ENDS, AGREEMENTS, AGREEMENTS_OF_PAIR, Agreement, AgreementAnswer, AgreementEnd,
    AgreementName, AgreementState, Answer,
};
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Period, UtcTime};

use crate::authorship;

/// The offer with the answer and the end that are known to be by those in whose name they stand.
pub(super) struct Signed {
    pub(super) offer: Agreement,
    pub(super) answer: Option<AgreementAnswer>,
    pub(super) end: Option<AgreementEnd>,
    /// Whether the offer is the offerer's, and nothing was left out because it is nobody's.
    pub(super) authenticated: bool,
}

impl Signed {
    /// Where the agreement stands.
    pub(super) fn state(&self, now: UtcTime) -> AgreementState {
        let ended = self.end.as_ref().is_some_and(|end| end.ends_at <= now);
        let over = self.offer.terms.valid.until.is_some_and(|last| last < now.date());
        match self.answer.as_ref().map(|answer| answer.answer) {
            Some(Answer::Refused) => AgreementState::Refused,
            Some(Answer::Accepted) if ended || over => AgreementState::Ended,
            Some(Answer::Accepted) => AgreementState::Accepted,
            None if ended => AgreementState::Ended,
            None if self.offer.answer_by < now => AgreementState::Unanswered,
            None => AgreementState::Offered,
        }
    }

    /// The days on which invoices can be issued under it, up to the day on which it was ended.
    pub(super) fn days(&self) -> Period {
        let valid = self.offer.terms.valid;
        let end = self.end.as_ref().map(|end| end.ends_at.date());
        let until = [valid.until, end].into_iter().flatten().min();
        Period { until, ..valid }
    }

    /// When the last of what is signed was.
    pub(super) fn last_at(&self) -> UtcTime {
        let answered = self.answer.as_ref().map(|answer| answer.answered.at);
        let noticed = self.end.as_ref().map(|end| end.noticed.at);
        [answered, noticed].into_iter().flatten().fold(self.offer.offered.at, UtcTime::max)
    }
}

/// An agreement, if there is one.
pub(super) fn load(ctx: &mut Context<'_>, agreement_id: &AgreementName) -> Result<Option<Signed>, Refusal> {
    let Some(offer) = AGREEMENTS.find(ctx, agreement_id)? else { return Ok(None) };
    let mut authenticated = is_offer_authentic(ctx, &offer)?;
    let mut answer = AGREEMENT_ANSWERS.find(ctx, agreement_id)?;
    if let Some(given) = &answer
        && !is_answer_authentic(ctx, &offer, given)?
    {
        (answer, authenticated) = (None, false);
    }
    let mut end = AGREEMENT_ENDS.find(ctx, agreement_id)?;
    if let Some(given) = &end
        && !is_end_authentic(ctx, &offer, given)?
    {
        (end, authenticated) = (None, false);
    }
    Ok(Some(Signed { offer, answer, end, authenticated }))
}

/// Whether the offerer has made the offer.
pub(super) fn is_offer_authentic(ctx: &mut Context<'_>, offer: &Agreement) -> Result<bool, Refusal> {
    authorship::is_authentic(ctx, &AGREEMENTS, &offer.agreement_id, offer, offer.offerer())
}

fn is_answer_authentic(ctx: &mut Context<'_>, offer: &Agreement, given: &AgreementAnswer) -> Result<bool, Refusal> {
    let authentic = authorship::is_authentic(ctx, &AGREEMENT_ANSWERS, &offer.agreement_id, given, &offer.with)?;
    Ok(authentic && given.offer_sha256 == authorship::digest(offer))
}

fn is_end_authentic(ctx: &mut Context<'_>, offer: &Agreement, given: &AgreementEnd) -> Result<bool, Refusal> {
    let by = &given.noticed.by;
    Ok(offer.is_party(by) && authorship::is_authentic(ctx, &AGREEMENT_ENDS, &offer.agreement_id, given, by)?)
}

/// The agreement under which one of two members can invoice the other now, and when the last of it was signed: both
/// have signed it, it holds on the day, and nobody has ended it. The moment that counts lies after all that was signed,
/// so that a caller whose clock is slow does not come before a notice.
pub(crate) fn in_force(
    ctx: &mut Context<'_>,
    (one, other): (&MspId, &MspId),
    currency: &CurrencyCode,
    now: UtcTime,
) -> Result<Option<(Agreement, UtcTime)>, Refusal> {
    let key = key_of(one, other, currency);
    for agreement_id in AGREEMENTS_OF_PAIR.find(ctx, &key)?.unwrap_or_default() {
        let Some(signed) = load(ctx, &agreement_id)? else { continue };
        let last = signed.last_at();
        let moment = now.max(last.just_after());
        // The list was written by one of the two alone, or by others: only what both have signed counts.
        let holds = is_offer_authentic(ctx, &signed.offer)?
            && pair_key(&signed.offer) == key
            && signed.state(moment) == AgreementState::Accepted
            && signed.offer.terms.valid.contains(moment.date());
        if holds {
            return Ok(Some((signed.offer, last)));
        }
    }
    Ok(None)
}

/// Where the agreements of the two members of this one are listed.
pub(super) fn pair_key(offer: &Agreement) -> (Part<MspId>, Part<MspId>, Part<CurrencyCode>) {
    key_of(offer.offerer(), &offer.with, &offer.terms.currency)
}

fn key_of(one: &MspId, other: &MspId, currency: &CurrencyCode) -> (Part<MspId>, Part<MspId>, Part<CurrencyCode>) {
    let (lesser, greater) = if one <= other { (one, other) } else { (other, one) };
    (Part(lesser.clone()), Part(greater.clone()), Part(currency.clone()))
}
