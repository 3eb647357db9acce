//! Whether a thing, or a unit around it, is offered to a member by a custody offer that can still be accepted.

use std::collections::BTreeMap;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::custody::{TRANSFERS, TransferName, TransferState};
use trade_model::item::NESTING_MAX;
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::registry::Registry;

/// What a member is offered, at a moment. An offer is read once, whatever it names.
pub(crate) struct Offers {
    member: MspId,
    now: UtcTime,
    /// Whether an offer is to the member; none when it can no longer be accepted.
    known: BTreeMap<TransferName, Option<bool>>,
}

impl Offers {
    pub(crate) fn of(member: &MspId, now: UtcTime) -> Self {
        Self { member: member.clone(), now, known: BTreeMap::new() }
    }

    /// Whether the member holds the thing, owns it or is offered it. What the ledger does not know is nobody's.
    pub(crate) fn has_standing(
        &mut self,
        ctx: &mut Context<'_>,
        registry: &mut Registry,
        item_id: &ItemId,
    ) -> Result<bool, Refusal> {
        let Some(item) = registry.find(ctx, item_id)? else { return Ok(false) };
        if [&item.holder, &item.owner].into_iter().flatten().any(|party| *party == self.member) {
            return Ok(true);
        }
        self.has(ctx, registry, item_id)
    }

    /// Whether the thing, or a unit around it, is offered to the member. The innermost offer that can still be accepted
    /// counts; one that has expired is as none.
    pub(crate) fn has(
        &mut self,
        ctx: &mut Context<'_>,
        registry: &mut Registry,
        item_id: &ItemId,
    ) -> Result<bool, Refusal> {
        let mut thing = Some(item_id.clone());
        for _ in 0..=NESTING_MAX {
            let Some(item_id) = thing else { break };
            let Some(item) = registry.find(ctx, &item_id)? else { break };
            let (transfer_id, parent) = (item.open_transfer.clone(), item.parent.clone());
            if let Some(transfer_id) = transfer_id
                && let Some(to_member) = self.is_to_member(ctx, transfer_id)?
            {
                return Ok(to_member);
            }
            thing = parent;
        }
        Ok(false)
    }

    fn is_to_member(&mut self, ctx: &mut Context<'_>, transfer_id: TransferName) -> Result<Option<bool>, Refusal> {
        if let Some(known) = self.known.get(&transfer_id) {
            return Ok(*known);
        }
        let transfer = TRANSFERS.find(ctx, &transfer_id)?;
        let open = transfer.filter(|found| found.state == TransferState::Offered && !found.has_expired(self.now));
        let to_member = open.map(|transfer| transfer.to == self.member);
        self.known.insert(transfer_id, to_member);
        Ok(to_member)
    }
}
