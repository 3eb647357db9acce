//! Under which HS codes the same trade items were cleared or declared before, and which one their maker states.
//!
//! What an authority cleared counts before what importers declared: an importer's wrong code troubles others until one
//! declaration of the trade item is cleared, and no longer.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::customs::{CODES_CLEARED, CODES_DECLARED, Classification, Declaration, OtherClassification};
use trade_model::governance::Members;
use trade_standards::identifier::Gtin;

use super::consignment::PRODUCTS_MAX;
use super::product;

/// Most other codes that a decision names.
const OTHERS_MAX: usize = 20;
/// Most codes of one trade item: more than there are countries, and than members.
const CODES_MAX: usize = 300;

/// Other subheadings (six digits, which mean the same in every country) of the trade items of a declaration.
pub(super) fn others(
    ctx: &mut Context<'_>,
    members: &Members,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<Vec<OtherClassification>, Refusal> {
    let mut others = Vec::new();
    for gtin in products.iter().take(PRODUCTS_MAX) {
        let stated = product::stated(ctx, members, gtin)?.map(|stated| OtherClassification {
            gtin: gtin.clone(),
            hs_code: stated.hs_code,
            declaration_id: None,
            stated_by: Some(stated.stated.by),
        });
        let declared = declared(ctx, gtin)?.into_iter().map(|code| OtherClassification {
            gtin: gtin.clone(),
            hs_code: code.hs_code,
            declaration_id: Some(code.declaration_id),
            stated_by: None,
        });
        let differs = |other: &OtherClassification| other.hs_code.subheading() != filed.hs_code.subheading();
        others.extend(stated.into_iter().chain(declared).filter(differs));
    }
    others.truncate(OTHERS_MAX);
    Ok(others)
}

/// Under which codes a trade item was cleared or, where none was, declared.
fn declared(ctx: &mut Context<'_>, gtin: &Gtin) -> Result<Vec<Classification>, Refusal> {
    let of_product = Part(gtin.clone());
    let cleared = CODES_CLEARED.scan(ctx, &of_product, CODES_MAX)?.entries;
    if !cleared.is_empty() {
        return Ok(cleared.into_iter().map(|(_, code)| code).collect());
    }
    let declared = CODES_DECLARED.scan(ctx, &of_product, CODES_MAX)?.entries;
    Ok(declared.into_iter().map(|(_, code)| code).collect())
}

/// Notes what an importer declares. The first code that it gives a trade item stays, so that its next one is compared
/// with it.
pub(super) fn note_declared(
    ctx: &mut Context<'_>,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<(), Refusal> {
    for gtin in products.iter().take(PRODUCTS_MAX) {
        let key = (Part(gtin.clone()), Part(filed.importer.clone()));
        if !CODES_DECLARED.exists(ctx, &key)? {
            CODES_DECLARED.put(ctx, &key, &classification(filed))?;
        }
    }
    Ok(())
}

/// Notes what an authority cleared.
pub(super) fn note_cleared(
    ctx: &mut Context<'_>,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<(), Refusal> {
    for gtin in products.iter().take(PRODUCTS_MAX) {
        let key = (Part(gtin.clone()), Part(filed.destination.clone()));
        // What is there already is not written again: every assessment of the trade item reads it.
        let before = CODES_CLEARED.find(ctx, &key)?;
        if before.is_none_or(|before| before.hs_code != filed.hs_code) {
            CODES_CLEARED.put(ctx, &key, &classification(filed))?;
        }
    }
    Ok(())
}

fn classification(filed: &Declaration) -> Classification {
    Classification { hs_code: filed.hs_code.clone(), declaration_id: filed.declaration_id.clone() }
}
