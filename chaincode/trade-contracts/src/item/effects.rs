//! What an event does to the items it names, and which conflicts it shows. The rules of the alarms stand here.
//!
//! An event that conflicts changes nothing about the matter in conflict: a second commissioning does not move the maker,
//! a stranger's decommissioning does not end the item. The one exception is a commissioning by somebody who is entitled to
//! it: what was recorded before by somebody who cannot have received the thing from anybody gives way.

use fabric_contract::Context;
use trade_model::governance::{Participant, Participants};
use trade_model::item::{
    AlarmKind, Basis, CHILDREN_MAX, Effect, EffectField, Item, Life, NESTING_MAX, Origin, RecordedEvent,
};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_model::rights::Act;
use trade_standards::epcis::{Action, AggregationEvent, Event, EventBody, ObjectEvent};
use trade_standards::gs1::{Gs1Key, Gs1Uri, ObjectUri};
use trade_standards::identifier::MspId;

use super::alarm::Conflict;
use super::book::Ground;
use super::capture::Session;
use super::keys::Timeline;
use crate::caller::Caller;
use crate::{Refusal, rights};

/// Applies the event to the items and returns what it conflicts with.
pub(super) fn apply(
    ctx: &mut Context<'_>,
    session: &mut Session,
    event: &Event,
    record: &mut RecordedEvent,
) -> Result<Vec<Conflict>, Refusal> {
    let mut turn = Turn { event, me: session.caller.msp_id().clone(), conflicts: Vec::new(), effects: Vec::new() };
    match &event.body {
        EventBody::Object(body) => turn.object_event(ctx, session, record, body)?,
        EventBody::Aggregation(body) => turn.aggregation_event(ctx, session, record, body)?,
        EventBody::Untyped => {}
    }
    record.effects = turn.effects;
    Ok(turn.conflicts)
}

/// The word of an action on the wire.
pub(super) fn action_word(action: Action) -> &'static str {
    match action {
        Action::Add => "ADD",
        Action::Observe => "OBSERVE",
        Action::Delete => "DELETE",
    }
}

