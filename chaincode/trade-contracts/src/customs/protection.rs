//! By which rights a consignment is judged, and what the importer has under them: found from the goods and the
//! importer. What the declarant names only adds.

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::{Declaration, InputChain, InputRight};
use trade_model::rights::{Act, RightFacts, RightName, Weight};
use trade_rules::licence::{Question, judge};
use trade_standards::identifier::Gtin;

use crate::rights;
use crate::rights::check::licensed;
use crate::rights::find::{Goods, protecting};

/// Most licences under one right for one trade item that a decision keeps, those with the fewest reasons against them.
const CHAINS_MAX: usize = 5;

/// The rights that protect the products at the destination, and the one that the declarant names. The products are at
/// most [`PRODUCTS_MAX`](super::consignment::PRODUCTS_MAX).
pub(super) fn rights(
    ctx: &mut Context<'_>,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<Vec<InputRight>, Refusal> {
    let mut found: BTreeMap<RightName, InputRight> = BTreeMap::new();
    for gtin in products {
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
        right.chains = chains(ctx, right, filed, products)?;
    }
    Ok(found.into_values().collect())
}

fn unnamed(right: RightFacts) -> InputRight {
    InputRight { right, named: false, products: Vec::new(), binds: Vec::new(), chains: Vec::new() }
}

/// What the importer has under a right for each trade item: its licences, the best first, each with those above it, or
/// what keeps it from acting as the owner.
fn chains(
    ctx: &mut Context<'_>,
    right: &InputRight,
    filed: &Declaration,
    products: &BTreeSet<Gtin>,
) -> Result<Vec<InputChain>, Refusal> {
    let named = filed.licence_id.as_ref().filter(|_| right.named);
    let mut chains: Vec<InputChain> = Vec::new();
    for product in right.asked_for(&products.iter().collect()) {
        let question = question(filed, product);
        if let Some(covering) = chains.iter_mut().find(|chain| covers(right, chain, &question)) {
            covering.products.extend(product.cloned());
            continue;
        }
        for covering in licensed(ctx, &right.right, &question, named, false)?.into_iter().take(CHAINS_MAX) {
            // What the stored facts do not tell: another member's exclusive licence, a chain that could not be
            // followed.
            let told = judge(&right.right, &covering.chain, &question);
            let problem = covering.reasons.into_iter().find(|reason| !told.contains(reason));
            add(&mut chains, product, InputChain { products: Vec::new(), licences: covering.chain, problem });
        }
    }
    Ok(chains)
}

fn question<'q>(filed: &'q Declaration, product: Option<&'q Gtin>) -> Question<'q> {
    let at = filed.filed.at;
    Question {
        party: &filed.importer,
        act: Act::Import,
        product,
        territory: &filed.destination,
        channel: None,
        on: at.date(),
        at: Some(at),
    }
}

/// Whether licences that were found for one trade item cover another one that the right protects.
fn covers(right: &InputRight, chain: &InputChain, question: &Question<'_>) -> bool {
    let protected = question.product.is_some_and(|product| right.products.contains(product));
    let whole = chain.problem.is_none() && !chain.licences.is_empty();
    protected && whole && judge(&right.right, &chain.licences, question).is_empty()
}

fn add(chains: &mut Vec<InputChain>, product: Option<&Gtin>, found: InputChain) {
    let own = |chain: &InputChain| chain.licences.first().map(|own| own.licence.licence_id.clone());
    let same = |chain: &&mut InputChain| own(chain) == own(&found) && chain.problem == found.problem;
    match chains.iter_mut().find(same) {
        Some(chain) => chain.products.extend(product.cloned()),
        None => chains.push(InputChain { products: product.cloned().into_iter().collect(), ..found }),
    }
}
