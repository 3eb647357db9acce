//! `rights`: registering rights, granting and revoking licences, and asking whether an act is covered.

use fabric_contract::{Context, Contract, Part};
use trade_model::Refusal;
use trade_model::common::{LicenceId, Malformed, RightId, Set};
use trade_model::rejection::RequestRejection;
use trade_model::rights::{
    Act, CheckLicence, GrantLicence, LICENCE_DEPTH_MAX, LICENCES, LICENCES_OF, Licence, LicenceCheck, LicenceReason,
    LicenceVerdict, RIGHTS, ReadLicence, ReadRight, RegisterRight, Revocation, RevokeLicence, Right, RightKind,
    RightsEvent, RightsRejection,
};
use trade_rules::licence::{Question, judge};
use trade_standards::identifier::{CountryCode, Gtin, MspId};
use trade_standards::time::{Date, Period};

use crate::announce::announce;
use crate::caller::{Caller, now};
use crate::ledger;
use crate::table::On;

/// Most licences of one member under one right that `Check` looks at.
const LICENCES_CHECKED_MAX: usize = 200;

/// The contract's transactions.
pub fn contract() -> Contract {
    Contract::new("rights")
        .on(register_right)
        .on(grant_licence)
        .on(revoke_licence)
        .on(read_right)
        .on(read_licence)
        .on(check)
}

/// Registers a right; the caller becomes its owner here.
///
/// # Errors
/// The caller must be a brand; office, kind and number together must be new.
pub fn register_right(ctx: &mut Context<'_>, request: RegisterRight) -> Result<Right, Refusal> {
    let caller = Caller::of::<RegisterRight>(ctx)?;
    check_period("/validity", &request.validity)?;
    if request.nice_classes.is_empty() == (request.kind == RightKind::Mark) {
        let malformed = Malformed::new("rights.nice_class_invalid", "belong to marks, and a mark has at least one");
        return Err(RequestRejection::of("/nice_classes", &malformed).into());
    }
    let right_id = RightId::of(&request.office, request.kind.as_str(), &request.number);
    ledger::must_be_new(ctx, &RIGHTS, &right_id, |right_id| RightsRejection::RightExists { right_id })?;

    let right = Right {
        right_id,
        owner: caller.msp_id().clone(),
        kind: request.kind,
        office: request.office,
        number: request.number,
        title: request.title,
        territories: request.territories,
        validity: request.validity,
        nice_classes: request.nice_classes,
        products: request.products,
        representation_sha256: request.representation_sha256,
        registered: caller.stamp(),
    };
    RIGHTS.put(ctx, &right.right_id, &right)?;
    announce(ctx, RightsEvent::RightRegistered { right_id: right.right_id.clone() })?;
    Ok(right)
}

/// Grants a licence under a right, or a sub-licence under a licence.
///
/// # Errors
/// Owner or licensee only; nothing may be wider than what stands above; at most eight steps from the owner.
pub fn grant_licence(ctx: &mut Context<'_>, request: GrantLicence) -> Result<Licence, Refusal> {
    let mut caller = Caller::of::<GrantLicence>(ctx)?;
    check_period("/period", &request.period)?;
    if request.licensee == *caller.msp_id() {
        return Err(RightsRejection::LicenseeIsLicensor.into());
    }
    if caller.partner(&request.licensee).is_none() {
        return Err(RightsRejection::LicenseeNotEnrolled { msp_id: request.licensee }.into());
    }
    ledger::must_be_new(ctx, &LICENCES, &request.licence_id, |licence_id| RightsRejection::LicenceExists {
        licence_id,
    })?;
    let right = find_right(ctx, &request.right_id)?;
    let parent = match &request.parent_licence_id {
        Some(parent_id) => Some(parent_to_sublicense(ctx, &caller, parent_id, &right)?),
        None if right.owner == *caller.msp_id() => None,
        None => return Err(RightsRejection::NotOwner { right_id: right.right_id }.into()),
    };
    caller.follow(parent.as_ref().map_or(right.registered.at, |parent| parent.granted.at));
    let licence = Licence {
        depth: parent.as_ref().map_or(0, |parent| parent.depth) + 1,
        licensor: caller.msp_id().clone(),
        acts: request.acts,
        territories: request.territories,
        products: request.products,
        channels: request.channels,
        licence_id: request.licence_id,
        right_id: request.right_id,
        parent_licence_id: request.parent_licence_id,
        licensee: request.licensee,
        exclusivity: request.exclusivity,
        may_sublicense: request.may_sublicense,
        period: request.period,
        granted: caller.stamp(),
        revoked: None,
    };
    if licence.depth > LICENCE_DEPTH_MAX {
        return Err(RightsRejection::ChainTooLong { max: LICENCE_DEPTH_MAX }.into());
    }
    if let Some(scope) = exceeds_right(&licence, &right).or_else(|| exceeds_parent(&licence, parent.as_ref()?)) {
        return Err(RightsRejection::LicenceExceedsParent { scope }.into());
    }

    let (licence_id, right_id) = (licence.licence_id.clone(), licence.right_id.clone());
    LICENCES.put(ctx, &licence_id, &licence)?;
    let place = (right_id.clone(), Part(licence.licensee.clone()), licence_id.clone());
    LICENCES_OF.put(ctx, &place, &licence_id)?;
    announce(ctx, RightsEvent::LicenceGranted { licence_id, right_id })?;
    Ok(licence)
}

