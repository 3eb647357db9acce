//! Finding the rights that protect goods: from the goods, never from what a party names.
//!
//! Two indexes lead there: the rights of the product's company, and of those to which it has assigned the product; and
//! the rights that list it, those that were attested first. Nobody else can list a product whose GS1 prefix a member
//! has named, and nobody is attested by its own word, so strangers do not bury a right under others that they assert.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::NiceClass;
use trade_model::rights::{
    FindRights, FoundRight, ProductBasis, RIGHTS, RIGHTS_ATTESTED_FOR, RIGHTS_FOR, RIGHTS_OF, Right, RightKind,
    RightName, RightsFound,
};
use trade_rules::right::{When, lists, standing, weight};
use trade_standards::identifier::{CountryCode, Gtin};
use trade_standards::time::UtcTime;

use super::{facts, product};
use crate::caller;

/// Most rights that one search looks at, of each owner and of each product.
const SEARCHED_MAX: usize = 500;
/// Most rights that one search answers.
const FOUND_MAX: usize = 100;

/// What is protected.
pub(crate) struct Goods<'a> {
    /// The trade item.
    pub(crate) gtin: &'a Gtin,
    /// Nice class, when it is known: marks that are not registered for it are left out.
    pub(crate) class: Option<NiceClass>,
}

/// The rights that protect goods, and whether these are all.
pub(crate) struct Protection {
    /// Those that bind first.
    pub(crate) found: Vec<FoundRight>,
    pub(crate) complete: bool,
}

/// The rights that protect a product somewhere at a moment.
///
/// # Errors
/// None of its own: no right is an answer.
pub fn find_rights(ctx: &mut Context<'_>, request: FindRights) -> Result<RightsFound, Refusal> {
    let at = match request.at {
        Some(at) => at,
        None => caller::now(ctx)?,
    };
    let goods = Goods { gtin: &request.product, class: request.nice_class };
    let Protection { found, complete } = protecting(ctx, &goods, &request.territory, at)?;
    Ok(RightsFound { product: request.product, territory: request.territory, at, rights: found, complete })
}

/// All rights in force that protect goods in a country at a moment of ledger time.
pub(crate) fn protecting(
    ctx: &mut Context<'_>,
    goods: &Goods<'_>,
    territory: &CountryCode,
    at: UtcTime,
) -> Result<Protection, Refusal> {
    let (candidates, mut complete) = candidates(ctx, goods.gtin)?;
    let names: Vec<RightName> = candidates.iter().map(|(right_id, _)| right_id.clone()).collect();
    let rights = RIGHTS.find_many(ctx, &names)?;
    let protects = |right: &&Right| {
        right.territories.has(territory)
            && right.validity.contains(at.date())
            && lists(right, goods.gtin)
            && of_class(right, goods.class)
    };
    let mut found = Vec::new();
    // The index says how the product came under the owner; the right itself says who that is.
    for (right, (_, basis)) in rights.into_iter().zip(candidates) {
        let Some(right) = right.as_ref().filter(protects).cloned() else { continue };
        if right.products.is_empty() && basis != ProductBasis::OwnPrefix {
            continue;
        }
        if found.len() == FOUND_MAX {
            complete = false;
            break;
        }
        let known = facts::facts(ctx, right, at)?;
        let standing = standing(&known, When::at(at));
        if standing.is_in_force() {
            found.push(FoundRight { facts: known, standing, basis, weight: weight(standing, basis) });
        }
    }
    found.sort_by_key(|right| right.weight);
    Ok(Protection { found, complete })
}

/// Rights by name, with how a product came under their owners, each once.
type Candidates = Vec<(RightName, ProductBasis)>;

/// The rights that may protect a product, and whether these are all.
fn candidates(ctx: &mut Context<'_>, gtin: &Gtin) -> Result<(Candidates, bool), Refusal> {
    let members = caller::members(ctx)?;
    let mut found = Vec::new();
    let mut complete = true;
    let owners = product::entitled_owners(ctx, &members, gtin)?;
    for (owner, basis) in &owners {
        let own = RIGHTS_OF.scan(ctx, &Part(owner.clone()), SEARCHED_MAX)?;
        complete &= own.complete;
        found.extend(own.entries.into_iter().map(|(_, right_id)| (right_id, *basis)));
    }
    if owners.is_empty() {
        for index in [&RIGHTS_ATTESTED_FOR, &RIGHTS_FOR] {
            let listed = index.scan(ctx, &Part(gtin.clone()), SEARCHED_MAX)?;
            complete &= listed.complete;
            found.extend(listed.entries.into_iter().map(|(_, right_id)| (right_id, ProductBasis::Claimed)));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|(right_id, _)| seen.insert(right_id.clone()));
    Ok((found, complete))
}

fn of_class(right: &Right, class: Option<NiceClass>) -> bool {
    right.kind != RightKind::Mark || class.is_none_or(|class| right.nice_classes.has(&class))
}
