//! What an AggregationEvent (EPCIS 2.0 §7.4.2) does to the unit and the things it names.
//!
//! Only what one pair of hands holds, unit and thing both, is packed or unpacked: packing a stranger's thing into one's
//! unit, or one's own into a stranger's, moves nothing.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{Basis, Change, Item};
use trade_standards::epcis::{Action, AggregationEvent};
use trade_standards::gs1::ObjectUri;

use super::packing::{check_nesting, link};
use super::turn::{Judged, Turn};
use crate::item::registry::Entry;
use crate::item::session::Session;

impl Turn<'_> {
    pub(super) fn aggregation_event(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        body: &AggregationEvent,
    ) -> Result<(), Refusal> {
        let unit = match &body.parent {
            Some(object) => Some(self.judged(ctx, session, object)?),
            None => None,
        };
        let unit_id = body.parent.as_ref().map(ItemId::from);
        let moves_unit = unit.as_ref().is_some_and(Judged::moves);
        let empties = unit.as_ref().is_some_and(Judged::may_be_moved);
        for object in &self.contents(body, unit.as_ref()) {
            let child = self.judged(ctx, session, object)?;
            let (Some(unit_id), Some(item)) = (&unit_id, &child.item) else { continue };
            if child.acts() {
                self.outside_of_its_unit(item, Some(unit_id));
            }
            match body.action {
                Action::Add if child.moves() && moves_unit && item.parent.is_none() => {
                    self.pack(ctx, session, item, unit_id)?
                }
                Action::Delete if child.may_be_moved() && empties && item.parent.as_ref() == Some(unit_id) => {
                    self.unpack(ctx, session, item, unit_id)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the event names; when it empties a unit without naming anything, what lies in it, if the recorder may.
    fn contents(&self, body: &AggregationEvent, unit: Option<&Judged>) -> Vec<ObjectUri> {
        let all_of_it = body.action == Action::Delete && body.children.is_empty() && body.quantities.is_empty();
        match unit.filter(|unit| all_of_it && unit.may_be_moved()).and_then(|unit| unit.item.as_ref()) {
            Some(unit) => unit.children.iter().map(ItemId::object).collect(),
            None => body.children.clone(),
        }
    }

    fn pack(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        child: &Item,
        unit_id: &ItemId,
    ) -> Result<(), Refusal> {
        check_nesting(ctx, session, &child.item_id, unit_id)?;
        link(ctx, session, &child.item_id, unit_id)?;
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
        session.registry.take_out(ctx, &child.item_id, unit_id)?;
        self.effect(&child.item_id, Change::Parent { before: Some(unit_id.clone()), after: None });
        self.append(session, &child.item_id, Entry::Packing(None), Basis::Event)
    }
}
