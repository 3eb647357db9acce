//! Days of the story, counted from the day on which it is told: a story with fixed dates would end when its licence
//! does.

use anyhow::{Context, Result};
use time::{Duration, OffsetDateTime, macros::format_description};

/// Today, and days before and after it.
#[derive(Clone, Copy)]
pub struct Calendar {
    today: OffsetDateTime,
}

impl Calendar {
    /// The calendar of today.
    #[must_use]
    pub fn today() -> Self {
        Self { today: OffsetDateTime::now_utc() }
    }

    /// The day so many days after today, `YYYY-MM-DD`; before today when negative.
    ///
    /// # Errors
    /// The day has no four-digit year.
    pub fn day(&self, after: i64) -> Result<String> {
        let day = self.today.checked_add(Duration::days(after)).context("a day beyond the calendar")?;
        Ok(day.format(format_description!("[year]-[month]-[day]"))?)
    }

    /// A time of day, `HH:MM`, so many days before today, RFC 3339 UTC.
    ///
    /// # Errors
    /// As [`Calendar::day`].
    pub fn moment(&self, days_ago: i64, time: &str) -> Result<String> {
        Ok(format!("{}T{time}:00Z", self.day(-days_ago)?))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn days_are_counted_from_today() -> Result<()> {
        let calendar = Calendar { today: datetime!(2028-02-28 12:00 UTC) };
        assert_eq!(calendar.day(1)?, "2028-02-29");
        assert_eq!(calendar.moment(58, "08:00")?, "2028-01-01T08:00:00Z");
        Ok(())
    }
}
