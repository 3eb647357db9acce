//! The items of one transaction: loaded once, changed in memory, written at the end.
//!
//! Fabric shows a transaction only what was committed before it, so a document whose second event depends on the first
//! needs this memory. Other contracts that move items (custody, customs) go through it as well.
//!
//! The records about one item are in strict order of ledger time, whatever clients claim: see `caller`.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::{Context, Table};
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId, NewestFirst, Text, TransactionId};
use trade_model::item::{
    Basis, CONTENTS, CUSTODY, Entitlement, EntryCounts, ITEMS, Item, ItemKind, ItemRejection, LICENCE, LOCATION, Life,
    NESTING_MAX, Origin, PACKING, TITLE, TimelineEntry,
};
use trade_model::rights::LicenceName;
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::{Gtin, MspId};
use trade_standards::time::UtcTime;

use crate::caller::Caller;

/// The items a transaction has touched, with what is to be written for them.
#[derive(Default)]
pub(crate) struct Registry {
    items: BTreeMap<ItemId, Option<Item>>,
    changed: BTreeSet<ItemId>,
    entries: Vec<((ItemId, u32), Draft)>,
    /// The items whose last record is this transaction's.
    stamped: BTreeSet<ItemId>,
}

/// A new entry of one of an item's five timelines; none when nobody, nowhere or nothing is known.
pub(crate) enum Entry {
    /// Who holds it.
    Custody(Option<MspId>),
    /// Who owns it.
    Title(Option<MspId>),
    /// Where it is.
    Location(Option<Foreign>),
    /// Under which licence it was made or imported.
    Licence(Option<LicenceName>),
    /// In which unit it lies.
    Packing(Option<ItemId>),
}

/// An entry that is to be written.
enum Draft {
    Custody(TimelineEntry<MspId>),
    Title(TimelineEntry<MspId>),
    Location(TimelineEntry<Foreign>),
    Licence(TimelineEntry<LicenceName>),
    Packing(TimelineEntry<ItemId>),
}

/// What a new timeline entry rests on.
pub(crate) struct Ground {
    basis: Basis,
    /// The event, transfer, licence or declaration.
    reference: Foreign,
    /// Ledger time of the transaction.
    now: UtcTime,
    /// What the client's clock said.
    asserted: UtcTime,
    claimed_at: Option<UtcTime>,
    transaction_id: TransactionId,
    /// Which event of the document, from 0.
    place: u32,
}

impl Ground {
    /// The ground of what the caller's transaction changes because of `reference`.
    pub(crate) fn new(caller: &Caller, basis: Basis, reference: Foreign, claimed_at: Option<UtcTime>) -> Self {
        let Caller { now, asserted, .. } = *caller;
        Self { basis, reference, now, asserted, claimed_at, transaction_id: caller.transaction_id.clone(), place: 0 }
    }

    /// The same by the event number `place` of a document, from 0.
    pub(crate) fn in_document(self, place: u32) -> Self {
        Self { place, ..self }
    }

    fn entry<V>(&self, value: Option<V>, from: UtcTime) -> TimelineEntry<V> {
        TimelineEntry {
            value,
            from,
            place_in_document: self.place,
            asserted_at: (from != self.asserted).then_some(self.asserted),
            until: None,
            claimed_at: self.claimed_at,
            basis: self.basis,
            reference: self.reference.clone(),
            transaction_id: self.transaction_id.clone(),
        }
    }
}

impl Registry {
    /// Loads several items with one message to the peer.
    pub(crate) fn load(&mut self, ctx: &mut Context<'_>, item_ids: &[ItemId]) -> Result<(), Refusal> {
        let missing: Vec<ItemId> = item_ids.iter().filter(|id| !self.items.contains_key(*id)).cloned().collect();
        let found = ITEMS.find_many(ctx, &missing)?;
        self.items.extend(missing.into_iter().zip(found));
        Ok(())
    }

