//! The rules of the contract `mandate`.

use trade_standards::identifier::MspId;

use super::MandateName;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `mandate`.
    MandateRejection;

    /// The caller has used the id before.
    MandateExists { mandate_id: MandateName } = 409, "mandate.exists", "The mandate's id is taken",
        "{mandate_id} exists already";
    /// There is no such mandate.
    MandateUnknown { mandate_id: MandateName } = 404, "mandate.unknown", "The mandate is not known",
        "there is no mandate {mandate_id}";
    /// A member mandates itself.
    MandateToSelf = 400, "mandate.to_self", "A member needs no mandate of its own",
        "owner and holder are the same member";
    /// The holder is no member that can trade.
    HolderNotEnrolled { msp_id: MspId } = 422, "mandate.holder_not_enrolled", "The holder cannot take a mandate",
        "{msp_id} is not enrolled or does not trade";
    /// Only the holder may answer.
    NotTheHolder { mandate_id: MandateName } = 403, "mandate.not_the_holder", "The mandate was granted to another member",
        "{mandate_id} can be accepted or refused only by the member it was granted to";
    /// Only owner and holder may end it.
    NotAParty { mandate_id: MandateName } = 403, "mandate.not_a_party", "The caller is no party of the mandate",
        "{mandate_id} can be ended only by its owner or its holder";
    /// It was accepted or refused before.
    MandateDecided { mandate_id: MandateName } = 409, "mandate.decided", "The mandate was answered before",
        "{mandate_id} was accepted or refused before";
    /// It was refused, ended for this day or an earlier one, or is past its time.
    MandateOver { mandate_id: MandateName } = 409, "mandate.over", "The mandate is over",
        "{mandate_id} was refused, has ended, or ends no later than that already";
    /// Nothing is ended for the past.
    EndInPast = 422, "mandate.end_in_past", "A mandate cannot be ended for the past",
        "the day must not lie before the transaction";
    /// A holder gives it up at once: an end at some later day would leave it in force until then.
    HolderEndsAtOnce = 422, "mandate.holder_ends_at_once", "A holder gives a mandate up at once",
        "for the holder, the day must be that of the transaction";
    /// The owner is no member any more that can trade, or is suspended.
    OwnerNotEnrolled { msp_id: MspId } = 422, "mandate.owner_not_enrolled", "The owner cannot give a mandate",
        "{msp_id} is not enrolled, is suspended, or does not trade";
    /// Others made it up in the owner's name.
    MandateUnauthenticated { mandate_id: MandateName } = 409, "mandate.unauthenticated", "The owner has not endorsed the mandate",
        "{mandate_id} does not bear the authorship digest of its owner";
    /// The two have too many mandates.
    TooManyMandates { max: usize } = 413, "mandate.too_many", "The two have too many mandates",
        "one owner can have given one holder at most {max} mandates that are not over";
}
