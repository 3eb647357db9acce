//! The items of one transaction: loaded once, changed in memory, written at the end.
//!
//! Fabric shows a transaction only what was committed before it, so a document whose second event depends on the first
//! needs this memory. Other contracts that move items (custody, customs) go through it as well.
//!
//! The records about one item are in strict order of ledger time, whatever clients claim: see `caller`.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::{CompositeKey, Context};
use trade_model::item::{AlarmCounts, Basis, EntryCounts, Item, ItemKind, Life, NESTING_MAX, Origin, TimelineEntry};
use trade_model::rejection::Rejection;
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::keys::{self, Timeline};
use crate::Refusal;

/// The items a transaction has touched, with what is to be written for them.
#[derive(Default)]
pub(crate) struct Book {
    items: BTreeMap<String, Option<Item>>,
    changed: BTreeMap<String, ()>,
    entries: Vec<(CompositeKey, TimelineEntry)>,
    /// The items whose last record is this transaction's.
    stamped: BTreeSet<String>,
}

/// What a new timeline entry rests on.
pub(crate) struct Ground<'a> {
    pub(crate) basis: Basis,
    pub(crate) reference: &'a str,
    /// Ledger time of the transaction.
    pub(crate) now: UtcTime,
    /// What the client's clock said.
    pub(crate) asserted: UtcTime,
    pub(crate) claimed_at: Option<UtcTime>,
    pub(crate) tx_id: &'a str,
}

impl Book {
    /// Loads several items with one message to the peer.
    pub(crate) fn load(&mut self, ctx: &mut Context<'_>, item_ids: &[String]) -> Result<(), Refusal> {
        let missing: Vec<&String> = item_ids.iter().filter(|id| !self.items.contains_key(*id)).collect();
        let mut wanted = Vec::with_capacity(missing.len());
        for id in &missing {
            wanted.push(keys::item(id)?);
        }
        ctx.get_many(&wanted)?;
        for (id, key) in missing.into_iter().zip(&wanted) {
            let item = ctx.get_json::<Item>(key)?;
            self.items.insert(id.clone(), item);
        }
        Ok(())
    }

    /// The item, if the ledger or this transaction knows it.
    pub(crate) fn find(&mut self, ctx: &mut Context<'_>, item_id: &str) -> Result<Option<&mut Item>, Refusal> {
        if !self.items.contains_key(item_id) {
            let item = ctx.get_json::<Item>(&keys::item(item_id)?)?;
            self.items.insert(item_id.to_owned(), item);
        }
        Ok(self.items.get_mut(item_id).and_then(Option::as_mut))
    }

    /// The item, or the rejection that it is unknown.
    pub(crate) fn known(&mut self, ctx: &mut Context<'_>, item_id: &str) -> Result<&mut Item, Refusal> {
        let found = self.find(ctx, item_id)?;
        found.ok_or_else(|| Rejection::ItemUnknown { item_id: item_id.to_owned() }.into())
    }

    /// The item to be changed; the change is written by [`Book::flush`].
    pub(crate) fn change(&mut self, ctx: &mut Context<'_>, item_id: &str) -> Result<&mut Item, Refusal> {
        self.changed.insert(item_id.to_owned(), ());
        self.known(ctx, item_id)
    }

    /// Makes a thing known that turned up for the first time; its holder is whoever recorded it.
    pub(crate) fn introduce(
        &mut self,
        object: &ObjectUri,
        origin: Origin,
        holder: &MspId,
        ground: &Ground<'_>,
    ) -> Result<(), Refusal> {
        let item_id = object.canonical().to_owned();
        self.items.insert(item_id.clone(), Some(new_item(object, origin, ground.now)));
        self.stamped.insert(item_id.clone());
        self.changed.insert(item_id.clone(), ());
        let item = self.items.get_mut(&item_id).and_then(Option::as_mut);
        let item = item.ok_or_else(|| Rejection::ItemUnknown { item_id: item_id.clone() })?;
        item.holder = Some(holder.clone());
        self.append(&item_id, Timeline::Custody, Some(holder.to_string()), ground)
    }

    /// The ledger time of the newest record about any of the items that are loaded.
    pub(crate) fn last_recorded_at(&self) -> Option<UtcTime> {
        self.items.values().flatten().map(|item| item.last_recorded_at).max()
    }

