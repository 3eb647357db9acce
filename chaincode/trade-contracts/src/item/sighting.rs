//! Sightings: events of members without standing. They are kept beside the things that they name and change nothing.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Cursor, EventRecordId, ItemId, NewestFirst};
use trade_model::item::{
    EVENTS, ItemRejection, ReadSightings, RecordedEvent, SIGHTINGS, SIGHTINGS_BY, SIGNALS, SightingPage,
};

use super::session::Session;
use super::signal;

/// Lists an event of the caller among the sightings of a thing and among its own. Writes no key that others read.
///
/// # Errors
/// [`ItemRejection::TooManySignals`] beyond the bound within the window.
pub(super) fn list(
    ctx: &mut Context<'_>,
    session: &mut Session,
    record: &RecordedEvent,
    item_id: &ItemId,
) -> Result<(), Refusal> {
    let record_id = &record.record_id;
    signal::note(ctx, session, record_id, item_id)?;
    let place = NewestFirst::new(session.caller.now, session.place);
    SIGHTINGS.put(ctx, &(item_id.clone(), place, record_id.clone()), record_id)?;
    let recorder = Part(session.caller.msp_id().clone());
    Ok(SIGHTINGS_BY.put(ctx, &(recorder, place, record_id.clone()), record_id)?)
}

/// The sightings of a thing, of a recorder, or of a thing by a recorder, newest first.
///
/// # Errors
/// [`ItemRejection::SightingsOfNothing`]; `request.cursor_malformed` for a cursor of another list.
pub fn sightings(ctx: &mut Context<'_>, request: ReadSightings) -> Result<SightingPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let after = request.after.as_ref().map(Cursor::bookmark).unwrap_or_default();
    let (found, bookmark): (Vec<EventRecordId>, _) = match (request.item, request.recorder) {
        (Some(item_id), None) => {
            let page = SIGHTINGS.page(ctx, &item_id, limit, after)?;
            (page.entries.into_iter().map(|(_, record_id)| record_id).collect(), page.bookmark)
        }
        (None, Some(recorder)) => {
            let page = SIGHTINGS_BY.page(ctx, &Part(recorder), limit, after)?;
            (page.entries.into_iter().map(|(_, record_id)| record_id).collect(), page.bookmark)
        }
        (Some(item_id), Some(recorder)) => {
            let page = SIGNALS.page(ctx, &(Part(recorder), item_id), limit, after)?;
            (page.entries.into_iter().map(|(_, record_id)| record_id).collect(), page.bookmark)
        }
        (None, None) => return Err(ItemRejection::SightingsOfNothing.into()),
    };
    let events = EVENTS.find_many(ctx, &found)?.into_iter().flatten().collect();
    Ok(SightingPage { events, next: bookmark.map(Cursor::of_bookmark) })
}
