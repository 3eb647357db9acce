//! `item`: capturing EPCIS events, reading items, tracing them, and the alarms that contradictions raise.

mod alarm;
mod capture;
mod consent;
mod copy;
mod correction;
mod effects;
mod find;
mod held;
mod listing;
pub(crate) mod offers;
pub(crate) mod place;
pub(crate) mod registry;
mod reliance;
mod scan;
mod serials;
mod session;
mod sighting;
mod signal;
mod standing;
mod trace;

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::item::{CORRECTIONS_OF, EVENTS, ItemReport, ReadItem};

use self::find::find;
use crate::table::On;

pub use alarm::{answer, decide};
pub(crate) use alarm::{standing_alarm, standing_alarms};
pub use capture::capture;
pub use consent::{consent, read_correction};
pub use listing::{alarms, events, party_alarms, read_alarm, read_alarm_group};
pub use scan::scan;
pub use sighting::sightings;
pub use trace::trace;

/// Most corrections that wait for consent that an item's answer names.
const CORRECTIONS_MAX: usize = 50;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("item")
        .on(capture)
        .on(answer)
        .on(decide)
        .on(consent)
        .on(serials::issue)
        .on(serials::read)
        .on(read_item)
        .on(read_correction)
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
pub fn read_item(ctx: &mut Context<'_>, request: ReadItem) -> Result<ItemReport, Refusal> {
    let item = find(ctx, &request.item)?;
    let mut corrections_proposed = Vec::new();
    for (_, record_id) in CORRECTIONS_OF.scan(ctx, &item.item_id, CORRECTIONS_MAX)?.entries {
        let record = EVENTS.find(ctx, &record_id)?;
        let proposed = record.map(|record| correction::proposed(ctx, &record)).transpose()?.flatten();
        corrections_proposed.extend(proposed.map(|correction| correction.record_id));
    }
    Ok(ItemReport { item, corrections_proposed })
}
