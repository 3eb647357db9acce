//! Whether an act is covered by a right's owner or a chain of licences: pure rules, no ledger.
//!
//! The same function answers `rights:Check`, decides in customs, and replays decisions from stored facts.

use trade_model::rights::{Act, Licence, LicenceReason, Right, SalesChannel};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, UtcTime};

/// An act to be judged. What is not asked stays out of the judgement.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Who acts.
    pub party: &'a MspId,
    /// What it does.
    pub act: Act,
    /// With which trade item.
    pub product: Option<&'a Gtin>,
    /// Where.
    pub territory: &'a CountryCode,
    /// Through which way to the customer.
    pub channel: Option<SalesChannel>,
    /// On which day.
    pub on: Date,
    /// The moment of the act, when it is known. A revocation counts from its own moment; a day without a moment is
    /// asked about as a whole, and a licence revoked during that day does not cover it.
    pub at: Option<UtcTime>,
}

/// Every rule that is not met, sorted; empty means authorised.
///
/// `licences` runs from the party's own licence up to the one the owner granted; it is empty when the owner acts.
pub fn judge(right: &Right, licences: &[Licence], question: &Question<'_>) -> Vec<LicenceReason> {
    let mut reasons = judge_right(right, question);
    reasons.extend(judge_chain(right, licences, question.party));
    for licence in licences {
        reasons.extend(judge_licence(licence, question));
    }
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

fn judge_right(right: &Right, question: &Question<'_>) -> Vec<LicenceReason> {
    let product_covered = |product: &Gtin| right.products.is_empty() || right.products.has(product);
    collect([
        (!right.validity.contains(question.on), LicenceReason::RightNotInForce),
        (!right.territories.has(question.territory), LicenceReason::RightNotInTerritory),
        (question.product.is_some_and(|product| !product_covered(product)), LicenceReason::RightNotForProduct),
    ])
}

fn judge_chain(right: &Right, licences: &[Licence], party: &MspId) -> Vec<LicenceReason> {
    let (Some(own), Some(top)) = (licences.first(), licences.last()) else {
        return collect([(*party != right.owner, LicenceReason::NoLicence)]);
    };
    let linked = |pair: &[Licence]| {
        pair[0].parent_licence_id.as_ref() == Some(&pair[1].licence_id) && pair[0].licensor == pair[1].licensee
    };
    let unbroken = licences.windows(2).all(linked) && top.parent_licence_id.is_none() && top.licensor == right.owner;
    collect([
        (own.licensee != *party, LicenceReason::LicenceOfAnother),
        (licences.iter().any(|licence| licence.right_id != right.right_id), LicenceReason::LicenceForAnotherRight),
        (!unbroken, LicenceReason::ChainBroken),
    ])
}

fn judge_licence(licence: &Licence, question: &Question<'_>) -> Vec<LicenceReason> {
    let revoked = licence.revoked.as_ref().is_some_and(|revocation| match question.at {
        Some(at) => revocation.stamp.at <= at,
        None => revocation.stamp.at.date() <= question.on,
    });
    let product_covered = |product: &Gtin| licence.products.is_empty() || licence.products.has(product);
    let channel_covered = |channel: SalesChannel| licence.channels.is_empty() || licence.channels.has(&channel);
    collect([
        (revoked, LicenceReason::Revoked),
        (!licence.period.contains(question.on), LicenceReason::OutsidePeriod),
        (!licence.territories.has(question.territory), LicenceReason::OutsideTerritory),
        (question.product.is_some_and(|product| !product_covered(product)), LicenceReason::ProductNotCovered),
        (question.channel.is_some_and(|channel| !channel_covered(channel)), LicenceReason::ChannelNotCovered),
        (!licence.acts.has(&question.act), LicenceReason::ActNotPermitted),
    ])
}

fn collect<const N: usize>(rules: [(bool, LicenceReason); N]) -> Vec<LicenceReason> {
    rules.into_iter().filter_map(|(broken, reason)| broken.then_some(reason)).collect()
}
