//! What an ObjectEvent (EPCIS 2.0 §7.4.1) does to the items it names.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Foreign;
use trade_model::item::{AlarmKind, Basis, Change, Item, ItemRejection, Life, Origin};
use trade_standards::epcis::{Action, ObjectEvent};
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use super::entitlement::held_on_its_own_word;
use super::packing::unlink;
use super::turn::{Turn, last_life};
use crate::item::registry::Entry;
use crate::item::session::Session;
use crate::rights;

impl Turn<'_> {
    pub(super) fn object_event(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        body: &ObjectEvent,
    ) -> Result<(), Refusal> {
        let commissions = body.action == Action::Add && self.event.biz_step_name() == Some("commissioning");
        for object in &body.epcs {
            self.object(ctx, session, object, commissions)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        object: &ObjectUri,
        commissions: bool,
    ) -> Result<(), Refusal> {
        let entitled = commissions && self.entitled(session, object);
        let origin = if entitled { Origin::Commissioned } else { Origin::Unknown };
        let item_id = self.introduce(ctx, session, object, origin)?;
        let mut item = session.registry.known(ctx, &item_id)?.clone();
        if entitled && item.commissioned_by_event.is_none() && held_on_its_own_word(&item, &self.me) {
            self.take_over(ctx, session, &item)?;
            item = session.registry.known(ctx, &item_id)?.clone();
        }
        if self.used_after_end(&item) {
            return self.count(ctx, session, &item_id);
        }
        if commissions {
            self.commission(ctx, session, &item, entitled)?;
        }
        self.step(ctx, session, &item)?;
        self.pass_title(ctx, session, &item_id)?;
        self.observe(ctx, session, &item_id)
    }

    /// What the business step says about holder and life.
    fn step(&mut self, ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<(), Refusal> {
        let step = self.event.biz_step_name().unwrap_or_default();
        let returned = self.event.disposition_name() == Some("returned");
        if matches!(step, "shipping" | "retail_selling" | "dispensing") {
            self.outside_of_its_unit(item, None);
        }
        match step {
            "shipping" => {
                self.held_by_me(item);
            }
            "retail_selling" if item.life == Life::Sold => {
                self.conflict(AlarmKind::SoldTwice, &item.item_id, last_life(item), None);
            }
            "retail_selling" if self.held_by_me(item) => self.set_life(ctx, session, item, Life::Sold)?,
            "decommissioning" if self.held_by_me(item) => self.set_life(ctx, session, item, Life::Decommissioned)?,
            "destroying" if self.held_by_me(item) => self.set_life(ctx, session, item, Life::Destroyed)?,
            "receiving" | "accepting" if returned && item.life == Life::Sold => {
                self.set_life(ctx, session, item, Life::Active)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn commission(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        entitled: bool,
    ) -> Result<(), Refusal> {
        let item_id = &item.item_id;
        // Who is not entitled contradicts no maker, whatever was recorded before.
        if let Some(earlier) = item.commissioned_by_event.as_ref().filter(|_| entitled) {
            let earlier = Foreign::of_id(earlier);
            self.conflict(AlarmKind::SecondCommissioning, item_id, earlier, item.commissioner.as_ref());
            return Ok(());
        }
        if let Some(permission) = &session.licence
            && !self.licensed(session, item.gtin.as_ref())
        {
            let licence_id = permission.licence_id().clone();
            return Err(ItemRejection::LicenceDoesNotCoverMaking { licence_id, item_id: item_id.clone() }.into());
        }
        if !entitled {
            let me = Foreign::of_id(&self.me);
            self.conflict(AlarmKind::CommissionerNotEntitled, item_id, me, None);
            return Ok(());
        }
        let licence_id = session.licence.as_ref().map(rights::Permission::licence_id).cloned();
        let by_event = self.record.record_id.clone();
        let changed = session.registry.change(ctx, item_id)?;
        changed.origin = Origin::Commissioned;
        changed.commissioner = Some(self.me.clone());
        changed.commissioned_at = Some(self.record.event_time);
        changed.commissioned_by_event = Some(by_event.clone());
        if let Some(licence_id) = &licence_id {
            changed.licence_id = Some(licence_id.clone());
        }
        self.effect(item_id, Change::Commissioning { by_event });
        if let Some(licence_id) = licence_id {
            self.append(session, item_id, Entry::Licence(Some(licence_id)), Basis::Commissioning)?;
        }
        if item.owner.is_none() {
            let me = self.me.clone();
            self.set_owner(ctx, session, item_id, &me, Basis::Commissioning)?;
        }
        Ok(())
    }

    /// The member that is entitled to put a thing into use finds it recorded by another, from which nobody has
    /// accepted it: what that one alone said about it gives way, and what was said stays visible as a conflict.
    fn take_over(&mut self, ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<(), Refusal> {
        let item_id = &item.item_id;
        let first = item.holder.as_ref().map_or_else(|| Foreign::of_id(item_id), Foreign::of_id);
        self.conflict(AlarmKind::SeenBeforeCommissioning, item_id, first, item.holder.as_ref());
        if let Some(unit_id) = &item.parent {
            unlink(ctx, session, item_id, unit_id)?;
            self.append(session, item_id, Entry::Packing(None), Basis::Commissioning)?;
        }
        for child_id in &item.children {
            unlink(ctx, session, child_id, item_id)?;
            self.append(session, child_id, Entry::Packing(None), Basis::Commissioning)?;
        }
        let me: MspId = self.me.clone();
        let changed = session.registry.change(ctx, item_id)?;
        changed.holder = Some(me.clone());
        changed.owner = None;
        changed.life = Life::Active;
        changed.life_set_by_event = None;
        changed.open_transfer = None;
        self.append(session, item_id, Entry::Custody(Some(me)), Basis::Commissioning)
    }
}
