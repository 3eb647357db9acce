//! Who may put a thing into use, now: a claimed earlier time of the event never widens it.

use trade_model::common::Role;
use trade_model::governance::{Member, Members};
use trade_model::item::{Entitlement, Item, ItemKind, serial_of};
use trade_model::rights::Act;
use trade_standards::gs1::ObjectUri;
use trade_standards::identifier::{Gtin, MspId};

use crate::item::session::Session;
use crate::rights;

/// By what the session's caller may put the thing into use: as the company whose prefix its key begins with, or by the
/// licence to make it from that company that the capture names; where nobody has named the prefix, by role. `packs`
/// when the thing is a unit that comes into use by packing.
pub(super) fn of(session: &Session, object: &ObjectUri, packs: bool) -> Entitlement {
    let members = &session.caller.members;
    let product = gtin(object);
    match members.company_of_object(object) {
        Some(company) if company.msp_id == *session.caller.msp_id() => Entitlement::Company,
        Some(company) => {
            let grantor = session.licence.as_ref().map(rights::Permission::right_owner);
            let licensed = grantor == Some(&company.msp_id) && licensed(session, product.as_ref());
            if licensed { Entitlement::Company } else { Entitlement::Seen }
        }
        None => {
            let now = session.caller.now;
            let opened = session.licence.as_ref().is_some_and(|licence| licence.opens(product.as_ref(), now));
            let licensed = opened && licensed(session, product.as_ref());
            if packs || makes(&session.caller.me) || licensed { Entitlement::Role } else { Entitlement::Seen }
        }
    }
}

/// Whether nobody but the company that has named the prefix, and those it licenses, may make the thing known.
pub(super) fn is_reserved(members: &Members, object: &ObjectUri) -> bool {
    members.company_of_object(object).is_some()
}

/// Whether the licence that the capture names covers making the product now, by ledger time.
pub(super) fn licensed(session: &Session, gtin: Option<&Gtin>) -> bool {
    let caller = &session.caller;
    let (now, territory) = (caller.now, &caller.me.country);
    let licence = session.licence.as_ref();
    licence.is_some_and(|licence| licence.covers(caller.msp_id(), Act::Make, gtin, territory, now))
}

/// Whether a member may put a thing into use by itself: the company whose GS1 prefix its key begins with; where nobody
/// has named that prefix, any maker and any brand.
pub(in crate::item) fn may_commission(members: &Members, member: &Member, object: &ObjectUri) -> bool {
    match members.company_of_object(object) {
        Some(company) => company.msp_id == member.msp_id,
        None => makes(member),
    }
}

/// By what a member that may commission by itself does so.
pub(in crate::item) fn entitlement_of(members: &Members, msp_id: &MspId, object: &ObjectUri) -> Entitlement {
    let company = members.company_of_object(object);
    if company.is_some_and(|company| company.msp_id == *msp_id) { Entitlement::Company } else { Entitlement::Role }
}

/// Whether what others recorded about the item gives way to a member with this entitlement. Where that member itself
/// made the item known, nothing does: others may have accepted it from that member since. Nor does a unit that has
/// changed hands since it became known give way to who merely packs something: under a prefix that nobody has named,
/// anyone can.
pub(in crate::item) fn gives_way(item: &Item, me: &MspId, entitlement: Entitlement) -> bool {
    let stronger = item.introduced_by != *me && entitlement > item.entitlement;
    let handed_over = is_unit(item.kind) && item.holder.is_some() && item.entries.custody > 1;
    stronger && (entitlement == Entitlement::Company || !handed_over)
}

fn makes(member: &Member) -> bool {
    member.has_role(Role::Maker) || member.has_role(Role::Brand)
}

/// The trade item number of a serialised item.
pub(super) fn gtin(object: &ObjectUri) -> Option<Gtin> {
    object.gs1().and_then(serial_of).map(|(gtin, _)| gtin)
}

/// Whether a thing comes into use by packing: a logistic unit does.
pub(super) fn is_unit(kind: ItemKind) -> bool {
    kind == ItemKind::LogisticUnit
}
