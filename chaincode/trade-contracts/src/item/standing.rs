//! What a member is to a thing, and whether an event of its stands: the table of effects and relations at work.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Role;
use trade_model::custody::TRANSFERS;
use trade_model::governance::Members;
use trade_model::item::{Item, NESTING_MAX, Relation, Standing, StepEffect};
use trade_standards::identifier::MspId;

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
    if session.standing.asks(effect, Relation::OfferedTo) && is_offered(ctx, session, item)? {
        relations.insert(Relation::OfferedTo);
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
    let brand = key.gs1().and_then(|key| members.company_of(key)).is_some_and(|company| company.msp_id == *me);
    [
        (Relation::Maker, item.commissioner.as_ref() == Some(me)),
        (Relation::Brand, brand),
        (Relation::Owner, item.owner.as_ref().map_or(holds, |owner| owner == me)),
        (Relation::Holder, holds),
        (Relation::SellerOfRecord, item.seller_of_record.as_ref() == Some(me)),
        (Relation::Authority, is_authority(members, me, item)),
    ]
    .into_iter()
    .filter_map(|(relation, has)| has.then_some(relation))
    .collect()
}

/// Whether the member is the customs authority where the item's holder is registered.
pub(super) fn is_authority(members: &Members, me: &MspId, item: &Item) -> bool {
    let place = item.holder.as_ref().and_then(|holder| members.find(holder)).map(|holder| &holder.country);
    let authority = members.find(me).filter(|member| member.has_role(Role::Customs));
    authority.is_some_and(|authority| place == Some(&authority.country))
}

/// Whether the item, or a unit around it, is offered to the caller by an offer that can still be accepted.
fn is_offered(ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<bool, Refusal> {
    let mut around = Some(item.clone());
    for _ in 0..=NESTING_MAX {
        let Some(thing) = around else { return Ok(false) };
        if let Some(transfer_id) = &thing.open_transfer
            && let Some(transfer) = TRANSFERS.find(ctx, transfer_id)?
        {
            return Ok(transfer.to == *session.caller.msp_id() && !transfer.has_expired(session.caller.now));
        }
        around = match &thing.parent {
            Some(unit) => session.registry.find(ctx, unit)?.cloned(),
            None => None,
        };
    }
    Ok(false)
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
