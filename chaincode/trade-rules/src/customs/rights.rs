//! Whether the rights that protect a consignment allow its import: the importer owns them, has a licence, or they are
//! exhausted.

use std::collections::BTreeSet;

use trade_model::customs::{CustomsCheck, DecisionInputs, FindingReason, InputRight};
use trade_model::rights::{Act, LicenceReason, RightName};
use trade_standards::identifier::Gtin;
use trade_standards::time::Date;

use super::reasons::Reasons;
use crate::licence::{Question, judge};

/// What the rights say, for every check about them.
pub(super) struct Protection {
    known: bool,
    /// Reasons under rights that bind.
    stopping: BTreeSet<(RightName, LicenceReason)>,
    /// Reasons under rights that are only claimed, or not attested: documents may be asked for.
    asking: BTreeSet<(RightName, LicenceReason)>,
}

impl Protection {
    /// Judges every right for every product under it.
    pub(super) fn of(inputs: &DecisionInputs, on: Date) -> Self {
        let known = !inputs.rights.is_empty();
        let (mut stopping, mut asking) = (BTreeSet::new(), BTreeSet::new());
        for (right, product) in questions(inputs).filter(|(right, product)| !is_exhausted(inputs, right, *product)) {
            let binds = right.named || product.is_some_and(|product| right.binds.contains(product));
            let reasons = ask(inputs, right, product, on).into_iter();
            let of_right = reasons.map(|reason| (right.right.right.right_id.clone(), reason));
            if binds { stopping.extend(of_right) } else { asking.extend(of_right) }
        }
        Self { known, stopping, asking }
    }

    /// What they say for one check.
    pub(super) fn find(&self, check: CustomsCheck) -> Reasons {
        if !self.known {
            return (Vec::new(), vec![FindingReason::NoRightKnown]);
        }
        let reason = |(right_id, reason): &(RightName, LicenceReason)| FindingReason::NotCovered {
            right_id: right_id.clone(),
            reason: *reason,
        };
        let about_it = |reasons: &BTreeSet<(RightName, LicenceReason)>| {
            reasons.iter().filter(|(_, reason)| check_of(*reason) == check).map(reason).collect()
        };
        (about_it(&self.stopping), about_it(&self.asking))
    }
}

/// Rights and products for which neither ownership nor a licence covers the import: what a first sale could still
/// clear.
pub fn in_question(inputs: &DecisionInputs, on: Date) -> BTreeSet<(RightName, Gtin)> {
    let open = questions(inputs).filter_map(|(right, product)| {
        let uncovered = !ask(inputs, right, product, on).is_empty();
        uncovered.then(|| Some((right.right.right.right_id.clone(), product?.clone()))).flatten()
    });
    open.collect()
}

/// Whether a trade item of the consignment is known.
pub(super) fn has_products(inputs: &DecisionInputs) -> bool {
    inputs.items.iter().any(|item| item.gtin.is_some())
}

/// Every right with every product that it is judged for: those it was found for, and, where the declarant named it, all
/// of them.
fn questions(inputs: &DecisionInputs) -> impl Iterator<Item = (&InputRight, Option<&Gtin>)> {
    let all: BTreeSet<&Gtin> = inputs.items.iter().filter_map(|item| item.gtin.as_ref()).collect();
    inputs.rights.iter().flat_map(move |right| {
        let asked: Vec<Option<&Gtin>> = match (right.named, all.is_empty()) {
            (true, true) => vec![None],
            (true, false) => all.iter().copied().map(Some).collect(),
            (false, _) => right.products.iter().map(Some).collect(),
        };
        asked.into_iter().map(move |product| (right, product))
    })
}

/// Why the import is not covered: by ownership, or else by the licence with the fewest reasons against it.
fn ask(inputs: &DecisionInputs, right: &InputRight, product: Option<&Gtin>, on: Date) -> Vec<LicenceReason> {
    let at = (on == inputs.accepted_at.date()).then_some(inputs.accepted_at);
    let party = &inputs.importer;
    let question = Question { party, act: Act::Import, product, territory: &inputs.destination, channel: None, on, at };
    let without = judge(&right.right, &[], &question);
    if right.right.right.owner == inputs.importer {
        return without;
    }
    let of_chains = right.chains.iter().map(|chain| {
        let mut reasons = judge(&right.right, &chain.licences, &question);
        reasons.extend(chain.problem);
        reasons
    });
    of_chains.min_by_key(Vec::len).unwrap_or(without)
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
