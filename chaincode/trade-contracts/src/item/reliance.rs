//! What rests on a record: the facts that other members accepted since about the things that it changed.
//!
//! What two members signed, one of them cannot undo (S2 of the design): a correction that would reach under such a fact
//! takes the consent of those that accepted it. Events of others do not count, as anybody can record one.

use std::collections::BTreeSet;

use fabric_contract::{Context, Table};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{Basis, CUSTODY, Change, EVENTS, Effect, Item, LICENCE, RecordedEvent, TITLE, TimelineEntry};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::registry::Registry;

/// Most entries of one timeline that are looked through. Where more follow a record, an authority has to decide.
const ENTRIES_MAX: u32 = 100;

/// What rests on a record.
#[derive(Debug, Default)]
pub(super) struct Reliance {
    /// The members, other than its recorder, that accepted custody or title since, or sold.
    pub(super) parties: BTreeSet<MspId>,
    /// Whether something rests on it that no member can give up: a sale to a consumer, or a customs decision.
    pub(super) needs_authority: bool,
}

impl Reliance {
    pub(super) fn is_none(&self) -> bool {
        self.parties.is_empty() && !self.needs_authority
    }
}

/// What rests on the changes that a record made.
pub(super) fn on(ctx: &mut Context<'_>, registry: &mut Registry, record: &RecordedEvent) -> Result<Reliance, Refusal> {
    let mut found = Reliance::default();
    let things: Vec<ItemId> = record.effects.iter().map(|effect| effect.item_id.clone()).collect();
    registry.load(ctx, &things)?;
    for effect in record.effects.iter().filter(|effect| matters(effect)) {
        let Some(item) = registry.find(ctx, &effect.item_id)?.cloned() else { continue };
        if gave_way(&item, record, effect) {
            continue;
        }
        accepted(ctx, &item, record.recorded.at, &mut found)?;
        sold(ctx, &item, record, effect, &mut found)?;
    }
    found.parties.remove(&record.recorded.by);
    Ok(found)
}

/// Whether others can rely on such a change. Where a thing is, and that it is recalled, its recorder may take back.
fn matters(effect: &Effect) -> bool {
    match effect.change {
        Change::Commissioning { .. } | Change::Life { .. } | Change::Parent { .. } | Change::Owner { .. } => true,
        Change::Location { .. } | Change::Recall { .. } => false,
    }
}

/// Whether the maker has taken the thing over since, so that nothing of the change is left.
fn gave_way(item: &Item, record: &RecordedEvent, effect: &Effect) -> bool {
    match &effect.change {
        Change::Commissioning { by_event } => item.commissioned_by_event.as_ref() != Some(by_event),
        Change::Life { .. } => item.life_set_by_event.as_ref() != Some(&record.record_id),
        Change::Parent { after, .. } => item.parent != *after,
        Change::Owner { .. } | Change::Location { .. } | Change::Recall { .. } => false,
    }
}

/// Custody and title accepted, and decisions of customs, after `since`.
fn accepted(ctx: &mut Context<'_>, item: &Item, since: UtcTime, found: &mut Reliance) -> Result<(), Refusal> {
    // Without a transfer, no entry of the custody line is one; the title line begins with the commissioning.
    let transfers = if item.received_by_transfer.is_some() { item.entries.custody } else { 0 };
    let titles = if item.entries.title > 1 { item.entries.title } else { 0 };
    let custody = later(ctx, &CUSTODY, item, transfers, since, Basis::CustodyTransfer, found)?;
    let title = later(ctx, &TITLE, item, titles, since, Basis::TitleTransfer, found)?;
    found.parties.extend(custody.into_iter().chain(title).flatten());
    let decided = later(ctx, &LICENCE, item, item.entries.licence, since, Basis::Decision, found)?;
    found.needs_authority |= !decided.is_empty();
    Ok(())
}

/// The values of the entries with this basis that follow `since`.
fn later<V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    timeline: &Table<(ItemId, u32), TimelineEntry<V>>,
    item: &Item,
    count: u32,
    since: UtcTime,
    basis: Basis,
    found: &mut Reliance,
) -> Result<Vec<Option<V>>, Refusal> {
    let mut values = Vec::new();
    let first = count.saturating_sub(ENTRIES_MAX);
    for number in (first..count).rev() {
        let Some(entry) = timeline.find(ctx, &(item.item_id.clone(), number))? else { break };
        if entry.from <= since {
            return Ok(values);
        }
        if entry.basis == basis {
            values.push(entry.value);
        }
    }
    found.needs_authority |= first > 0;
    Ok(values)
}

/// A consumer cannot sign. What was sold is not disowned, by taking the sale back first or otherwise; the seller may
/// take back the sale itself, which stays among the sales that are counted.
fn sold(
    ctx: &mut Context<'_>,
    item: &Item,
    record: &RecordedEvent,
    effect: &Effect,
    found: &mut Reliance,
) -> Result<(), Refusal> {
    let sale_itself = matches!(effect.change, Change::Life { .. });
    if item.sales == 0 || sale_itself {
        return Ok(());
    }
    found.needs_authority = true;
    if let Some(sale) = &item.life_set_by_event
        && let Some(sale) = EVENTS.find(ctx, sale)?
        && sale.recorded.at > record.recorded.at
    {
        found.parties.insert(sale.recorded.by);
    }
    Ok(())
}
