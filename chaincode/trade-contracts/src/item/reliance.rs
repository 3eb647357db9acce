//! What rests on a record: the facts that other members accepted since about the things that it changed.
//!
//! What two members signed, one of them cannot undo (S2 of the design): a correction that would reach under such a fact
//! takes the consent of those that accepted it. Events of others do not count, as anybody can record one. What an
//! authority holds, or decided, only an authority lets go.

use std::collections::BTreeSet;

use fabric_contract::{Context, Table};
use serde::{Serialize, de::DeserializeOwned};
use trade_model::Refusal;
use trade_model::common::{EventRecordId, ItemId};
use trade_model::customs::{CLEARED, COUNTRIES_MAX};
use trade_model::governance::Members;
use trade_model::item::{
    Basis, CORRECTION_CONSENTS, CUSTODY, Change, CorrectionConsent, EVENTS, Effect, Item, LICENCE, RecordedEvent,
    TITLE, TimelineEntry,
};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::registry::{self, Registry};
use crate::authorship;
use crate::customs::hold::Holds;

/// Most members that can have agreed to one correction.
const CONSENTS_MAX: usize = 200;

/// Most entries of one timeline that are looked through. Where more follow a record, an authority has to decide.
const ENTRIES_MAX: u32 = 100;

/// What rests on a record.
#[derive(Debug, Default)]
pub(super) struct Reliance {
    /// The members, other than its recorder, that accepted custody or title since, or sold.
    pub(super) parties: BTreeSet<MspId>,
    /// The things on which something rests that no member can give up: a sale to a consumer, a customs decision, a
    /// hold.
    pub(super) needs_authority: BTreeSet<ItemId>,
}

impl Reliance {
    pub(super) fn is_none(&self) -> bool {
        self.parties.is_empty() && self.needs_authority.is_empty()
    }

    /// Whether the authorities of all things have decided, each by two officers; or those that must, and everybody
    /// agreed whose facts rest on the record by now.
    pub(super) fn is_agreed(&self, things: &[ItemId], consents: &[CorrectionConsent]) -> bool {
        let approved = consents.iter().filter(|consent| consent.approved.is_some());
        let decided: BTreeSet<&ItemId> = approved.flat_map(|consent| &consent.decides).collect();
        let for_itself =
            |consent: &CorrectionConsent, party: &MspId| consent.decides.is_empty() && consent.consented.by == *party;
        let all_agreed = || self.parties.iter().all(|party| consents.iter().any(|consent| for_itself(consent, party)));
        let is_decided = |thing: &ItemId| decided.contains(thing);
        let all_decided = !things.is_empty() && things.iter().all(is_decided);
        self.needs_authority.iter().all(is_decided) && (all_decided || all_agreed())
    }
}

/// The consents that their members have made.
pub(super) fn consents(ctx: &mut Context<'_>, record_id: &EventRecordId) -> Result<Vec<CorrectionConsent>, Refusal> {
    let mut consents = Vec::new();
    for (key, consent) in CORRECTION_CONSENTS.scan(ctx, record_id, CONSENTS_MAX)?.entries {
        if authorship::is_authentic(ctx, &CORRECTION_CONSENTS, &key, &consent, &key.1.0)? {
            consents.push(consent);
        }
    }
    Ok(consents)
}

/// What rests on the changes that a record made, with the holds that bind now.
pub(super) fn on(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    (members, holds): (&Members, &mut Holds),
    record: &RecordedEvent,
) -> Result<Reliance, Refusal> {
    let mut found = Reliance::default();
    let things: Vec<ItemId> = record.effects.iter().map(|effect| effect.item_id.clone()).collect();
    registry.load(ctx, &things)?;
    for effect in record.effects.iter().filter(|effect| matters(effect)) {
        let Some(item) = registry.find(ctx, &effect.item_id)?.cloned() else { continue };
        if gave_way(&item, record, effect) {
            continue;
        }
        accepted(ctx, &item, record.recorded.at, &mut found)?;
        if matches!(effect.change, Change::Commissioning { .. }) {
            relied_before(ctx, &item, &mut found)?;
        }
        sold(ctx, &item, record, effect, &mut found)?;
        for thing in touched(&item, effect) {
            let Some(thing) = registry.find(ctx, thing)?.cloned() else { continue };
            let hold = holds.on(ctx, members, &thing)?;
            if hold.is_some_and(|hold| hold.authority != record.recorded.by) {
                found.needs_authority.insert(thing.item_id);
            }
        }
    }
    found.parties.remove(&record.recorded.by);
    Ok(found)
}

/// Whether others can rely on such a change. Where a thing is, and that it is recalled, its recorder may take back.
fn matters(effect: &Effect) -> bool {
    match effect.change {
        Change::Commissioning { .. } | Change::Life { .. } | Change::Parent { .. } | Change::Owner { .. } => true,
        Change::Location { .. } | Change::Recall { .. } | Change::Licence { .. } => false,
    }
}

