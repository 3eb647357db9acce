//! Whether declarations and approvals are what the organizations made that they speak for.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Told;
use trade_model::customs::{APPROVALS, DECISIONS, DECLARATIONS, Decision, Declaration, DeclarationState, Outcome};
use trade_standards::identifier::MspId;

use super::{acts, key::part};
use crate::authorship;

/// Whether the importer has filed the declaration, and its state is what the authority's last decision made of it, and
/// a second person's approval where the goods are released.
pub(super) fn of_declaration(ctx: &mut Context<'_>, declaration: &Declaration) -> Result<bool, Refusal> {
    let Declaration { declaration_id, importer, authority, .. } = declaration;
    let by_importer = declaration_id.owner == *importer;
    if !by_importer || !authorship::is_authentic(ctx, &DECLARATIONS, declaration_id, declaration, importer)? {
        return Ok(false);
    }
    if declaration.decisions == 0 {
        return match declaration.state {
            DeclarationState::Filed => Ok(true),
            DeclarationState::Withdrawn => acts::is_withdrawn(ctx, declaration),
            _ => Ok(false),
        };
    }
    let key = part(declaration_id, declaration.decisions);
    let Some(decision) = DECISIONS.find(ctx, &key)? else { return Ok(false) };
    let follows = match declaration.state {
        DeclarationState::Cleared => decision.outcome == Outcome::Clear && of_approval(ctx, &decision, authority)?,
        state => state == decision.outcome.into(),
    };
    Ok(follows && authorship::is_authentic(ctx, &DECISIONS, &key, &decision, authority)?)
}

/// Whether a second person of the authority has approved this decision as it stands.
pub(super) fn of_approval(ctx: &mut Context<'_>, decision: &Decision, authority: &MspId) -> Result<bool, Refusal> {
    let key = part(&decision.declaration_id, decision.number);
    let Some(approval) = APPROVALS.find(ctx, &key)? else { return Ok(false) };
    let of_it = approval.decision_sha256 == authorship::digest(decision);
    let by_another = approval.person.told_from(&decision.person) == Told::Apart;
    Ok(of_it && by_another && authorship::is_authentic(ctx, &APPROVALS, &key, &approval, authority)?)
}
