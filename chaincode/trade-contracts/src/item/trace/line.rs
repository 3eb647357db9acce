//! The events of a trace in one line.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::item::{CUSTODY, ITEM_EVENTS, RecordedEvent, TraceStep};
use trade_standards::identifier::MspId;

use super::mark::{Mark, Page};
use super::timeline;
use super::visits::Visit;
use crate::item::find::find_event;

/// Most events of one page.
const STEPS_MAX: usize = 500;

/// The events of all visits that belong to the page, newest first and each once, at its nearest thing.
pub(super) fn steps(ctx: &mut Context<'_>, page: &mut Page, visits: &[Visit]) -> Result<Vec<TraceStep>, Refusal> {
    let mut places: BTreeMap<Mark, &Visit> = BTreeMap::new();
    for visit in visits {
        for mark in marks(ctx, page, visit)? {
            places.entry(mark).or_insert(visit);
        }
    }
    if let Some((mark, _)) = places.iter().rev().nth(STEPS_MAX - 1).filter(|_| places.len() > STEPS_MAX) {
        page.cut_at(mark.clone());
    }
    let mut steps = Vec::new();
    for (mark, visit) in places.into_iter().rev() {
        if page.cut.as_ref().is_some_and(|cut| mark < *cut) {
            break;
        }
        let Some(record_id) = &mark.record_id else { continue };
        let Some(event) = find_event(ctx, record_id)? else { continue };
        let custody = timeline::at(ctx, &visit.object_id, &CUSTODY, visit.custody_entries, mark.at)?;
        steps.push(step(visit, &mark, custody.and_then(|entry| entry.value), event));
    }
    Ok(steps)
}

/// Where the events of a thing stand, as far as they belong to the visit and to the page.
fn marks(ctx: &mut Context<'_>, page: &mut Page, visit: &Visit) -> Result<Vec<Mark>, Refusal> {
    let object_id = &visit.object_id;
    let end = visit.until.map(|at| Mark { at, record_id: None });
    let newest = match (&page.after, end) {
        (Some(after), Some(end)) => Some(after.clone().min(end)),
        (Some(after), None) => Some(after.clone()),
        (None, end) => end,
    };
    let size = STEPS_MAX as u32 + 1;
    let found = match newest {
        Some(mark) => ITEM_EVENTS.page_from(ctx, object_id, size, &(object_id.clone(), mark.newest()))?,
        None => ITEM_EVENTS.page(ctx, object_id, size, "")?,
    };
    let mut marks = Vec::with_capacity(found.entries.len());
    for ((_, place, _), record_id) in found.entries {
        let mark = Mark { at: (place.at, place.place), record_id: Some(record_id) };
        if visit.from.is_some_and(|from| mark.at < from) {
            return Ok(marks);
        }
        if page.begins_above(&mark) {
            marks.push(mark);
        }
    }
    if let Some(oldest) = marks.last().filter(|_| found.bookmark.is_some()) {
        page.cut_at(oldest.clone());
    }
    Ok(marks)
}

fn step(visit: &Visit, mark: &Mark, responsible: Option<MspId>, event: RecordedEvent) -> TraceStep {
    TraceStep {
        item_id: visit.object_id.clone(),
        distance: visit.distance,
        responsible,
        place: event.business_location.or(event.read_point),
        erroneous: event.declared_erroneous.is_some(),
        event_hash: event.event_hash,
        record_id: event.record_id,
        event_type: event.event_type,
        action: event.action,
        business_step: event.business_step,
        event_time: event.event_time,
        recorded_at: event.recorded.at,
        place_in_document: mark.at.1,
        recorded_by: event.recorded.by,
    }
}
