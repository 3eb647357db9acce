//! Whom an alarm is addressed to: found from the records, never named by the recorder.

use trade_model::common::{Foreign, ItemId, Set};
use trade_model::governance::{Member, Members};
use trade_model::item::{Addressee, Item, Stake};
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::{CountryCode, MspId};

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
    let brand = object.gs1().and_then(|key| members.company_of(key)).map(|company| company.msp_id.clone());
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
/// else, or no authority.
pub(super) fn place(members: &Members, item: Option<&Item>, seen_at: Option<&Foreign>) -> Option<CountryCode> {
    let holder = item.and_then(|item| item.holder.as_ref()).and_then(|holder| members.find(holder));
    let last_place = item.and_then(|item| item.location.as_ref()).and_then(|place| keeper(members, place));
    let seen_at = seen_at.and_then(|place| keeper(members, place));
    let known = [holder, last_place, seen_at].into_iter().flatten().map(|member| &member.country);
    known.clone().find(|country| members.authority_of(country).is_some()).or_else(|| known.clone().next()).cloned()
}

/// The member whose GLN a place has.
fn keeper<'m>(members: &'m Members, place: &Foreign) -> Option<&'m Member> {
    let object = ObjectUri::parse(place.as_str()).ok()?;
    let gln = object.gs1().filter(|uri| matches!(uri.key(), Gs1Key::Gln | Gs1Key::Party))?.value().to_owned();
    members.members.iter().find(|member| member.gln.as_ref().is_some_and(|own| own.as_str() == gln))
}
