//! `item`: capturing EPCIS events, reading items, tracing them, and the alarms that contradictions raise.

mod alarm;
mod capture;
mod correction;
mod effects;
mod find;
mod listing;
pub(crate) mod registry;
mod scan;
mod session;
mod sighting;
mod signal;
mod trace;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::item::{Item, ReadItem};

use self::find::find;
use crate::table::On;

pub(crate) use alarm::standing_alarms;
pub use alarm::{answer, decide};
pub use capture::capture;
pub use listing::{alarms, events, party_alarms, read_alarm, read_alarm_group};
pub use scan::scan;
pub use sighting::sightings;
pub use trace::trace;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("item")
        .on(capture)
        .on(answer)
        .on(decide)
        .on(read_item)
        .on(events)
        .on(sightings)
        .on(trace)
        .on(scan)
        .on(alarms)
        .on(read_alarm)
        .on(read_alarm_group)
        .on(party_alarms)
}

/// An item by any of its names.
///
/// # Errors
/// [`trade_model::item::ItemRejection::ItemUnknown`].
pub fn read_item(ctx: &mut Context<'_>, request: ReadItem) -> Result<Item, Refusal> {
    find(ctx, &request.item)
}
