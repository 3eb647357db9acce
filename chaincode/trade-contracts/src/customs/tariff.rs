//! Tariffs: rules as data, in versions, each with its days and its source; one for each country and procedure,
//! published by the country's authority.

use std::collections::BTreeSet;

use fabric_contract::{Context, Part};
use trade_model::Refusal;
use trade_model::common::{AMOUNT_MAX, Attested, Malformed, Scoped, TariffId};
use trade_model::customs::{
    Calendar, CustomsEvent, CustomsRejection, PERIODS_MAX, Procedure, PublishTariff, ReadTariff, TARIFF_ENTRIES_MAX,
    TARIFF_HEADS, TARIFF_OF, TARIFFS, Tariff, TariffBand, TariffHead, TariffName,
};
use trade_model::rejection::{Rejection, RequestRejection};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::{Date, UtcTime};

use crate::announce::announce;
use crate::caller::Caller;
use crate::named::whole;
use crate::{authorship, ledger, period};

/// Greatest duty of a band, in hundredths of a percent.
const DUTY_MAX: u32 = 100_000;

/// Publishes the next version of a tariff.
///
/// # Errors
/// The authority of the country only; a tariff stays with its country, procedure and currency, and these with their
/// tariff; versions follow one another, and divide the days into at most 500 periods.
pub fn publish(ctx: &mut Context<'_>, request: PublishTariff) -> Result<Tariff, Refusal> {
    let mut caller = Caller::of::<PublishTariff>(ctx)?;
    check_form(&request)?;
    check_authority(&caller, &request.jurisdiction)?;
    let place = (Part(request.jurisdiction.clone()), request.procedure);
    let tariff_id = Scoped::new(caller.msp_id().clone(), request.tariff_id.clone());
    // One by an authority that the country had before is no longer its tariff.
    let own = TARIFF_OF.find(ctx, &place)?.filter(|published| published.owner == tariff_id.owner);
    if let Some(published) = own.filter(|published| *published != tariff_id) {
        return Err(CustomsRejection::SecondTariff { tariff_id: published }.into());
    }
    let head = TARIFF_HEADS.find(ctx, &tariff_id)?;
    if let Some(head) = &head {
        let same = head.jurisdiction == request.jurisdiction
            && head.procedure == request.procedure
            && head.currency == request.currency;
        if !same {
            return Err(CustomsRejection::TariffOfAnother { tariff_id }.into());
        }
        caller.follow(head.published_at);
    }
    let (expected, calendar) = head.map_or((1, Calendar::default()), |head| (head.newest + 1, head.calendar));
    if request.version != expected {
        return Err(CustomsRejection::TariffVersionNotNext { expected }.into());
    }
    let Some(calendar) = calendar.with(request.validity, request.version) else {
        return Err(CustomsRejection::TariffCalendarFull { tariff_id, max: PERIODS_MAX }.into());
    };

    let tariff = Tariff {
        tariff_id,
        version: request.version,
        jurisdiction: request.jurisdiction,
        procedure: request.procedure,
        validity: request.validity,
        source: request.source,
        currency: request.currency,
        bands: request.bands,
        rules: request.rules,
        authority: caller.msp_id().clone(),
        published: caller.stamp(),
    };
    let head = TariffHead {
        newest: tariff.version,
        jurisdiction: tariff.jurisdiction.clone(),
        procedure: tariff.procedure,
        currency: tariff.currency.clone(),
        authority: tariff.authority.clone(),
        published_at: tariff.published.at,
        calendar,
    };
    TARIFF_HEADS.put(ctx, &tariff.tariff_id, &head)?;
    let key = key(&tariff.tariff_id, tariff.version);
    authorship::put(ctx, &caller, (&TARIFFS, &key), &tariff, &[caller.msp_id()])?;
    TARIFF_OF.put(ctx, &place, &tariff.tariff_id)?;
    announce(ctx, CustomsEvent::TariffPublished { tariff_id: tariff.tariff_id.clone(), version: tariff.version })?;
    Ok(tariff)
}

/// A version of a tariff: the one named, the one that applies on a day, or the newest.
///
/// # Errors
/// [`CustomsRejection::TariffUnknown`], [`CustomsRejection::NoTariffInForce`].
pub fn read_tariff(ctx: &mut Context<'_>, request: ReadTariff) -> Result<Attested<Tariff>, Refusal> {
    let tariff_id = whole(ctx, request.tariff_id)?;
    let record = match (request.version, request.on) {
        (Some(version), _) => version_of(ctx, &tariff_id, version)?,
        (None, Some(day)) => in_force(ctx, &tariff_id, day)?,
        (None, None) => {
            let newest = head(ctx, &tariff_id)?.newest;
            version_of(ctx, &tariff_id, newest)?
        }
    };
    let authenticated = is_authentic(ctx, &record)?;
    Ok(Attested { record, authenticated })
}

/// Refuses a tariff that the authority of a declaration has not published for its destination and procedure. What leads
/// to a tariff is an index, and an index proves nothing.
pub(super) fn check_authentic(
    ctx: &mut Context<'_>,
    tariff: &Tariff,
    (authority, country, procedure): (&MspId, &CountryCode, Procedure),
) -> Result<(), Refusal> {
    let of_place = tariff.authority == *authority && tariff.jurisdiction == *country && tariff.procedure == procedure;
    if of_place && is_authentic(ctx, tariff)? {
        return Ok(());
    }
    Err(CustomsRejection::TariffUnauthenticated { tariff_id: tariff.tariff_id.clone() }.into())
}

