//! Whether the rights that protect a consignment allow its import: the importer owns them, has a licence, or they are
//! exhausted.

use std::collections::{BTreeMap, BTreeSet};

use trade_model::customs::{CoveringLicence, CustomsCheck, DecisionInputs, FindingReason, InputChain, InputRight};
use trade_model::rights::{Act, LicenceName, LicenceReason, RightName};
use trade_standards::identifier::Gtin;
use trade_standards::time::Date;

use super::reasons::Reasons;
use crate::licence::{Question, judge};

/// What the rights say, for every check about them.
pub(super) struct Protection {
    /// Why it cannot be told whether all rights were judged.
    unknown: Option<FindingReason>,
    /// There were too many trade items to judge.
    left_out: bool,
    /// Reasons under rights that bind.
    stopping: BTreeSet<(RightName, LicenceReason)>,
    /// Reasons under rights that are only claimed, or not attested: documents may be asked for.
    asking: BTreeSet<(RightName, LicenceReason)>,
}

impl Protection {
    /// Judges every right for every product under it.
    pub(super) fn of(inputs: &DecisionInputs, on: Date) -> Self {
        let (mut stopping, mut asking) = (BTreeSet::new(), BTreeSet::new());
        for (right, product) in questions(inputs).filter(|(right, product)| !is_exhausted(inputs, right, *product)) {
            let binds = right.named || product.is_some_and(|product| right.binds.contains(product));
            let reasons = ask(inputs, right, product, on).1.into_iter();
            let of_right = reasons.map(|reason| (right.right.right.right_id.clone(), reason));
            if binds { stopping.extend(of_right) } else { asking.extend(of_right) }
        }
        let unknown = (!all_protected(inputs)).then_some(FindingReason::NoRightKnown);
        Self { unknown, left_out: inputs.more_products, stopping, asking }
    }

    /// What they say for one check.
    pub(super) fn find(&self, check: CustomsCheck) -> Reasons {
        let reason = |(right_id, reason): &(RightName, LicenceReason)| FindingReason::NotCovered {
            right_id: right_id.clone(),
            reason: *reason,
        };
        let about_it = |reasons: &BTreeSet<(RightName, LicenceReason)>| -> Vec<FindingReason> {
            reasons.iter().filter(|(_, reason)| check_of(*reason) == check).map(reason).collect()
        };
        let (mut broken, mut unknown) = (about_it(&self.stopping), about_it(&self.asking));
        broken.extend(self.left_out.then_some(FindingReason::MoreProducts));
        unknown.extend(self.unknown.clone());
        (broken, unknown)
    }
}

/// The importer's licences that cover products under rights that were found to protect them.
pub fn covering(inputs: &DecisionInputs, on: Date) -> Vec<CoveringLicence> {
    let mut found: BTreeMap<(RightName, LicenceName), Vec<Gtin>> = BTreeMap::new();
    for right in &inputs.rights {
        for product in &right.products {
            let (chain, reasons) = ask(inputs, right, Some(product), on);
            if let Some(own) = chain.and_then(|chain| chain.licences.first()).filter(|_| reasons.is_empty()) {
                let place = (right.right.right.right_id.clone(), own.licence.licence_id.clone());
                found.entry(place).or_default().push(product.clone());
            }
        }
    }
    let licence = |((right_id, licence_id), products)| CoveringLicence { right_id, licence_id, products };
    found.into_iter().map(licence).collect()
}

/// Rights and products for which neither ownership nor a licence covers the import: what a first sale could still
/// clear.
pub fn in_question(inputs: &DecisionInputs, on: Date) -> BTreeSet<(RightName, Gtin)> {
    let open = questions(inputs).filter_map(|(right, product)| {
        let uncovered = !ask(inputs, right, product, on).1.is_empty();
        uncovered.then(|| Some((right.right.right.right_id.clone(), product?.clone()))).flatten()
    });
    open.collect()
}

/// Whether a trade item of the consignment is known.
pub(super) fn has_products(inputs: &DecisionInputs) -> bool {
    inputs.items.iter().any(|item| item.gtin.is_some())
}

/// Whether a right was found for every trade item. The one that the declarant names is no answer: anybody can name its
/// own.
fn all_protected(inputs: &DecisionInputs) -> bool {
    let protected = |product: &Gtin| inputs.rights.iter().any(|right| right.products.contains(product));
    has_products(inputs) && inputs.items.iter().filter_map(|item| item.gtin.as_ref()).all(protected)
}

/// Every right with every product that it is judged for.
fn questions(inputs: &DecisionInputs) -> impl Iterator<Item = (&InputRight, Option<&Gtin>)> {
    let all: BTreeSet<&Gtin> = inputs.items.iter().filter_map(|item| item.gtin.as_ref()).collect();
    inputs.rights.iter().flat_map(move |right| right.asked_for(&all).into_iter().map(move |product| (right, product)))
}

/// Why the import is not covered, by ownership or else by the licence with the fewest reasons against it; and by which
/// it is judged.
fn ask<'i>(
    inputs: &'i DecisionInputs,
    right: &'i InputRight,
    product: Option<&Gtin>,
    on: Date,
) -> (Option<&'i InputChain>, Vec<LicenceReason>) {
    let at = (on == inputs.accepted_at.date()).then_some(inputs.accepted_at);
    let party = &inputs.importer;
    let question = Question { party, act: Act::Import, product, territory: &inputs.destination, channel: None, on, at };
    let of_chains = right.chains.iter().filter(|chain| chain.is_for(product)).map(|chain| {
        let mut reasons = judge(&right.right, &chain.licences, &question);
        reasons.extend(chain.problem);
        (Some(chain), reasons)
    });
    let best = of_chains.min_by_key(|(_, reasons)| reasons.len());
    best.unwrap_or_else(|| (None, judge(&right.right, &[], &question)))
}

/// Whether every piece of the product was sold by the right's owner, or with its consent, in the right's territory.
fn is_exhausted(inputs: &DecisionInputs, right: &InputRight, product: Option<&Gtin>) -> bool {
    let Some(product) = product else { return false };
    let mut pieces = inputs.items.iter().filter(|item| item.gtin.as_ref() == Some(product)).peekable();
    pieces.peek().is_some() && pieces.all(|item| item.exhausted.contains(&right.right.right.right_id))
}

fn check_of(reason: LicenceReason) -> CustomsCheck {
    match reason {
        LicenceReason::RightNotInTerritory | LicenceReason::OutsideTerritory => CustomsCheck::LicenceTerritory,
        LicenceReason::RightNotInForce | LicenceReason::OutsidePeriod => CustomsCheck::LicencePeriod,
        LicenceReason::RightNotForProduct
        | LicenceReason::ProductNotCovered
        | LicenceReason::ChannelNotCovered
        | LicenceReason::ActNotPermitted => CustomsCheck::LicenceProduct,
        LicenceReason::NoLicence
        | LicenceReason::LicenceOfAnother
        | LicenceReason::LicenceForAnotherRight
        | LicenceReason::ChainBroken
        | LicenceReason::NotAccepted
        | LicenceReason::ExclusiveToAnother
        | LicenceReason::Revoked => CustomsCheck::LicenceChain,
    }
}
