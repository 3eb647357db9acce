//! One event at work on the items that it names: what its kinds have in common.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, HoldId, ItemId};
use trade_model::item::{
    AlarmKind, Basis, Change, Effect, Entitlement, Item, Life, RecordedEvent, Sighted, Standing, StepEffect,
};
use trade_standards::epcis::{Action, Event, EventBody};
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use super::kinds;
use crate::item::alarm::Conflict;
use crate::item::registry::Entry;
use crate::item::session::Session;
use crate::item::standing;

/// One event at work on the items it names.
pub(super) struct Turn<'e> {
    pub(super) event: &'e Event,
    pub(super) record: &'e RecordedEvent,
    /// The recorder.
    pub(super) me: MspId,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) effects: Vec<Effect>,
    pub(super) stated: BTreeSet<ItemId>,
    pub(super) sighted: BTreeSet<Sighted>,
}

/// A thing as an event finds it, before it is judged.
pub(super) struct Found {
    /// None when the thing is not known and the event does not make it known.
    pub(super) item: Option<Item>,
    /// By what the recorder may put it into use.
    pub(super) entitlement: Entitlement,
    /// What keeps the recorder from doing so.
    pub(super) kept_by: Option<KeptBy>,
}

/// A hold of another member that keeps a recorder from something.
pub(super) struct KeptBy {
    pub(super) hold_id: HoldId,
    pub(super) authority: MspId,
}

/// A thing as an event finds it, and what of the event acts on it.
pub(super) struct Judged {
    /// None when the thing is not known and the event does not make it known.
    pub(super) item: Option<Item>,
    acting: BTreeSet<StepEffect>,
}

impl Judged {
    /// Whether anything of the event acts on the thing.
    pub(super) fn acts(&self) -> bool {
        !self.acting.is_empty()
    }

    /// Whether the recorder may move the thing, and it is in use.
    pub(super) fn moves(&self) -> bool {
        self.may_be_moved() && self.item.as_ref().is_some_and(|item| !item.life.has_ended())
    }

    /// Whether the recorder may move the thing, in use or not: what has ended is still taken out of its unit.
    pub(super) fn may_be_moved(&self) -> bool {
        self.acting.contains(&StepEffect::Move)
    }
}

impl<'e> Turn<'e> {
    pub(super) fn new(event: &'e Event, record: &'e RecordedEvent, me: MspId) -> Self {
        Self {
            event,
            record,
            me,
            conflicts: Vec::new(),
            effects: Vec::new(),
            stated: BTreeSet::new(),
            sighted: BTreeSet::new(),
        }
    }

    /// Finds the thing, judges the event by each of its effects, carries out those for which the recorder has standing,
    /// and notes the others.
    pub(super) fn judged(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        object: &ObjectUri,
    ) -> Result<Judged, Refusal> {
        let Found { item, entitlement, kept_by } = self.find(ctx, session, object)?;
        let Some(item) = item else {
            self.sight_unknown(session, object);
            self.outside_of_ranges(ctx, session, object)?;
            return Ok(Judged { item: None, acting: BTreeSet::new() });
        };
        let hold = self.hold_on(ctx, session, &item)?;
        let mut acting = BTreeSet::new();
        let mut refused = Vec::new();
        for effect in kinds::of(self.event, item.life == Life::Sold, item.recalled_by_event.is_some()) {
            let standing = standing::judge(ctx, session, &item, effect, entitlement > Entitlement::Seen)?;
            let held_back = match effect {
                StepEffect::PutIntoUse => kept_by.as_ref(),
                effect => hold.as_ref().filter(|_| is_held_back(effect)),
            };
            if let Some(KeptBy { hold_id, authority }) = held_back.filter(|_| standing.acts()) {
                self.sighted.insert(Sighted { item_id: item.item_id.clone(), effect });
                self.conflict(AlarmKind::MovedWhileHeld, &item.item_id, Foreign::of_id(hold_id), Some(authority));
            } else if standing.acts() {
                acting.insert(effect);
            } else {
                self.sighted.insert(Sighted { item_id: item.item_id.clone(), effect });
                refused.push((effect, standing));
            }
        }
        let ended = item.life.has_ended();
        if ended && !self.takes_out(&item) {
            self.conflict(AlarmKind::UseAfterEnd, &item.item_id, last_life(&item), None);
        }
        for (effect, standing) in refused.into_iter().filter(|_| !ended) {
            self.without_standing(&item, effect, standing);
        }
        if !acting.is_empty() {
            self.stated.insert(item.item_id.clone());
            self.count(ctx, session, &item.item_id)?;
        }
        for &effect in acting.iter().filter(|_| !ended) {
            self.carry_out(ctx, session, &item, effect)?;
        }
        if !ended {
            self.observe(ctx, session, &item, &acting)?;
        }
        let item = Some(session.registry.known(ctx, &item.item_id)?.clone());
        Ok(Judged { item, acting })
    }

    /// The hold that binds the thing, and its authority, unless that is the recorder itself.
    pub(super) fn hold_on(
        &self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
    ) -> Result<Option<KeptBy>, Refusal> {
        let hold = session.holds.on(ctx, &session.caller.members, item)?;
        let of_another = hold.filter(|hold| hold.authority != self.me);
        Ok(of_another.map(|hold| KeptBy { hold_id: hold.hold_id.clone(), authority: hold.authority.clone() }))
    }

