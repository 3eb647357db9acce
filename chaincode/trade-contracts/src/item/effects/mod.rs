//! What an event does to the items it names, and which conflicts it shows. The rules of the alarms stand here.
//!
//! An event acts on a thing only as far as its recorder has standing for it; the rest is a sighting, which changes
//! nothing. An event that conflicts changes nothing about the matter in conflict, either: a second commissioning does
//! not move the maker. The one exception is a commissioning by a member with a stronger entitlement: what was recorded
//! before on a weaker one gives way.

mod aggregation;
pub(super) mod entitlement;
mod introduction;
mod kinds;
mod object;
pub(super) mod packing;
mod turn;

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{Entitlement, RecordedEvent};
use trade_standards::epcis::{Event, EventBody};
use trade_standards::gs1::ObjectUri;

use self::turn::Turn;
use super::alarm::Conflict;
use super::session::Session;

/// What an event did.
pub(super) struct Done {
    /// What it conflicts with.
    pub(super) conflicts: Vec<Conflict>,
    /// The things that it is a statement about by a member with standing.
    pub(super) stated: BTreeSet<ItemId>,
}

/// Applies the event to the items and tells what it did.
pub(super) fn apply(
    ctx: &mut Context<'_>,
    session: &mut Session,
    event: &Event,
    record: &mut RecordedEvent,
) -> Result<Done, Refusal> {
    let mut turn = Turn::new(event, record, session.caller.msp_id().clone());
    match &event.body {
        EventBody::Object(body) => turn.object_event(ctx, session, body)?,
        EventBody::Aggregation(body) => turn.aggregation_event(ctx, session, body)?,
        EventBody::Untyped => {}
    }
    let Turn { conflicts, effects, stated, sighted, .. } = turn;
    record.effects = effects;
    record.sightings = sighted.into_iter().collect();
    Ok(Done { conflicts, stated })
}

/// Whether what the session's caller says about a class of things (a lot, a product) is a statement: it may put its
/// things into use.
pub(super) fn may_state_class(session: &Session, class: &ObjectUri) -> bool {
    entitlement::of(session, class, false) > Entitlement::Seen
}
