//! Ending licences: from now on, never for the past.
//!
//! What was made, imported or sold under a licence before it ended stays licensed: nobody takes back what another
//! member relied on.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Newest, Remark};
use trade_model::rights::{
    EndLicence, LICENCE_ENDS, LICENCES_OFFERED, Licence, LicenceEnd, LicenceEndKind, LicenceFacts, LicenceRef,
    LicenceView, RevokeLicence, Right, RightsEvent, RightsRejection, Whole,
};

use super::{chain, exclusive, facts};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Revokes a licence, or withdraws it before it is accepted; sub-licences are suspended with it.
///
/// # Errors
/// The licensor or the right's owner only, and only once. After a right was passed on, its new owner is the licensor.
pub fn revoke_licence(ctx: &mut Context<'_>, request: RevokeLicence) -> Result<LicenceView, Refusal> {
    let mut caller = Caller::of::<RevokeLicence>(ctx)?;
    let (right, known) = live(ctx, &caller, request.licence_id)?;
    let me = caller.msp_id();
    if *chain::licensor_now(&right, &known.licence) != *me && right.owner != *me {
        return Err(RightsRejection::NotLicensor { licence_id: known.licence.licence_id }.into());
    }
    let kind = if known.acceptance().is_some() { LicenceEndKind::Revoked } else { LicenceEndKind::Withdrawn };

    let known = end(ctx, &mut caller, known, (kind, request.reason))?;
    let (licence_id, right_id) = (known.licence.licence_id.clone(), known.licence.right_id.clone());
    announce(ctx, RightsEvent::LicenceRevoked { licence_id, right_id })?;
    chain::view(ctx, known, caller.now)
}

/// Gives the caller's licence up.
///
/// # Errors
/// The licensee only, after it has accepted, and only once.
pub fn end_licence(ctx: &mut Context<'_>, request: EndLicence) -> Result<LicenceView, Refusal> {
    let mut caller = Caller::of::<EndLicence>(ctx)?;
    let (_, known) = live(ctx, &caller, request.licence_id)?;
    if known.licence.licensee != *caller.msp_id() || known.acceptance().is_none() {
        return Err(RightsRejection::NotLicensee { licence_id: known.licence.licence_id }.into());
    }

    let known = end(ctx, &mut caller, known, (LicenceEndKind::GivenUp, request.reason))?;
    let (licence_id, right_id) = (known.licence.licence_id.clone(), known.licence.right_id.clone());
    announce(ctx, RightsEvent::LicenceGivenUp { licence_id, right_id })?;
    chain::view(ctx, known, caller.now)
}

/// A licence that has not ended and was not refused, and its right.
fn live(ctx: &mut Context<'_>, caller: &Caller, licence_id: LicenceRef) -> Result<(Right, LicenceFacts), Refusal> {
    let licence = chain::find_licence(ctx, &licence_id.of(caller.msp_id()))?;
    let right = facts::find_right(ctx, &licence.right_id)?;
    let known = chain::known(ctx, &right, licence)?;
    let refused = known.reply.as_ref().is_some_and(|reply| !reply.accepted);
    if refused || known.end.is_some() {
        return Err(RightsRejection::AlreadyEnded { licence_id: known.licence.licence_id }.into());
    }
    Ok((right, known))
}

fn end(
    ctx: &mut Context<'_>,
    caller: &mut Caller,
    known: LicenceFacts,
    (kind, reason): (LicenceEndKind, Remark),
) -> Result<LicenceFacts, Refusal> {
    let accepted_at = known.acceptance().map(|reply| reply.replied.at);
    caller.follow(accepted_at.unwrap_or(known.licence.granted.at));
    let end = LicenceEnd { licence_id: known.licence.licence_id.clone(), kind, reason, ended: caller.stamp() };
    let key = (Whole(end.licence_id.clone()), Part(caller.msp_id().clone()));
    authorship::put(ctx, caller, (&LICENCE_ENDS, &key), &end, &[caller.msp_id()])?;
    // Who looks for the licences of a member still finds it: it covers what was done before.
    match accepted_at {
        Some(accepted_at) => exclusive::forget(ctx, &known.licence, accepted_at)?,
        None => forget_offer(ctx, &known.licence)?,
    }
    Ok(LicenceFacts { end: Some(end), ..known })
}

fn forget_offer(ctx: &mut Context<'_>, licence: &Licence) -> Result<(), Refusal> {
    let (licensee, licensor) = (Part(licence.licensee.clone()), Part(licence.licensor.clone()));
    let place = (licensee, licensor, Newest(licence.granted.at), Whole(licence.licence_id.clone()));
    Ok(LICENCES_OFFERED.delete(ctx, &place)?)
}