    /// The item, if the ledger or this transaction knows it.
    pub(crate) fn find(&mut self, ctx: &mut Context<'_>, item_id: &ItemId) -> Result<Option<&mut Item>, Refusal> {
        if !self.items.contains_key(item_id) {
            let item = ITEMS.find(ctx, item_id)?;
            self.items.insert(item_id.clone(), item);
        }
        Ok(self.items.get_mut(item_id).and_then(Option::as_mut))
    }

    /// The item, or the rejection that it is unknown.
    pub(crate) fn known(&mut self, ctx: &mut Context<'_>, item_id: &ItemId) -> Result<&mut Item, Refusal> {
        let found = self.find(ctx, item_id)?;
        found.ok_or_else(|| ItemRejection::ItemUnknown { item_id: item_id.clone() }.into())
    }

    /// The item to be changed; the change is written by [`Registry::flush`].
    pub(crate) fn change(&mut self, ctx: &mut Context<'_>, item_id: &ItemId) -> Result<&mut Item, Refusal> {
        self.changed.insert(item_id.clone());
        self.known(ctx, item_id)
    }

    /// Makes a thing known that turned up for the first time; its holder is its recorder.
    pub(crate) fn introduce(
        &mut self,
        item_id: &ItemId,
        (origin, entitlement): (Origin, Entitlement),
        by: &MspId,
        ground: &Ground,
    ) -> Result<(), Refusal> {
        let item = new_item(item_id, (origin, entitlement), by, ground.now);
        self.items.insert(item_id.clone(), Some(item));
        self.stamped.insert(item_id.clone());
        self.append(item_id, Entry::Custody(Some(by.clone())), ground)
    }

    /// Takes a thing out of its unit.
    pub(crate) fn take_out(
        &mut self,
        ctx: &mut Context<'_>,
        item_id: &ItemId,
        unit_id: &ItemId,
    ) -> Result<(), Refusal> {
        self.change(ctx, unit_id)?.children.retain(|child| child != item_id);
        self.change(ctx, item_id)?.parent = None;
        Ok(())
    }

    /// The ledger time of the newest record about any of the items that are loaded.
    pub(crate) fn last_recorded_at(&self) -> Option<UtcTime> {
        self.items.values().flatten().map(|item| item.last_recorded_at).max()
    }

    /// Notes a record about an item and returns its ledger time: the transaction's, unless an earlier transaction's
    /// record about this item lies later.
    pub(crate) fn stamp(&mut self, item_id: &ItemId, now: UtcTime) -> Result<UtcTime, Refusal> {
        let first = self.stamped.insert(item_id.clone());
        let item = self.loaded(item_id)?;
        if first && now <= item.last_recorded_at {
            item.last_recorded_at = item.last_recorded_at.just_after();
        } else if now > item.last_recorded_at {
            item.last_recorded_at = now;
        }
        let moment = item.last_recorded_at;
        self.changed.insert(item_id.clone());
        Ok(moment)
    }

    /// Adds an entry to a timeline of an item that this transaction has loaded.
    pub(crate) fn append(&mut self, item_id: &ItemId, entry: Entry, ground: &Ground) -> Result<(), Refusal> {
        let from = self.stamp(item_id, ground.now)?;
        let counts = &mut self.loaded(item_id)?.entries;
        let (count, draft) = match entry {
            Entry::Custody(holder) => (&mut counts.custody, Draft::Custody(ground.entry(holder, from))),
            Entry::Title(owner) => (&mut counts.title, Draft::Title(ground.entry(owner, from))),
            Entry::Location(place) => (&mut counts.location, Draft::Location(ground.entry(place, from))),
            Entry::Licence(licence) => (&mut counts.licence, Draft::Licence(ground.entry(licence, from))),
            Entry::Packing(unit) => (&mut counts.packing, Draft::Packing(ground.entry(unit, from))),
        };
        let number = *count;
        *count += 1;
        self.entries.push(((item_id.clone(), number), draft));
        Ok(())
    }

