//! Licences with what was said about them, and the chain of licences up to a right's owner.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::governance::MEMBERS_MAX;
use trade_model::rights::{
    Act, LICENCE_DEPTH_MAX, LICENCE_ENDS, LICENCE_REPLIES, LICENCES, Licence, LicenceEnd, LicenceEndKind, LicenceFacts,
    LicenceName, LicenceReason, LicenceReply, LicenceState, LicenceView, Right, RightFacts, RightStanding,
    RightsRejection, Suspension, Whole,
};
use trade_rules::licence::{Question, judge, state};
use trade_rules::right::{When, standing};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::UtcTime;

use super::facts;
use crate::{authorship, ledger};

/// The licences from a party's own up to the owner's grant, and why they could not be followed, if so.
pub(crate) type Chain = (Vec<LicenceFacts>, Option<LicenceReason>);

pub(crate) fn find_licence(ctx: &mut Context<'_>, licence_id: &LicenceName) -> Result<Licence, Refusal> {
    ledger::require(ctx, &LICENCES, licence_id, |licence_id| RightsRejection::LicenceUnknown { licence_id })
}

/// The licences from the given one up to the owner's grant, and why the chain could not be followed if it could not.
pub(crate) fn chain(ctx: &mut Context<'_>, right: &Right, licence_id: &LicenceName) -> Result<Chain, Refusal> {
    let mut licences: Vec<LicenceFacts> = Vec::new();
    let mut next = Some(licence_id.clone());
    while let Some(id) = next {
        if licences.len() >= LICENCE_DEPTH_MAX as usize {
            return Ok((licences, Some(LicenceReason::ChainBroken)));
        }
        let Some(licence) = LICENCES.find(ctx, &id)? else {
            let problem = if licences.is_empty() { LicenceReason::NoLicence } else { LicenceReason::ChainBroken };
            return Ok((licences, Some(problem)));
        };
        next = licence.parent_licence_id.clone();
        licences.push(known(ctx, right, licence)?);
    }
    Ok((licences, None))
}

/// A licence with what its licensee said and how it ended, as far as that is authentic.
pub(super) fn known(ctx: &mut Context<'_>, right: &Right, licence: Licence) -> Result<LicenceFacts, Refusal> {
    let named_by_licensor = licence.licence_id.owner == licence.licensor;
    let authenticated = named_by_licensor
        && authorship::is_authentic(ctx, &LICENCES, &licence.licence_id, &licence, &licence.licensor)?;
    let reply = reply(ctx, &licence)?;
    let end = end(ctx, right, &licence)?;
    Ok(LicenceFacts { licence, authenticated, reply, end })
}

/// Who is licensor now: the right's owner for a licence without a parent.
pub(super) fn licensor_now<'l>(right: &'l Right, licence: &'l Licence) -> &'l MspId {
    if licence.parent_licence_id.is_none() { &right.owner } else { &licence.licensor }
}

/// The licence and where it stands now.
pub(super) fn view(ctx: &mut Context<'_>, own: LicenceFacts, now: UtcTime) -> Result<LicenceView, Refusal> {
    let right = facts::find_right(ctx, &own.licence.right_id)?;
    let right = facts::facts(ctx, right, now)?;
    let (above, problem) = match &own.licence.parent_licence_id {
        Some(parent) => chain(ctx, &right.right, parent)?,
        None => (Vec::new(), None),
    };
    let when = When::at(now);
    let alone = state(&own, when);
    let suspended_by = if alone == LicenceState::InForce { suspension(&right, &above, problem, when) } else { None };
    Ok(LicenceView {
        state: if suspended_by.is_some() { LicenceState::Suspended } else { alone },
        suspended_by,
        licensor_now: licensor_now(&right.right, &own.licence).clone(),
        right_standing: standing(&right, when),
        facts: own,
    })
}

/// What a licence rests on and that is not in force: the right, or the first licence above it.
pub(super) fn suspension(
    right: &RightFacts,
    above: &[LicenceFacts],
    problem: Option<LicenceReason>,
    when: When,
) -> Option<Suspension> {
    let counts_for = standing(right, when);
    if !counts_for.is_in_force() {
        return Some(Suspension::Right { right_id: right.right.right_id.clone(), standing: counts_for });
    }
    for licence in above {
        let state = state(licence, when);
        if state != LicenceState::InForce {
            return Some(Suspension::Licence { licence_id: licence.licence.licence_id.clone(), state });
        }
    }
    problem.map(|_| Suspension::BrokenChain)
}

