//! Granting licences and sub-licences. A grant binds nobody before the licensee accepts it.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Newest, Scoped, Set};
use trade_model::rights::{
    GrantLicence, LICENCE_DEPTH_MAX, LICENCES, LICENCES_OFFERED, Licence, LicenceFacts, LicenceName, LicenceState,
    LicenceView, Right, RightFacts, RightsEvent, RightsRejection, Whole,
};
use trade_rules::licence::state;
use trade_rules::right::When;

use super::{chain, exclusive, facts, transfer};
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, ledger, period};

/// Grants a licence under a right, or a sub-licence under a licence.
///
/// # Errors
/// Owner or licensee only; nothing may be wider than what stands above, nor share a scope with an exclusive or sole
/// licence; at most eight steps from the owner.
pub fn grant_licence(ctx: &mut Context<'_>, request: GrantLicence) -> Result<LicenceView, Refusal> {
    let mut caller = Caller::of::<GrantLicence>(ctx)?;
    period::check("/period", &request.period)?;
    if request.licensee == *caller.msp_id() {
        return Err(RightsRejection::LicenseeIsLicensor.into());
    }
    if caller.partner(&request.licensee).is_none() {
        return Err(RightsRejection::LicenseeNotEnrolled { msp_id: request.licensee }.into());
    }
    let licence_id = Scoped::new(caller.msp_id().clone(), request.licence_id.clone());
    ledger::must_be_new(ctx, &LICENCES, &licence_id, |licence_id| RightsRejection::LicenceExists { licence_id })?;
    let right_id = request.right_id.clone().of(caller.msp_id());
    let known = facts::standing_right(ctx, right_id, caller.now)?;
    let parent_id = request.parent_licence_id.clone().map(|parent| parent.of(caller.msp_id()));
    let parent = match &parent_id {
        Some(parent_id) => Some(parent_to_sublicense(ctx, &caller, parent_id, &known)?),
        None => {
            facts::check_owner(&known.right, caller.msp_id())?;
            transfer::check_not_offered(ctx, &caller, &known.right)?;
            None
        }
    };
    caller.follow(known.right.recorded.at);
    if let Some(parent) = &parent {
        caller.follow(parent.acceptance().map_or(parent.licence.granted.at, |reply| reply.replied.at));
    }
    let licence = licence(&caller, licence_id, &known.right, parent.as_ref(), request);
    check_scope(&licence, &known.right, parent.as_ref())?;
    exclusive::check(ctx, &known.right, &licence, caller.now)?;

    authorship::put(ctx, &caller, (&LICENCES, &licence.licence_id), &licence, &[&licence.licensor, &licence.licensee])?;
    let (licensee, licensor) = (Part(licence.licensee.clone()), Part(licence.licensor.clone()));
    let place = (licensee, licensor, Newest(caller.now), Whole(licence.licence_id.clone()));
    LICENCES_OFFERED.put(ctx, &place, &licence.licence_id)?;
    let (licence_id, right_id) = (licence.licence_id.clone(), licence.right_id.clone());
    announce(ctx, RightsEvent::LicenceGranted { licence_id, right_id })?;
    chain::view(ctx, LicenceFacts { licence, authenticated: true, reply: None, end: None }, caller.now)
}

fn licence(
    caller: &Caller,
    licence_id: LicenceName,
    right: &Right,
    parent: Option<&LicenceFacts>,
    request: GrantLicence,
) -> Licence {
    Licence {
        licence_id,
        right_id: right.right_id.clone(),
        parent_licence_id: parent.map(|parent| parent.licence.licence_id.clone()),
        depth: parent.map_or(0, |parent| parent.licence.depth) + 1,
        licensor: caller.msp_id().clone(),
        licensee: request.licensee,
        exclusivity: request.exclusivity,
        may_sublicense: request.may_sublicense,
        acts: request.acts,
        territories: request.territories,
        products: request.products,
        channels: request.channels,
        period: request.period,
        granted: caller.stamp(),
    }
}

/// The parent licence, when the caller may grant sub-licences under it.
fn parent_to_sublicense(
    ctx: &mut Context<'_>,
    caller: &Caller,
    parent_id: &LicenceName,
    known: &RightFacts,
) -> Result<LicenceFacts, Refusal> {
    let parent = chain::find_licence(ctx, parent_id)?;
    if parent.right_id != known.right.right_id {
        return Err(RightsRejection::ParentOfAnotherRight { licence_id: parent.licence_id }.into());
    }
    if parent.licensee != *caller.msp_id() {
        return Err(RightsRejection::NotLicensee { licence_id: parent.licence_id }.into());
    }
    if !parent.may_sublicense {
        return Err(RightsRejection::SublicensingNotPermitted { licence_id: parent.licence_id }.into());
    }
    check_in_force(ctx, caller, known, parent_id)
}

/// The licence, when it and all that it rests on are in force or will be.
pub(super) fn check_in_force(
    ctx: &mut Context<'_>,
    caller: &Caller,
    known: &RightFacts,
    licence_id: &LicenceName,
) -> Result<LicenceFacts, Refusal> {
    let (licences, problem) = chain::chain(ctx, &known.right, licence_id)?;
    let stands = |licence: &LicenceFacts| {
        let state = state(licence, When::at(caller.now));
        matches!(state, LicenceState::InForce | LicenceState::NotYetInForce)
    };
    if let Some(licence) = licences.iter().find(|licence| !stands(licence)) {
        return Err(RightsRejection::ParentNotInForce { licence_id: licence.licence.licence_id.clone() }.into());
    }
    let own = licences.into_iter().next().filter(|_| problem.is_none());
    Ok(own.ok_or_else(|| RightsRejection::ParentNotInForce { licence_id: licence_id.clone() })?)
}

fn check_scope(licence: &Licence, right: &Right, parent: Option<&LicenceFacts>) -> Result<(), RightsRejection> {
    if licence.depth > LICENCE_DEPTH_MAX {
        return Err(RightsRejection::ChainTooLong { max: LICENCE_DEPTH_MAX });
    }
    match exceeds_right(licence, right).or_else(|| exceeds_parent(licence, &parent?.licence)) {
        Some(scope) => Err(RightsRejection::LicenceExceedsParent { scope }),
        None => Ok(()),
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
