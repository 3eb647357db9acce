//! The rules of the contract `disclosure`.

use trade_standards::identifier::MspId;

use super::OrderName;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `disclosure`.
    DisclosureRejection;

    /// The authority has used the id before.
    OrderExists { order_id: OrderName } = 409, "disclosure.order_exists", "The order's id is taken",
        "{order_id} exists already";
    /// There is no such order.
    OrderUnknown { order_id: OrderName } = 404, "disclosure.order_unknown", "The order is not known",
        "there is no order {order_id}";
    /// The member is not in a country of the authority.
    NotInJurisdiction { msp_id: MspId } = 403, "disclosure.not_in_jurisdiction", "The member is under another authority",
        "the caller is not the authority of the country in which {msp_id} is registered";
    /// The member is no party of the record, or was not given what opens it.
    HoldsNothing { msp_id: MspId } = 422, "disclosure.holds_nothing", "The member does not hold this",
        "{msp_id} is no party of the record, or was not given what opens it";
    /// The member is suspended and could not comply.
    CannotComply { msp_id: MspId } = 422, "disclosure.cannot_comply", "The member cannot comply",
        "{msp_id} is suspended or does not write";
    /// Only the authority approves its order.
    NotTheAuthority { order_id: OrderName } = 403, "disclosure.not_the_authority", "The order is another authority's",
        "only the authority that ordered {order_id} can do this";
    /// The order is in force already.
    OrderApproved { order_id: OrderName } = 409, "disclosure.order_approved", "The order is approved already",
        "{order_id} was approved before";
    /// The order may have been made by others, no second officer has approved it, or the authority is none any more.
    OrderNotInForce { order_id: OrderName } = 409, "disclosure.order_not_in_force", "The order is not in force",
        "{order_id} is not the authority's, waits for a second officer, or its authority is suspended or without jurisdiction";
    /// Only the member that was ordered discloses.
    NotOrdered { order_id: OrderName } = 403, "disclosure.not_ordered", "The order is to another member",
        "{order_id} asks another member";
    /// Nothing is disclosed yet.
    NotDisclosed { order_id: OrderName } = 409, "disclosure.not_disclosed", "Nothing is disclosed",
        "the member has not complied with {order_id}";
}