    /// The items and everything packed in them, each once, parents before children; at most `max`.
    ///
    /// `None` when there are more. Things without a record count as themselves.
    pub(crate) fn with_contents(
        &mut self,
        ctx: &mut Context<'_>,
        item_ids: &[ItemId],
        max: usize,
    ) -> Result<Option<Vec<ItemId>>, Refusal> {
        let mut found: Vec<ItemId> = Vec::new();
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
        for (key, draft) in &self.entries {
            match draft {
                Draft::Custody(entry) => put(ctx, &CUSTODY, key, entry)?,
                Draft::Title(entry) => put(ctx, &TITLE, key, entry)?,
                Draft::Location(entry) => put(ctx, &LOCATION, key, entry)?,
                Draft::Licence(entry) => put(ctx, &LICENCE, key, entry)?,
                Draft::Packing(entry) => {
                    put(ctx, &PACKING, key, entry)?;
                    list_content(ctx, &key.0, entry)?;
                }
            }
        }
        for item_id in &self.changed {
            if let Some(Some(item)) = self.items.get(item_id) {
                ITEMS.put(ctx, item_id, item)?;
            }
        }
        Ok(())
    }

    fn loaded(&mut self, item_id: &ItemId) -> Result<&mut Item, Refusal> {
        let item = self.items.get_mut(item_id).and_then(Option::as_mut);
        item.ok_or_else(|| ItemRejection::ItemUnknown { item_id: item_id.clone() }.into())
    }
}

type Timeline<V> = Table<(ItemId, u32), TimelineEntry<V>>;

fn put<V>(
    ctx: &mut Context<'_>,
    timeline: &Timeline<V>,
    key: &(ItemId, u32),
    entry: &TimelineEntry<V>,
) -> Result<(), Refusal>
where
    V: serde::Serialize + serde::de::DeserializeOwned,
{
    Ok(timeline.put(ctx, key, entry)?)
}

/// Lists a thing among those that were ever packed in its unit.
fn list_content(ctx: &mut Context<'_>, item_id: &ItemId, entry: &TimelineEntry<ItemId>) -> Result<(), Refusal> {
    let Some(unit_id) = &entry.value else { return Ok(()) };
    let packed = NewestFirst::new(entry.from, entry.place_in_document);
    Ok(CONTENTS.put(ctx, &(unit_id.clone(), packed, item_id.clone()), item_id)?)
}

/// What kind of thing a key names.
pub(super) fn kind_of(object: &ObjectUri) -> ItemKind {
    match object.gs1() {
        Some(uri) if uri.key() == Gs1Key::Gtin && uri.serial().is_some() => ItemKind::Serialised,
        Some(uri) if uri.key() == Gs1Key::Sscc => ItemKind::LogisticUnit,
        _ => ItemKind::Other,
    }
}

fn new_item(
    item_id: &ItemId,
    (origin, entitlement): (Origin, Entitlement),
    by: &MspId,
    last_recorded_at: UtcTime,
) -> Item {
    let object: ObjectUri = item_id.object();
    let gs1 = object.gs1();
    let kind = kind_of(&object);
    let serialised = gs1.filter(|_| kind == ItemKind::Serialised);
    Item {
        item_id: item_id.clone(),
        kind,
        gtin: serialised.and_then(|uri| Gtin::parse(uri.value()).ok()),
        serial: serialised.and_then(|uri| uri.serial()).and_then(|serial| Text::parse(serial).ok()),
        origin,
        introduced_by: by.clone(),
        entitlement,
        commissioner: None,
        commissioned_at: None,
        commissioned_by_event: None,
        life: Life::Active,
        life_set_by_event: None,
        seller_of_record: None,
        sales: 0,
        recalled_by_event: None,
        disposition: None,
        parent: None,
        children: Vec::new(),
        holder: Some(by.clone()),
        received_by_transfer: None,
        owner: None,
        location: None,
        licence_id: None,
        open_transfer: None,
        open_title: None,
        hold: None,
        events: 0,
        last_recorded_at,
        entries: EntryCounts::default(),
    }
}

/// How the thing came to who held it before this transaction; none where nobody is recorded.
pub(crate) fn last_custody(ctx: &mut Context<'_>, item: &Item) -> Result<Option<TimelineEntry<MspId>>, Refusal> {
    let Some(last) = item.entries.custody.checked_sub(1) else { return Ok(None) };
    Ok(CUSTODY.find(ctx, &(item.item_id.clone(), last))?)
}
