//! Four eyes on settlements: above an organization's own limit, a second person approves.
//!
//! The ledger sees no amount, so it cannot compare one with the limit. The person that settles proves that the
//! invoice's total is not above it, or leaves the proof out and has the settlement approved. What was credited does not
//! count: one person could otherwise credit nearly everything, and settle the rest.

use fabric_contract::{Context, Part};
use trade_claims::{Claim, Deployment};
use trade_model::Refusal;
use trade_model::common::{AMOUNT_MAX, Malformed, MinorUnits, Proof, Told};
use trade_model::payment::{
    PaymentEvent, PaymentRejection, ReadSettlementLimit, SETTLEMENT_LIMITS, SetSettlementLimit, SettlementLimit,
};
use trade_model::rejection::RequestRejection;
use trade_standards::identifier::MspId;
use trade_standards::money::CurrencyCode;

use crate::announce::announce;
use crate::authorship;
use crate::caller::Caller;

/// Whether one person settles alone.
pub(super) enum Alone {
    /// It does; where there is a limit, the total was proved not to be above it.
    Yes(Option<MinorUnits>),
    /// A second one approves.
    No,
}

/// Sets up to which total one person of the caller's organization settles alone.
///
/// # Errors
/// The limit is an amount.
pub fn set_settlement_limit(ctx: &mut Context<'_>, request: SetSettlementLimit) -> Result<SettlementLimit, Refusal> {
    let mut caller = Caller::of::<SetSettlementLimit>(ctx)?;
    if request.alone_most_minor.get() > AMOUNT_MAX {
        let malformed = Malformed::new("request.number_malformed", "must be at most 2^48 - 1");
        return Err(RequestRejection::of("/alone_most_minor", &malformed).into());
    }
    if let Some(earlier) = find(ctx, caller.msp_id(), &request.currency)? {
        caller.follow(earlier.set.at);
    }
    let limit = SettlementLimit {
        organization: caller.msp_id().clone(),
        currency: request.currency,
        alone_most_minor: request.alone_most_minor,
        set: caller.stamp(),
        person: caller.acting.person.clone(),
    };
    let key = (Part(limit.organization.clone()), Part(limit.currency.clone()));
    authorship::put(ctx, &caller, (&SETTLEMENT_LIMITS, &key), &limit, &[&limit.organization])?;
    let (organization, currency) = (limit.organization.clone(), limit.currency.clone());
    announce(ctx, PaymentEvent::SettlementLimitSet { organization, currency })?;
    Ok(limit)
}

/// The limit of an organization.
///
/// # Errors
/// [`PaymentRejection::SettlementLimitUnknown`].
pub fn read_settlement_limit(ctx: &mut Context<'_>, request: ReadSettlementLimit) -> Result<SettlementLimit, Refusal> {
    let limit = find(ctx, &request.organization, &request.currency)?;
    Ok(limit.ok_or(PaymentRejection::SettlementLimitUnknown { msp_id: request.organization })?)
}

/// Whether the person that calls settles this invoice alone.
///
/// # Errors
/// A proof where there is no limit to prove, or that does not hold. Nor may the person that set the limit use it: the
/// other pair of eyes would be its own.
pub(super) fn alone(
    ctx: &mut Context<'_>,
    caller: &Caller,
    claim: &trade_claims::Settlement,
    proof: Option<&Proof>,
) -> Result<Alone, Refusal> {
    let limit = find(ctx, caller.msp_id(), &claim.of.currency)?;
    match (limit, proof) {
        (None, None) => Ok(Alone::Yes(None)),
        (Some(_), None) => Ok(Alone::No),
        (Some(limit), Some(proof)) if caller.acting.person.told_from(&limit.person) == Told::Apart => {
            let most = limit.alone_most_minor;
            let deployment = Deployment { channel: ctx.channel_id(), chaincode: ctx.chaincode() };
            claim.limit(caller.msp_id(), most).verify(deployment, proof)?;
            Ok(Alone::Yes(Some(most)))
        }
        (_, Some(_)) => Err(PaymentRejection::NoSettlementLimit { msp_id: caller.msp_id().clone() }.into()),
    }
}

/// What the organization itself has set.
fn find(
    ctx: &mut Context<'_>,
    organization: &MspId,
    currency: &CurrencyCode,
) -> Result<Option<SettlementLimit>, Refusal> {
    let key = (Part(organization.clone()), Part(currency.clone()));
    let Some(limit) = SETTLEMENT_LIMITS.find(ctx, &key)? else { return Ok(None) };
    let authentic = authorship::is_authentic(ctx, &SETTLEMENT_LIMITS, &key, &limit, organization)?;
    Ok(authentic.then_some(limit))
}
