//! Whether a thing, or a unit around it, is offered to a member by a custody offer that can still be accepted.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::custody::{TRANSFERS, TransferState};
use trade_model::item::NESTING_MAX;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use crate::item::registry::Registry;

/// What a member is offered, at a moment. A unit is looked at once for all that is packed in it.
pub(super) struct Offers<'m> {
    member: &'m MspId,
    now: UtcTime,
    known: BTreeMap<ItemId, bool>,
}

impl<'m> Offers<'m> {
    pub(super) fn of(member: &'m MspId, now: UtcTime) -> Self {
        Self { member, now, known: BTreeMap::new() }
    }

    /// Whether the member holds the thing, owns it or is offered it. What the ledger does not know is nobody's.
    pub(super) fn has_standing(
        &mut self,
        ctx: &mut Context<'_>,
        registry: &mut Registry,
        item_id: &ItemId,
    ) -> Result<bool, Refusal> {
        let Some(item) = registry.find(ctx, item_id)? else { return Ok(false) };
        if [&item.holder, &item.owner].into_iter().flatten().any(|party| party == self.member) {
            return Ok(true);
        }
        self.has(ctx, registry, item_id)
    }

    /// Whether the thing, or a unit around it, is offered to the member.
    pub(super) fn has(
        &mut self,
        ctx: &mut Context<'_>,
        registry: &mut Registry,
        item_id: &ItemId,
    ) -> Result<bool, Refusal> {
        let mut looked_at = Vec::new();
        let mut thing = Some(item_id.clone());
        let mut offered = false;
        while let Some(item_id) = thing.take().filter(|_| looked_at.len() <= NESTING_MAX) {
            if let Some(known) = self.known.get(&item_id) {
                offered = *known;
                break;
            }
            let Some(item) = registry.find(ctx, &item_id)? else { break };
            let (transfer_id, parent) = (item.open_transfer.clone(), item.parent.clone());
            looked_at.push(item_id);
            if let Some(transfer_id) = transfer_id
                && let Some(transfer) = TRANSFERS.find(ctx, &transfer_id)?
            {
                let open = transfer.state == TransferState::Offered
                    && transfer.expires_at.is_none_or(|expiry| self.now <= expiry);
                if open {
                    offered = transfer.to == *self.member;
                    break;
                }
            }
            thing = parent;
        }
        self.known.extend(looked_at.into_iter().map(|item_id| (item_id, offered)));
        Ok(offered)
    }
}
