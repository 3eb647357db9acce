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
mod trace;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::item::{Alarm, Item, ReadAlarm, ReadItem};

use self::find::{find, find_alarm};
use crate::table::On;

pub use alarm::close;
pub use capture::capture;
pub(crate) use find::standing_alarms;
pub use listing::{alarms, events};
pub use scan::scan;
pub use trace::trace;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("item").on(capture).on(close).on(read_item).on(events).on(trace).on(scan).on(alarms).on(read_alarm)
}

/// An item by any of its names.
///
/// # Errors
/// [`ItemRejection::ItemUnknown`].
pub fn read_item(ctx: &mut Context<'_>, request: ReadItem) -> Result<Item, Refusal> {
    find(ctx, &request.item)
}

/// An alarm by its id.
///
/// # Errors
/// [`ItemRejection::AlarmUnknown`].
pub fn read_alarm(ctx: &mut Context<'_>, request: ReadAlarm) -> Result<Alarm, Refusal> {
    find_alarm(ctx, &request.alarm_id)
}
