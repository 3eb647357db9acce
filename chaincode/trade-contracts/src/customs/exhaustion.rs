//! Exhaustion (Regulation (EU) 2017/1001, Article 15): a right does not reach goods that its owner, or another with its
//! consent, has sold in the right's territory. The title line of the thing tells.
//!
//! Title passes by the seller's offer and the buyer's acceptance, so neither alone can claim a sale. Where the thing
//! was then is taken from its place while the buyer did not hold it yet, and its holder's word for that place is not
//! enough: seller, buyer and carrier all gain by it. Whose right would be exhausted must have said so itself, or an
//! authority must have cleared the thing into the territory before.
//!
//! What was sold stays sold: a right that is passed on, or registered here after the sale, reaches no further than it
//! would have in the hands of who sold.

use fabric_contract::{Context, Table};
use trade_model::Refusal;
use trade_model::common::{EventRecordId, ItemId};
use trade_model::customs::{CLEARED, COUNTRIES_MAX, Declaration, InputRight};
use trade_model::governance::Members;
use trade_model::item::{Basis, CUSTODY, EVENTS, Item, LOCATION, TITLE, TimelineEntry};
use trade_model::rights::{Act, Right, RightFacts};
use trade_rules::licence::Question;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use crate::item::place;
use crate::rights::check::licensed;

/// Most changes of title that are looked at, the first ones.
const TITLES_MAX: usize = 1_000;
/// Most places in one country that are looked at, the last ones before a sale.
const PLACES_MAX: u32 = 20;
/// Offices whose rights are valid in a union as a whole: a sale in one of its countries is a sale in all.
const UNION_OFFICES: [&str; 3] = ["BX", "EM", "QZ"];