/// Ends a licence from this transaction on; everything granted under it falls with it.
///
/// # Errors
/// The licensor or the right's owner only, and only once.
pub fn revoke_licence(ctx: &mut Context<'_>, request: RevokeLicence) -> Result<Licence, Refusal> {
    let mut caller = Caller::of::<RevokeLicence>(ctx)?;
    let mut licence = find_licence(ctx, &request.licence_id)?;
    let right = find_right(ctx, &licence.right_id)?;
    if licence.licensor != *caller.msp_id() && right.owner != *caller.msp_id() {
        return Err(RightsRejection::NotLicensor { licence_id: licence.licence_id }.into());
    }
    if licence.revoked.is_some() {
        return Err(RightsRejection::AlreadyRevoked { licence_id: licence.licence_id }.into());
    }

    caller.follow(licence.granted.at);
    licence.revoked = Some(Revocation { stamp: caller.stamp(), reason: request.reason });
    LICENCES.put(ctx, &licence.licence_id, &licence)?;
    let (licence_id, right_id) = (licence.licence_id.clone(), licence.right_id.clone());
    announce(ctx, RightsEvent::LicenceRevoked { licence_id, right_id })?;
    Ok(licence)
}

/// A right by its id.
///
/// # Errors
/// [`RightsRejection::RightUnknown`].
pub fn read_right(ctx: &mut Context<'_>, request: ReadRight) -> Result<Right, Refusal> {
    find_right(ctx, &request.right_id)
}

/// A licence by its id.
///
/// # Errors
/// [`RightsRejection::LicenceUnknown`].
pub fn read_licence(ctx: &mut Context<'_>, request: ReadLicence) -> Result<Licence, Refusal> {
    find_licence(ctx, &request.licence_id)
}

/// Whether a member may do something with a product, somewhere, on a day.
///
/// # Errors
/// [`RightsRejection::RightUnknown`], or a malformed product number. An act that is not covered is an answer.
pub fn check(ctx: &mut Context<'_>, request: CheckLicence) -> Result<LicenceCheck, Refusal> {
    let right = find_right(ctx, &request.right_id)?;
    let (on, at) = match request.on {
        Some(day) => (day, None),
        None => {
            let now = now(ctx)?;
            (now.date(), Some(now))
        }
    };
    let question = Question {
        party: &request.party,
        act: request.act,
        product: Some(&request.product),
        territory: &request.territory,
        channel: request.channel,
        on,
        at,
    };
    let answer =
        |verdict, chain, reasons| LicenceCheck { right_id: right.right_id.clone(), verdict, chain, reasons, on };
    if right.owner == request.party {
        let reasons = judge(&right, &[], &question);
        let verdict = if reasons.is_empty() { LicenceVerdict::Authorised } else { LicenceVerdict::NotCovered };
        return Ok(answer(verdict, Vec::new(), reasons));
    }

    let mut best: Option<(Vec<LicenceId>, Vec<LicenceReason>)> = None;
    let own = (right.right_id.clone(), Part(request.party.clone()));
    for (_, licence_id) in LICENCES_OF.scan(ctx, &own, LICENCES_CHECKED_MAX)?.entries {
        let (licences, problem) = chain(ctx, &licence_id)?;
        // What is revoked on the ledger is revoked now, even when the revocation is dated ahead.
        let revoked_at = licences.iter().filter_map(|licence| Some(licence.revoked.as_ref()?.stamp.at)).max();
        let at = question.at.map(|at| revoked_at.map_or(at, |revoked_at| at.max(revoked_at)));
        let mut reasons = judge(&right, &licences, &Question { at, ..question.clone() });
        reasons.extend(problem);
        if best.as_ref().is_none_or(|(_, fewest)| reasons.len() < fewest.len()) {
            best = Some((licences.into_iter().map(|licence| licence.licence_id).collect(), reasons));
        }
    }
    Ok(match best {
        None => answer(LicenceVerdict::Unknown, Vec::new(), vec![LicenceReason::NoLicence]),
        Some((ids, reasons)) if reasons.is_empty() => answer(LicenceVerdict::Authorised, ids, reasons),
        Some((ids, reasons)) => answer(LicenceVerdict::NotCovered, ids, reasons),
    })
}

