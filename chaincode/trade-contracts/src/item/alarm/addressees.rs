//! Whom an alarm is addressed to: found from the records, never named by the recorder.

use trade_model::common::{Foreign, ItemId, Set};
use trade_model::governance::Members;
use trade_model::item::{Addressee, Item, Stake};
use trade_standards::identifier::{CountryCode, MspId};

use crate::item::place;

/// The holder, the owner, the maker and the brand of a thing and the customs authority of the place, without those that
/// the alarm is about.
pub(super) fn of(
    members: &Members,
    item_id: &ItemId,
    item: Option<&Item>,
    place: Option<&CountryCode>,
    about: &Set<MspId, 1, 2>,
) -> Vec<Addressee> {
    let object = item_id.object();
    let brand = members.company_of_object(&object).map(|company| company.msp_id.clone());
    let authority = place.and_then(|place| members.authority_of(place));
    let with_stakes = [
        (Stake::Holder, item.and_then(|item| item.holder.clone())),
        (Stake::Owner, item.and_then(|item| item.owner.clone())),
        (Stake::Maker, item.and_then(|item| item.commissioner.clone())),
        (Stake::Brand, brand),
        (Stake::Authority, authority.map(|authority| authority.msp_id.clone())),
    ];
    let addressee = |(relation, msp_id): (Stake, Option<MspId>)| {
        let msp_id = msp_id.filter(|msp_id| !about.has(msp_id))?;
        Some(Addressee { relation, msp_id })
    };
    with_stakes.into_iter().filter_map(addressee).collect()
}

/// The country whose authority decides: that of the thing's holder, on which the members agreed. Where a thing was
/// last, and where the event says that it was seen, are claims by whom they suit; they count where there is nothing
/// else, or no authority. One of several would leave it to those concerned which authority decides about them.
pub(super) fn place(members: &Members, item: Option<&Item>, seen_at: Option<&Foreign>) -> Option<CountryCode> {
    let seat = item.and_then(|item| place::seat(members, item));
    let last_recorded = item.and_then(|item| place::last_recorded(members, item));
    let seen_at = seen_at.and_then(|seen_at| place::country_of(members, seen_at));
    let known = [seat, last_recorded, seen_at].into_iter().flatten();
    known.clone().find(|country| members.authority_of(country).is_some()).or_else(|| known.clone().next()).cloned()
}
