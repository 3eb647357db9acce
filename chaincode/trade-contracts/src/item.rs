//! `item`: capturing EPCIS events, reading items, tracing them, and the alarms that contradictions raise.

mod alarm;
pub(crate) mod book;
mod capture;
mod correction;
mod effects;
pub(crate) mod keys;
mod scan;
mod trace;

use fabric_contract::{Context, Contract};
use trade_model::item::{
    Alarm, AlarmPage, EventPage, Item, ReadAlarm, ReadAlarms, ReadEvents, ReadItem, RecordedEvent,
};
use trade_model::rejection::Rejection;

use crate::{Refusal, form};

pub use alarm::close;
pub use capture::capture;
pub use scan::scan;
pub use trace::trace;

/// Page size when none is asked for, and the largest one.
const PAGE_DEFAULT: u32 = 50;
const PAGE_MAX: u32 = 100;
/// Most events of one object that can be paged through.
const EVENTS_PAGED_MAX: u32 = 10_000;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("item")
        .submit("Capture", capture)
        .submit("CloseAlarm", close)
        .evaluate("Read", read)
        .evaluate("Events", events)
        .evaluate("Trace", trace)
        .evaluate("Scan", scan)
        .evaluate("Alarms", alarms)
        .evaluate("ReadAlarm", read_alarm)
}

/// An item by any of its names.
///
/// # Errors
/// [`Rejection::ItemUnknown`], [`Rejection::ItemIdMalformed`].
pub fn read(ctx: &mut Context<'_>, request: ReadItem) -> Result<Item, Refusal> {
    let object = form::object(&request.item)?;
    find(ctx, object.canonical())
}

/// The events that name an item, a unit or a class, oldest record first.
///
/// # Errors
/// [`Rejection::NumberMalformed`] for a page outside its bounds. Nothing recorded is an empty page.
pub fn events(ctx: &mut Context<'_>, request: ReadEvents) -> Result<EventPage, Refusal> {
    let object = form::object(&request.item)?;
    let limit = page_size(request.limit)?;
    if request.skip > EVENTS_PAGED_MAX {
        return Err(Rejection::NumberMalformed { field: "skip" }.into());
    }
    let wanted = (request.skip + limit + 1) as usize;
    let records = record_ids(ctx, object.canonical(), wanted)?;
    let next_skip = (records.len() == wanted).then_some(request.skip + limit);
    let mut found = Vec::new();
    for record_id in records.into_iter().skip(request.skip as usize).take(limit as usize) {
        found.extend(find_event(ctx, &record_id)?);
    }
    Ok(EventPage { item_id: object.canonical().to_owned(), events: found, next_skip })
}

/// Alarms, of one item or of all.
///
/// # Errors
/// [`Rejection::NumberMalformed`] for a page outside its bounds.
pub fn alarms(ctx: &mut Context<'_>, request: ReadAlarms) -> Result<AlarmPage, Refusal> {
    let limit = page_size(request.limit)?;
    let after = request.after.unwrap_or_default();
    let (found, next) = match &request.item {
        None => {
            let page = ctx.scan_page(&keys::alarms()?, limit, &after)?;
            let mut found = Vec::with_capacity(page.rows.len());
            for row in &page.rows {
                found.push(row.json::<Alarm>()?);
            }
            (found, page.bookmark)
        }
        Some(item) => {
            let object = form::object(item)?;
            let page = ctx.scan_page(&keys::item_alarms(object.canonical())?, limit, &after)?;
            let mut found = Vec::with_capacity(page.rows.len());
            for row in &page.rows {
                found.push(find_alarm(ctx, &row.json::<String>()?)?);
            }
            (found, page.bookmark)
        }
    };
    let wanted = |alarm: &Alarm| !request.open_only || alarm.state.stands();
    Ok(AlarmPage { alarms: found.into_iter().filter(wanted).collect(), next })
}

/// An alarm by its id.
///
/// # Errors
/// [`Rejection::AlarmUnknown`].
pub fn read_alarm(ctx: &mut Context<'_>, request: ReadAlarm) -> Result<Alarm, Refusal> {
    find_alarm(ctx, &request.alarm_id)
}

pub(crate) fn find(ctx: &mut Context<'_>, item_id: &str) -> Result<Item, Refusal> {
    let item = ctx.get_json::<Item>(&keys::item(item_id)?)?;
    Ok(item.ok_or_else(|| Rejection::ItemUnknown { item_id: item_id.to_owned() })?)
}

pub(crate) fn exists(ctx: &mut Context<'_>, item_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::item(item_id)?)?.is_some())
}

pub(crate) fn event_exists(ctx: &mut Context<'_>, record_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::event(record_id)?)?.is_some())
}

pub(crate) fn alarm_exists(ctx: &mut Context<'_>, alarm_id: &str) -> Result<bool, Refusal> {
    Ok(ctx.get(&keys::alarm(alarm_id)?)?.is_some())
}

/// The ids of the alarms that stand against an item, oldest first and at most `limit`, and whether these are all.
pub(crate) fn standing_alarms(
    ctx: &mut Context<'_>,
    item_id: &str,
    limit: usize,
) -> Result<(Vec<String>, bool), Refusal> {
    let rows = ctx.scan(&keys::standing_alarms(item_id)?, limit)?;
    let complete = rows.complete;
    let mut ids = Vec::with_capacity(rows.rows.len());
    for row in rows {
        ids.push(row.json::<String>()?);
    }
    Ok((ids, complete))
}

fn find_alarm(ctx: &mut Context<'_>, alarm_id: &str) -> Result<Alarm, Refusal> {
    let alarm = ctx.get_json::<Alarm>(&keys::alarm(alarm_id)?)?;
    Ok(alarm.ok_or_else(|| Rejection::AlarmUnknown { alarm_id: alarm_id.to_owned() })?)
}

fn find_event(ctx: &mut Context<'_>, record_id: &str) -> Result<Option<RecordedEvent>, Refusal> {
    Ok(ctx.get_json(&keys::event(record_id)?)?)
}

/// The records of the events that name an object, oldest first, at most `limit`.
fn record_ids(ctx: &mut Context<'_>, object_id: &str, limit: usize) -> Result<Vec<String>, Refusal> {
    let rows = ctx.scan(&keys::item_events(object_id)?, limit)?;
    let mut ids = Vec::with_capacity(rows.rows.len());
    for row in rows {
        ids.push(row.json::<String>()?);
    }
    Ok(ids)
}

fn page_size(limit: Option<u32>) -> Result<u32, Rejection> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) { Ok(limit) } else { Err(Rejection::NumberMalformed { field: "limit" }) }
}
