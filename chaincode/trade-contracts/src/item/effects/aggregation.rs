//! What an AggregationEvent (EPCIS 2.0 §7.4.2) does to the unit and the things it names.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{Basis, Change, Item, Origin};
use trade_standards::epcis::{Action, AggregationEvent};

use super::packing::{check_nesting, link, unlink};
use super::turn::Turn;
use crate::item::registry::Entry;
use crate::item::session::Session;

impl Turn<'_> {
    pub(super) fn aggregation_event(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        body: &AggregationEvent,
    ) -> Result<(), Refusal> {
        let unit_id = body.parent.as_ref().map(ItemId::from);
        let mut unit_usable = true;
        if let (Some(object), Some(unit_id)) = (&body.parent, &unit_id) {
            let origin = if body.action == Action::Add { Origin::Packed } else { Origin::Unknown };
            self.introduce(ctx, session, object, origin)?;
            let unit = session.registry.known(ctx, unit_id)?.clone();
            unit_usable = !self.used_after_end(&unit) && (body.action == Action::Observe || self.held_by_me(&unit));
            self.pass_title(ctx, session, unit_id)?;
            self.observe(ctx, session, unit_id)?;
        }
        let all_of_it = body.action == Action::Delete && body.children.is_empty() && body.quantities.is_empty();
        let children: Vec<ItemId> = match (&unit_id, all_of_it) {
            (Some(unit_id), true) => session.registry.known(ctx, unit_id)?.children.clone(),
            _ => body.children.iter().map(ItemId::from).collect(),
        };
        for object in &body.children {
            self.introduce(ctx, session, object, Origin::Unknown)?;
        }
        for child_id in &children {
            let child = session.registry.known(ctx, child_id)?.clone();
            if !self.used_after_end(&child) {
                self.outside_of_its_unit(&child, unit_id.as_ref());
                let elsewhere = child.parent.is_some() && child.parent != unit_id;
                match (&unit_id, body.action) {
                    (Some(unit_id), Action::Add) if unit_usable && !elsewhere && self.held_by_me(&child) => {
                        self.pack(ctx, session, &child, unit_id)?;
                    }
                    (Some(unit_id), Action::Delete) if unit_usable && child.parent.as_ref() == Some(unit_id) => {
                        self.unpack(ctx, session, &child, unit_id)?;
                    }
                    _ => {}
                }
            }
            self.observe(ctx, session, child_id)?;
        }
        Ok(())
    }

    fn pack(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        child: &Item,
        unit_id: &ItemId,
    ) -> Result<(), Refusal> {
        if child.parent.is_some() {
            return Ok(());
        }
        check_nesting(ctx, session, &child.item_id, unit_id)?;
        link(ctx, session, &child.item_id, unit_id)?;
        session.registry.change(ctx, &child.item_id)?.packed_by_event = Some(self.record.record_id.clone());
        self.effect(&child.item_id, Change::Parent { before: None, after: Some(unit_id.clone()) });
        self.append(session, &child.item_id, Entry::Packing(Some(unit_id.clone())), Basis::Event)
    }

    fn unpack(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        child: &Item,
        unit_id: &ItemId,
    ) -> Result<(), Refusal> {
        unlink(ctx, session, &child.item_id, unit_id)?;
        self.effect(&child.item_id, Change::Parent { before: Some(unit_id.clone()), after: None });
        self.append(session, &child.item_id, Entry::Packing(None), Basis::Event)
    }
}