struct Turn<'e> {
    event: &'e Event,
    me: MspId,
    conflicts: Vec<Conflict>,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    fn object_event(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        body: &ObjectEvent,
    ) -> Result<(), Refusal> {
        let step = self.event.biz_step_name().unwrap_or_default();
        let commissions = body.action == Action::Add && step == "commissioning";
        let returned = self.event.disposition_name() == Some("returned");
        for object in &body.epcs {
            let item_id = object.canonical();
            let entitled = commissions && self.entitled(session, record, object);
            let origin = if entitled { Origin::Commissioned } else { Origin::Unknown };
            self.introduce(ctx, session, record, object, origin)?;
            let mut item = session.book.known(ctx, item_id)?.clone();
            if entitled && item.commissioned_in.is_none() && held_on_its_own_word(&item, &self.me) {
                self.take_over(ctx, session, record, &item)?;
                item = session.book.known(ctx, item_id)?.clone();
            }
            if self.used_after_end(&item) {
                self.count(ctx, session, item_id)?;
                continue;
            }
            if commissions {
                self.commission(ctx, session, record, &item, entitled)?;
            }
            match step {
                "shipping" | "retail_selling" | "dispensing" => self.outside_of_its_unit(&item, None),
                _ => {}
            }
            match step {
                "shipping" => {
                    self.held_by_me(&item);
                }
                "retail_selling" if item.life == Life::Sold => {
                    let earlier = item.life_set_in.clone().unwrap_or_default();
                    self.conflict(AlarmKind::SoldTwice, item_id, &earlier, None);
                }
                "retail_selling" if self.held_by_me(&item) => self.set_life(ctx, session, record, &item, Life::Sold)?,
                "decommissioning" if self.held_by_me(&item) => {
                    self.set_life(ctx, session, record, &item, Life::Decommissioned)?
                }
                "destroying" if self.held_by_me(&item) => {
                    self.set_life(ctx, session, record, &item, Life::Destroyed)?
                }
                "receiving" | "accepting" if returned && item.life == Life::Sold => {
                    self.set_life(ctx, session, record, &item, Life::Active)?;
                }
                _ => {}
            }
            self.pass_title(ctx, session, record, item_id)?;
            self.observe(ctx, session, record, item_id)?;
        }
        Ok(())
    }

    fn aggregation_event(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        body: &AggregationEvent,
    ) -> Result<(), Refusal> {
        let unit_id = body.parent.as_ref().map(|parent| parent.canonical().to_owned());
        let mut unit_usable = true;
        if let (Some(object), Some(unit_id)) = (&body.parent, &unit_id) {
            let origin = if body.action == Action::Add { Origin::Packed } else { Origin::Unknown };
            self.introduce(ctx, session, record, object, origin)?;
            let unit = session.book.known(ctx, unit_id)?.clone();
            unit_usable = !self.used_after_end(&unit) && (body.action == Action::Observe || self.held_by_me(&unit));
            self.pass_title(ctx, session, record, unit_id)?;
            self.observe(ctx, session, record, unit_id)?;
        }
        let all_of_it = body.action == Action::Delete && body.children.is_empty() && body.quantities.is_empty();
        let children: Vec<String> = match (&unit_id, all_of_it) {
            (Some(unit_id), true) => session.book.known(ctx, unit_id)?.children.clone(),
            _ => body.children.iter().map(|child| child.canonical().to_owned()).collect(),
        };
        for object in &body.children {
            self.introduce(ctx, session, record, object, Origin::Unknown)?;
        }
        for child_id in &children {
            let child = session.book.known(ctx, child_id)?.clone();
            if !self.used_after_end(&child) {
                self.outside_of_its_unit(&child, unit_id.as_deref());
                let elsewhere = child.parent.is_some() && child.parent != unit_id;
                match (&unit_id, body.action) {
                    (Some(unit_id), Action::Add) if unit_usable && !elsewhere && self.held_by_me(&child) => {
                        self.pack(ctx, session, record, &child, unit_id)?;
                    }
                    (Some(unit_id), Action::Delete) if unit_usable && child.parent.as_ref() == Some(unit_id) => {
                        self.unpack(ctx, session, record, &child, unit_id)?;
                    }
                    _ => {}
                }
            }
            self.observe(ctx, session, record, child_id)?;
        }
        Ok(())
    }

    /// Makes a thing known that nobody has recorded before.
    fn introduce(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        object: &ObjectUri,
        origin: Origin,
    ) -> Result<(), Refusal> {
        if session.book.find(ctx, object.canonical())?.is_some() {
            return Ok(());
        }
        let basis = if origin == Origin::Commissioned { Basis::Commissioning } else { Basis::FirstSeen };
        let Caller { now, asserted, .. } = session.caller;
        let tx_id = session.caller.tx_id.clone();
        let ground = Ground {
            basis,
            reference: &record.record_id,
            now,
            asserted,
            claimed_at: Some(record.event_time),
            tx_id: &tx_id,
        };
        session.book.introduce(object, origin, &self.me, &ground)
    }

    fn commission(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item: &Item,
        entitled: bool,
    ) -> Result<(), Refusal> {
        if let Some(earlier) = &item.commissioned_in {
            self.conflict(AlarmKind::SecondCommissioning, &item.item_id, earlier, item.commissioned_by.as_ref());
            return Ok(());
        }
        if let Some(permission) = &session.licence
            && !self.licensed(session, record, item.gtin.as_deref())
        {
            let licence_id = permission.licence_id().to_owned();
            return Err(Rejection::LicenceDoesNotCoverMaking { licence_id, item_id: item.item_id.clone() }.into());
        }
        if !entitled {
            let me = self.me.to_string();
            self.conflict(AlarmKind::CommissionerNotEntitled, &item.item_id, &me, None);
            return Ok(());
        }
        let licence_id = session.licence.as_ref().map(rights::Permission::licence_id).map(str::to_owned);
        let changed = session.book.change(ctx, &item.item_id)?;
        changed.origin = Origin::Commissioned;
        changed.commissioned_by = Some(self.me.clone());
        changed.commissioned_at = Some(record.event_time);
        changed.commissioned_in = Some(record.record_id.clone());
        if let Some(licence_id) = &licence_id {
            changed.licence_id = Some(licence_id.clone());
        }
        self.effect(&item.item_id, EffectField::Commissioning, None, Some(record.record_id.clone()));
        if let Some(licence_id) = licence_id {
            self.append(session, record, &item.item_id, Timeline::Licence, Some(licence_id), Basis::Commissioning)?;
        }
        if item.owner.is_none() {
            self.set_owner(ctx, session, record, &item.item_id, &self.me.clone(), Basis::Commissioning)?;
        }
        Ok(())
    }

    /// Whether the recorder may put the thing into use: by itself, or by a licence to make it that it names. Where the key
    /// belongs to a company of the registry, the licence must come from that company.
    fn entitled(&self, session: &Session, record: &RecordedEvent, object: &ObjectUri) -> bool {
        let participants = &session.caller.participants;
        let company = object.gs1().and_then(|key| participants.company_of(key));
        let grantor = session.licence.as_ref().map(rights::Permission::right_owner);
        let from_company = company.is_none_or(|company| grantor == Some(&company.msp_id));
        may_commission(participants, &session.caller.me, object)
            || (from_company && self.licensed(session, record, gtin(object)))
    }

    fn licensed(&self, session: &Session, record: &RecordedEvent, gtin: Option<&str>) -> bool {
        let (on, territory) = (record.event_time.date(), &session.caller.me.country);
        session.licence.as_ref().is_some_and(|licence| licence.covers(&self.me, Act::Make, gtin, territory, on))
    }

    /// Whoever is entitled to put a thing into use finds it recorded by somebody else, from whom nobody has accepted it:
    /// what that one alone said about it gives way, and what was said stays visible as a conflict.
    fn take_over(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item: &Item,
    ) -> Result<(), Refusal> {
        let (item_id, holder) = (item.item_id.as_str(), item.holder.clone());
        let first = holder.as_ref().map(MspId::to_string).unwrap_or_default();
        self.conflict(AlarmKind::SeenBeforeCommissioning, item_id, &first, holder.as_ref());
        if let Some(unit_id) = &item.parent {
            unlink(ctx, session, item_id, unit_id)?;
            self.append(session, record, item_id, Timeline::Packing, None, Basis::Commissioning)?;
        }
        for child_id in &item.children {
            unlink(ctx, session, child_id, item_id)?;
            self.append(session, record, child_id, Timeline::Packing, None, Basis::Commissioning)?;
        }
        let changed = session.book.change(ctx, item_id)?;
        changed.holder = Some(self.me.clone());
        changed.owner = None;
        changed.life = Life::Active;
        changed.life_set_in = None;
        changed.open_offer = None;
        self.append(session, record, item_id, Timeline::Custody, Some(self.me.to_string()), Basis::Commissioning)
    }

    /// Title goes where the owner says, by the owning party in the destination list.
    fn pass_title(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item_id: &str,
    ) -> Result<(), Refusal> {
        let Some(gln) =
            self.event.destination("owning_party").and_then(ObjectUri::gs1).map(|uri| uri.value().to_owned())
        else {
            return Ok(());
        };
        let participants = &session.caller.participants.participants;
        let Some(heir) = participants.iter().find(|participant| participant.gln.as_deref() == Some(&gln)) else {
            return Ok(());
        };
        let heir = heir.msp_id.clone();
        let owner = session.book.known(ctx, item_id)?.owner.clone();
        match owner {
            Some(owner) if owner == heir => Ok(()),
            Some(owner) if owner != self.me => {
                self.conflict(AlarmKind::TitleConflict, item_id, owner.as_str(), Some(&owner));
                Ok(())
            }
            _ => self.set_owner(ctx, session, record, item_id, &heir, Basis::Event),
        }
    }

    /// Disposition, place and the number of events.
    fn observe(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item_id: &str,
    ) -> Result<(), Refusal> {
        self.count(ctx, session, item_id)?;
        let item = session.book.change(ctx, item_id)?;
        if let Some(disposition) = &record.disposition {
            item.disposition = Some(disposition.clone());
        }
        let before = item.location.clone();
        match &record.business_location {
            Some(place) if before.as_ref() != Some(place) => {
                item.location = Some(place.clone());
                self.effect(item_id, EffectField::Location, before, Some(place.clone()));
                self.append(session, record, item_id, Timeline::Location, Some(place.clone()), Basis::Event)
            }
            _ => Ok(()),
        }
    }

    fn pack(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        child: &Item,
        unit_id: &str,
    ) -> Result<(), Refusal> {
        if child.parent.is_some() {
            return Ok(());
        }
        check_nesting(ctx, session, &child.item_id, unit_id)?;
        link(ctx, session, &child.item_id, unit_id)?;
        session.book.change(ctx, &child.item_id)?.packed_in = Some(record.record_id.clone());
        self.effect(&child.item_id, EffectField::Parent, None, Some(unit_id.to_owned()));
        self.append(session, record, &child.item_id, Timeline::Packing, Some(unit_id.to_owned()), Basis::Event)
    }

    fn unpack(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        child: &Item,
        unit_id: &str,
    ) -> Result<(), Refusal> {
        unlink(ctx, session, &child.item_id, unit_id)?;
        self.effect(&child.item_id, EffectField::Parent, Some(unit_id.to_owned()), None);
        self.append(session, record, &child.item_id, Timeline::Packing, None, Basis::Event)
    }

    fn set_life(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item: &Item,
        life: Life,
    ) -> Result<(), Refusal> {
        let changed = session.book.change(ctx, &item.item_id)?;
        changed.life = life;
        changed.life_set_in = Some(record.record_id.clone());
        self.effect(
            &item.item_id,
            EffectField::Life,
            Some(item.life.as_str().to_owned()),
            Some(life.as_str().to_owned()),
        );
        Ok(())
    }

    fn set_owner(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        record: &RecordedEvent,
        item_id: &str,
        owner: &MspId,
        basis: Basis,
    ) -> Result<(), Refusal> {
        let item = session.book.change(ctx, item_id)?;
        let before = item.owner.replace(owner.clone()).map(String::from);
        self.effect(item_id, EffectField::Owner, before, Some(owner.to_string()));
        self.append(session, record, item_id, Timeline::Title, Some(owner.to_string()), basis)
    }

    fn count(&mut self, ctx: &mut Context<'_>, session: &mut Session, item_id: &str) -> Result<(), Refusal> {
        let item = session.book.change(ctx, item_id)?;
        item.events = item.events.saturating_add(1);
        session.book.stamp(item_id, session.caller.now)?;
        Ok(())
    }

    fn append(
        &self,
        session: &mut Session,
        record: &RecordedEvent,
        item_id: &str,
        timeline: Timeline,
        value: Option<String>,
        basis: Basis,
    ) -> Result<(), Refusal> {
        let Caller { now, asserted, .. } = session.caller;
        let tx_id = session.caller.tx_id.clone();
        let ground = Ground {
            basis,
            reference: &record.record_id,
            now,
            asserted,
            claimed_at: Some(record.event_time),
            tx_id: &tx_id,
        };
        session.book.append(item_id, timeline, value, &ground)
    }

    /// Whether the item is out of use, which is a conflict for every later event.
    fn used_after_end(&mut self, item: &Item) -> bool {
        if item.life.has_ended() {
            let ending = item.life_set_in.clone().unwrap_or_default();
            self.conflict(AlarmKind::UseAfterEnd, &item.item_id, &ending, None);
        }
        item.life.has_ended()
    }

    /// Whether the recorder holds the item; a conflict when somebody else does.
    fn held_by_me(&mut self, item: &Item) -> bool {
        match &item.holder {
            Some(holder) if *holder != self.me => {
                self.conflict(AlarmKind::NotHolder, &item.item_id, holder.as_str(), Some(holder));
                false
            }
            _ => true,
        }
    }

    /// A conflict when the item lies in a unit other than the one named.
    fn outside_of_its_unit(&mut self, item: &Item, unit_id: Option<&str>) {
        if let Some(parent) = &item.parent
            && Some(parent.as_str()) != unit_id
        {
            self.conflict(AlarmKind::PackingConflict, &item.item_id, parent, None);
        }
    }

    fn conflict(&mut self, kind: AlarmKind, item_id: &str, conflicts_with: &str, other_party: Option<&MspId>) {
        self.conflicts.push(Conflict {
            kind,
            item_id: item_id.to_owned(),
            conflicts_with: conflicts_with.to_owned(),
            other_party: other_party.cloned(),
        });
    }

    fn effect(&mut self, item_id: &str, field: EffectField, before: Option<String>, after: Option<String>) {
        self.effects.push(Effect { item_id: item_id.to_owned(), field, before, after });
    }
}

