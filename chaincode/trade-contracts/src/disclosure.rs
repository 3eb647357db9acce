//! `disclosure`: an authority orders a party of a private record to open it, two officers of it together; the party
//! opens it to the authority and to nobody else.
//!
//! Nothing can take an opening out of a member's collection but that member's own peer. So an order forces nothing by
//! itself: it is the recorded ground on which a member may open what another one relies on, and its silence is seen.

use fabric_contract::{Context, Contract};
use trade_model::Refusal;
use trade_model::common::{DocumentedOpening, Role, Scoped, Shared};
use trade_model::disclosure::{
    ApproveOrder, DISCLOSED_OPENINGS, Disclose, DisclosureEvent, DisclosureOrder, DisclosureRejection,
    DisclosureStanding, ORDER_APPROVALS, ORDERS, OrderApproval, OrderDisclosure, OrderRef, ReadDisclosed, ReadOrder,
};
use trade_model::governance::Members;
use trade_standards::identifier::MspId;

use crate::announce::announce;
use crate::caller::{self, Caller};
use crate::named::whole;
use crate::table::On;
use crate::{authorship, ledger, payment, private, rules};

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("disclosure")
        .on(order)
        .on_seen(approve_order, read_order)
        .on(disclose)
        .on(read_order)
        .on(read_disclosed)
}

