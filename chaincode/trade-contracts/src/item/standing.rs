//! What a member is to a thing, and whether an event of its stands: the table of effects and relations at work.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Duty, Role};
use trade_model::governance::Members;
use trade_model::item::{Item, Relation, Standing, StepEffect};
use trade_standards::identifier::MspId;

use super::place;
use super::registry::Registry;
use super::session::Session;
use crate::mandate;

/// How an event of the session's caller stands for an effect on an item.
pub(super) fn judge(
    ctx: &mut Context<'_>,
    session: &mut Session,
    item: &Item,
    effect: StepEffect,
    entitled: bool,
) -> Result<Standing, Refusal> {
    let mut relations = known(&session.caller.members, session.caller.msp_id(), item);
    if entitled {
        relations.insert(Relation::Entitled);
    }
    if session.standing.asks(effect, Relation::OfferedTo)
        && session.offers.has(ctx, &mut session.registry, &item.item_id)?
    {
        relations.insert(Relation::OfferedTo);
    }
    let Session { registry, caller, .. } = session;
    // What an authority does to the things of others, its officers do.
    if session.standing.asks(effect, Relation::Authority)
        && caller.acting.check(Duty::Officer, &caller.me).is_ok()
        && is_authority(ctx, registry, &caller.members, (caller.msp_id(), item))?
    {
        relations.insert(Relation::Authority);
    }
    if session.standing.asks(effect, Relation::Mandated) && is_mandated(ctx, session, item, effect)? {
        relations.insert(Relation::Mandated);
    }
    Ok(session.standing.judge(effect, |relation| relations.contains(&relation)))
}

/// The relations that the records of item and members tell.
fn known(members: &Members, me: &MspId, item: &Item) -> BTreeSet<Relation> {
    let holds = item.holder.as_ref() == Some(me);
    let key = item.item_id.object();
    let brand = members.company_of_object(&key).is_some_and(|company| company.msp_id == *me);
    [
        (Relation::Maker, item.commissioner.as_ref() == Some(me)),
        (Relation::Brand, brand),
        (Relation::Owner, item.owner.as_ref().map_or(holds, |owner| owner == me)),
        (Relation::Holder, holds),
        (Relation::SellerOfRecord, item.seller_of_record.as_ref() == Some(me)),
    ]
    .into_iter()
    .filter_map(|(relation, has)| has.then_some(relation))
    .collect()
}

/// Whether the member is the customs authority of a country in which the item is, or its holder has its seat.
pub(super) fn is_authority(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    members: &Members,
    (me, item): (&MspId, &Item),
) -> Result<bool, Refusal> {
    if !members.find(me).is_some_and(|member| member.has_role(Role::Customs)) {
        return Ok(false);
    }
    let countries = place::all_of(ctx, registry, members, item)?;
    let mut authorities = countries.iter().filter_map(|country| members.authority_of(country));
    Ok(authorities.any(|authority| authority.msp_id == *me))
}

fn is_mandated(ctx: &mut Context<'_>, session: &mut Session, item: &Item, effect: StepEffect) -> Result<bool, Refusal> {
    let me = session.caller.msp_id().clone();
    let Some(owner) = item.owner.as_ref().filter(|owner| **owner != me) else { return Ok(false) };
    if !session.mandates.contains_key(owner) {
        let mandates = mandate::between(ctx, owner, &me)?;
        session.mandates.insert(owner.clone(), mandates);
    }
    let today = session.caller.now.date();
    let permits = |mandate: &trade_model::mandate::Mandate| mandate.permits(effect, item.gtin.as_ref(), today);
    Ok(session.mandates.get(owner).is_some_and(|mandates| mandates.iter().any(permits)))
}
