//! Moments and days as the ledger writes them.
//!
//! Nothing here reads a clock: a moment comes from a document or from the transaction.

use std::fmt;
use std::str::FromStr;

use ::time::format_description::well_known::Rfc3339;
use ::time::macros::format_description;
use ::time::{OffsetDateTime, UtcOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::malformed::Coded;

/// A moment in UTC, written as RFC 3339 with a final `Z`; years 0000 to 9999, nanosecond resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcTime(OffsetDateTime);

impl UtcTime {
    /// Reads RFC 3339 text with any offset and keeps the moment in UTC.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| TimeError::Moment)?;
        let utc = moment.checked_to_offset(UtcOffset::UTC).ok_or(TimeError::Moment)?;
        if (0..=9999).contains(&utc.year()) { Ok(Self(utc)) } else { Err(TimeError::Moment) }
    }

    /// From seconds and nanoseconds since 1970-01-01T00:00:00Z, as a transaction header carries them.
    pub fn from_unix(seconds: i64, nanos: u32) -> Result<Self, TimeError> {
        let whole = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| TimeError::Moment)?;
        let moment = whole.replace_nanosecond(nanos).map_err(|_| TimeError::Moment)?;
        if (0..=9999).contains(&moment.year()) { Ok(Self(moment)) } else { Err(TimeError::Moment) }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, negative before.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The next moment that can be told from this one: a nanosecond later, the last one of the year 9999 its own.
    pub fn just_after(self) -> Self {
        let next = self.0.checked_add(::time::Duration::nanoseconds(1)).filter(|next| next.year() <= 9999);
        Self(next.unwrap_or(self.0))
    }

    /// So many days of 24 hours later; the last moment of the year 9999 when that is earlier.
    #[must_use]
    pub fn after_days(self, days: u32) -> Self {
        let later = self.0.checked_add(::time::Duration::days(days.into())).filter(|later| later.year() <= 9999);
        later.map_or_else(|| Self::from_unix(253_402_300_799, 999_999_999).unwrap_or(self), Self)
    }

    /// The nanoseconds of the second, 0 to 999 999 999.
    pub fn nanosecond(self) -> u32 {
        self.0.nanosecond()
    }

    /// The day in UTC.
    pub fn date(self) -> Date {
        Date(self.0.date())
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).expect("the year was checked to have four digits"))
    }
}

impl FromStr for UtcTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

crate::serde_as_text!(UtcTime, Date);

impl JsonSchema for UtcTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UtcTime".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A moment, RFC 3339; answered in UTC",
            "examples": ["2026-11-02T09:30:00Z"],
        })
    }
}

/// A calendar day, written `YYYY-MM-DD`; years 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(::time::Date);

impl Date {
    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let exact = text.len() == 10 && !text.starts_with(['+', '-']);
        let day = ::time::Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| TimeError::Day)?;
        if exact { Ok(Self(day)) } else { Err(TimeError::Day) }
    }

    /// The day before; none before the first day of the year 0.
    pub fn previous(self) -> Option<Self> {
        self.0.previous_day().filter(|day| day.year() >= 0).map(Self)
    }

    /// The day after; none after the last day of the year 9999.
    pub fn next(self) -> Option<Self> {
        self.0.next_day().filter(|day| day.year() <= 9999).map(Self)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::parse(text)
    }
}

impl JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "format": "date",
            "description": "A calendar day, YYYY-MM-DD",
            "examples": ["2026-11-02"],
        })
    }
}

/// Days from the first to the last, both included; without a last day it stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first day.
    pub from: Date,
    /// The last day, included; open when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Period {
    /// Whether the first day is not after the last.
    pub fn is_ordered(&self) -> bool {
        self.until.is_none_or(|until| self.from <= until)
    }

    /// Whether the day lies in the period.
    pub fn contains(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }

    /// Whether every day of `inner` lies in this period.
    pub fn encloses(&self, inner: &Period) -> bool {
        let ends_in_time = match (self.until, inner.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(outer), Some(inner)) => inner <= outer,
        };
        self.from <= inner.from && ends_in_time
    }

    /// Whether the two periods share a day.
    pub fn overlaps(&self, other: &Period) -> bool {
        let starts_before_end = |a: &Period, b: &Period| b.until.is_none_or(|until| a.from <= until);
        starts_before_end(self, other) && starts_before_end(other, self)
    }
}

/// Why a text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339, or outside the years 0000 to 9999.
    #[error("not an RFC 3339 moment between the years 0000 and 9999")]
    Moment,
    /// Not `YYYY-MM-DD`.
    #[error("not a day of the form YYYY-MM-DD")]
    Day,
}

impl Coded for TimeError {
    fn code(&self) -> &'static str {
        "request.time_malformed"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_answered_in_utc() -> Result<(), TimeError> {
        let moment = UtcTime::parse("2026-03-01T01:30:00.5+02:00")?;
        assert_eq!(moment.to_string(), "2026-02-28T23:30:00.5Z");
        assert_eq!(moment.date().to_string(), "2026-02-28");
        assert_eq!(UtcTime::from_unix(0, 0)?.to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(UtcTime::from_unix(0, 999_999_999)?.just_after().to_string(), "1970-01-01T00:00:01Z");
        let last = UtcTime::parse("9999-12-31T23:59:59.999999999Z")?;
        assert_eq!(last.just_after(), last);
        assert_eq!(moment.after_days(1).to_string(), "2026-03-01T23:30:00.5Z");
        assert_eq!((last.after_days(1), moment.after_days(u32::MAX)), (last, last));
        Ok(())
    }

    #[test]
    fn times_that_do_not_exist_are_refused() {
        for bad in ["", "2026-02-30T00:00:00Z", "2026-01-01", "9999-12-31T23:59:59-01:00", "2026-01-01T00:00:00"] {
            assert!(UtcTime::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "2026-02-30", "+2026-01-01", "2026-1-1", "20260101"] {
            assert!(Date::parse(bad).is_err(), "{bad}");
        }
        assert!(UtcTime::from_unix(i64::MAX, 0).is_err() && UtcTime::from_unix(0, 2_000_000_000).is_err());
    }

    #[test]
    fn days_follow_one_another_to_both_ends_of_time() -> Result<(), TimeError> {
        let leap = Date::parse("2028-02-28")?;
        assert_eq!(leap.next().map(|day| day.to_string()).as_deref(), Some("2028-02-29"));
        assert_eq!(leap.next().and_then(Date::previous), Some(leap));
        assert_eq!((Date::parse("0000-01-01")?.previous(), Date::parse("9999-12-31")?.next()), (None, None));
        Ok(())
    }

    #[test]
    fn an_open_period_is_wider_than_a_closed_one() -> Result<(), TimeError> {
        let open = Period { from: Date::parse("2026-01-01")?, until: None };
        let closed = Period { from: Date::parse("2026-01-01")?, until: Some(Date::parse("2026-12-31")?) };
        let later = Period { from: Date::parse("2027-01-01")?, until: None };
        assert!(open.encloses(&closed) && !closed.encloses(&open));
        assert!(open.overlaps(&later) && !closed.overlaps(&later) && !later.overlaps(&closed));
        assert!(closed.contains(Date::parse("2026-12-31")?) && !closed.contains(Date::parse("2027-01-01")?));
        Ok(())
    }
}
