//! Accepting and refusing licences: a licence is in force when both have signed.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{Newest, Remark};
use trade_model::rights::{
    AcceptLicence, LICENCE_REPLIES, LICENCES_HELD, LICENCES_OF, LICENCES_OFFERED, Licence, LicenceFacts, LicenceRef,
    LicenceReply, LicenceView, RefuseLicence, RightFacts, RightsEvent, RightsRejection, Whole,
};

use super::{chain, exclusive, facts, grant, transfer};
use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Accepts a licence; it is in force from now on.
///
/// # Errors
/// The licensee only, once, while the licence is not withdrawn and its licensor could still grant it.
pub fn accept_licence(ctx: &mut Context<'_>, request: AcceptLicence) -> Result<LicenceView, Refusal> {
    let mut caller = Caller::of::<AcceptLicence>(ctx)?;
    let (known, offered) = offered(ctx, &caller, request.licence_id)?;
    let licence = &offered.licence;
    check_licensor(ctx, &caller, &known, licence)?;
    exclusive::check(ctx, &known.right, licence, caller.now)?;

    caller.follow(licence.granted.at);
    caller.follow(known.right.recorded.at);
    let reply = write(ctx, &caller, licence, None)?;
    let (right, licensee) = (Whole(licence.right_id.clone()), Part(licence.licensee.clone()));
    let (when, own) = (Newest(caller.now), Whole(licence.licence_id.clone()));
    LICENCES_HELD.put(ctx, &(licensee.clone(), when, own.clone()), &licence.licence_id)?;
    LICENCES_OF.put(ctx, &(right, licensee, when, own), &licence.licence_id)?;
    exclusive::note(ctx, licence, caller.now)?;
    let (licence_id, right_id) = (licence.licence_id.clone(), licence.right_id.clone());
    announce(ctx, RightsEvent::LicenceAccepted { licence_id, right_id })?;
    chain::view(ctx, LicenceFacts { reply: Some(reply), ..offered }, caller.now)
}

/// Refuses a licence.
///
/// # Errors
/// The licensee only, once, while the licence is not withdrawn.
pub fn refuse_licence(ctx: &mut Context<'_>, request: RefuseLicence) -> Result<LicenceReply, Refusal> {
    let mut caller = Caller::of::<RefuseLicence>(ctx)?;
    let (_, offered) = offered(ctx, &caller, request.licence_id)?;

    caller.follow(offered.licence.granted.at);
    let reply = write(ctx, &caller, &offered.licence, Some(request.reason))?;
    let (licence_id, right_id) = (offered.licence.licence_id, offered.licence.right_id);
    announce(ctx, RightsEvent::LicenceRefused { licence_id, right_id })?;
    Ok(reply)
}

/// The licence that the caller can reply to, and its right.
fn offered(
    ctx: &mut Context<'_>,
    caller: &Caller,
    licence_id: LicenceRef,
) -> Result<(RightFacts, LicenceFacts), Refusal> {
    let licence = chain::find_licence(ctx, &licence_id.of(caller.msp_id()))?;
    if licence.licensee != *caller.msp_id() {
        return Err(RightsRejection::NotLicensee { licence_id: licence.licence_id }.into());
    }
    let known = facts::standing_right(ctx, licence.right_id.clone(), caller.now)?;
    let licence = chain::known(ctx, &known.right, licence)?;
    if licence.authenticated && licence.reply.is_none() && licence.end.is_none() {
        return Ok((known, licence));
    }
    Err(RightsRejection::LicenceNotOffered { licence_id: licence.licence.licence_id }.into())
}

/// Refuses when the licensor could not grant the licence now.
fn check_licensor(
    ctx: &mut Context<'_>,
    caller: &Caller,
    known: &RightFacts,
    licence: &Licence,
) -> Result<(), Refusal> {
    facts::check_offerer(caller, &licence.licensor)?;
    let changed = || RightsRejection::LicensorChanged { licence_id: licence.licence_id.clone() };
    let Some(parent_id) = &licence.parent_licence_id else {
        if licence.licensor != known.right.owner {
            return Err(changed().into());
        }
        return transfer::check_not_offered(ctx, caller, &known.right);
    };
    let parent = grant::check_in_force(ctx, caller, known, parent_id)?;
    if parent.licence.licensee != licence.licensor {
        return Err(changed().into());
    }
    Ok(())
}

fn write(
    ctx: &mut Context<'_>,
    caller: &Caller,
    licence: &Licence,
    reason: Option<Remark>,
) -> Result<LicenceReply, Refusal> {
    let reply = LicenceReply {
        licence_id: licence.licence_id.clone(),
        accepted: reason.is_none(),
        reason,
        licence_sha256: authorship::digest(licence),
        replied: caller.stamp(),
    };
    let owners = [&licence.licensor, &licence.licensee];
    authorship::put(ctx, caller, (&LICENCE_REPLIES, &licence.licence_id), &reply, &owners)?;
    let (licensee, licensor) = (Part(licence.licensee.clone()), Part(licence.licensor.clone()));
    let place = (licensee, licensor, Newest(licence.granted.at), Whole(licence.licence_id.clone()));
    LICENCES_OFFERED.delete(ctx, &place)?;
    Ok(reply)
}