/// What the licensee said to exactly this licence.
fn reply(ctx: &mut Context<'_>, licence: &Licence) -> Result<Option<LicenceReply>, Refusal> {
    let Some(reply) = LICENCE_REPLIES.find(ctx, &licence.licence_id)? else { return Ok(None) };
    let about_it = reply.licence_sha256 == authorship::digest(licence);
    let holds =
        about_it && authorship::is_authentic(ctx, &LICENCE_REPLIES, &licence.licence_id, &reply, &licence.licensee)?;
    Ok(holds.then_some(reply))
}

/// The earliest end by a member that could end it then: the licensee, the licensor of a sub-licence, or who owned the
/// right. The licensor of a licence without a parent is its owner.
fn end(ctx: &mut Context<'_>, right: &Right, licence: &Licence) -> Result<Option<LicenceEnd>, Refusal> {
    let mut earliest: Option<LicenceEnd> = None;
    for (key, end) in LICENCE_ENDS.scan(ctx, &Whole(licence.licence_id.clone()), MEMBERS_MAX)?.entries {
        let by = &key.1.0;
        let may = match end.kind {
            LicenceEndKind::GivenUp => *by == licence.licensee,
            LicenceEndKind::Withdrawn | LicenceEndKind::Revoked => {
                let sublicensor = licence.parent_licence_id.is_some() && *by == licence.licensor;
                sublicensor || right.was_owned_by(by, end.ended.at)
            }
        };
        let earlier = earliest.as_ref().is_none_or(|earliest| end.ended.at < earliest.ended.at);
        if may && earlier && authorship::is_authentic(ctx, &LICENCE_ENDS, &key, &end, by)? {
            earliest = Some(end);
        }
    }
    Ok(earliest)
}

/// A licence with all that stands above it, ready to be asked.
pub(crate) struct Permission {
    licence_id: LicenceName,
    right: RightFacts,
    licences: Vec<LicenceFacts>,
    followed: bool,
}

impl Permission {
    pub(crate) fn licence_id(&self) -> &LicenceName {
        &self.licence_id
    }

    /// Who owns the right that everything rests on.
    pub(crate) fn right_owner(&self) -> &MspId {
        &self.right.right.owner
    }

    /// Whether it opens a product whose GS1 prefix no member has named: an attester of the office confirms the right,
    /// which lists the product. A right that is only asserted, or lists nothing, opens nothing that its owner's own
    /// prefix does not open already.
    pub(crate) fn opens(&self, product: Option<&Gtin>, at: UtcTime) -> bool {
        let listed = product.is_some_and(|product| self.right.right.products.has(product));
        listed && standing(&self.right, When::at(at)) == RightStanding::Attested
    }

    /// The ledger time of the newest statement on which the permission rests: what is done under it comes after.
    pub(crate) fn last_said_at(&self) -> UtcTime {
        let said = self.licences.iter().flat_map(|facts| {
            let reply = facts.reply.as_ref().map(|reply| reply.replied.at);
            let end = facts.end.as_ref().map(|end| end.ended.at);
            [Some(facts.licence.granted.at), reply, end].into_iter().flatten()
        });
        said.fold(self.right.right.recorded.at, UtcTime::max)
    }

    /// Whether it permits an act at a ledger time. An event's own date is its recorder's claim, and decides nothing.
    pub(crate) fn covers(
        &self,
        party: &MspId,
        act: Act,
        product: Option<&Gtin>,
        territory: &CountryCode,
        at: UtcTime,
    ) -> bool {
        let question = Question { party, act, product, territory, channel: None, on: at.date(), at: Some(at) };
        // A licence that has ended covers nothing new, even when its end is dated ahead.
        let ended = self.licences.iter().any(|facts| facts.end.is_some());
        self.followed && !ended && judge(&self.right, &self.licences, &question).is_empty()
    }
}

/// Loads a licence with all that stands above it.
pub(crate) fn permission(ctx: &mut Context<'_>, licence_id: &LicenceName, now: UtcTime) -> Result<Permission, Refusal> {
    let own = find_licence(ctx, licence_id)?;
    let right = facts::find_right(ctx, &own.right_id)?;
    let right = facts::facts(ctx, right, now)?;
    let (licences, problem) = chain(ctx, &right.right, licence_id)?;
    Ok(Permission { licence_id: licence_id.clone(), right, licences, followed: problem.is_none() })
}
