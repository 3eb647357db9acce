//! Who owns an item.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::{Foreign, ItemId};
use trade_model::item::{AlarmKind, Basis, Change};
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::MspId;

use super::turn::Turn;
use crate::item::registry::Entry;
use crate::item::session::Session;

impl Turn<'_> {
    /// Title goes where the owner says, by the owning party in the destination list.
    pub(super) fn pass_title(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item_id: &ItemId,
    ) -> Result<(), Refusal> {
        let destination = self.event.destination("owning_party").and_then(ObjectUri::gs1);
        let Some(gln) = destination.map(|uri| uri.value().to_owned()) else { return Ok(()) };
        let members = &session.caller.members.members;
        let named = |own: &trade_standards::identifier::Gln| own.as_str() == gln;
        let Some(heir) = members.iter().find(|member| member.gln.as_ref().is_some_and(named)) else {
            return Ok(());
        };
        let heir = heir.msp_id.clone();
        let owner = session.registry.known(ctx, item_id)?.owner.clone();
        match owner {
            Some(owner) if owner == heir => Ok(()),
            Some(owner) if owner != self.me => {
                self.conflict(AlarmKind::TitleConflict, item_id, Foreign::of_id(&owner), Some(&owner));
                Ok(())
            }
            _ => self.set_owner(ctx, session, item_id, &heir, Basis::Event),
        }
    }

    pub(super) fn set_owner(
        &mut self,
        ctx: &mut Context<'_>,
        session: &mut Session,
        item_id: &ItemId,
        owner: &MspId,
        basis: Basis,
    ) -> Result<(), Refusal> {
        let before = session.registry.change(ctx, item_id)?.owner.replace(owner.clone());
        self.effect(item_id, Change::Owner { before, after: owner.clone() });
        self.append(session, item_id, Entry::Title(Some(owner.clone())), basis)
    }
}
