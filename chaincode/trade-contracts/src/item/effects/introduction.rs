//! Things that are recorded for the first time, and things that give way to the member that may put them into use.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::item::{AlarmKind, Basis, Entitlement, Item, Life, Origin};
use trade_standards::gs1::ObjectUri;

use super::entitlement::{self, gives_way};
use super::kinds;
use super::turn::{Found, KeptBy, Turn};
use crate::item::registry::{Entry, Ground, kind_of};
use crate::item::session::Session;

impl Turn<'_> {
    /// The item as this event finds it, and by what the recorder may put it into use. An unknown thing is made known by
    /// whom its company prefix entitles; where nobody has named the prefix, by the first to record it, provisionally.
    /// What an authority holds does not change hands by that either.
    pub(super) fn find(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        object: &ObjectUri,
    ) -> Result<Found, Refusal> {
        let item_id = ItemId::from(object);
        let packs = kinds::packs(self.event) && entitlement::is_unit(kind_of(object));
        let entitlement = entitlement::of(session, object, packs);
        let puts_into_use = packs || self.commissions();
        let mut kept_by = None;
        match session.registry.find(ctx, &item_id)?.cloned() {
            Some(item) if puts_into_use => {
                kept_by = self.kept_from_use(ctx, session, &item, entitlement)?;
                if kept_by.is_none() {
                    self.claim(ctx, session, &item, entitlement)?;
                }
            }
            Some(_) => {}
            None if self.may_introduce(session, object, entitlement) => {
                self.introduce(session, &item_id, packs, entitlement)?;
            }
            None => return Ok(Found { item: None, entitlement, kept_by }),
        }
        let item = Some(session.registry.known(ctx, &item_id)?.clone());
        Ok(Found { item, entitlement, kept_by })
    }

    /// The hold, on the thing or on what lies in it, that keeps the recorder from putting it into use. Where that would
    /// change nothing, because the thing has its maker, none does, and the second commissioning is told as such.
    fn kept_from_use(
        &self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        entitlement: Entitlement,
    ) -> Result<Option<KeptBy>, Refusal> {
        let takes_over = gives_way(item, &self.me, entitlement);
        if !takes_over && item.commissioned_by_event.is_some() {
            return Ok(None);
        }
        if let Some(kept_by) = self.hold_on(ctx, session, item)? {
            return Ok(Some(kept_by));
        }
        if !takes_over {
            return Ok(None);
        }
        session.registry.load(ctx, &item.children)?;
        for child_id in &item.children {
            let child = session.registry.known(ctx, child_id)?.clone();
            if let Some(kept_by) = self.hold_on(ctx, session, &child)? {
                return Ok(Some(kept_by));
            }
        }
        Ok(None)
    }

    /// A known thing is put into use: what others recorded about it may give way.
    fn claim(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        entitlement: Entitlement,
    ) -> Result<(), Refusal> {
        if gives_way(item, &self.me, entitlement) {
            return self.take_over(ctx, session, item, entitlement);
        }
        // Who made the thing known itself, puts it into use by that from now on.
        if item.introduced_by == self.me && entitlement > item.entitlement {
            session.registry.change(ctx, &item.item_id)?.entitlement = entitlement;
        }
        Ok(())
    }

    /// Nobody takes a number by observing it: with a prefix that a member has named, only that member and its licensees
    /// make things known; and no commissioning does by a member that may not commission.
    fn may_introduce(&self, session: &Session, object: &ObjectUri, entitlement: Entitlement) -> bool {
        let reserved = entitlement::is_reserved(&session.caller.members, object);
        entitlement > Entitlement::Seen || !(reserved || self.commissions())
    }

    fn introduce(
        &mut self,
        session: &mut Session,
        item_id: &ItemId,
        packs: bool,
        entitlement: Entitlement,
    ) -> Result<(), Refusal> {
        let (origin, basis) = match () {
            () if self.commissions() => (Origin::Commissioned, Basis::Commissioning),
            () if packs => (Origin::Packed, Basis::FirstSeen),
            () => (Origin::Unknown, Basis::FirstSeen),
        };
        // A maker that only saw the thing first is not yet its maker: any other could be.
        let by_role = self.commissions() || packs;
        let entitlement = if by_role || entitlement == Entitlement::Company { entitlement } else { Entitlement::Seen };
        let reference = Foreign::of_id(&self.record.record_id);
        let ground = Ground::new(&session.caller, basis, reference, Some(self.record.event_time));
        let ground = ground.in_document(session.place);
        session.registry.introduce(item_id, (origin, entitlement), &self.me, &ground)
    }

    /// The member that is entitled to put a thing into use finds it recorded on a weaker entitlement: everything that
    /// rests on that gives way, accepted by others or not, and what was said stays visible as a conflict.
    fn take_over(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        entitlement: Entitlement,
    ) -> Result<(), Refusal> {
        let item_id = &item.item_id;
        let first = Foreign::of_id(&item.introduced_by);
        self.conflict(AlarmKind::SeenBeforeCommissioning, item_id, first, Some(&item.introduced_by));
        if let Some(unit_id) = &item.parent {
            session.registry.take_out(ctx, item_id, unit_id)?;
            self.append(session, item_id, Entry::Packing(None), Basis::Commissioning)?;
        }
        for child_id in &item.children {
            session.registry.take_out(ctx, child_id, item_id)?;
            self.append(session, child_id, Entry::Packing(None), Basis::Commissioning)?;
        }
        let me = self.me.clone();
        let changed = session.registry.change(ctx, item_id)?;
        changed.introduced_by = me.clone();
        changed.entitlement = entitlement;
        changed.origin = if self.commissions() { Origin::Unknown } else { Origin::Packed };
        changed.commissioner = None;
        changed.commissioned_at = None;
        changed.commissioned_by_event = None;
        changed.holder = Some(me.clone());
        changed.received_by_transfer = None;
        changed.life = Life::Active;
        changed.life_set_by_event = None;
        changed.recalled_by_event = None;
        changed.seller_of_record = None;
        changed.open_transfer = None;
        changed.open_title = None;
        let (owned, licensed) = (changed.owner.take(), changed.licence_id.take());
        self.append(session, item_id, Entry::Custody(Some(me)), Basis::Commissioning)?;
        if owned.is_some() {
            self.append(session, item_id, Entry::Title(None), Basis::Commissioning)?;
        }
        if licensed.is_some() {
            self.append(session, item_id, Entry::Licence(None), Basis::Commissioning)?;
        }
        Ok(())
    }
}
