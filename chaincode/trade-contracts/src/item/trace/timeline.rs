//! The timelines of a thing: entries by number, oldest first, each ending where the next begins.

use fabric_contract::{Context, Table};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::TimelineEntry;

use super::mark::{At, Mark, Page};

/// Most entries of one timeline on a page.
const ENTRIES_MAX: u32 = 500;

pub(super) type Timeline<V> = Table<(ItemId, u32), TimelineEntry<V>>;

/// An entry and where it ends; none while it lasts.
pub(super) struct Span<V> {
    pub(super) entry: TimelineEntry<V>,
    pub(super) until: Option<At>,
}

impl<V> Span<V> {
    pub(super) fn from(&self) -> At {
        began(&self.entry)
    }
}

fn began<V>(entry: &TimelineEntry<V>) -> At {
    (entry.from, entry.place_in_document)
}

/// The newest of the `count` entries that belong to the page.
pub(super) fn read<V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    page: &mut Page,
    item_id: &ItemId,
    timeline: &Timeline<V>,
    count: u32,
) -> Result<Vec<Span<V>>, Refusal> {
    let end = match &page.after {
        Some(after) => number_from(ctx, item_id, timeline, count, |at| at >= after.at)?,
        None => count,
    };
    let begin = end.saturating_sub(ENTRIES_MAX);
    // One more is read than belongs to the page, so that the last one has its end and does not seem to last.
    let found = timeline.page_from(ctx, item_id, ENTRIES_MAX + 1, &(item_id.clone(), begin))?;
    let mut spans: Vec<Span<V>> = Vec::with_capacity(found.entries.len());
    for ((_, number), entry) in found.entries {
        if let Some(previous) = spans.last_mut() {
            previous.until.get_or_insert(began(&entry));
            previous.entry.until = Some(entry.from);
        }
        if number >= end {
            break;
        }
        spans.push(Span { entry, until: None });
    }
    if let Some(oldest) = spans.first().filter(|_| begin > 0) {
        page.cut_at(Mark { at: oldest.from(), record_id: None });
    }
    Ok(spans)
}

/// The entry of a timeline that held at a moment; at the very moment of a change, the new one.
pub(super) fn at<V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    item_id: &ItemId,
    timeline: &Timeline<V>,
    count: u32,
    moment: At,
) -> Result<Option<TimelineEntry<V>>, Refusal> {
    match number_from(ctx, item_id, timeline, count, |at| at > moment)?.checked_sub(1) {
        Some(number) => Ok(timeline.find(ctx, &(item_id.clone(), number))?),
        None => Ok(None),
    }
}

/// The number of the first entry that began where `later` says so; `count` when there is none. Entries are in the order
/// of time, so it is found by halving.
fn number_from<V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    item_id: &ItemId,
    timeline: &Timeline<V>,
    count: u32,
    later: impl Fn(At) -> bool,
) -> Result<u32, Refusal> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        let entry = timeline.find(ctx, &(item_id.clone(), middle))?;
        if entry.is_none_or(|entry| later(began(&entry))) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The entries alone, as they are answered.
pub(super) fn entries<V>(spans: Vec<Span<V>>) -> Vec<TimelineEntry<V>> {
    spans.into_iter().map(|span| span.entry).collect()
}
