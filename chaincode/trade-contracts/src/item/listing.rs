//! Pages of the events and alarms of an item, and of all alarms.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Cursor, Malformed};
use trade_model::item::{ALARMS, Alarm, AlarmPage, EventPage, ITEM_ALARMS, ReadAlarms, ReadEvents};
use trade_model::rejection::RequestRejection;

use super::find::{find_alarm, find_event, record_ids};

/// Most events of one object that can be paged through.
const EVENTS_PAGED_MAX: u32 = 10_000;

/// The events that name an item, a unit or a class, oldest record first.
///
/// # Errors
/// `request.number_malformed` beyond the first 10 000 events. Nothing recorded is an empty page.
pub fn events(ctx: &mut Context<'_>, request: ReadEvents) -> Result<EventPage, Refusal> {
    if request.skip > EVENTS_PAGED_MAX {
        let malformed = Malformed::new("request.number_malformed", format!("must be at most {EVENTS_PAGED_MAX}"));
        return Err(RequestRejection::of("/skip", &malformed).into());
    }
    let limit = request.limit.unwrap_or_default().get();
    let wanted = (request.skip + limit + 1) as usize;
    let records = record_ids(ctx, &request.item, wanted)?;
    let next_skip = (records.len() == wanted).then_some(request.skip + limit);
    let mut found = Vec::new();
    for record_id in records.into_iter().skip(request.skip as usize).take(limit as usize) {
        found.extend(find_event(ctx, &record_id)?);
    }
    Ok(EventPage { item_id: request.item, events: found, next_skip })
}

/// Alarms, of one item or of all.
///
/// # Errors
/// `request.cursor_malformed` for a cursor of another list.
pub fn alarms(ctx: &mut Context<'_>, request: ReadAlarms) -> Result<AlarmPage, Refusal> {
    let limit = request.limit.unwrap_or_default().get();
    let after = request.after.as_ref().map(Cursor::bookmark).unwrap_or_default();
    let (found, bookmark) = match &request.item {
        None => {
            let page = ALARMS.page(ctx, &(), limit, after)?;
            (page.entries.into_iter().map(|(_, alarm)| alarm).collect::<Vec<_>>(), page.bookmark)
        }
        Some(item_id) => {
            let page = ITEM_ALARMS.page(ctx, item_id, limit, after)?;
            let mut found = Vec::with_capacity(page.entries.len());
            for (_, alarm_id) in &page.entries {
                found.push(find_alarm(ctx, alarm_id)?);
            }
            (found, page.bookmark)
        }
    };
    let wanted = |alarm: &Alarm| !request.open_only || alarm.state.stands();
    Ok(AlarmPage { alarms: found.into_iter().filter(wanted).collect(), next: bookmark.map(Cursor::of_bookmark) })
}