/// Whether an enterprise may put a thing into use by itself: the company whose GS1 prefix its key begins with; where
/// nobody has named that prefix, any maker and any brand.
pub(super) fn may_commission(participants: &Participants, enterprise: &Participant, object: &ObjectUri) -> bool {
    match object.gs1().and_then(|key| participants.company_of(key)) {
        Some(company) => company.msp_id == enterprise.msp_id,
        None => enterprise.has_role(Role::Maker) || enterprise.has_role(Role::Brand),
    }
}

/// Whether somebody else holds the item by nothing but its own record: nobody handed it over.
pub(super) fn held_on_its_own_word(item: &Item, me: &MspId) -> bool {
    item.received_in.is_none() && item.holder.as_ref() != Some(me)
}

/// The trade item number of a serialised item.
fn gtin(object: &ObjectUri) -> Option<&str> {
    object.gs1().filter(|uri| uri.key() == Gs1Key::Gtin && uri.serial().is_some()).map(Gs1Uri::value)
}

/// Puts a child into a unit.
pub(super) fn link(ctx: &mut Context<'_>, session: &mut Session, child_id: &str, unit_id: &str) -> Result<(), Refusal> {
    let unit = session.book.change(ctx, unit_id)?;
    if unit.children.len() >= CHILDREN_MAX {
        return Err(Rejection::TooManyChildren { unit: unit_id.to_owned(), max: CHILDREN_MAX }.into());
    }
    if let Err(place) = unit.children.binary_search_by(|child| child.as_str().cmp(child_id)) {
        unit.children.insert(place, child_id.to_owned());
    }
    session.book.change(ctx, child_id)?.parent = Some(unit_id.to_owned());
    Ok(())
}

