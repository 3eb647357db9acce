//! Exhaustion (Regulation (EU) 2017/1001, Article 15): a right does not reach goods that its owner, or another with its
//! consent, has sold in the right's territory. The title line of the thing tells.
//!
//! Title passes by the seller's offer and the buyer's acceptance, so neither alone can claim a sale. Where the thing
//! was then is taken from its place while the buyer did not hold it yet: the buyer gains by the answer.

use fabric_contract::Context;
use trade_model::Refusal;
use trade_model::customs::{Declaration, InputRight};
use trade_model::governance::Members;
use trade_model::item::{CUSTODY, Item, LOCATION, TITLE, TimelineEntry};
use trade_model::rights::{Act, Right, RightFacts};
use trade_rules::licence::Question;
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::time::UtcTime;

use super::place;
use crate::rights::check::licensed;

/// Most entries of a timeline that are looked at.
const ENTRIES_MAX: usize = 100;
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
    let titles = entries(TITLE.scan(ctx, &item.item_id, ENTRIES_MAX)?.entries);
    for pair in titles.windows(2) {
        let ([Some(seller), Some(buyer)], at) = ([&pair[0].value, &pair[1].value], pair[1].from) else { continue };
        if seller == buyer {
            continue;
        }
        let Some(country) = place_of_sale(ctx, members, item, buyer, at)? else { continue };
        if is_in_territory(&right.right.right, &country, &filed.destination)
            && has_consent(ctx, &right.right, seller, &country, item, at)?
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
    let holders = entries(CUSTODY.scan(ctx, &item.item_id, ENTRIES_MAX)?.entries);
    if value_at(&holders, at) == Some(buyer) {
        return Ok(None);
    }
    let places = entries(LOCATION.scan(ctx, &item.item_id, ENTRIES_MAX)?.entries);
    Ok(value_at(&places, at).and_then(|place| place::country_of(members, place)))
}

/// Whether a sale in the country is one in the territory of the right that reaches the destination.
fn is_in_territory(right: &Right, country: &CountryCode, destination: &CountryCode) -> bool {
    let of_union = UNION_OFFICES.contains(&right.office.as_str());
    right.territories.has(country) && (country == destination || of_union)
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

fn entries<K, V>(entries: Vec<(K, TimelineEntry<V>)>) -> Vec<TimelineEntry<V>> {
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// What a timeline said at a moment.
fn value_at<V>(timeline: &[TimelineEntry<V>], at: UtcTime) -> Option<&V> {
    timeline.iter().rfind(|entry| entry.from <= at)?.value.as_ref()
}
