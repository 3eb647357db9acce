//! Units and what is packed in them.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::item::{CHILDREN_MAX, ItemRejection, NESTING_MAX};

use crate::item::session::Session;

/// Puts a child into a unit.
pub(in crate::item) fn link(
    ctx: &mut Context<'_>,
    session: &mut Session,
    child_id: &ItemId,
    unit_id: &ItemId,
) -> Result<(), Refusal> {
    let unit = session.registry.change(ctx, unit_id)?;
    if unit.children.len() >= CHILDREN_MAX {
        return Err(ItemRejection::TooManyChildren { unit: unit_id.clone(), max: CHILDREN_MAX }.into());
    }
    if let Err(place) = unit.children.binary_search_by(|child| child.cmp(child_id)) {
        unit.children.insert(place, child_id.clone());
    }
    session.registry.change(ctx, child_id)?.parent = Some(unit_id.clone());
    Ok(())
}

/// Refuses a unit inside itself and nesting beyond the depth that is followed.
pub(super) fn check_nesting(
    ctx: &mut Context<'_>,
    session: &mut Session,
    child_id: &ItemId,
    unit_id: &ItemId,
) -> Result<(), Refusal> {
    if nests(ctx, session, child_id, unit_id)? {
        return Ok(());
    }
    Err(ItemRejection::NestingTooDeep { unit: unit_id.clone(), max: NESTING_MAX }.into())
}

/// Whether the child is not around the unit and both stay within the depth that is followed, the child's own contents
/// included.
pub(in crate::item) fn nests(
    ctx: &mut Context<'_>,
    session: &mut Session,
    child_id: &ItemId,
    unit_id: &ItemId,
) -> Result<bool, Refusal> {
    let mut levels = 0;
    let mut inside_itself = false;
    let mut above = Some(unit_id.clone());
    while let Some(unit) = above.filter(|_| levels <= NESTING_MAX) {
        inside_itself |= unit == *child_id;
        above = session.registry.known(ctx, &unit)?.parent.clone();
        levels += 1;
    }
    let mut below = session.registry.known(ctx, child_id)?.children.clone();
    while !below.is_empty() && levels <= NESTING_MAX {
        let mut contents = Vec::new();
        for item_id in &below {
            contents.extend(session.registry.known(ctx, item_id)?.children.iter().cloned());
        }
        below = contents;
        levels += 1;
    }
    Ok(!inside_itself && levels <= NESTING_MAX)
}
