//! How much one member may say about one thing without changing it.
//!
//! The entries that are counted are the recorder's own, so strangers disturb nobody but themselves.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{EventRecordId, ItemId, NewestFirst};
use trade_model::item::{ItemRejection, SIGNALS};

use super::session::Session;

/// Notes that an event of the caller is a sighting of a thing or raises alarms about it; once for each event and thing.
///
/// # Errors
/// [`ItemRejection::TooManySignals`] beyond the bound within the window.
pub(super) fn note(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record_id: &EventRecordId,
    item_id: &ItemId,
) -> Result<(), Refusal> {
    let places = session.signals.entry(item_id.clone()).or_default();
    if !places.insert(session.place) {
        return Ok(());
    }
    let (max, hours) = (session.alarm_rules.signals.get(), session.alarm_rules.signal_hours.get());
    let in_document = places.len();
    let recorder = Part(session.caller.msp_id().clone());
    let begin = session.alarm_rules.window_begin(session.caller.now);
    let found = SIGNALS.scan(ctx, &(recorder.clone(), item_id.clone()), max as usize)?;
    let earlier = found.entries.iter().take_while(|((_, _, newest, _), _)| newest.at > begin).count();
    if earlier + in_document > max as usize {
        return Err(ItemRejection::TooManySignals { item_id: item_id.clone(), max, hours }.into());
    }
    let key = (recorder, item_id.clone(), NewestFirst::new(session.caller.now, session.place), record_id.clone());
    Ok(SIGNALS.put(ctx, &key, record_id)?)
}
