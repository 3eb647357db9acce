//! What a declaration is about: the things it names, and all that they contain.

use std::collections::BTreeSet;

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::ItemId;
use trade_model::customs::CustomsRejection;
use trade_standards::identifier::Gtin;

use crate::item::registry::Registry;

/// Most things, contents of units included, that one consignment or one hold can have.
const THINGS_MAX: usize = 2_000;

/// Most trade items of one consignment, of which each is compared with rights and codes.
pub(super) const PRODUCTS_MAX: usize = 50;

/// The things that are named and all that they contain.
///
/// # Errors
/// [`CustomsRejection::ConsignmentTooLarge`].
pub(super) fn things(ctx: &mut Context<'_>, registry: &mut Registry, named: &[ItemId]) -> Result<Vec<ItemId>, Refusal> {
    let mut things = registry
        .with_contents(ctx, named, THINGS_MAX)?
        .ok_or(CustomsRejection::ConsignmentTooLarge { max: THINGS_MAX })?;
    // A thing can be named beside the unit that contains it.
    things.sort_unstable();
    things.dedup();
    Ok(things)
}

/// The trade items among the things.
pub(super) fn products(
    ctx: &mut Context<'_>,
    registry: &mut Registry,
    things: &[ItemId],
) -> Result<BTreeSet<Gtin>, Refusal> {
    let mut products = BTreeSet::new();
    for item_id in things {
        products.extend(registry.find(ctx, item_id)?.and_then(|item| item.gtin.clone()));
    }
    Ok(products)
}
