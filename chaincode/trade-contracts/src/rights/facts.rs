//! What is known about a right, and what of it counts.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Digest256, RightId};
use trade_model::governance::{MEMBERS_MAX, Members};
use trade_model::rights::{
    ATTESTATIONS, Attestation, CLAIMS, FormerOwner, RIGHT_ENDS, RIGHT_OFFER_REPLIES, RIGHT_OFFERS, RIGHTS, Right,
    RightEnd, RightEndKind, RightFacts, RightName, RightOffer, RightView, RightsRejection, Whole,
};
use trade_rules::right::{When, standing};
use trade_standards::identifier::MspId;
use trade_standards::time::UtcTime;

use super::days::is_older;
use super::opposed;
use crate::caller::Caller;
use crate::{authorship, caller, ledger, rules};

pub(crate) fn find_right(ctx: &mut Context<'_>, right_id: &RightName) -> Result<Right, Refusal> {
    ledger::require(ctx, &RIGHTS, right_id, |right_id| RightsRejection::RightUnknown { right_id })
}

/// The right with all that others have said about it and that is authentic.
pub(crate) fn facts(ctx: &mut Context<'_>, right: Right, now: UtcTime) -> Result<RightFacts, Refusal> {
    let members = caller::members(ctx)?;
    let authenticated = is_authentic(ctx, &right)?;
    let attestations = attestations(ctx, &members, &right)?;
    let ends = ends(ctx, &members, &right)?;
    let attested = attestations.iter().any(|attestation| attestation.withdrawn.is_none());
    let contested = !attested && (opposed::is_open(ctx, &right, now)? || !conflicts(ctx, &right)?.is_empty());
    Ok(RightFacts { right, authenticated, attestations, ends, contested })
}

/// The right as it is read: the facts, what they come to now, and what else there is to know.
pub(super) fn view(ctx: &mut Context<'_>, facts: RightFacts, now: UtcTime) -> Result<RightView, Refusal> {
    let conflicts_with = conflicts(ctx, &facts.right)?;
    let offered = open_offer(ctx, &facts.right, now)?;
    let oppositions = opposed::files(ctx, &facts.right, now)?;
    let standing = standing(&facts, When::at(now));
    Ok(RightView { facts, standing, conflicts_with, offered, oppositions })
}

/// The right of a request, which must be known and endorsed by its owner.
pub(super) fn authentic(ctx: &mut Context<'_>, right_id: RightName, now: UtcTime) -> Result<RightFacts, Refusal> {
    let right = find_right(ctx, &right_id)?;
    let facts = facts(ctx, right, now)?;
    if facts.authenticated {
        return Ok(facts);
    }
    Err(RightsRejection::RightUnknown { right_id }.into())
}

/// The same, which must not have ended.
pub(super) fn standing_right(ctx: &mut Context<'_>, right_id: RightName, now: UtcTime) -> Result<RightFacts, Refusal> {
    let facts = authentic(ctx, right_id, now)?;
    if facts.ends.is_empty() {
        return Ok(facts);
    }
    Err(RightsRejection::RightEnded { right_id: facts.right.right_id }.into())
}

/// Refuses what was offered by a member that could not offer it now, because it is suspended.
pub(super) fn check_offerer(caller: &Caller, offerer: &MspId) -> Result<(), RightsRejection> {
    if caller.partner(offerer).is_some() {
        return Ok(());
    }
    Err(RightsRejection::OffererNotEnrolled { msp_id: offerer.clone() })
}

/// Refuses to a member that is not the owner.
pub(super) fn check_owner(right: &Right, member: &MspId) -> Result<(), RightsRejection> {
    if right.owner == *member {
        return Ok(());
    }
    Err(RightsRejection::NotOwner { right_id: right.right_id.clone() })
}

/// Other members' claims to the same registration number that have not ended.
pub(super) fn conflicts(ctx: &mut Context<'_>, right: &Right) -> Result<Vec<RightName>, Refusal> {
    let members = caller::members(ctx)?;
    let claims = CLAIMS.scan(ctx, &right.right_id.id, MEMBERS_MAX)?.entries;
    let mut found = Vec::new();
    for (_, right_id) in claims.into_iter().filter(|(_, right_id)| *right_id != right.right_id) {
        let Some(claim) = RIGHTS.find(ctx, &right_id)? else { continue };
        if is_authentic(ctx, &claim)? && ends(ctx, &members, &claim)?.is_empty() {
            found.push(right_id);
        }
    }
    Ok(found)
}

