//! What an event does to the items it names, and which conflicts it shows. The rules of the alarms stand here.
//!
//! An event that conflicts changes nothing about the matter in conflict: a second commissioning does not move the
//! maker, a stranger's decommissioning does not end the item. The one exception is a commissioning by a member that is
//! entitled to it: what was recorded before by a member that cannot have received the thing from anybody gives way.

mod aggregation;
pub(super) mod entitlement;
mod object;
pub(super) mod packing;
mod title;
mod turn;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::item::RecordedEvent;
use trade_standards::epcis::{Event, EventBody};

use self::turn::Turn;
use super::alarm::Conflict;
use super::session::Session;

/// Applies the event to the items and returns what it conflicts with.
pub(super) fn apply(
    ctx: &mut Context<'_>,
    session: &mut Session,
    event: &Event,
    record: &mut RecordedEvent,
) -> Result<Vec<Conflict>, Refusal> {
    let me = session.caller.msp_id().clone();
    let mut turn = Turn { event, record, me, conflicts: Vec::new(), effects: Vec::new() };
    match &event.body {
        EventBody::Object(body) => turn.object_event(ctx, session, body)?,
        EventBody::Aggregation(body) => turn.aggregation_event(ctx, session, body)?,
        EventBody::Untyped => {}
    }
    let Turn { conflicts, effects, .. } = turn;
    record.effects = effects;
    Ok(conflicts)
}
