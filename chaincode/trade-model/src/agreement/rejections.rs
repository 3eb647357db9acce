//! The rules of the contract `agreement`.

use trade_standards::identifier::MspId;

use super::AgreementName;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `agreement`.
    AgreementRejection;

    /// The agreement's id is taken.
    AgreementExists { agreement_id: AgreementName } = 409, "agreement.exists", "The agreement's id is taken",
        "{agreement_id} exists already";
    /// There is no such agreement.
    AgreementUnknown { agreement_id: AgreementName } = 404, "agreement.unknown", "The agreement is not known",
        "there is no agreement {agreement_id}";
    /// A member cannot agree with itself.
    WithItself = 400, "agreement.with_itself", "Both sides are the same",
        "a member cannot agree with itself";
    /// The other side cannot trade.
    PartnerNotEnrolled { msp_id: MspId } = 422, "agreement.partner_not_enrolled", "The other side cannot agree",
        "{msp_id} is not enrolled, does not trade or is suspended";
    /// A tolerance in minor units without one in percent, or the other way round.
    ToleranceIncomplete = 400, "agreement.tolerance_incomplete", "A tolerance has two bounds",
        "a tolerance is bounded in minor units and in percent: both are 0, or none";
    /// The tolerance is more than the rules allow.
    ToleranceTooGreat { most: u32 } = 422, "agreement.tolerance_too_great", "The tolerance is too great",
        "at most {most} hundredths of a percent can be agreed";
    /// The days of an agreement are over.
    ValidityOver { agreement_id: AgreementName } = 422, "agreement.validity_over", "The agreement's days are over",
        "the last day of {agreement_id} has passed";
    /// Only the member to which it was offered answers.
    NotOffered { agreement_id: AgreementName } = 403, "agreement.not_offered", "The agreement was offered to another",
        "only the member to which {agreement_id} was offered can answer";
    /// The offer has an answer.
    Answered { agreement_id: AgreementName } = 409, "agreement.answered", "The agreement is answered already",
        "{agreement_id} was accepted or refused before";
    /// The time to accept has passed.
    OfferExpired { agreement_id: AgreementName } = 409, "agreement.offer_expired", "The offer has expired",
        "{agreement_id} was not answered in time";
    /// The two have another agreement in this currency on some of these days.
    Overlaps { agreement_id: AgreementName } = 409, "agreement.overlaps", "Another agreement holds on these days",
        "{agreement_id} holds between the two on some of these days; end it first";
    /// The two have too many agreements ahead.
    TooMany { most: usize } = 409, "agreement.too_many", "Too many agreements",
        "two members can have {most} agreements in one currency for now and for later";
    /// Only the two members end their agreement.
    NotAParty { agreement_id: AgreementName } = 403, "agreement.not_a_party", "The agreement is between others",
        "only the two members of {agreement_id} can do this";
    /// The agreement is not in force and will not be.
    NotInForce { agreement_id: AgreementName } = 409, "agreement.not_in_force", "There is nothing to end",
        "{agreement_id} was refused or ended before, or is not the caller's to take back";
    /// The offer may have been made by others in the member's name.
    Unauthenticated { agreement_id: AgreementName } = 409, "agreement.unauthenticated", "The other side has not endorsed it",
        "{agreement_id} was recorded without the peer of the member it speaks for";
}
