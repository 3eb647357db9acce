//! Sole and exclusive licences: what stands directly under one right, or under one licence, side by side.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::common::Newest;
use trade_model::rights::{
    Exclusivity, LICENCES_UNDER, LICENCES_UNDER_MAX, LICENCES_UNDER_RIGHT, Licence, LicenceFacts, LicenceName,
    LicenceState, Right, RightsRejection, Whole,
};
use trade_rules::licence::{collide, state};
use trade_rules::right::When;
use trade_standards::time::UtcTime;

use super::chain;

/// Refuses a licence that would share a scope with one that is accepted and has not ended, when one of them lets in
/// nobody else; and one too many.
pub(super) fn check(ctx: &mut Context<'_>, right: &Right, licence: &Licence, now: UtcTime) -> Result<(), Refusal> {
    let beside = beside(ctx, licence)?;
    if beside.len() >= LICENCES_UNDER_MAX {
        return Err(RightsRejection::TooManyLicences { max: LICENCES_UNDER_MAX }.into());
    }
    let shares = licence.exclusivity == Exclusivity::NonExclusive;
    for (licence_id, _) in beside.into_iter().filter(|(_, other)| !shares || *other != Exclusivity::NonExclusive) {
        let other = chain::find_licence(ctx, &licence_id)?;
        if !collide(licence, &other) {
            continue;
        }
        let other = chain::known(ctx, right, other)?;
        if matches!(state(&other, When::at(now)), LicenceState::InForce | LicenceState::NotYetInForce) {
            return Err(RightsRejection::ScopeExclusive { licence_id }.into());
        }
    }
    Ok(())
}

/// The exclusive licences that stand directly under a right.
pub(super) fn under_right(ctx: &mut Context<'_>, right: &Right) -> Result<Vec<LicenceFacts>, Refusal> {
    let place = Whole(right.right_id.clone());
    let mut found = Vec::new();
    for (key, exclusivity) in LICENCES_UNDER_RIGHT.scan(ctx, &place, LICENCES_UNDER_MAX)?.entries {
        if exclusivity == Exclusivity::Exclusive {
            let licence = chain::find_licence(ctx, &key.2.0)?;
            found.push(chain::known(ctx, right, licence)?);
        }
    }
    Ok(found)
}

/// Notes an accepted licence among those beside it.
pub(super) fn note(ctx: &mut Context<'_>, licence: &Licence, accepted_at: UtcTime) -> Result<(), Refusal> {
    let own = Whole(licence.licence_id.clone());
    let when = Newest(accepted_at);
    match &licence.parent_licence_id {
        Some(parent) => LICENCES_UNDER.put(ctx, &(Whole(parent.clone()), when, own), &licence.exclusivity)?,
        None => {
            let place = (Whole(licence.right_id.clone()), when, own);
            LICENCES_UNDER_RIGHT.put(ctx, &place, &licence.exclusivity)?;
        }
    }
    Ok(())
}

/// Takes a licence that has ended out again.
pub(super) fn forget(ctx: &mut Context<'_>, licence: &Licence, accepted_at: UtcTime) -> Result<(), Refusal> {
    let own = Whole(licence.licence_id.clone());
    let when = Newest(accepted_at);
    match &licence.parent_licence_id {
        Some(parent) => LICENCES_UNDER.delete(ctx, &(Whole(parent.clone()), when, own))?,
        None => LICENCES_UNDER_RIGHT.delete(ctx, &(Whole(licence.right_id.clone()), when, own))?,
    }
    Ok(())
}

fn beside(ctx: &mut Context<'_>, licence: &Licence) -> Result<Vec<(LicenceName, Exclusivity)>, Refusal> {
    Ok(match &licence.parent_licence_id {
        Some(parent) => {
            let found = LICENCES_UNDER.scan(ctx, &Whole(parent.clone()), LICENCES_UNDER_MAX)?.entries;
            found.into_iter().map(|((_, _, Whole(id)), exclusivity)| (id, exclusivity)).collect()
        }
        None => {
            let found = LICENCES_UNDER_RIGHT.scan(ctx, &Whole(licence.right_id.clone()), LICENCES_UNDER_MAX)?.entries;
            found.into_iter().map(|((_, _, Whole(id)), exclusivity)| (id, exclusivity)).collect()
        }
    })
}
