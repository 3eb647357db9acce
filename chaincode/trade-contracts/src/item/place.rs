//! Where things are, for the authority of the place.
//!
//! The members agreed on where each of them has its seat; where a thing was last is a statement of its holder. Both
//! give an authority a reach: a holder evades neither that of its own country by telling of a place abroad, nor that of
//! the place by its seat.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::governance::Members;
use trade_model::item::{Item, NESTING_MAX};
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::CountryCode;

use super::registry::Registry;

/// In which country a thing is: that of the unit around everything, by the place (GLN) that was last recorded for it,
/// or by the seat of the member that holds it.
pub(crate) fn of_thing(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    item_id: &ItemId,
) -> Result<Option<CountryCode>, Refusal> {
    let outermost = outermost(ctx, registry, item_id)?;
    Ok(outermost.and_then(|item| last_recorded(members, &item).or_else(|| seat(members, &item)).cloned()))
}

/// The countries whose authorities have to do with a thing: where it is, and where the member that holds it has its
/// seat.
pub(super) fn all_of(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    item: &Item,
) -> Result<BTreeSet<CountryCode>, Refusal> {
    let here = of_thing(ctx, registry, members, &item.item_id)?;
    Ok(here.into_iter().chain(seat(members, item).cloned()).collect())
}

/// The seat of the member that holds an item.
pub(super) fn seat<'m>(members: &'m Members, item: &Item) -> Option<&'m CountryCode> {
    members.find(item.holder.as_ref()?).map(|holder| &holder.country)
}

/// The country of the place that was last recorded for an item.
pub(super) fn last_recorded<'m>(members: &'m Members, item: &Item) -> Option<&'m CountryCode> {
    country_of(members, item.location.as_ref()?)
}

/// The country of a place that is a member's own, by its GLN.
pub(crate) fn country_of<'m>(members: &'m Members, place: &Foreign) -> Option<&'m CountryCode> {
    let place = ObjectUri::parse(place.as_str()).ok()?;
    let gln = place.gs1().filter(|key| matches!(key.key(), Gs1Key::Gln | Gs1Key::Party))?.value();
    let at_home = members.members.iter().find(|member| member.gln.as_ref().is_some_and(|own| own.as_str() == gln));
    at_home.map(|member| &member.country)
}

fn outermost(ctx: &mut Context<'_>, registry: &mut Registry, item_id: &ItemId) -> Result<Option<Item>, Refusal> {
    let mut outermost = None;
    let mut next = Some(item_id.clone());
    for _ in 0..=NESTING_MAX {
        let Some(item_id) = next else { break };
        let Some(item) = registry.find(ctx, &item_id)? else { break };
        next = item.parent.clone();
        outermost = Some(item.clone());
    }
    Ok(outermost)
}
