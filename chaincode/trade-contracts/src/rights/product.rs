//! Whose a product is, and which rights may cover it.

use std::collections::BTreeMap;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::governance::Members;
use trade_model::rights::{
    ASSIGNMENT_REPLIES, ASSIGNMENTS, AssignmentReply, ProductAssignment, ProductBasis, RightsRejection,
};
use trade_standards::identifier::{Gtin, MspId};

use crate::authorship;

/// How the product comes under the rights of `owner` that name it; none when it is another company's that has not
/// assigned it.
pub(super) fn basis(
    ctx: &mut Context<'_>,
    members: &Members,
    owner: &MspId,
    gtin: &Gtin,
) -> Result<Option<ProductBasis>, Refusal> {
    let Some(company) = members.company_of_gtin(gtin) else { return Ok(Some(ProductBasis::Claimed)) };
    if company.msp_id == *owner {
        return Ok(Some(ProductBasis::OwnPrefix));
    }
    let assigned = assigned(ctx, &company.msp_id, owner)?.is_some_and(|assignment| covers(&assignment, gtin));
    Ok(assigned.then_some(ProductBasis::Assigned))
}

/// Refuses products of another company that it has not assigned to `owner`.
pub(super) fn check<'p>(
    ctx: &mut Context<'_>,
    members: &Members,
    owner: &MspId,
    products: impl IntoIterator<Item = &'p Gtin>,
) -> Result<(), Refusal> {
    let mut assignments: BTreeMap<&MspId, Option<ProductAssignment>> = BTreeMap::new();
    for gtin in products {
        let Some(company) = members.company_of_gtin(gtin).map(|company| &company.msp_id) else { continue };
        if company == owner {
            continue;
        }
        if !assignments.contains_key(company) {
            assignments.insert(company, assigned(ctx, company, owner)?);
        }
        let assignment = assignments.get(company).and_then(Option::as_ref);
        if !assignment.is_some_and(|assignment| covers(assignment, gtin)) {
            let (gtin, company) = (gtin.clone(), company.clone());
            return Err(RightsRejection::ProductOfAnother { gtin, company }.into());
        }
    }
    Ok(())
}

/// The members whose rights may cover a product: its company, and those to which the company has assigned it.
pub(super) fn entitled_owners(
    ctx: &mut Context<'_>,
    members: &Members,
    gtin: &Gtin,
) -> Result<Vec<(MspId, ProductBasis)>, Refusal> {
    let Some(company) = members.company_of_gtin(gtin) else { return Ok(Vec::new()) };
    let mut owners = vec![(company.msp_id.clone(), ProductBasis::OwnPrefix)];
    let most = trade_model::governance::MEMBERS_MAX;
    for ((_, Part(to)), _) in ASSIGNMENTS.scan(ctx, &Part(company.msp_id.clone()), most)?.entries {
        if assigned(ctx, &company.msp_id, &to)?.is_some_and(|assignment| covers(&assignment, gtin)) {
            owners.push((to, ProductBasis::Assigned));
        }
    }
    Ok(owners)
}

/// The assignment between two members, when the company made it, has not ended it, and the other accepted it as it is.
pub(super) fn assigned(ctx: &mut Context<'_>, from: &MspId, to: &MspId) -> Result<Option<ProductAssignment>, Refusal> {
    let Some(assignment) = open_assignment(ctx, from, to)? else { return Ok(None) };
    let accepted = reply(ctx, &assignment)?.is_some_and(|reply| reply.accepted);
    Ok(accepted.then_some(assignment))
}

/// The assignment between two members that the company made and has not ended, whatever the other said.
pub(super) fn open_assignment(
    ctx: &mut Context<'_>,
    from: &MspId,
    to: &MspId,
) -> Result<Option<ProductAssignment>, Refusal> {
    let key = (Part(from.clone()), Part(to.clone()));
    let Some(assignment) = ASSIGNMENTS.find(ctx, &key)? else { return Ok(None) };
    let holds = assignment.ended.is_none() && authorship::is_authentic(ctx, &ASSIGNMENTS, &key, &assignment, from)?;
    Ok(holds.then_some(assignment))
}

/// What the other member said to exactly this assignment.
pub(super) fn reply(ctx: &mut Context<'_>, assignment: &ProductAssignment) -> Result<Option<AssignmentReply>, Refusal> {
    let key = (Part(assignment.from.clone()), Part(assignment.to.clone()));
    let Some(reply) = ASSIGNMENT_REPLIES.find(ctx, &key)? else { return Ok(None) };
    let about_it = reply.assignment_sha256 == authorship::digest(assignment);
    let holds = about_it && authorship::is_authentic(ctx, &ASSIGNMENT_REPLIES, &key, &reply, &assignment.to)?;
    Ok(holds.then_some(reply))
}

fn covers(assignment: &ProductAssignment, gtin: &Gtin) -> bool {
    assignment.products.is_empty() || assignment.products.has(gtin)
}
