//! The rules of the contract `custody`.

use trade_standards::identifier::MspId;

use super::{RecoveryName, TransferName};
use crate::common::ItemId;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `custody`.
    CustodyRejection;

    /// The offer's id is taken.
    OfferExists { transfer_id: TransferName } = 409, "custody.offer_exists", "The offer's id is taken",
        "{transfer_id} exists already";
    /// There is no such offer.
    OfferUnknown { transfer_id: TransferName } = 404, "custody.offer_unknown", "The offer is not known",
        "there is no offer {transfer_id}";
    /// A member offers to itself.
    OfferToSelf = 400, "custody.offer_to_self", "A member cannot hand over to itself",
        "sender and receiver are the same member";
    /// The receiver is no member that can hold goods.
    ReceiverNotEnrolled { msp_id: MspId } = 422, "custody.receiver_not_enrolled", "The receiver cannot hold goods",
        "{msp_id} is not enrolled or is a regulator";
    /// The sender is no member any more that can hold goods, or is suspended.
    SenderNotEnrolled { msp_id: MspId } = 422, "custody.sender_not_enrolled", "The sender cannot hand over goods",
        "{msp_id} is not enrolled, is suspended, or is a regulator";
    /// Others made the offer up in the sender's name.
    OfferUnauthenticated { transfer_id: TransferName } = 409, "custody.offer_unauthenticated", "The sender has not endorsed the offer",
        "{transfer_id} does not bear the authorship digest of its sender";
    /// The sender does not hold the item.
    NotHolder { item_id: ItemId, sender: MspId } = 403, "custody.not_holder", "The sender does not hold the item",
        "{item_id} is not held by {sender}";
    /// The caller does not own the item.
    NotOwner { item_id: ItemId, owner: MspId } = 403, "custody.not_owner", "The caller does not own the item",
        "{item_id} is not owned by {owner}, or is a unit with nothing of it in it";
    /// The holder can hand over by itself.
    HolderNotSuspended { msp_id: MspId } = 409, "custody.holder_not_suspended", "The holder is not suspended",
        "{msp_id} can hand over what it holds";
    /// The caller has used the id before.
    RecoveryExists { recovery_id: RecoveryName } = 409, "custody.recovery_exists", "The recovery's id is taken",
        "{recovery_id} exists already";
    /// There is no such recovery.
    RecoveryUnknown { recovery_id: RecoveryName } = 404, "custody.recovery_unknown", "The recovery is not known",
        "there is no recovery {recovery_id}";
    /// The item is out of use.
    ItemEnded { item_id: ItemId } = 422, "custody.item_ended", "The item is out of use",
        "{item_id} was sold, decommissioned or destroyed";
    /// The authority that holds it has seized it.
    ItemSeized { item_id: ItemId } = 409, "custody.item_seized", "The item was seized",
        "{item_id} is in the custody of an authority by its decision";
    /// The item is packed in a unit, which has to be handed over instead.
    ItemInsideUnit { item_id: ItemId, unit: ItemId } = 422, "custody.item_inside_unit", "The item is packed in a unit",
        "{item_id} lies in {unit}; hand that over or unpack it first";
    /// The item is part of another open offer.
    ItemAlreadyOffered { item_id: ItemId, transfer_id: TransferName } = 409, "custody.item_already_offered", "The item is offered already",
        "{item_id} is part of the open offer {transfer_id}";
    /// The offer would expire before it is made.
    ExpiryInPast = 400, "custody.expiry_in_past", "The offer would have expired already",
        "expires_at must lie after the transaction";
    /// Only the receiver may answer the offer.
    NotReceiver { transfer_id: TransferName } = 403, "custody.not_receiver", "The offer was made to another member",
        "{transfer_id} can be accepted or rejected only by the member it was made to";
    /// Only the sender may withdraw the offer.
    NotSender { transfer_id: TransferName } = 403, "custody.not_sender", "The offer was made by another member",
        "{transfer_id} can be withdrawn only by the member that made it";
    /// The offer was accepted, rejected or withdrawn before.
    OfferClosed { transfer_id: TransferName } = 409, "custody.offer_closed", "The offer is closed",
        "{transfer_id} was accepted, rejected or withdrawn before";
    /// The offer has expired.
    OfferExpired { transfer_id: TransferName } = 422, "custody.offer_expired", "The offer has expired",
        "{transfer_id} can no longer be accepted";
    /// The offer binds the item no longer.
    OfferOvertaken { transfer_id: TransferName, item_id: ItemId } = 409, "custody.offer_overtaken", "The offer binds the item no longer",
        "{item_id} was offered again or taken over by its maker after {transfer_id}";
    /// The seal found is not the seal offered.
    SealDiffers { transfer_id: TransferName } = 422, "custody.seal_differs", "The seal is not the one offered",
        "the seal of {transfer_id} must be confirmed as it was offered, or the offer rejected";
    /// The transfer would move too many items.
    TransferTooLarge { max: usize } = 413, "custody.transfer_too_large", "The transfer moves too many items",
        "one transfer can move at most {max} items, contents of units included";
}