/// Whether a first sale has exhausted the right for the thing, at the destination.
pub(super) fn is_exhausted(
    ctx: &mut Context<'_>,
    members: &Members,
    filed: &Declaration,
    right: &InputRight,
    item: &Item,
) -> Result<bool, Refusal> {
    // The first entry is the maker's or the first recorder's own, no sale.
    if item.entries.title < 2 {
        return Ok(false);
    }
    let titles = TITLE.scan(ctx, &item.item_id, TITLES_MAX)?.entries;
    let titles: Vec<_> = titles.into_iter().map(|(_, entry)| entry).collect();
    for pair in titles.windows(2) {
        let ([Some(seller), Some(buyer)], at) = ([&pair[0].value, &pair[1].value], pair[1].from) else { continue };
        if seller == buyer {
            continue;
        }
        let Some(country) = place_of_sale(ctx, members, item, buyer, at)? else { continue };
        if is_in_territory(&right.right.right, &country, &filed.destination)
            && has_consent(ctx, &right.right, seller, &country, item, at)?
            && (was_cleared(ctx, &right.right.right, &country, item, at)?
                || is_the_owners_word(ctx, members, &right.right.right, &country, item, at)?)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the thing was when the title passed, unless the buyer held it already.
fn place_of_sale(
    ctx: &mut Context<'_>,
    members: &Members,
    item: &Item,
    buyer: &MspId,
    at: UtcTime,
) -> Result<Option<CountryCode>, Refusal> {
    let holder = value_at(ctx, &CUSTODY, (item, item.entries.custody), at)?;
    if holder.as_ref() == Some(buyer) {
        return Ok(None);
    }
    let place = value_at(ctx, &LOCATION, (item, item.entries.location), at)?;
    Ok(place.and_then(|place| place::country_of(members, &place).cloned()))
}

/// Whether a sale in the country is one in the territory of the right that reaches the destination.
fn is_in_territory(right: &Right, country: &CountryCode, destination: &CountryCode) -> bool {
    right.territories.has(country) && (country == destination || is_of_union(right))
}

fn is_of_union(right: &Right) -> bool {
    UNION_OFFICES.contains(&right.office.as_str())
}

/// Whether an authority had released the thing for free circulation in the country, or in another one of the union for
/// which the right is one.
fn was_cleared(
    ctx: &mut Context<'_>,
    right: &Right,
    country: &CountryCode,
    item: &Item,
    at: UtcTime,
) -> Result<bool, Refusal> {
    let cleared = CLEARED.scan(ctx, &item.item_id, COUNTRIES_MAX)?.entries;
    Ok(cleared.iter().any(|((_, into), clearance)| {
        let reaches = into.0 == *country || (is_of_union(right) && right.territories.has(&into.0));
        reaches && clearance.released.is_some_and(|released| released < at)
    }))
}

/// Whether the right's owner said itself that the thing was in the country, where it has been since by all accounts.
fn is_the_owners_word(
    ctx: &mut Context<'_>,
    members: &Members,
    right: &Right,
    country: &CountryCode,
    item: &Item,
    at: UtcTime,
) -> Result<bool, Refusal> {
    let Some((last, _)) = entry_at(ctx, &LOCATION, (item, item.entries.location), at)? else { return Ok(false) };
    for number in (last.saturating_sub(PLACES_MAX)..=last).rev() {
        let Some(entry) = LOCATION.find(ctx, &(item.item_id.clone(), number))? else { return Ok(false) };
        let there = entry.value.as_ref().and_then(|place| place::country_of(members, place));
        if there != Some(country) {
            return Ok(false);
        }
        let recorder = recorder_of(ctx, &entry)?;
        if recorder.is_some_and(|recorder| right.was_owned_by(&recorder, entry.from)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who recorded the event on which a place rests.
fn recorder_of<V>(ctx: &mut Context<'_>, entry: &TimelineEntry<V>) -> Result<Option<MspId>, Refusal> {
    let by_event = matches!(entry.basis, Basis::Commissioning | Basis::FirstSeen | Basis::Event);
    let Some(record_id) = EventRecordId::parse(entry.reference.as_ref()).ok().filter(|_| by_event) else {
        return Ok(None);
    };
    Ok(EVENTS.find(ctx, &record_id)?.map(|record| record.recorded.by))
}

/// Whether the seller owned the right, or had a licence to sell there then.
fn has_consent(
    ctx: &mut Context<'_>,
    right: &RightFacts,
    seller: &MspId,
    country: &CountryCode,
    item: &Item,
    at: UtcTime,
) -> Result<bool, Refusal> {
    if right.right.was_owned_by(seller, at) {
        return Ok(right.authenticated);
    }
    let question = Question {
        party: seller,
        act: Act::Sell,
        product: item.gtin.as_ref(),
        territory: country,
        channel: None,
        on: at.date(),
        at: Some(at),
    };
    Ok(licensed(ctx, right, &question, None, false)?.iter().any(|covering| covering.reasons.is_empty()))
}

/// What a timeline of so many entries said at a moment.
fn value_at<V: serde::Serialize + serde::de::DeserializeOwned>(
    ctx: &mut Context<'_>,
    timeline: &Table<(ItemId, u32), TimelineEntry<V>>,
    of: (&Item, u32),
    at: UtcTime,
) -> Result<Option<V>, Refusal> {
    Ok(entry_at(ctx, timeline, of, at)?.and_then(|(_, entry)| entry.value))
}

/// The entry of a timeline that held at a moment, with its number. Entries are numbered in the order of their ledger
/// times, so that the last one before the moment is found by halving, however many a holder has made.
fn entry_at<V: serde::Serialize + serde::de::DeserializeOwned>(
    ctx: &mut Context<'_>,
    timeline: &Table<(ItemId, u32), TimelineEntry<V>>,
    (item, entries): (&Item, u32),
    at: UtcTime,
) -> Result<Option<(u32, TimelineEntry<V>)>, Refusal> {
    let (mut from, mut until, mut found) = (0, entries, None);
    while from < until {
        let middle = from + (until - from) / 2;
        match timeline.find(ctx, &(item.item_id.clone(), middle))?.filter(|entry| entry.from <= at) {
            Some(entry) => (from, found) = (middle + 1, Some((middle, entry))),
            None => until = middle,
        }
    }
    Ok(found)
}
