//! What an ObjectEvent (EPCIS 2.0 §7.4.1) does to the items it names.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::item::{AlarmKind, Basis, Change, Item, ItemRejection, Life, Origin, StepEffect};
use trade_standards::epcis::ObjectEvent;
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use super::entitlement::{gtin, licensed};
use super::kinds;
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
        for object in &body.epcs {
            let new = session.registry.find(ctx, &ItemId::from(object))?.is_none();
            if self.commissions() {
                check_licence(ctx, session, object)?;
            }
            let known = self.judged(ctx, session, object)?.item.is_some();
            if new && known {
                self.outside_of_ranges(ctx, session, object)?;
            }
        }
        Ok(())
    }

    /// Carries out one effect for which the recorder has standing.
    pub(super) fn carry_out(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        effect: StepEffect,
    ) -> Result<(), Refusal> {
        match effect {
            StepEffect::PutIntoUse => self.commission(ctx, session, item),
            StepEffect::Sell => self.sell(ctx, session, item),
            StepEffect::Return => self.set_life(ctx, session, item, Life::Active),
            StepEffect::End => self.set_life(ctx, session, item, kinds::end(self.event)),
            StepEffect::Recall => self.recall(ctx, session, item),
            StepEffect::Move if self.event.biz_step_name() == Some("shipping") => {
                self.outside_of_its_unit(item, None);
                Ok(())
            }
            StepEffect::Move | StepEffect::Keep | StepEffect::Receive | StepEffect::Repair | StepEffect::Repack => {
                Ok(())
            }
        }
    }

    fn sell(&mut self, ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<(), Refusal> {
        self.outside_of_its_unit(item, None);
        if item.life == Life::Sold {
            self.conflict(AlarmKind::SoldTwice, &item.item_id, last_life(item), None);
            return Ok(());
        }
        self.set_life(ctx, session, item, Life::Sold)?;
        let sold = session.registry.change(ctx, &item.item_id)?;
        sold.seller_of_record = Some(self.me.clone());
        sold.sales = sold.sales.saturating_add(1);
        sold.open_title = None;
        Ok(())
    }

    /// Sets a recall, or lifts it where the event finds the thing conforming.
    fn recall(&mut self, ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<(), Refusal> {
        let lifted = self.event.disposition_name() == Some("conformant");
        let after = (!lifted).then(|| self.record.record_id.clone());
        let before =
            std::mem::replace(&mut session.registry.change(ctx, &item.item_id)?.recalled_by_event, after.clone());
        self.effect(&item.item_id, Change::Recall { before, after });
        Ok(())
    }

    fn commission(&mut self, ctx: &mut Context<'_>, session: &mut Session, item: &Item) -> Result<(), Refusal> {
        let item_id = &item.item_id;
        if let Some(earlier) = &item.commissioned_by_event {
            let earlier = Foreign::of_id(earlier);
            self.conflict(AlarmKind::SecondCommissioning, item_id, earlier, item.commissioner.as_ref());
            return Ok(());
        }
        let licence_id = session.licence.as_ref().map(rights::Permission::licence_id).cloned();
        let by_event = self.record.record_id.clone();
        let changed = session.registry.change(ctx, item_id)?;
        changed.origin = Origin::Commissioned;
        changed.commissioner = Some(self.me.clone());
        changed.commissioned_at = Some(self.record.event_time);
        changed.commissioned_by_event = Some(by_event.clone());
        let before = licence_id.as_ref().and_then(|licence_id| changed.licence_id.replace(licence_id.clone()));
        self.effect(item_id, Change::Commissioning { by_event });
        if let Some(licence_id) = licence_id {
            self.effect(item_id, Change::Licence { before, after: licence_id.clone() });
            self.append(session, item_id, Entry::Licence(Some(licence_id)), Basis::Commissioning)?;
        }
        if item.owner.is_none() {
            let me = self.me.clone();
            self.set_owner(ctx, session, item, &me)?;
        }
        Ok(())
    }

    fn set_owner(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item: &Item,
        owner: &MspId,
    ) -> Result<(), Refusal> {
        let before = session.registry.change(ctx, &item.item_id)?.owner.replace(owner.clone());
        self.effect(&item.item_id, Change::Owner { before, after: owner.clone() });
        self.append(session, &item.item_id, Entry::Title(Some(owner.clone())), Basis::Commissioning)
    }
}

/// Refuses a licence that does not cover what is put into use under it; what was put into use before is a conflict, and
/// recorded as one.
fn check_licence(ctx: &mut Context<'_>, session: &mut Session, object: &ObjectUri) -> Result<(), Refusal> {
    let item_id = ItemId::from(object);
    let known = session.registry.find(ctx, &item_id)?;
    let commissioned = known.is_some_and(|item| item.commissioned_by_event.is_some());
    match &session.licence {
        Some(permission) if !commissioned && !licensed(session, gtin(object).as_ref()) => {
            let licence_id = permission.licence_id().clone();
            Err(ItemRejection::LicenceDoesNotCoverMaking { licence_id, item_id }.into())
        }
        _ => Ok(()),
    }
}
