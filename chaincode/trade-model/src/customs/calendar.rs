//! Which version of a tariff applies on which day: disjoint periods in order, with a version each.
//!
//! The newest version that holds a day applies on it, whatever older ones say. Looking through the versions, newest
//! first, would read as many as the authority cares to publish; the calendar stands beside the number of the newest one
//! and is read with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::identifier::{CountryCode, MspId};
use trade_standards::money::CurrencyCode;
use trade_standards::time::{Date, Period, UtcTime};

use super::Procedure;

/// Most periods of one tariff. A version adds one, and another when it parts an older one in two.
pub const PERIODS_MAX: usize = 500;

/// What all versions of a tariff share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TariffHead {
    /// The number of the newest version.
    pub newest: u32,
    /// The country of import.
    pub jurisdiction: CountryCode,
    /// The customs procedure.
    pub procedure: Procedure,
    /// Currency of all amounts.
    pub currency: CurrencyCode,
    /// The authority that published the newest version.
    pub authority: MspId,
    /// When the newest version was published, in ledger time.
    pub published_at: UtcTime,
    /// Which version applies when.
    pub calendar: Calendar,
}

/// The periods of a tariff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Calendar(Vec<Span>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Span {
    days: Period,
    version: u32,
}

impl Calendar {
    /// The version that applies on a day.
    pub fn version_on(&self, day: Date) -> Option<u32> {
        let before = self.0.partition_point(|span| span.days.from <= day);
        let span = self.0.get(before.checked_sub(1)?)?;
        span.days.contains(day).then_some(span.version)
    }

    /// With a new version that takes its days from all older ones; none when there would be too many periods.
    pub fn with(&self, days: Period, version: u32) -> Option<Self> {
        let mut spans: Vec<Span> = Vec::with_capacity(self.0.len() + 2);
        for span in &self.0 {
            let earlier = days.from.previous().map(|last| Period { from: span.days.from, until: Some(last) });
            let later = days.until.and_then(Date::next).map(|first| Period { from: first, until: span.days.until });
            if !span.days.overlaps(&days) {
                spans.push(span.clone());
                continue;
            }
            let parts = [earlier, later].into_iter().flatten().filter(Period::is_ordered);
            spans.extend(parts.map(|days| Span { days, version: span.version }));
        }
        spans.push(Span { days, version });
        spans.sort_by_key(|span| span.days.from);
        (spans.len() <= PERIODS_MAX).then_some(Self(spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Date {
        Date::parse(&format!("2026-01-{number:02}")).expect("a day of January")
    }

    #[test]
    fn the_newest_version_that_holds_a_day_applies_on_it() {
        // Every way to publish four versions with these periods, against looking through them, newest first.
        let periods = [(1, Some(31)), (5, None), (5, Some(5)), (9, Some(12)), (3, Some(10)), (12, None), (1, Some(4))];
        let periods = periods.map(|(from, until)| Period { from: day(from), until: until.map(day) });
        for choice in 0..periods.len().pow(4) {
            let published: Vec<Period> = (0..4).map(|place| periods[choice / 7_usize.pow(place) % 7]).collect();
            let mut calendar = Calendar::default();
            for (version, days) in (1..).zip(&published) {
                calendar = calendar.with(*days, version).expect("few periods");
            }
            for day in (1..=31).map(day) {
                let newest = (1..).zip(&published).filter(|(_, days)| days.contains(day)).last();
                assert_eq!(calendar.version_on(day), newest.map(|(version, _)| version), "{published:?} on {day}");
            }
        }
    }

    #[test]
    fn the_first_and_the_last_day_of_time_can_be_taken() {
        let whole = Period { from: Date::parse("0000-01-01").expect("a day"), until: None };
        let last = Date::parse("9999-12-31").expect("a day");
        let calendar = Calendar::default().with(whole, 1).and_then(|calendar| {
            calendar.with(Period { from: last, until: Some(last) }, 2)?.with(Period { from: whole.from, ..whole }, 3)
        });
        assert_eq!(calendar.and_then(|calendar| calendar.version_on(last)), Some(3));
    }
}