/// The offer of a right that its new owner can accept now.
pub(super) fn open_offer(ctx: &mut Context<'_>, right: &Right, now: UtcTime) -> Result<Option<RightOffer>, Refusal> {
    let taken = right.former_owners.last().map_or(0, |former| former.offer);
    if right.offers <= taken {
        return Ok(None);
    }
    let key = (Whole(right.right_id.clone()), right.offers);
    let Some(offer) = RIGHT_OFFERS.find(ctx, &key)? else { return Ok(None) };
    let days = rules::current(ctx)?.rights.offer_days.get();
    let lapsed = is_older(offer.offered.at, days, now);
    if lapsed || offer.withdrawn.is_some() || offer.from != right.owner || !is_offered(ctx, &offer)? {
        return Ok(None);
    }
    let reply = RIGHT_OFFER_REPLIES.find(ctx, &key)?;
    if let Some(reply) = reply {
        let about_it = reply.offer_sha256 == authorship::digest(&offer);
        if about_it && authorship::is_authentic(ctx, &RIGHT_OFFER_REPLIES, &key, &reply, &offer.to)? {
            return Ok(None);
        }
    }
    Ok(Some(offer))
}

/// Whether the member has, or had, a part in the right, or claims the same number, so that it cannot judge.
pub(super) fn is_party(ctx: &mut Context<'_>, right: &Right, member: &MspId) -> Result<bool, Refusal> {
    let owned = right.owner == *member || right.former_owners.iter().any(|former| former.owner == *member);
    if owned {
        return Ok(true);
    }
    let rivals = conflicts(ctx, right)?;
    Ok(rivals.iter().any(|claim| claim.owner == *member) || opposed::by(ctx, right, member)?.is_some())
}

/// Whether the owner's peer endorsed the right, whose name is its first owner's, and every former owner's its offer to
/// the next one.
fn is_authentic(ctx: &mut Context<'_>, right: &Right) -> Result<bool, Refusal> {
    let first = right.former_owners.first().map_or(&right.owner, |former| &former.owner);
    if right.right_id.owner != *first
        || right.right_id.id != RightId::of(&right.office, right.kind.as_str(), &right.number)
        || !authorship::is_authentic(ctx, &RIGHTS, &right.right_id, right, &right.owner)?
    {
        return Ok(false);
    }
    let next = right.former_owners.iter().skip(1).map(|former| &former.owner).chain([&right.owner]);
    for (former, next) in right.former_owners.iter().zip(next) {
        if !was_passed_on(ctx, &right.right_id, former, next)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn was_passed_on(
    ctx: &mut Context<'_>,
    right_id: &RightName,
    former: &FormerOwner,
    next: &MspId,
) -> Result<bool, Refusal> {
    let offer = RIGHT_OFFERS.find(ctx, &(Whole(right_id.clone()), former.offer))?;
    let Some(offer) = offer.filter(|offer| offer.from == former.owner && offer.to == *next) else { return Ok(false) };
    is_offered(ctx, &offer)
}

fn is_offered(ctx: &mut Context<'_>, offer: &RightOffer) -> Result<bool, Refusal> {
    let key = (Whole(offer.right_id.clone()), offer.number);
    authorship::is_authentic(ctx, &RIGHT_OFFERS, &key, offer, &offer.from)
}

/// Attestations of exactly this entry by members that may attest the office's and have no part in the right. A member
/// that may not attest any more has none that counts.
fn attestations(ctx: &mut Context<'_>, members: &Members, right: &Right) -> Result<Vec<Attestation>, Refusal> {
    let entry_sha256 = entry_digest(right);
    let mut found = Vec::new();
    for (key, attestation) in ATTESTATIONS.scan(ctx, &Whole(right.right_id.clone()), MEMBERS_MAX)?.entries {
        let (Part(by), right_id) = (&key.1, &key.0.0);
        let may = members.attests(by, &right.office) && *by != right.owner;
        let of_this = attestation.right_id == *right_id && attestation.entry_sha256 == entry_sha256;
        if may && of_this && authorship::is_authentic(ctx, &ATTESTATIONS, &key, &attestation, by)? {
            found.push(attestation);
        }
    }
    Ok(found)
}

/// SHA-256 of what an attester attests.
pub(super) fn entry_digest(right: &Right) -> Digest256 {
    authorship::digest(&right.entry())
}

/// Surrenders by who owned the right then, and cancellations by members that may attest the office's entries.
fn ends(ctx: &mut Context<'_>, members: &Members, right: &Right) -> Result<Vec<RightEnd>, Refusal> {
    let mut found = Vec::new();
    for (key, end) in RIGHT_ENDS.scan(ctx, &Whole(right.right_id.clone()), MEMBERS_MAX)?.entries {
        let Part(by) = &key.1;
        let may = match end.kind {
            RightEndKind::Surrendered => right.was_owned_by(by, end.ended.at),
            RightEndKind::Cancelled => members.attests(by, &right.office),
        };
        if may && authorship::is_authentic(ctx, &RIGHT_ENDS, &key, &end, by)? {
            found.push(end);
        }
    }
    Ok(found)
}