    /// Whether the event takes the thing out of its unit, or is about the unit out of which it takes others. That is no
    /// use of what has ended: what is left of it must not keep a unit from being emptied, nor a unit its contents.
    fn takes_out(&self, item: &Item) -> bool {
        let EventBody::Aggregation(body) = &self.event.body else { return false };
        let unit_id = body.parent.as_ref().map(ItemId::from);
        body.action == Action::Delete
            && unit_id.is_some_and(|unit_id| unit_id == item.item_id || item.parent.as_ref() == Some(&unit_id))
    }

    /// A serial number that the company of the thing has not issued is a signal, by any recorder.
    pub(super) fn outside_of_ranges(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        object: &ObjectUri,
    ) -> Result<(), Refusal> {
        if !session.is_outside(ctx, object)? {
            return Ok(());
        }
        let company = session.caller.members.company_of_object(object);
        let company = company.map(|company| company.msp_id.clone());
        let item_id = ItemId::from(object);
        self.conflict(AlarmKind::OutsideOfRanges, &item_id, Foreign::of_id(&item_id), company.as_ref());
        Ok(())
    }

    /// A thing that nobody entitled has put into use, seen by a member that cannot make it known.
    fn sight_unknown(&mut self, session: &Session, object: &ObjectUri) {
        let item_id = ItemId::from(object);
        let company = session.caller.members.company_of_object(object);
        let company = company.map(|company| company.msp_id.clone());
        for effect in kinds::of(self.event, false, false) {
            self.sighted.insert(Sighted { item_id: item_id.clone(), effect });
            if session.standing.judge(effect, |_| false) != Standing::SightingAndAlarm {
                continue;
            }
            let (kind, with) = match effect {
                StepEffect::PutIntoUse => (AlarmKind::CommissionerNotEntitled, Foreign::of_id(&self.me)),
                _ => (AlarmKind::NotHolder, Foreign::of_id(&item_id)),
            };
            self.conflict(kind, &item_id, with, company.as_ref());
        }
    }

    /// The alarm about a recorder that has no standing for the effect, where the table asks for one.
    fn without_standing(&mut self, item: &Item, effect: StepEffect, standing: Standing) {
        if standing != Standing::SightingAndAlarm {
            return;
        }
        let item_id = &item.item_id;
        let holds = item.holder.as_ref() == Some(&self.me);
        let (kind, with, other) = match (effect, &item.owner, &item.holder) {
            // Who is not entitled contradicts no maker, whatever was recorded before.
            (StepEffect::PutIntoUse, ..) => (AlarmKind::CommissionerNotEntitled, Foreign::of_id(&self.me), None),
            (StepEffect::Sell, ..) if item.life == Life::Sold => (AlarmKind::SoldTwice, last_life(item), None),
            (_, Some(owner), _) if holds => (AlarmKind::TitleConflict, Foreign::of_id(owner), Some(owner)),
            (_, _, Some(holder)) => (AlarmKind::NotHolder, Foreign::of_id(holder), Some(holder)),
            _ => (AlarmKind::NotHolder, Foreign::of_id(item_id), None),
        };
        self.conflict(kind, item_id, with, other);
    }

    /// Disposition and place, as its holder tells them, or who receives it.
    fn observe(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        acting: &BTreeSet<StepEffect>,
    ) -> Result<(), Refusal> {
        let holds = session.registry.known(ctx, &item.item_id)?.holder.as_ref() == Some(&self.me);
        let tells = !acting.is_empty() && (holds || acting.contains(&StepEffect::Receive));
        if !tells {
            return Ok(());
        }
        let found = session.registry.change(ctx, &item.item_id)?;
        let judges = matches!(self.event.disposition_name(), Some("recalled" | "non_conformant"));
        if let Some(disposition) = self.record.disposition.clone().filter(|_| !judges) {
            found.disposition = Some(disposition);
        }
        let before = found.location.clone();
        match &self.record.business_location {
            Some(place) if before.as_ref() != Some(place) => {
                found.location = Some(place.clone());
                self.effect(&item.item_id, Change::Location { before, after: place.clone() });
                self.append(session, &item.item_id, Entry::Location(Some(place.clone())), Basis::Event)
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, ctx: &mut Context<'_>, session: &mut Session, item_id: &ItemId) -> Result<(), Refusal> {
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

    /// Whether the event puts the things it names into use one by one.
    pub(super) fn commissions(&self) -> bool {
        kinds::of(self.event, false, false).contains(&StepEffect::PutIntoUse)
    }
}

/// Whether a hold keeps a thing from this: it stays where it is and as it is. Where it is seen and what is found about
/// it can be told. What keeps it from being put into use is found before: see [`Found`].
fn is_held_back(effect: StepEffect) -> bool {
    match effect {
        StepEffect::Keep | StepEffect::Receive | StepEffect::Recall | StepEffect::PutIntoUse => false,
        StepEffect::Move
        | StepEffect::Sell
        | StepEffect::Return
        | StepEffect::End
        | StepEffect::Repair
        | StepEffect::Repack => true,
    }
}

/// The record of the event that ended or sold an item; the item itself when that record was taken back.
pub(super) fn last_life(item: &Item) -> Foreign {
    item.life_set_by_event.as_ref().map_or_else(|| Foreign::of_id(&item.item_id), Foreign::of_id)
}
