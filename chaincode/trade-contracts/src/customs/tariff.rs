//! Tariffs: rules as data, in versions, each with its days and its source.

use std::collections::BTreeSet;

use fabric_contract::Context;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trade_model::customs::{PublishTariff, ReadTariff, TARIFF_ENTRIES_MAX, Tariff, TariffBand};
use trade_model::party::Role;
use trade_model::rejection::Rejection;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::{Date, UtcTime};

use super::calendar::{Calendar, PERIODS_MAX};
use super::keys;
use crate::announce::announce;
use crate::caller::Caller;
use crate::proofs::AMOUNT_MAX;
use crate::{Refusal, form};

/// What all versions share.
#[derive(Serialize, Deserialize)]
struct Head {
    newest: u32,
    jurisdiction: CountryCode,
    currency: String,
    authority: MspId,
    /// When the newest version was published, in ledger time.
    published_at: UtcTime,
    calendar: Calendar,
}

/// Publishes the next version of a tariff.
///
/// # Errors
/// Customs only; a tariff stays with its authority, country and currency; versions follow one another, and divide the
/// days into at most 500 periods.
pub fn publish(ctx: &mut Context<'_>, request: PublishTariff) -> Result<Tariff, Refusal> {
    let mut caller = Caller::with_role(ctx, &[Role::Customs])?;
    check_form(&request)?;
    let head = ctx.get_json::<Head>(&keys::tariff(&request.tariff_id)?)?;
    if let Some(head) = &head {
        let same = head.authority == *caller.msp_id()
            && head.jurisdiction == request.jurisdiction
            && head.currency == request.currency;
        if !same {
            return Err(Rejection::TariffOfAnother { tariff_id: request.tariff_id }.into());
        }
        caller.follow(head.published_at);
    }
    let (expected, calendar) = head.map_or((1, Calendar::default()), |head| (head.newest + 1, head.calendar));
    if request.version != expected {
        return Err(Rejection::TariffVersionNotNext { expected }.into());
    }
    let Some(calendar) = calendar.with(request.validity, request.version) else {
        return Err(Rejection::TariffCalendarFull { tariff_id: request.tariff_id, max: PERIODS_MAX }.into());
    };

    let tariff = Tariff {
        tariff_id: request.tariff_id,
        version: request.version,
        jurisdiction: request.jurisdiction,
        validity: request.validity,
        source: request.source,
        currency: request.currency,
        bands: request.bands,
        rules: request.rules,
        authority: caller.msp_id().clone(),
        published_at: caller.now,
        transaction_id: caller.tx_id,
    };
    let head = Head {
        newest: tariff.version,
        jurisdiction: tariff.jurisdiction.clone(),
        currency: tariff.currency.clone(),
        authority: tariff.authority.clone(),
        published_at: tariff.published_at,
        calendar,
    };
    ctx.put_json(&keys::tariff(&tariff.tariff_id)?, &head)?;
    ctx.put_json(&keys::tariff_version(&tariff.tariff_id, tariff.version)?, &tariff)?;
    announce(ctx, "customs.tariff_published", &json!({ "tariff_id": tariff.tariff_id, "version": tariff.version }))?;
    Ok(tariff)
}

/// A version of a tariff: the one named, the one that applies on a day, or the newest.
///
/// # Errors
/// [`Rejection::TariffUnknown`], [`Rejection::NoTariffInForce`].
pub fn read(ctx: &mut Context<'_>, request: ReadTariff) -> Result<Tariff, Refusal> {
    match (request.version, request.on) {
        (Some(version), _) => version_of(ctx, &request.tariff_id, version),
        (None, Some(day)) => in_force(ctx, &request.tariff_id, day),
        (None, None) => {
            let newest = head(ctx, &request.tariff_id)?.newest;
            version_of(ctx, &request.tariff_id, newest)
        }
    }
}

/// The version that applies on a day: the newest of those whose validity holds it.
pub(super) fn in_force(ctx: &mut Context<'_>, tariff_id: &str, day: Date) -> Result<Tariff, Refusal> {
    match head(ctx, tariff_id)?.calendar.version_on(day) {
        Some(version) => version_of(ctx, tariff_id, version),
        None => Err(Rejection::NoTariffInForce { tariff_id: tariff_id.to_owned() }.into()),
    }
}

pub(super) fn version_of(ctx: &mut Context<'_>, tariff_id: &str, version: u32) -> Result<Tariff, Refusal> {
    let tariff = ctx.get_json::<Tariff>(&keys::tariff_version(tariff_id, version)?)?;
    Ok(tariff.ok_or_else(|| Rejection::TariffUnknown { tariff_id: tariff_id.to_owned() })?)
}

/// When the newest version of a tariff was published, in ledger time.
pub(super) fn published_at(ctx: &mut Context<'_>, tariff_id: &str) -> Result<UtcTime, Refusal> {
    Ok(head(ctx, tariff_id)?.published_at)
}

fn head(ctx: &mut Context<'_>, tariff_id: &str) -> Result<Head, Refusal> {
    let head = ctx.get_json::<Head>(&keys::tariff(tariff_id)?)?;
    Ok(head.ok_or_else(|| Rejection::TariffUnknown { tariff_id: tariff_id.to_owned() })?)
}

/// The bounds of a band in minor units, in order and below 2^48.
pub(super) fn bounds(band: &TariffBand) -> Result<(u64, u64), Rejection> {
    let invalid = |_| Rejection::BandInvalid { band_id: band.band_id.clone() };
    let lower = form::minor_units("value_min_minor", &band.value_min_minor).map_err(invalid)?;
    let upper = form::minor_units("value_max_minor", &band.value_max_minor).map_err(invalid)?;
    if lower < upper && upper <= AMOUNT_MAX {
        Ok((lower, upper))
    } else {
        Err(Rejection::BandInvalid { band_id: band.band_id.clone() })
    }
}

fn check_form(request: &PublishTariff) -> Result<(), Rejection> {
    form::id("tariff_id", &request.tariff_id)?;
    form::text("source", &request.source, 500)?;
    form::currency("currency", &request.currency)?;
    form::period("validity", &request.validity)?;
    check_list("bands", request.bands.iter().map(|band| band.band_id.as_str()))?;
    for band in &request.bands {
        form::hs_prefix("hs_prefix", &band.hs_prefix)?;
        bounds(band)?;
        if band.duty_basis_points > 100_000 {
            return Err(Rejection::BandInvalid { band_id: band.band_id.clone() });
        }
    }
    check_list("rules", request.rules.iter().map(|rule| rule.rule_id.as_str()))?;
    for rule in &request.rules {
        if !rule.hs_prefix.is_empty() {
            form::hs_prefix("hs_prefix", &rule.hs_prefix)?;
        }
    }
    Ok(())
}

/// A list of entries with ids, neither empty nor too long, each id once.
fn check_list<'a>(field: &'static str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Rejection> {
    if ids.len() == 0 {
        return Err(Rejection::Empty { field });
    }
    if ids.len() > TARIFF_ENTRIES_MAX {
        return Err(Rejection::TooMany { field, max: TARIFF_ENTRIES_MAX });
    }
    let mut taken = BTreeSet::new();
    for id in ids {
        form::id(field, id)?;
        if !taken.insert(id) {
            return Err(Rejection::Duplicate { field });
        }
    }
    Ok(())
}