/// Orders a member to open a private record to the caller.
///
/// # Errors
/// The authority of the country in which the member is registered; the member writes, and holds what opens the record.
pub fn order(ctx: &mut Context<'_>, request: OrderDisclosure) -> Result<DisclosureOrder, Refusal> {
    let caller = Caller::of::<OrderDisclosure>(ctx)?;
    let order_id = Scoped::new(caller.msp_id().clone(), request.order_id);
    if !has_jurisdiction(&caller.members, caller.msp_id(), &request.from) {
        return Err(DisclosureRejection::NotInJurisdiction { msp_id: request.from }.into());
    }
    if caller.partner(&request.from).is_none() {
        return Err(DisclosureRejection::CannotComply { msp_id: request.from }.into());
    }
    if !payment::committed(ctx, &request.subject)?.holders.contains(&request.from) {
        return Err(DisclosureRejection::HoldsNothing { msp_id: request.from }.into());
    }
    ledger::must_be_new(ctx, &ORDERS, &order_id, |order_id| DisclosureRejection::OrderExists { order_id })?;

    let order = DisclosureOrder {
        order_id,
        authority: caller.msp_id().clone(),
        subject: request.subject,
        from: request.from,
        ground: request.ground,
        ordered: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    authorship::put(ctx, &caller, (&ORDERS, &order.order_id), &order, &[&order.authority])?;
    announce(ctx, DisclosureEvent::Ordered { order_id: order.order_id.clone(), from: order.from.clone() })?;
    Ok(order)
}

/// A second officer approves an order, which is in force by that.
///
/// # Errors
/// Another person of the same authority, once.
pub fn approve_order(ctx: &mut Context<'_>, request: ApproveOrder) -> Result<OrderApproval, Refusal> {
    let mut caller = Caller::of::<ApproveOrder>(ctx)?;
    let order = find(ctx, request.order_id)?;
    let order_id = order.order_id.clone();
    if order.authority != *caller.msp_id() {
        return Err(DisclosureRejection::NotTheAuthority { order_id }.into());
    }
    if !is_authoritys(ctx, &order)? || !has_jurisdiction(&caller.members, &order.authority, &order.from) {
        return Err(DisclosureRejection::OrderNotInForce { order_id }.into());
    }
    if approval(ctx, &order)?.is_some() {
        return Err(DisclosureRejection::OrderApproved { order_id }.into());
    }
    caller.follow(order.ordered.at);
    caller.acting.check_second(&order.person, &caller.me)?;

    let order_sha256 = authorship::digest(&order);
    let comply_by = caller.now.after_days(rules::current(ctx)?.payments.disclosure_days.get());
    let approval = OrderApproval { order_id, order_sha256, approved: caller.stamp(), comply_by };
    authorship::put(ctx, &caller, (&ORDER_APPROVALS, &approval.order_id), &approval, &[&order.authority])?;
    announce(ctx, DisclosureEvent::Approved { order_id: order.order_id, from: order.from })?;
    Ok(approval)
}

/// The member that was ordered opens the record to the authority.
///
/// # Errors
/// That member only, by an order in force; the private input must open what the record says.
pub fn disclose(ctx: &mut Context<'_>, request: Disclose) -> Result<Shared, Refusal> {
    let mut caller = Caller::of::<Disclose>(ctx)?;
    let order = find(ctx, request.order_id)?;
    let order_id = order.order_id.clone();
    if order.from != *caller.msp_id() {
        return Err(DisclosureRejection::NotOrdered { order_id }.into());
    }
    let bound = has_jurisdiction(&caller.members, &order.authority, &order.from);
    let Some(approval) = approval(ctx, &order)?.filter(|_| bound) else {
        return Err(DisclosureRejection::OrderNotInForce { order_id }.into());
    };
    caller.follow(approval.approved.at);
    let committed = payment::committed(ctx, &order.subject)?;
    let input = private::input::<Disclose>(ctx)?;
    private::check_opens_with_document(&input, &committed.commitment, committed.document_digest.as_ref())?;

    private::share(ctx, &DISCLOSED_OPENINGS, &order_id, &input, [&order.from, &order.authority])?;
    announce(ctx, DisclosureEvent::Disclosed { order_id })?;
    Ok(Shared { with: order.authority, shared: caller.stamp() })
}

/// An order and what became of it.
///
/// # Errors
/// [`DisclosureRejection::OrderUnknown`].
pub fn read_order(ctx: &mut Context<'_>, request: ReadOrder) -> Result<DisclosureStanding, Refusal> {
    let record = find(ctx, request.order_id)?;
    let authenticated = is_authoritys(ctx, &record)?;
    let approval = approval(ctx, &record)?;
    let parties = [&record.from, &record.authority];
    let disclosed = private::is_shared(ctx, &DISCLOSED_OPENINGS, &record.order_id, parties)?;
    let now = caller::now(ctx)?;
    let overdue = !disclosed && approval.as_ref().is_some_and(|approval| approval.comply_by < now);
    Ok(DisclosureStanding { record, authenticated, approval, disclosed, overdue })
}

/// What was disclosed, for the authority and the member that disclosed it.
///
/// # Errors
/// The two only; [`DisclosureRejection::NotDisclosed`].
pub fn read_disclosed(ctx: &mut Context<'_>, request: ReadDisclosed) -> Result<DocumentedOpening, Refusal> {
    let order = find(ctx, request.order_id)?;
    let opened = private::own(ctx, &DISCLOSED_OPENINGS, &order.order_id, [&order.from, &order.authority])?;
    Ok(opened.ok_or(DisclosureRejection::NotDisclosed { order_id: order.order_id })?)
}

/// Whether an organization is the authority of the country in which a member is registered. One that is suspended is
/// none: it receives nothing.
fn has_jurisdiction(members: &Members, authority: &MspId, msp_id: &MspId) -> bool {
    let authority = members.partner(authority).filter(|authority| authority.has_role(Role::Customs));
    let country = members.find(msp_id).map(|member| &member.country);
    authority.zip(country).is_some_and(|(authority, country)| authority.jurisdictions.has(country))
}

fn find(ctx: &mut Context<'_>, order_id: OrderRef) -> Result<DisclosureOrder, Refusal> {
    let order_id = whole(ctx, order_id)?;
    ledger::require(ctx, &ORDERS, &order_id, |order_id| DisclosureRejection::OrderUnknown { order_id })
}

/// Whether the authority has made the order.
fn is_authoritys(ctx: &mut Context<'_>, order: &DisclosureOrder) -> Result<bool, Refusal> {
    let author = &order.order_id.owner;
    let by_owner = order.authority == *author;
    Ok(by_owner && authorship::is_authentic(ctx, &ORDERS, &order.order_id, order, author)?)
}

/// The authority's own consent to its own order, by another person.
fn approval(ctx: &mut Context<'_>, order: &DisclosureOrder) -> Result<Option<OrderApproval>, Refusal> {
    let Some(given) = ORDER_APPROVALS.find(ctx, &order.order_id)? else { return Ok(None) };
    let authentic = is_authoritys(ctx, order)?
        && authorship::is_authentic(ctx, &ORDER_APPROVALS, &order.order_id, &given, &order.authority)?;
    Ok((authentic && given.order_sha256 == authorship::digest(order)).then_some(given))
}
