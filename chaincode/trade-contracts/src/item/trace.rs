//! `item:Trace`: backwards to the origin, forwards to where the contents went, with the party responsible at each step.
//!
//! Responsibility follows custody: it changes when the receiver accepts and not before, so it has neither holes nor
//! overlaps. Records are placed by the ledger's time and, within one document, by its order; what documents claim
//! stands beside it. A trace is answered newest first, in pages that hold everything down to the mark at which the next
//! begins. What members without standing recorded is no part of it.

mod gaps;
mod line;
mod mark;
mod timeline;
mod visits;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::item::{
    AlarmReport, CUSTODY, ITEMS, Item, LICENCE, LOCATION, PACKING, RecordedEvent, SIGHTINGS, STANDING_ALARMS, TITLE,
    Trace, TraceDirection, TraceItem,
};

use self::gaps::Around;
use self::mark::{Mark, Page};
use super::alarm::{self, Reader};
use super::find::{find, find_alarm, find_event};
use super::held::held_by;

/// Most alarms of an answer, and most that are looked at.
const ALARMS_MAX: usize = 50;
const ALARMS_READ_MAX: u32 = 200;

/// Where an item came from, or where it and its contents went.
///
/// # Errors
/// [`trade_model::item::ItemRejection::ItemUnknown`]; `request.cursor_malformed` for a cursor of another list.
pub fn trace(ctx: &mut Context<'_>, request: TraceItem) -> Result<Trace, Refusal> {
    let item = find(ctx, &request.item)?;
    let mut page = Page::after(request.after.as_ref())?;
    let custody = timeline::read(ctx, &mut page, &item.item_id, &CUSTODY, item.entries.custody)?;
    let title = timeline::read(ctx, &mut page, &item.item_id, &TITLE, item.entries.title)?;
    let location = timeline::read(ctx, &mut page, &item.item_id, &LOCATION, item.entries.location)?;
    let licence = timeline::read(ctx, &mut page, &item.item_id, &LICENCE, item.entries.licence)?;
    let packing = timeline::read(ctx, &mut page, &item.item_id, &PACKING, item.entries.packing)?;
    let visits = match request.direction {
        TraceDirection::Backward => visits::containers(ctx, &mut page, &item.item_id)?,
        TraceDirection::Forward => visits::contents(ctx, &mut page, &item.item_id)?,
    };
    let steps = line::steps(ctx, &mut page, &visits)?;
    let first_page = request.after.is_none();
    let (alarms, alarms_truncated) = if first_page { alarms(ctx, &item)? } else { (Vec::new(), false) };
    let unit = match &item.parent {
        Some(unit_id) => ITEMS.find(ctx, unit_id)?,
        None => None,
    };
    let sighting = newest_sighting(ctx, &item)?;
    let around = Around { item: &item, unit: unit.as_ref(), sighting: sighting.as_ref(), first_page };
    let gaps = gaps::find(&around, &custody, &steps);
    Ok(Trace {
        origin: item.origin,
        held: held_by(ctx, &item)?,
        direction: request.direction,
        custody: timeline::entries(custody),
        title: timeline::entries(title),
        location: timeline::entries(location),
        licence: timeline::entries(licence),
        packing: timeline::entries(packing),
        item_id: item.item_id,
        steps,
        gaps,
        alarms,
        alarms_truncated,
        next: page.cut.as_ref().map(Mark::cursor),
        truncated: !page.complete,
    })
}

fn newest_sighting(ctx: &mut Context<'_>, item: &Item) -> Result<Option<RecordedEvent>, Refusal> {
    let newest = SIGHTINGS.page(ctx, &item.item_id, 1, "")?.entries.into_iter().next();
    match newest {
        Some((_, record_id)) => find_event(ctx, &record_id),
        None => Ok(None),
    }
}

/// The alarms that stand against an item and of which the reader is told, those that count first.
fn alarms(ctx: &mut Context<'_>, item: &Item) -> Result<(Vec<AlarmReport>, bool), Refusal> {
    let reader = Reader::of(ctx)?;
    let page = STANDING_ALARMS.page(ctx, &item.item_id, ALARMS_READ_MAX, "")?;
    let mut alarms = Vec::new();
    for (_, alarm_id) in page.entries {
        let alarm = find_alarm(ctx, &alarm_id)?;
        let report = alarm::report(ctx, alarm, reader.now)?;
        alarms.extend((report.state.stands() && reader.is_told_of(&report)).then_some(report));
    }
    let truncated = page.bookmark.is_some() || alarms.len() > ALARMS_MAX;
    alarms.truncate(ALARMS_MAX);
    Ok((alarms, truncated))
}
