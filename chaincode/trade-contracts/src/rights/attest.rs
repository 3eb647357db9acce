//! Attesting: a member that may attest entries of an office confirms an owner's statement, or takes that back.
//!
//! Nobody attests its own. An extract of the register that an owner deposits as evidence proves nothing by itself; a
//! member that may attest the office's entries checks it and names it.

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::rights::{
    ATTESTATIONS, AttestRight, Attestation, AttestationBasis, RIGHTS_ATTESTED_FOR, Right, RightFacts, RightName,
    RightsEvent, RightsRejection, Whole, WithdrawAttestation, Withdrawal,
};
use trade_standards::identifier::MspId;

use super::facts;
use crate::announce::announce;
use crate::caller::Caller;
use crate::{authorship, evidence};

/// Attests all that an owner states about its right, up to the end of its validity.
///
/// # Errors
/// A member that may attest the office's entries and has no part in the right; not two claims to one number in one
/// country.
pub fn attest_right(ctx: &mut Context<'_>, request: AttestRight) -> Result<Attestation, Refusal> {
    let mut caller = Caller::of::<AttestRight>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let RightFacts { right, attestations, .. } = facts::standing_right(ctx, right_id, caller.now)?;
    check_neutral(ctx, &caller, &right)?;
    if let AttestationBasis::Extract { sha256 } = &request.basis
        && !evidence::is_deposited(ctx, sha256)?
    {
        return Err(RightsRejection::ExtractUnknown { sha256: sha256.clone() }.into());
    }
    for claim in facts::conflicts(ctx, &right)? {
        let claim = facts::find_right(ctx, &claim)?;
        let elsewhere = !claim.territories.iter().any(|country| right.territories.has(country));
        if !elsewhere && standing_by(ctx, &claim, &caller)?.is_some() {
            return Err(RightsRejection::AttestedForAnother { right_id: claim.right_id }.into());
        }
    }

    caller.follow(right.recorded.at);
    let before = attestations.into_iter().find(|attestation| attestation.attested.by == *caller.msp_id());
    let unbroken = before.as_ref().filter(|before| before.withdrawn.is_none()).map(|before| before.since);
    if let Some(withdrawal) = before.and_then(|before| before.withdrawn) {
        caller.follow(withdrawal.stamp.at);
    }
    for gtin in &right.products {
        let place = (Part(gtin.clone()), Whole(right.right_id.clone()));
        RIGHTS_ATTESTED_FOR.put(ctx, &place, &right.right_id)?;
    }
    let attestation = Attestation {
        entry_sha256: facts::entry_digest(&right),
        right_id: right.right_id,
        validity: right.validity,
        basis: request.basis,
        since: unbroken.unwrap_or(caller.now),
        attested: caller.stamp(),
        withdrawn: None,
    };
    write(ctx, &caller, &attestation)?;
    let (right_id, by) = (attestation.right_id.clone(), caller.msp_id().clone());
    announce(ctx, RightsEvent::RightAttested { right_id, by })?;
    Ok(attestation)
}

/// Takes the caller's attestation back, from now on.
///
/// # Errors
/// [`RightsRejection::NotAttested`] when there is none of the caller's.
pub fn withdraw_attestation(ctx: &mut Context<'_>, request: WithdrawAttestation) -> Result<Attestation, Refusal> {
    let mut caller = Caller::of::<WithdrawAttestation>(ctx)?;
    let right_id = request.right_id.of(caller.msp_id());
    let right = facts::find_right(ctx, &right_id)?;
    let found = standing_by(ctx, &right, &caller)?;
    let mut attestation = found.ok_or(RightsRejection::NotAttested { right_id })?;

    caller.follow(attestation.attested.at);
    attestation.withdrawn = Some(Withdrawal { reason: request.reason, stamp: caller.stamp() });
    write(ctx, &caller, &attestation)?;
    let (right_id, by) = (attestation.right_id.clone(), caller.msp_id().clone());
    announce(ctx, RightsEvent::AttestationWithdrawn { right_id, by })?;
    Ok(attestation)
}

/// Refuses to a member that may not attest the office's entries, and to one that has a part in the right.
pub(super) fn check_neutral(ctx: &mut Context<'_>, caller: &Caller, right: &Right) -> Result<(), Refusal> {
    if !caller.members.attests(caller.msp_id(), &right.office) {
        return Err(RightsRejection::NotAttester { office: right.office.clone() }.into());
    }
    if facts::is_party(ctx, right, caller.msp_id())? {
        return Err(RightsRejection::OwnAffair { right_id: right.right_id.clone() }.into());
    }
    Ok(())
}

/// The caller's attestation that stands.
fn standing_by(ctx: &mut Context<'_>, right: &Right, caller: &Caller) -> Result<Option<Attestation>, Refusal> {
    let me = caller.msp_id();
    let key = key_of(&right.right_id, me);
    let found = ATTESTATIONS.find(ctx, &key)?.filter(|attestation| attestation.withdrawn.is_none());
    let Some(attestation) = found else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &ATTESTATIONS, &key, &attestation, me)?;
    Ok(authentic.then_some(attestation))
}

fn write(ctx: &mut Context<'_>, caller: &Caller, attestation: &Attestation) -> Result<(), Refusal> {
    let key = key_of(&attestation.right_id, caller.msp_id());
    authorship::put(ctx, caller, (&ATTESTATIONS, &key), attestation, &[caller.msp_id()])
}

fn key_of(right_id: &RightName, by: &MspId) -> (Whole<trade_model::common::RightId>, Part<MspId>) {
    (Whole(right_id.clone()), Part(by.clone()))
}
