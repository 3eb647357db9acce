//! Assigning products: a company lets the rights of another member cover its products.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Remark, Role};
use trade_model::rights::{
    ASSIGNMENT_REPLIES, ASSIGNMENTS, AcceptProducts, AssignProducts, AssignmentReply, EndAssignment, ProductAssignment,
    RefuseProducts, RightsEvent, RightsRejection,
};
use trade_standards::identifier::MspId;

use super::{facts, product};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Assigns products under the caller's GS1 company prefixes; in force when the other member accepts.
///
/// # Errors
/// The company that owns the prefix only, to another member with the role brand.
pub fn assign_products(ctx: &mut Context<'_>, request: AssignProducts) -> Result<ProductAssignment, Refusal> {
    let caller = Caller::of::<AssignProducts>(ctx)?;
    if caller.me.gs1_company_prefixes.is_empty() {
        return Err(RightsRejection::PrefixMissing.into());
    }
    let is_own = |company: Option<&trade_model::governance::Member>| {
        company.is_some_and(|company| company.msp_id == *caller.msp_id())
    };
    if let Some(gtin) = request.products.iter().find(|gtin| !is_own(caller.members.company_of_gtin(gtin))) {
        return Err(RightsRejection::ProductNotOwn { gtin: gtin.clone() }.into());
    }
    let fit = caller.partner(&request.to).is_some_and(|partner| partner.has_role(Role::Brand));
    if !fit || request.to == *caller.msp_id() {
        return Err(RightsRejection::AssigneeUnfit { msp_id: request.to }.into());
    }

    let assignment = ProductAssignment {
        from: caller.msp_id().clone(),
        to: request.to,
        products: request.products,
        assigned: caller.stamp(),
        ended: None,
    };
    write(ctx, &caller, &assignment)?;
    let (from, to) = parties(&assignment);
    announce(ctx, RightsEvent::ProductsAssigned { from, to })?;
    Ok(assignment)
}

/// Accepts what a company assigned.
///
/// # Errors
/// [`RightsRejection::AssignmentUnknown`], or [`RightsRejection::AssignmentClosed`] when it is accepted already.
pub fn accept_products(ctx: &mut Context<'_>, request: AcceptProducts) -> Result<AssignmentReply, Refusal> {
    let caller = Caller::of::<AcceptProducts>(ctx)?;
    reply(ctx, caller, request.from, None)
}

/// Refuses what a company assigned, or gives it back.
///
/// # Errors
/// [`RightsRejection::AssignmentUnknown`], or [`RightsRejection::AssignmentClosed`] when it is refused already.
pub fn refuse_products(ctx: &mut Context<'_>, request: RefuseProducts) -> Result<AssignmentReply, Refusal> {
    let caller = Caller::of::<RefuseProducts>(ctx)?;
    reply(ctx, caller, request.from, Some(request.reason))
}

/// Ends what the caller assigned.
///
/// # Errors
/// [`RightsRejection::AssignmentUnknown`] when nothing is assigned to that member.
pub fn end_assignment(ctx: &mut Context<'_>, request: EndAssignment) -> Result<ProductAssignment, Refusal> {
    let mut caller = Caller::of::<EndAssignment>(ctx)?;
    let mut assignment = open(ctx, caller.msp_id(), &request.to)?;
    caller.follow(assignment.assigned.at);

    assignment.ended = Some(caller.stamp());
    write(ctx, &caller, &assignment)?;
    let (from, to) = parties(&assignment);
    announce(ctx, RightsEvent::AssignmentEnded { from, to })?;
    Ok(assignment)
}

fn reply(
    ctx: &mut Context<'_>,
    mut caller: Caller,
    from: MspId,
    reason: Option<Remark>,
) -> Result<AssignmentReply, Refusal> {
    let assignment = open(ctx, &from, caller.msp_id())?;
    let accepted = reason.is_none();
    if accepted {
        facts::check_offerer(&caller, &assignment.from)?;
    }
    let before = product::reply(ctx, &assignment)?;
    if before.as_ref().is_some_and(|before| before.accepted == accepted) {
        return Err(RightsRejection::AssignmentClosed { from, to: assignment.to }.into());
    }
    caller.follow(before.map_or(assignment.assigned.at, |before| before.replied.at));

    let reply = AssignmentReply {
        from: assignment.from.clone(),
        to: assignment.to.clone(),
        accepted,
        reason,
        assignment_sha256: authorship::digest(&assignment),
        replied: caller.stamp(),
    };
    let key = (Part(reply.from.clone()), Part(reply.to.clone()));
    authorship::put(ctx, &caller, (&ASSIGNMENT_REPLIES, &key), &reply, &[&reply.to])?;
    let (from, to) = parties(&assignment);
    let event =
        if accepted { RightsEvent::ProductsAccepted { from, to } } else { RightsEvent::ProductsRefused { from, to } };
    announce(ctx, event)?;
    Ok(reply)
}

fn open(ctx: &mut Context<'_>, from: &MspId, to: &MspId) -> Result<ProductAssignment, Refusal> {
    let found = product::open_assignment(ctx, from, to)?;
    Ok(found.ok_or_else(|| RightsRejection::AssignmentUnknown { from: from.clone(), to: to.clone() })?)
}

fn write(ctx: &mut Context<'_>, caller: &Caller, assignment: &ProductAssignment) -> Result<(), Refusal> {
    let key = (Part(assignment.from.clone()), Part(assignment.to.clone()));
    authorship::put(ctx, caller, (&ASSIGNMENTS, &key), assignment, &[&assignment.from])
}

fn parties(assignment: &ProductAssignment) -> (MspId, MspId) {
    (assignment.from.clone(), assignment.to.clone())
}