fn is_authentic(ctx: &mut Context<'_>, tariff: &Tariff) -> Result<bool, Refusal> {
    let key = key(&tariff.tariff_id, tariff.version);
    let by_owner = tariff.authority == tariff.tariff_id.owner;
    Ok(by_owner && authorship::is_authentic(ctx, &TARIFFS, &key, tariff, &tariff.authority)?)
}

/// The key of a version.
fn key(tariff_id: &TariffName, version: u32) -> (Part<MspId>, TariffId, u32) {
    let (authority, id) = tariff_id.parts();
    (authority, id, version)
}

/// The tariff of a country for a procedure.
pub(super) fn of_place(
    ctx: &mut Context<'_>,
    country: &CountryCode,
    procedure: Procedure,
) -> Result<TariffName, Refusal> {
    let found = TARIFF_OF.find(ctx, &(Part(country.clone()), procedure))?;
    Ok(found.ok_or_else(|| CustomsRejection::NoTariffForProcedure { country: country.clone() })?)
}

/// Refuses a caller that is not the authority of the country.
pub(super) fn check_authority(caller: &Caller, country: &CountryCode) -> Result<(), CustomsRejection> {
    match caller.members.authority_of(country) {
        Some(authority) if authority.msp_id == *caller.msp_id() => Ok(()),
        _ => Err(CustomsRejection::NotTheAuthorityOf { country: country.clone() }),
    }
}

/// The version that applies on a day: the newest of those whose validity holds it.
pub(super) fn in_force(ctx: &mut Context<'_>, tariff_id: &TariffName, day: Date) -> Result<Tariff, Refusal> {
    match head(ctx, tariff_id)?.calendar.version_on(day) {
        Some(version) => version_of(ctx, tariff_id, version),
        None => Err(CustomsRejection::NoTariffInForce { tariff_id: tariff_id.clone() }.into()),
    }
}

pub(super) fn version_of(ctx: &mut Context<'_>, tariff_id: &TariffName, version: u32) -> Result<Tariff, Refusal> {
    let unknown = |(authority, id, _): (Part<MspId>, TariffId, u32)| CustomsRejection::TariffUnknown {
        tariff_id: Scoped::new(authority.0, id),
    };
    ledger::require(ctx, &TARIFFS, &key(tariff_id, version), unknown)
}

/// When the newest version of a tariff was published, in ledger time.
pub(super) fn published_at(ctx: &mut Context<'_>, tariff_id: &TariffName) -> Result<UtcTime, Refusal> {
    Ok(head(ctx, tariff_id)?.published_at)
}

fn head(ctx: &mut Context<'_>, tariff_id: &TariffName) -> Result<TariffHead, Refusal> {
    ledger::require(ctx, &TARIFF_HEADS, tariff_id, |tariff_id| CustomsRejection::TariffUnknown { tariff_id })
}

fn check_form(request: &PublishTariff) -> Result<(), Rejection> {
    period::check("/validity", &request.validity)?;
    check_list("/bands", request.bands.iter().map(|band| band.band_id.as_str()))?;
    for band in &request.bands {
        check_band(band)?;
    }
    check_disjoint(&request.bands)?;
    check_list("/rules", request.rules.iter().map(|rule| rule.rule_id.as_str()))
}

/// The bounds of a band are in order and can be proved, and its duty is at most tenfold the value.
fn check_band(band: &TariffBand) -> Result<(), Rejection> {
    let holds = band.value_min_minor < band.value_max_minor
        && band.value_max_minor.get() <= AMOUNT_MAX
        && band.duty_basis_points <= DUTY_MAX;
    if !holds {
        return Err(CustomsRejection::BandInvalid { band_id: band.band_id.clone() }.into());
    }
    if band.is_too_narrow() {
        return Err(CustomsRejection::BandTooNarrow { band_id: band.band_id.clone() }.into());
    }
    Ok(())
}

/// No two bands for the same goods share a value: a proof for each of two would tell that the value lies in both.
fn check_disjoint(bands: &[TariffBand]) -> Result<(), Rejection> {
    for (index, band) in bands.iter().enumerate() {
        let overlaps = |other: &&TariffBand| same_goods(band, other) && share_values(band, other);
        if let Some(other) = bands[index + 1..].iter().find(overlaps) {
            let (band_id, other) = (band.band_id.clone(), other.band_id.clone());
            return Err(CustomsRejection::BandsOverlap { band_id, other }.into());
        }
    }
    Ok(())
}

/// Whether some goods fall under the HS prefixes of both.
fn same_goods(one: &TariffBand, other: &TariffBand) -> bool {
    let (one, other) = (one.hs_prefix.as_str(), other.hs_prefix.as_str());
    one.starts_with(other) || other.starts_with(one)
}

fn share_values(one: &TariffBand, other: &TariffBand) -> bool {
    one.value_min_minor <= other.value_max_minor && other.value_min_minor <= one.value_max_minor
}

/// A list of entries with ids, neither empty nor too long, each id once.
fn check_list<'a>(field: &'static str, ids: impl ExactSizeIterator<Item = &'a str>) -> Result<(), Rejection> {
    let refused = |code, rule: String| Err(RequestRejection::of(field, &Malformed::new(code, rule)).into());
    if ids.len() == 0 {
        return refused("request.empty", "needs at least one entry".to_owned());
    }
    if ids.len() > TARIFF_ENTRIES_MAX {
        return refused("request.too_many", format!("can have at most {TARIFF_ENTRIES_MAX} entries"));
    }
    let mut taken = BTreeSet::new();
    for id in ids {
        if !taken.insert(id) {
            return refused("request.duplicate", format!("names {id} twice"));
        }
    }
    Ok(())
}
