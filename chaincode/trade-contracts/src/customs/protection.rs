//! By which rights a consignment is judged, and what the importer has under them: found from the goods and the
//! importer. What the declarant names only adds.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::{Declaration, InputChain, InputRight};
use trade_model::rights::{Act, LicenceName, RightFacts, RightName, Weight};
use trade_rules::licence::{Question, judge};
use trade_standards::identifier::Gtin;

use crate::rights;
use crate::rights::check::licensed;
use crate::rights::find::{Goods, protecting};

/// Most trade items of a consignment for which rights are looked for.
const PRODUCTS_MAX: usize = 50;
/// Most licences under one right that a decision keeps, those with the fewest reasons against them.
const CHAINS_MAX: usize = 5;

/// The rights that protect the products at the destination, and the one that the declarant names.
pub(super) fn rights(
    ctx: &mut Context<'_>,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<Vec<InputRight>, Refusal> {
    let mut found: BTreeMap<RightName, InputRight> = BTreeMap::new();
    for gtin in products.iter().take(PRODUCTS_MAX) {
        let goods = Goods { gtin, class: None };
        for right in protecting(ctx, &goods, &filed.destination, filed.filed.at)?.found {
            if right.weight == Weight::Shown {
                continue;
            }
            let name = right.facts.right.right_id.clone();
            let entry = found.entry(name).or_insert_with(|| unnamed(right.facts));
            entry.products.push(gtin.clone());
            if right.weight == Weight::Binds {
                entry.binds.push(gtin.clone());
            }
        }
    }
    if let Some(name) = &filed.right_id {
        let right = rights::find_right(ctx, name)?;
        let facts = rights::facts(ctx, right, filed.filed.at)?;
        found.entry(name.clone()).or_insert_with(|| unnamed(facts)).named = true;
    }
    for right in found.values_mut() {
        let named = filed.licence_id.as_ref().filter(|_| right.named);
        right.chains = chains(ctx, &right.right, filed, products.first(), named)?;
    }
    Ok(found.into_values().collect())
}

fn unnamed(right: RightFacts) -> InputRight {
    InputRight { right, named: false, products: Vec::new(), binds: Vec::new(), chains: Vec::new() }
}

/// The importer's licences under a right, the best first, each with those above it.
fn chains(
    ctx: &mut Context<'_>,
    right: &RightFacts,
    filed: &Declaration,
    product: Option<&Gtin>,
    named: Option<&LicenceName>,
) -> Result<Vec<InputChain>, Refusal> {
    if right.right.owner == filed.importer {
        return Ok(Vec::new());
    }
    let at = filed.filed.at;
    let question = Question {
        party: &filed.importer,
        act: Act::Import,
        product,
        territory: &filed.destination,
        channel: None,
        on: at.date(),
        at: Some(at),
    };
    let coverings = licensed(ctx, right, &question, named, false)?;
    let chain = |covering: rights::check::Covering| {
        // What the stored facts do not tell: another member's exclusive licence, a chain that could not be followed.
        let told = judge(right, &covering.chain, &question);
        let problem = covering.reasons.into_iter().find(|reason| !told.contains(reason));
        InputChain { licences: covering.chain, problem }
    };
    Ok(coverings.into_iter().take(CHAINS_MAX).map(chain).collect())
}
