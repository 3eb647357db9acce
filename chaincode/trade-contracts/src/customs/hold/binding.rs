//! Which hold binds a thing: what every contract asks that moves goods, sells them, or lets them be declared.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{HoldId, ItemId};
use trade_model::customs::{CustomsRejection, HOLDS, HOLDS_ON, Hold};
use trade_model::governance::{MEMBERS_MAX, Members};
use trade_model::item::Item;
use trade_standards::time::UtcTime;

use super::record::is_authentic;
use crate::item::registry::Registry;

/// The holds that bind at a moment, each read once.
pub(crate) struct Holds {
    now: UtcTime,
    known: BTreeMap<HoldId, Option<Hold>>,
}

impl Holds {
    /// Those that bind at a moment of ledger time.
    pub(crate) fn at(now: UtcTime) -> Self {
        Self { now, known: BTreeMap::new() }
    }

    /// The hold that binds a thing.
    pub(crate) fn on(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        item: &Item,
    ) -> Result<Option<&Hold>, Refusal> {
        self.on_beside(ctx, members, item, None)
    }

    /// The hold that binds a thing beside this one.
    pub(super) fn on_beside(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        item: &Item,
        own: Option<&HoldId>,
    ) -> Result<Option<&Hold>, Refusal> {
        let Some(named) = &item.hold else { return Ok(None) };
        let mut binding = None;
        if Some(named) != own && self.binds(ctx, members, named)? {
            binding = Some(named.clone());
        } else {
            // The one that the item names has ended, or is this one. Another authority may hold the thing as well.
            for (_, other) in HOLDS_ON.scan(ctx, &item.item_id, MEMBERS_MAX)?.entries {
                if binding.is_none() && Some(&other) != own && self.binds(ctx, members, &other)? {
                    binding = Some(other);
                }
            }
        }
        Ok(binding.and_then(|hold_id| self.find(&hold_id)))
    }

    /// Refuses when one of the things is held.
    ///
    /// # Errors
    /// [`CustomsRejection::ItemHeld`].
    pub(crate) fn refuse(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        registry: &mut Registry,
        things: &[ItemId],
    ) -> Result<(), Refusal> {
        self.refuse_others(ctx, members, registry, things, None)
    }

    /// Refuses when one of the things is held by another hold than this one.
    ///
    /// # Errors
    /// [`CustomsRejection::ItemHeld`].
    pub(crate) fn refuse_others(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        registry: &mut Registry,
        things: &[ItemId],
        own: Option<&HoldId>,
    ) -> Result<(), Refusal> {
        registry.load(ctx, things)?;
        for item_id in things {
            let Some(item) = registry.find(ctx, item_id)?.filter(|item| item.hold.is_some()).cloned() else {
                continue;
            };
            if let Some(hold) = self.on_beside(ctx, members, &item, own)? {
                let (item_id, hold_id) = (item_id.clone(), hold.hold_id.clone());
                return Err(CustomsRejection::ItemHeld { item_id, hold_id }.into());
            }
        }
        Ok(())
    }

    /// Whether a hold is in force: made by its authority, which still is that of the country, and not over.
    pub(super) fn binds(
        &mut self,
        ctx: &mut Context<'_>,
        members: &Members,
        hold_id: &HoldId,
    ) -> Result<bool, Refusal> {
        if !self.known.contains_key(hold_id) {
            let mut found = HOLDS.find(ctx, hold_id)?.filter(|hold| hold.binds(self.now));
            if let Some(hold) = &found {
                let authority = members.authority_of(&hold.country).map(|member| &member.msp_id);
                if authority != Some(&hold.authority) || !is_authentic(ctx, hold)? {
                    found = None;
                }
            }
            self.known.insert(hold_id.clone(), found);
        }
        Ok(self.find(hold_id).is_some())
    }

    /// A hold that was found to bind.
    pub(super) fn find(&self, hold_id: &HoldId) -> Option<&Hold> {
        self.known.get(hold_id)?.as_ref()
    }
}