/// Takes a child out of a unit.
pub(super) fn unlink(
    ctx: &mut Context<'_>,
    session: &mut Session,
    child_id: &str,
    unit_id: &str,
) -> Result<(), Refusal> {
    session.book.change(ctx, unit_id)?.children.retain(|child| child != child_id);
    let child = session.book.change(ctx, child_id)?;
    child.parent = None;
    child.packed_in = None;
    Ok(())
}

/// Refuses a unit inside itself and nesting beyond the depth that is followed.
fn check_nesting(ctx: &mut Context<'_>, session: &mut Session, child_id: &str, unit_id: &str) -> Result<(), Refusal> {
    if nests(ctx, session, child_id, unit_id)? {
        return Ok(());
    }
    Err(Rejection::NestingTooDeep { unit: unit_id.to_owned(), max: NESTING_MAX }.into())
}

/// Whether the child is not around the unit and both stay within the depth that is followed, the child's own contents
/// included.
pub(super) fn nests(
    ctx: &mut Context<'_>,
    session: &mut Session,
    child_id: &str,
    unit_id: &str,
) -> Result<bool, Refusal> {
    let mut levels = 0;
    let mut inside_itself = false;
    let mut above = Some(unit_id.to_owned());
    while let Some(unit) = above.filter(|_| levels <= NESTING_MAX) {
        inside_itself |= unit == child_id;
        above = session.book.known(ctx, &unit)?.parent.clone();
        levels += 1;
    }
    let mut below = session.book.known(ctx, child_id)?.children.clone();
    while !below.is_empty() && levels <= NESTING_MAX {
        let mut contents = Vec::new();
        for item_id in &below {
            contents.extend(session.book.known(ctx, item_id)?.children.iter().cloned());
        }
        below = contents;
        levels += 1;
    }
    Ok(!inside_itself && levels <= NESTING_MAX)
}
