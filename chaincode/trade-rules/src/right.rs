//! What an intellectual property right counts for at a moment: pure rules, no ledger.
//!
//! Registering a right here is its owner's word. An attester of the office makes it *attested*; until then it is
//! *asserted*, and *contested* when another member claims the same number or opposes it. What each leads to is a
//! [`Weight`].

use trade_model::rights::{ProductBasis, Right, RightFacts, RightStanding, Weight};
use trade_standards::identifier::Gtin;
use trade_standards::time::{Date, UtcTime};

/// When something is asked about: a day, and the moment on it when one is known. A day without a moment is asked about
/// as a whole: what ended in its course does not hold for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The day.
    pub on: Date,
    /// The moment.
    pub at: Option<UtcTime>,
}

impl When {
    /// A moment.
    pub fn at(moment: UtcTime) -> Self {
        Self { on: moment.date(), at: Some(moment) }
    }

    /// Whether what began at `moment` had begun.
    pub(crate) fn is_since(self, moment: UtcTime) -> bool {
        match self.at {
            Some(at) => moment <= at,
            None => moment.date() <= self.on,
        }
    }
}

/// What the right counts for.
///
/// What a renewal adds to its validity is asserted until it is attested. An attestation holds from the moment since
/// which it stands, so nobody is bound by a right that was attested later.
pub fn standing(facts: &RightFacts, when: When) -> RightStanding {
    let right = &facts.right;
    if !facts.authenticated {
        return RightStanding::Unauthenticated;
    }
    if facts.ends.iter().any(|end| when.is_since(end.ended.at)) {
        return RightStanding::Ended;
    }
    if !right.validity.contains(when.on) || !when.is_since(right.registered.at) {
        return RightStanding::NotInForce;
    }
    let attested = facts.attestations.iter().any(|attestation| {
        let withdrawn = attestation.withdrawn.as_ref();
        let stands = withdrawn.is_none_or(|withdrawal| !when.is_since(withdrawal.stamp.at));
        stands && when.is_since(attestation.since) && attestation.validity.contains(when.on)
    });
    match attested {
        true => RightStanding::Attested,
        false if facts.contested => RightStanding::Contested,
        false => RightStanding::Asserted,
    }
}

/// What a right may lead to for a product.
///
/// That others contest a right takes nothing away for products that are the owner's by their GS1 prefix: a stranger
/// that claims the number would otherwise take the question off its own imports, and put it to the owner's.
pub fn weight(standing: RightStanding, basis: ProductBasis) -> Weight {
    match (standing, basis) {
        (RightStanding::Attested, ProductBasis::OwnPrefix | ProductBasis::Assigned) => Weight::Binds,
        (RightStanding::Attested, ProductBasis::Claimed)
        | (RightStanding::Asserted | RightStanding::Contested, ProductBasis::OwnPrefix | ProductBasis::Assigned) => {
            Weight::Asks
        }
        _ => Weight::Shown,
    }
}

/// Whether the right's own list takes the product in: an empty list takes in all of the owner's own.
pub fn lists(right: &Right, product: &Gtin) -> bool {
    right.products.is_empty() || right.products.has(product)
}
