//! The acts about a declaration, and whether they were done by those for which they speak.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::{ACTS, ACTS_MAX, ActKind, Declaration, DeclarationAct};
use trade_standards::identifier::MspId;

use super::key::part;
use crate::authorship;

/// The acts that were done by those for which they speak; others count for nothing.
pub(super) fn authentic(ctx: &mut Context<'_>, filed: &Declaration) -> Result<Vec<DeclarationAct>, Refusal> {
    let mut acts = Vec::with_capacity(filed.acts as usize);
    for act in all(ctx, filed)? {
        if is_authentic(ctx, filed, &act)? {
            acts.push(act);
        }
    }
    Ok(acts)
}

/// Whether the importer has taken the declaration back.
pub(super) fn is_withdrawn(ctx: &mut Context<'_>, filed: &Declaration) -> Result<bool, Refusal> {
    let acts = authentic(ctx, filed)?;
    Ok(acts.iter().any(|act| matches!(act.kind, ActKind::Withdrawn { .. })))
}

/// All acts about a declaration, oldest first.
pub(super) fn all(ctx: &mut Context<'_>, filed: &Declaration) -> Result<Vec<DeclarationAct>, Refusal> {
    let keys: Vec<_> = (1..=filed.acts.min(ACTS_MAX)).map(|number| part(&filed.declaration_id, number)).collect();
    Ok(ACTS.find_many(ctx, &keys)?.into_iter().flatten().collect())
}

/// Whether an act was done by the party that does such acts.
pub(super) fn is_authentic(ctx: &mut Context<'_>, filed: &Declaration, act: &DeclarationAct) -> Result<bool, Refusal> {
    let actor: &MspId = match act.kind {
        ActKind::DocumentsRequested { .. } | ActKind::Inspected { .. } => &filed.authority,
        ActKind::DocumentProvided { .. } | ActKind::Appealed { .. } | ActKind::Withdrawn { .. } => &filed.importer,
    };
    let key = part(&act.declaration_id, act.number);
    authorship::is_authentic(ctx, &ACTS, &key, act, actor)
}
