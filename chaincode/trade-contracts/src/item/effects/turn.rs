//! One event at work on the items that it names: what its kinds have in common.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::item::{AlarmKind, Basis, Change, Effect, Item, Life, Origin, RecordedEvent};
use trade_standards::epcis::Event;
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use crate::item::alarm::Conflict;
use crate::item::registry::{Entry, Ground};
use crate::item::session::Session;

/// One event at work on the items it names.
pub(super) struct Turn<'e> {
    pub(super) event: &'e Event,
    pub(super) record: &'e RecordedEvent,
    /// The recorder.
    pub(super) me: MspId,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) effects: Vec<Effect>,
}

impl Turn<'_> {
    /// Makes a thing known that nobody has recorded before.
    pub(super) fn introduce(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        object: &ObjectUri,
        origin: Origin,
    ) -> Result<ItemId, Refusal> {
        let item_id = ItemId::from(object);
        if session.registry.find(ctx, &item_id)?.is_none() {
            let basis = if origin == Origin::Commissioned { Basis::Commissioning } else { Basis::FirstSeen };
            let reference = Foreign::of_id(&self.record.record_id);
            let ground = Ground::new(&session.caller, basis, reference, Some(self.record.event_time));
            let ground = ground.in_document(session.place);
            session.registry.introduce(&item_id, origin, &self.me, &ground)?;
        }
        Ok(item_id)
    }

    /// Disposition, place and the number of events.
    pub(super) fn observe(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item_id: &ItemId,
    ) -> Result<(), Refusal> {
        self.count(ctx, session, item_id)?;
        let item = session.registry.change(ctx, item_id)?;
        if let Some(disposition) = &self.record.disposition {
            item.disposition = Some(disposition.clone());
        }
        let before = item.location.clone();
        match &self.record.business_location {
            Some(place) if before.as_ref() != Some(place) => {
                item.location = Some(place.clone());
                self.effect(item_id, Change::Location { before, after: place.clone() });
                self.append(session, item_id, Entry::Location(Some(place.clone())), Basis::Event)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn count(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item_id: &ItemId,
    ) -> Result<(), Refusal> {
        let item = session.registry.change(ctx, item_id)?;
        item.events = item.events.saturating_add(1);
        session.registry.stamp(item_id, session.caller.now)?;
        Ok(())
    }

    pub(super) fn append(
        &self,
        session: &mut Session,
        item_id: &ItemId,
        entry: Entry,
        basis: Basis,
    ) -> Result<(), Refusal> {
        session.append(self.record, item_id, entry, basis)
    }

    pub(super) fn set_life(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        life: Life,
    ) -> Result<(), Refusal> {
        let changed = session.registry.change(ctx, &item.item_id)?;
        changed.life = life;
        changed.life_set_by_event = Some(self.record.record_id.clone());
        self.effect(&item.item_id, Change::Life { before: item.life, after: life });
        Ok(())
    }

    /// Whether the item is out of use, which is a conflict for every later event.
    pub(super) fn used_after_end(&mut self, item: &Item) -> bool {
        if item.life.has_ended() {
            self.conflict(AlarmKind::UseAfterEnd, &item.item_id, last_life(item), None);
        }
        item.life.has_ended()
    }

    /// Whether the recorder holds the item; a conflict when another member does.
    pub(super) fn held_by_me(&mut self, item: &Item) -> bool {
        match &item.holder {
            Some(holder) if *holder != self.me => {
                self.conflict(AlarmKind::NotHolder, &item.item_id, Foreign::of_id(holder), Some(holder));
                false
            }
            _ => true,
        }
    }

    /// A conflict when the item lies in a unit other than the one named.
    pub(super) fn outside_of_its_unit(&mut self, item: &Item, unit_id: Option<&ItemId>) {
        if let Some(parent) = &item.parent
            && Some(parent) != unit_id
        {
            self.conflict(AlarmKind::PackingConflict, &item.item_id, Foreign::of_id(parent), None);
        }
    }

    pub(super) fn conflict(
        &mut self,
        kind: AlarmKind,
        item_id: &ItemId,
        conflicts_with: Foreign,
        other_party: Option<&MspId>,
    ) {
        let (item_id, other_party) = (item_id.clone(), other_party.cloned());
        self.conflicts.push(Conflict { kind, item_id, conflicts_with, other_party });
    }

    pub(super) fn effect(&mut self, item_id: &ItemId, change: Change) {
        self.effects.push(Effect { item_id: item_id.clone(), change });
    }
}

/// The record of the event that ended or sold an item; the item itself when that record was taken back.
pub(super) fn last_life(item: &Item) -> Foreign {
    item.life_set_by_event.as_ref().map_or_else(|| Foreign::of_id(&item.item_id), Foreign::of_id)
}