/// The licences from the given one up to the owner's grant, and why the chain could not be followed if it could not.
pub(crate) fn chain(
    ctx: &mut Context<'_>,
    licence_id: &LicenceId,
) -> Result<(Vec<Licence>, Option<LicenceReason>), Refusal> {
    let mut licences: Vec<Licence> = Vec::new();
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
        licences.push(licence);
    }
    Ok((licences, None))
}

/// A licence with all that stands above it, ready to be asked.
pub(crate) struct Permission {
    licence_id: LicenceId,
    right: Right,
    licences: Vec<Licence>,
    followed: bool,
}

impl Permission {
    pub(crate) fn licence_id(&self) -> &LicenceId {
        &self.licence_id
    }

    /// Who owns the right that everything rests on.
    pub(crate) fn right_owner(&self) -> &MspId {
        &self.right.owner
    }

    pub(crate) fn covers(
        &self,
        party: &MspId,
        act: Act,
        product: Option<&Gtin>,
        territory: &CountryCode,
        on: Date,
    ) -> bool {
        let question = Question { party, act, product, territory, channel: None, on, at: None };
        // An event's day is its recorder's claim: a licence that is revoked by now covers nothing new, whatever the
        // day.
        let revoked = self.licences.iter().any(|licence| licence.revoked.is_some());
        self.followed && !revoked && judge(&self.right, &self.licences, &question).is_empty()
    }
}

/// Loads a licence with all that stands above it.
pub(crate) fn permission(ctx: &mut Context<'_>, licence_id: &LicenceId) -> Result<Permission, Refusal> {
    let own = find_licence(ctx, licence_id)?;
    let right = find_right(ctx, &own.right_id)?;
    let (licences, problem) = chain(ctx, licence_id)?;
    Ok(Permission { licence_id: licence_id.clone(), right, licences, followed: problem.is_none() })
}

pub(crate) fn find_right(ctx: &mut Context<'_>, right_id: &RightId) -> Result<Right, Refusal> {
    ledger::require(ctx, &RIGHTS, right_id, |right_id| RightsRejection::RightUnknown { right_id })
}

pub(crate) fn find_licence(ctx: &mut Context<'_>, licence_id: &LicenceId) -> Result<Licence, Refusal> {
    ledger::require(ctx, &LICENCES, licence_id, |licence_id| RightsRejection::LicenceUnknown { licence_id })
}

fn check_period(field: &'static str, period: &Period) -> Result<(), RequestRejection> {
    if period.is_ordered() {
        return Ok(());
    }
    Err(RequestRejection::of(field, &Malformed::new("request.period_disordered", "ends before it begins")))
}

/// The parent licence, when the caller may grant sub-licences under it.
fn parent_to_sublicense(
    ctx: &mut Context<'_>,
    caller: &Caller,
    parent_id: &LicenceId,
    right: &Right,
) -> Result<Licence, Refusal> {
    let parent = find_licence(ctx, parent_id)?;
    if parent.right_id != right.right_id {
        return Err(RightsRejection::ParentOfAnotherRight { licence_id: parent.licence_id }.into());
    }
    if parent.licensee != *caller.msp_id() {
        return Err(RightsRejection::NotLicensee { licence_id: parent.licence_id }.into());
    }
    if !parent.may_sublicense {
        return Err(RightsRejection::SublicensingNotPermitted { licence_id: parent.licence_id }.into());
    }
    let (above, _) = chain(ctx, parent_id)?;
    match above.into_iter().find(|licence| licence.revoked.is_some()) {
        Some(revoked) => Err(RightsRejection::ParentRevoked { licence_id: revoked.licence_id }.into()),
        None => Ok(parent),
    }
}

/// The first dimension in which a licence reaches beyond the right.
fn exceeds_right(licence: &Licence, right: &Right) -> Option<&'static str> {
    let products_within = right.products.is_empty() || licence.products.is_within(&right.products);
    [
        ("territories", licence.territories.is_within(&right.territories)),
        ("period", right.validity.encloses(&licence.period)),
        ("products", products_within),
    ]
    .into_iter()
    .find_map(|(scope, within)| (!within).then_some(scope))
}

/// The first dimension in which a licence reaches beyond its parent. An empty list means everything above it, so a
/// sub-licence of a listed scope must list its own.
fn exceeds_parent(licence: &Licence, parent: &Licence) -> Option<&'static str> {
    [
        ("territories", licence.territories.is_within(&parent.territories)),
        ("period", parent.period.encloses(&licence.period)),
        ("acts", licence.acts.is_within(&parent.acts)),
        ("products", listed_within(&licence.products, &parent.products)),
        ("channels", listed_within(&licence.channels, &parent.channels)),
    ]
    .into_iter()
    .find_map(|(scope, within)| (!within).then_some(scope))
}

fn listed_within<T: Ord, const MAX: usize>(inner: &Set<T, 0, MAX>, outer: &Set<T, 0, MAX>) -> bool {
    outer.is_empty() || (!inner.is_empty() && inner.is_within(outer))
}