/// What changes when a change is taken back: the thing, and the units out of which it goes and into which it goes back.
pub(super) fn touched<'a>(item: &'a Item, effect: &'a Effect) -> impl Iterator<Item = &'a ItemId> {
    let units = match &effect.change {
        Change::Parent { before, after } => [before.as_ref(), after.as_ref()],
        _ => [None, None],
    };
    std::iter::once(&item.item_id).chain(units.into_iter().flatten())
}

/// Whether the maker has taken the thing over since, so that nothing of the change is left.
fn gave_way(item: &Item, record: &RecordedEvent, effect: &Effect) -> bool {
    match &effect.change {
        Change::Commissioning { by_event } => item.commissioned_by_event.as_ref() != Some(by_event),
        Change::Life { .. } => item.life_set_by_event.as_ref() != Some(&record.record_id),
        Change::Parent { after, .. } => item.parent != *after,
        Change::Owner { .. } | Change::Location { .. } | Change::Recall { .. } | Change::Licence { .. } => false,
    }
}

/// Custody and title accepted, and decisions of customs, after `since`.
fn accepted(ctx: &mut Context<'_>, item: &Item, since: UtcTime, found: &mut Reliance) -> Result<(), Refusal> {
    let counts = &item.entries;
    // The line of custody begins with the member that made the thing known, by its own word.
    let custody = later(ctx, &CUSTODY, item, (1, counts.custody), since)?;
    let title = later(ctx, &TITLE, item, (0, counts.title), since)?;
    let licence = later(ctx, &LICENCE, item, (0, counts.licence), since)?;
    if custody.needs_authority()
        || title.needs_authority()
        || licence.needs_authority()
        || was_cleared(ctx, item, since)?
    {
        found.needs_authority.insert(item.item_id.clone());
    }
    found.parties.extend(custody.accepted(&[Basis::CustodyTransfer, Basis::Recovery]));
    found.parties.extend(title.accepted(&[Basis::TitleTransfer]));
    Ok(())
}

/// Who holds and who owns a thing by what both sides signed relies on whose it was by then, even where its maker said
/// only later that it had put the thing into use: without that word, another could come and take the thing over.
fn relied_before(ctx: &mut Context<'_>, item: &Item, found: &mut Reliance) -> Result<(), Refusal> {
    if registry::last_custody(ctx, item)?.is_some_and(|last| last.basis == Basis::CustodyTransfer) {
        found.parties.extend(item.holder.clone());
    }
    let Some(last) = item.entries.title.checked_sub(1) else { return Ok(()) };
    if TITLE.find(ctx, &(item.item_id.clone(), last))?.is_some_and(|last| last.basis == Basis::TitleTransfer) {
        found.parties.extend(item.owner.clone());
    }
    Ok(())
}

/// Whether an authority let the thing in after a moment, whatever that changed on its lines.
fn was_cleared(ctx: &mut Context<'_>, item: &Item, since: UtcTime) -> Result<bool, Refusal> {
    let cleared = CLEARED.scan(ctx, &item.item_id, COUNTRIES_MAX)?.entries;
    Ok(cleared.iter().any(|(_, clearance)| clearance.at > since))
}

/// The entries of a timeline that follow a moment.
struct Later<V> {
    entries: Vec<TimelineEntry<V>>,
    /// Whether these are all.
    complete: bool,
}

impl<V> Later<V> {
    /// Whether an authority decided one, or there are too many to look at.
    fn needs_authority(&self) -> bool {
        !self.complete || self.entries.iter().any(|entry| entry.basis == Basis::Decision)
    }

    /// The values of those with one of these bases.
    fn accepted(self, bases: &[Basis]) -> impl Iterator<Item = V> {
        self.entries.into_iter().filter(|entry| bases.contains(&entry.basis)).filter_map(|entry| entry.value)
    }
}

fn later<V: Serialize + DeserializeOwned>(
    ctx: &mut Context<'_>,
    timeline: &Table<(ItemId, u32), TimelineEntry<V>>,
    item: &Item,
    (begin, count): (u32, u32),
    since: UtcTime,
) -> Result<Later<V>, Refusal> {
    let mut entries = Vec::new();
    let first = count.saturating_sub(ENTRIES_MAX).max(begin);
    for number in (first..count).rev() {
        let Some(entry) = timeline.find(ctx, &(item.item_id.clone(), number))? else { break };
        if entry.from <= since {
            return Ok(Later { entries, complete: true });
        }
        entries.push(entry);
    }
    Ok(Later { entries, complete: first <= begin })
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
    found.needs_authority.insert(item.item_id.clone());
    if let Some(sale) = &item.life_set_by_event
        && let Some(sale) = EVENTS.find(ctx, sale)?
        && sale.recorded.at > record.recorded.at
    {
        found.parties.insert(sale.recorded.by);
    }
    Ok(())
}
