//! Whom an alarm is addressed to: found from the records, never named by the recorder.

use trade_model::common::{Foreign, ItemId, Set};
use trade_model::governance::{Member, Members};
use trade_model::item::{Addressee, Item, Stake};
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::MspId;

/// The holder, the owner, the maker and the brand of a thing and the customs authority of the place, without those that
/// the alarm is about. The authority is found by where the thing was last, by its holder's country, and for a thing
/// without a record by where the event says that it was seen.
pub(super) fn of(
    members: &Members,
    item_id: &ItemId,
    item: Option<&Item>,
    seen_at: Option<&Foreign>,
    about: &Set<MspId, 1, 2>,
) -> Vec<Addressee> {
    let object = item_id.object();
    let brand = object.gs1().and_then(|key| members.company_of(key)).map(|company| company.msp_id.clone());
    let with_stakes = [
        (Stake::Holder, item.and_then(|item| item.holder.clone())),
        (Stake::Owner, item.and_then(|item| item.owner.clone())),
        (Stake::Maker, item.and_then(|item| item.commissioner.clone())),
        (Stake::Brand, brand),
        (Stake::Authority, authority(members, item, seen_at).map(|authority| authority.msp_id.clone())),
    ];
    let addressee = |(relation, msp_id): (Stake, Option<MspId>)| {
        let msp_id = msp_id.filter(|msp_id| !about.has(msp_id))?;
        Some(Addressee { relation, msp_id })
    };
    with_stakes.into_iter().filter_map(addressee).collect()
}

fn authority<'m>(members: &'m Members, item: Option<&Item>, seen_at: Option<&Foreign>) -> Option<&'m Member> {
    let last_place = item.and_then(|item| item.location.as_ref());
    let holder = item.and_then(|item| item.holder.as_ref()).and_then(|holder| members.find(holder));
    let somewhere = last_place.and_then(|place| keeper(members, place)).or(holder);
    let somewhere = somewhere.or_else(|| seen_at.and_then(|place| keeper(members, place)));
    somewhere.and_then(|member| members.authority_of(&member.country))
}

/// The member whose GLN a place has.
fn keeper<'m>(members: &'m Members, place: &Foreign) -> Option<&'m Member> {
    let object = ObjectUri::parse(place.as_str()).ok()?;
    let gln = object.gs1().filter(|uri| matches!(uri.key(), Gs1Key::Gln | Gs1Key::Party))?.value().to_owned();
    members.members.iter().find(|member| member.gln.as_ref().is_some_and(|own| own.as_str() == gln))
}