    /// Notes a record about an item and returns its ledger time: the transaction's, unless an earlier transaction's record
    /// about this item lies later.
    pub(crate) fn stamp(&mut self, item_id: &str, now: UtcTime) -> Result<UtcTime, Refusal> {
        let item = self.items.get_mut(item_id).and_then(Option::as_mut);
        let item = item.ok_or_else(|| Rejection::ItemUnknown { item_id: item_id.to_owned() })?;
        let first = self.stamped.insert(item_id.to_owned());
        if first && now <= item.last_recorded_at {
            item.last_recorded_at = item.last_recorded_at.just_after();
        } else if now > item.last_recorded_at {
            item.last_recorded_at = now;
        }
        let moment = item.last_recorded_at;
        self.changed.insert(item_id.to_owned(), ());
        Ok(moment)
    }

    /// Adds an entry to a timeline of an item that this transaction has loaded.
    pub(crate) fn append(
        &mut self,
        item_id: &str,
        timeline: Timeline,
        value: Option<String>,
        ground: &Ground<'_>,
    ) -> Result<(), Refusal> {
        let from = self.stamp(item_id, ground.now)?;
        let item = self.items.get_mut(item_id).and_then(Option::as_mut);
        let item = item.ok_or_else(|| Rejection::ItemUnknown { item_id: item_id.to_owned() })?;
        let count = count_of(&mut item.entries, timeline);
        let key = keys::entry(item_id, timeline, *count)?;
        *count += 1;
        self.changed.insert(item_id.to_owned(), ());
        self.entries.push((
            key,
            TimelineEntry {
                value,
                from,
                asserted_at: (from != ground.asserted).then_some(ground.asserted),
                until: None,
                claimed_at: ground.claimed_at,
                basis: ground.basis,
                reference: ground.reference.to_owned(),
                transaction_id: ground.tx_id.to_owned(),
            },
        ));
        Ok(())
    }

    /// The items and everything packed in them, each once, parents before children; at most `max`.
    ///
    /// `None` when there are more. Things without a record count as themselves.
    pub(crate) fn with_contents(
        &mut self,
        ctx: &mut Context<'_>,
        item_ids: &[String],
        max: usize,
    ) -> Result<Option<Vec<String>>, Refusal> {
        let mut found: Vec<String> = Vec::new();
        let mut level = item_ids.to_vec();
        for _ in 0..=NESTING_MAX {
            self.load(ctx, &level)?;
            let mut next = Vec::new();
            for item_id in level {
                if let Some(item) = self.find(ctx, &item_id)? {
                    next.extend(item.children.iter().cloned());
                }
                found.push(item_id);
            }
            if found.len() > max {
                return Ok(None);
            }
            if next.is_empty() {
                return Ok(Some(found));
            }
            level = next;
        }
        Ok(None)
    }

    /// Writes all changes.
    pub(crate) fn flush(self, ctx: &mut Context<'_>) -> Result<(), Refusal> {
        for (key, entry) in &self.entries {
            ctx.put_json(key, entry)?;
        }
        for item_id in self.changed.keys() {
            if let Some(Some(item)) = self.items.get(item_id) {
                ctx.put_json(&keys::item(item_id)?, item)?;
            }
        }
        Ok(())
    }
}

fn count_of(counts: &mut EntryCounts, timeline: Timeline) -> &mut u32 {
    match timeline {
        Timeline::Custody => &mut counts.custody,
        Timeline::Title => &mut counts.title,
        Timeline::Location => &mut counts.location,
        Timeline::Licence => &mut counts.licence,
        Timeline::Packing => &mut counts.packing,
    }
}

fn new_item(object: &ObjectUri, origin: Origin, last_recorded_at: UtcTime) -> Item {
    let gs1 = object.gs1();
    let kind = match gs1 {
        Some(uri) if uri.key() == Gs1Key::Gtin && uri.serial().is_some() => ItemKind::Serialised,
        Some(uri) if uri.key() == Gs1Key::Sscc => ItemKind::LogisticUnit,
        _ => ItemKind::Other,
    };
    let serialised = gs1.filter(|_| kind == ItemKind::Serialised);
    Item {
        item_id: object.canonical().to_owned(),
        kind,
        gtin: serialised.map(|uri| uri.value().to_owned()),
        serial: serialised.and_then(|uri| uri.serial()).map(str::to_owned),
        origin,
        commissioned_by: None,
        commissioned_at: None,
        commissioned_in: None,
        life: Life::Active,
        life_set_in: None,
        disposition: None,
        parent: None,
        packed_in: None,
        children: Vec::new(),
        holder: None,
        received_in: None,
        owner: None,
        location: None,
        licence_id: None,
        open_offer: None,
        alarms: AlarmCounts::default(),
        events: 0,
        last_recorded_at,
        entries: EntryCounts::default(),
    }
}
