//! The rules of the contract `title`.

use trade_standards::identifier::MspId;

use super::TitleName;
use crate::common::ItemId;
use crate::rejection::rejections;

rejections! {
    /// The rules of the contract `title`.
    TitleRejection;

    /// The caller has used the id before.
    TitleExists { title_id: TitleName } = 409, "title.exists", "The offer's id is taken",
        "{title_id} exists already";
    /// There is no such offer.
    TitleUnknown { title_id: TitleName } = 404, "title.unknown", "The offer is not known",
        "there is no offer {title_id}";
    /// A member offers to itself.
    TitleToSelf = 400, "title.to_self", "A member cannot sell to itself",
        "seller and buyer are the same member";
    /// The buyer is no member that can trade.
    BuyerNotEnrolled { msp_id: MspId } = 422, "title.buyer_not_enrolled", "The buyer cannot own goods",
        "{msp_id} is not enrolled or does not trade";
    /// The seller is no member any more that can trade, or is suspended.
    SellerNotEnrolled { msp_id: MspId } = 422, "title.seller_not_enrolled", "The seller cannot pass title",
        "{msp_id} is not enrolled, is suspended, or does not trade";
    /// Others made the offer up in the seller's name.
    TitleUnauthenticated { title_id: TitleName } = 409, "title.unauthenticated", "The seller has not endorsed the offer",
        "{title_id} does not bear the authorship digest of its seller";
    /// The seller does not own the item.
    NotOwner { item_id: ItemId, seller: MspId } = 403, "title.not_owner", "The seller does not own the item",
        "{item_id} is not owned by {seller}";
    /// The item was sold to a consumer or is out of use.
    ItemNotInUse { item_id: ItemId } = 422, "title.item_not_in_use", "The item is not in use",
        "{item_id} was sold, decommissioned or destroyed";
    /// The item is part of another open offer.
    AlreadyOffered { item_id: ItemId, title_id: TitleName } = 409, "title.already_offered", "The item is offered already",
        "{item_id} is part of the open offer {title_id}";
    /// The offer would expire before it is made.
    ExpiryInPast = 400, "title.expiry_in_past", "The offer would have expired already",
        "expires_at must lie after the transaction";
    /// Only the buyer may answer the offer.
    NotBuyer { title_id: TitleName } = 403, "title.not_buyer", "The offer was made to another member",
        "{title_id} can be accepted or refused only by the member it was made to";
    /// Only the seller may withdraw the offer.
    NotSeller { title_id: TitleName } = 403, "title.not_seller", "The offer was made by another member",
        "{title_id} can be withdrawn only by the member that made it";
    /// The offer was accepted, refused or withdrawn before.
    TitleClosed { title_id: TitleName } = 409, "title.closed", "The offer is closed",
        "{title_id} was accepted, refused or withdrawn before";
    /// The offer has expired.
    TitleExpired { title_id: TitleName } = 422, "title.expired", "The offer has expired",
        "{title_id} can no longer be accepted";
    /// The offer binds the item no longer.
    TitleOvertaken { title_id: TitleName, item_id: ItemId } = 409, "title.overtaken", "The offer binds the item no longer",
        "{item_id} was offered again, sold or taken over by its maker after {title_id}";
    /// Title would pass to too many items.
    TitleTooLarge { max: usize } = 413, "title.too_large", "Title would pass to too many items",
        "title can pass to at most {max} items at once, contents of units included";
}
