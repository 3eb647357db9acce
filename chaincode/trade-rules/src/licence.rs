//! Whether an act is covered by a right's owner or a chain of licences: pure rules, no ledger.
//!
//! The same function answers `rights:Check`, decides in customs, and replays decisions from stored facts.

use trade_model::common::Set;
use trade_model::rights::{
    Act, Exclusivity, Licence, LicenceEndKind, LicenceFacts, LicenceReason, LicenceState, Right, RightFacts,
    SalesChannel,
};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, UtcTime};

use crate::right::{When, lists, standing};

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
    /// The moment of the act, when it is known. An acceptance and a revocation count from their own moments; a day
    /// without a moment is asked about as a whole, and a licence revoked during that day does not cover it.
    pub at: Option<UtcTime>,
}

impl Question<'_> {
    fn when(&self) -> When {
        When { on: self.on, at: self.at }
    }
}

/// Every rule that is not met, sorted; empty means authorised.
///
/// `licences` runs from the party's own licence up to the one the owner granted; it is empty when the owner acts. A
/// licence that was granted by a former owner, while it owned the right, is the present owner's.
pub fn judge(right: &RightFacts, licences: &[LicenceFacts], question: &Question<'_>) -> Vec<LicenceReason> {
    let mut reasons = judge_right(right, question);
    reasons.extend(judge_chain(&right.right, licences, question.party));
    for licence in licences {
        reasons.extend(judge_licence(licence, question));
    }
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

/// Whether the act lies in what an exclusive licence keeps from everybody, its licensor too.
pub fn excludes(licence: &LicenceFacts, question: &Question<'_>) -> bool {
    let exclusive = licence.licence.exclusivity == Exclusivity::Exclusive;
    exclusive && *question.party != licence.licence.licensee && judge_licence(licence, question).is_empty()
}

/// Whether two licences cannot stand side by side: they share a scope, and one of them lets in nobody else.
pub fn collide(one: &Licence, other: &Licence) -> bool {
    let shared = [one, other].iter().any(|licence| licence.exclusivity != Exclusivity::NonExclusive);
    shared
        && share(&one.acts, &other.acts)
        && share(&one.territories, &other.territories)
        && share_listed(&one.products, &other.products)
        && share_listed(&one.channels, &other.channels)
        && one.period.overlaps(&other.period)
}

/// Where a licence stands by itself, whatever it rests on.
pub fn state(facts: &LicenceFacts, when: When) -> LicenceState {
    if !facts.authenticated {
        return LicenceState::Unauthenticated;
    }
    if let Some(end) = facts.end.as_ref().filter(|end| when.is_since(end.ended.at)) {
        return match end.kind {
            LicenceEndKind::Withdrawn => LicenceState::Withdrawn,
            LicenceEndKind::Revoked => LicenceState::Revoked,
            LicenceEndKind::GivenUp => LicenceState::GivenUp,
        };
    }
    match facts.reply.as_ref().filter(|reply| when.is_since(reply.replied.at)) {
        None => LicenceState::Offered,
        Some(reply) if !reply.accepted => LicenceState::Refused,
        Some(_) if when.on < facts.licence.period.from => LicenceState::NotYetInForce,
        Some(_) if !facts.licence.period.contains(when.on) => LicenceState::Expired,
        Some(_) => LicenceState::InForce,
    }
}

fn judge_right(facts: &RightFacts, question: &Question<'_>) -> Vec<LicenceReason> {
    let in_force = standing(facts, question.when()).is_in_force();
    let right = &facts.right;
    collect([
        (!in_force, LicenceReason::RightNotInForce),
        (!right.territories.has(question.territory), LicenceReason::RightNotInTerritory),
        (question.product.is_some_and(|product| !lists(right, product)), LicenceReason::RightNotForProduct),
    ])
}

fn judge_chain(right: &Right, licences: &[LicenceFacts], party: &MspId) -> Vec<LicenceReason> {
    let (Some(own), Some(top)) = (licences.first(), licences.last()) else {
        return collect([(*party != right.owner, LicenceReason::NoLicence)]);
    };
    let linked = |pair: &[LicenceFacts]| {
        let (lower, upper) = (&pair[0].licence, &pair[1].licence);
        lower.parent_licence_id.as_ref() == Some(&upper.licence_id) && lower.licensor == upper.licensee
    };
    let top = &top.licence;
    let from_owner = top.parent_licence_id.is_none() && right.was_owned_by(&top.licensor, top.granted.at);
    let unbroken = licences.windows(2).all(linked) && from_owner;
    let for_another = licences.iter().any(|facts| facts.licence.right_id != right.right_id);
    let authentic = licences.iter().all(|facts| facts.authenticated);
    collect([
        (own.licence.licensee != *party, LicenceReason::LicenceOfAnother),
        (for_another, LicenceReason::LicenceForAnotherRight),
        (!unbroken || !authentic, LicenceReason::ChainBroken),
    ])
}

fn judge_licence(facts: &LicenceFacts, question: &Question<'_>) -> Vec<LicenceReason> {
    let when = question.when();
    let licence = &facts.licence;
    let accepted = facts.acceptance().is_some_and(|reply| when.is_since(reply.replied.at));
    let ended = facts.end.as_ref().is_some_and(|end| when.is_since(end.ended.at));
    let product_covered = |product: &Gtin| licence.products.is_empty() || licence.products.has(product);
    let channel_covered = |channel: SalesChannel| licence.channels.is_empty() || licence.channels.has(&channel);
    collect([
        (!accepted, LicenceReason::NotAccepted),
        (ended, LicenceReason::Revoked),
        (!licence.period.contains(question.on), LicenceReason::OutsidePeriod),
        (!licence.territories.has(question.territory), LicenceReason::OutsideTerritory),
        (question.product.is_some_and(|product| !product_covered(product)), LicenceReason::ProductNotCovered),
        (question.channel.is_some_and(|channel| !channel_covered(channel)), LicenceReason::ChannelNotCovered),
        (!licence.acts.has(&question.act), LicenceReason::ActNotPermitted),
    ])
}

fn share<T: Ord, const LEAST: usize, const MOST: usize>(
    one: &Set<T, LEAST, MOST>,
    other: &Set<T, LEAST, MOST>,
) -> bool {
    one.iter().any(|entry| other.has(entry))
}

/// An empty list means everything.
fn share_listed<T: Ord, const MOST: usize>(one: &Set<T, 0, MOST>, other: &Set<T, 0, MOST>) -> bool {
    one.is_empty() || other.is_empty() || share(one, other)
}

fn collect<const N: usize>(rules: [(bool, LicenceReason); N]) -> Vec<LicenceReason> {
    rules.into_iter().filter_map(|(broken, reason)| broken.then_some(reason)).collect()
}
