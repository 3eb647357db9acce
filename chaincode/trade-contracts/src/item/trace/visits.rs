//! The things whose events belong to a trace, each for a time.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{CONTENTS, ITEMS, NESTING_MAX, PACKING};

use super::mark::{At, Page};
use super::timeline::{self, Span};

/// Most things of one trace.
const VISITS_MAX: usize = 300;

/// A thing whose events belong to the trace, from `from` and to `until`, both included.
pub(super) struct Visit {
    pub(super) object_id: ItemId,
    pub(super) distance: u32,
    pub(super) from: Option<At>,
    pub(super) until: Option<At>,
    /// How many entries its custody timeline has.
    pub(super) custody_entries: u32,
}

/// Things found so far, nearest first.
struct Found {
    visits: Vec<Visit>,
}

impl Found {
    /// Adds a thing, or notes on the page that there is no room for it.
    fn add(&mut self, ctx: &mut Context<'_>, page: &mut Page, visit: Visit) -> Result<(), Refusal> {
        if self.visits.len() >= VISITS_MAX || visit.distance as usize > NESTING_MAX {
            page.complete = false;
            return Ok(());
        }
        let custody_entries = ITEMS.find(ctx, &visit.object_id)?.map_or(0, |item| item.entries.custody);
        self.visits.push(Visit { custody_entries, ..visit });
        Ok(())
    }

    fn begin(ctx: &mut Context<'_>, page: &mut Page, item_id: &ItemId) -> Result<Self, Refusal> {
        let mut found = Self { visits: Vec::new() };
        found.add(ctx, page, visit(item_id.clone(), 0, None, None))?;
        Ok(found)
    }
}

fn visit(object_id: ItemId, distance: u32, from: Option<At>, until: Option<At>) -> Visit {
    Visit { object_id, distance, from, until, custody_entries: 0 }
}

/// The item itself and the units it lay in, each for the time it lay there.
pub(super) fn containers(ctx: &mut Context<'_>, page: &mut Page, item_id: &ItemId) -> Result<Vec<Visit>, Refusal> {
    let mut found = Found::begin(ctx, page, item_id)?;
    let mut next = 0;
    while let Some(inner) = found.visits.get(next) {
        let (object_id, distance, within) = (inner.object_id.clone(), inner.distance, (inner.from, inner.until));
        next += 1;
        for span in packing(ctx, page, &object_id)? {
            let (from, until) = (within.0.max(Some(span.from())), earlier(within.1, span.until));
            let Some(unit_id) = span.entry.value else { continue };
            if until.is_none_or(|until| from < Some(until)) {
                found.add(ctx, page, visit(unit_id, distance + 1, from, until))?;
            }
        }
    }
    Ok(found.visits)
}

/// The item itself and everything that lay in it or in what lay in it, each from then on. Only what members with
/// standing packed has lain in it.
pub(super) fn contents(ctx: &mut Context<'_>, page: &mut Page, item_id: &ItemId) -> Result<Vec<Visit>, Refusal> {
    let mut found = Found::begin(ctx, page, item_id)?;
    let mut next = 0;
    while let Some(outer) = found.visits.get(next) {
        let (unit_id, distance, begin) = (outer.object_id.clone(), outer.distance, outer.from);
        next += 1;
        for (child_id, from) in packed_since(ctx, page, &unit_id, begin)? {
            if found.visits.iter().all(|visit| visit.object_id != child_id) {
                found.add(ctx, page, visit(child_id, distance + 1, Some(from), None))?;
            }
        }
    }
    Ok(found.visits)
}

/// What lay in a unit at a moment or since, each with the first moment of that.
fn packed_since(
    ctx: &mut Context<'_>,
    page: &mut Page,
    unit_id: &ItemId,
    begin: Option<At>,
) -> Result<BTreeMap<ItemId, At>, Refusal> {
    let listed = CONTENTS.page(ctx, unit_id, VISITS_MAX as u32, "")?;
    page.complete &= listed.bookmark.is_none();
    let mut since: BTreeMap<ItemId, At> = BTreeMap::new();
    for (_, child_id) in listed.entries {
        if since.contains_key(&child_id) {
            continue;
        }
        let lay_there = |span: &Span<ItemId>| {
            let there = span.entry.value.as_ref() == Some(unit_id);
            (there && span.until.is_none_or(|until| begin < Some(until))).then(|| begin.max(Some(span.from())))
        };
        let first = packing(ctx, page, &child_id)?.iter().find_map(lay_there).flatten();
        since.extend(first.map(|first| (child_id, first)));
    }
    Ok(since)
}

/// Where a thing lay, as far as it is told on this page.
fn packing(ctx: &mut Context<'_>, page: &mut Page, item_id: &ItemId) -> Result<Vec<Span<ItemId>>, Refusal> {
    let entries = ITEMS.find(ctx, item_id)?.map_or(0, |item| item.entries.packing);
    timeline::read(ctx, page, item_id, &PACKING, entries)
}

fn earlier(a: Option<At>, b: Option<At>) -> Option<At> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (only, None) | (None, only) => only,
    }
}
