//! Where things are, for the authority of the place: by the place (GLN) that was last recorded, or by the seat of the
//! member that holds them.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::governance::Members;
use trade_model::item::{Item, NESTING_MAX};
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::CountryCode;

use crate::item::registry::Registry;

/// In which country a thing is: that of the unit around everything.
pub(super) fn of_thing(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    item_id: &ItemId,
) -> Result<Option<CountryCode>, Refusal> {
    let mut outermost = None;
    let mut next = Some(item_id.clone());
    for _ in 0..=NESTING_MAX {
        let Some(item_id) = next else { break };
        let Some(item) = registry.find(ctx, &item_id)? else { break };
        next = item.parent.clone();
        outermost = Some(item.clone());
    }
    Ok(outermost.and_then(|item| of_item(members, &item)))
}

fn of_item(members: &Members, item: &Item) -> Option<CountryCode> {
    let seat = |item: &Item| Some(members.find(item.holder.as_ref()?)?.country.clone());
    item.location.as_ref().and_then(|place| country_of(members, place)).or_else(|| seat(item))
}

/// The country of a place that is a member's own, by its GLN.
pub(super) fn country_of(members: &Members, place: &Foreign) -> Option<CountryCode> {
    let place = ObjectUri::parse(place.as_str()).ok()?;
    let gln = place.gs1().filter(|key| matches!(key.key(), Gs1Key::Gln | Gs1Key::Party))?.value();
    let at_home = members.members.iter().find(|member| member.gln.as_ref().is_some_and(|own| own.as_str() == gln));
    at_home.map(|member| member.country.clone())
}
