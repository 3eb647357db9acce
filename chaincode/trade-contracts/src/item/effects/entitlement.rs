//! Who may put a thing into use.

use trade_model::common::Role;
use trade_model::governance::{Member, Members};
use trade_model::item::Item;
use trade_model::rights::Act;
use trade_standards::gs1::{Gs1Key, ObjectUri};
use trade_standards::identifier::{Gtin, MspId};

use super::turn::Turn;
use crate::item::session::Session;

impl Turn<'_> {
    /// Whether the recorder may put the thing into use: by itself, or by a licence to make it that it names. Where the
    /// key belongs to a company of the registry, the licence must come from that company.
    pub(super) fn entitled(&self, session: &Session, object: &ObjectUri) -> bool {
        let members = &session.caller.members;
        let company = object.gs1().and_then(|key| members.company_of(key));
        let from_company = session.licence.as_ref().is_some_and(|licence| match company {
            Some(company) => *licence.right_owner() == company.msp_id,
            None => licence.opens(gtin(object).as_ref(), session.caller.now),
        });
        may_commission(members, &session.caller.me, object)
            || (from_company && self.licensed(session, gtin(object).as_ref()))
    }

    pub(super) fn licensed(&self, session: &Session, gtin: Option<&Gtin>) -> bool {
        let (now, territory) = (session.caller.now, &session.caller.me.country);
        session.licence.as_ref().is_some_and(|licence| licence.covers(&self.me, Act::Make, gtin, territory, now))
    }
}

/// Whether a member may put a thing into use by itself: the company whose GS1 prefix its key begins with; where nobody
/// has named that prefix, any maker and any brand.
pub(in crate::item) fn may_commission(members: &Members, member: &Member, object: &ObjectUri) -> bool {
    match object.gs1().and_then(|key| members.company_of(key)) {
        Some(company) => company.msp_id == member.msp_id,
        None => member.has_role(Role::Maker) || member.has_role(Role::Brand),
    }
}

/// Whether another member holds the item by nothing but its own record: nobody handed it over.
pub(in crate::item) fn held_on_its_own_word(item: &Item, me: &MspId) -> bool {
    item.received_by_transfer.is_none() && item.holder.as_ref() != Some(me)
}

/// The trade item number of a serialised item.
fn gtin(object: &ObjectUri) -> Option<Gtin> {
    let uri = object.gs1().filter(|uri| uri.key() == Gs1Key::Gtin && uri.serial().is_some())?;
    Gtin::parse(uri.value()).ok()
}
