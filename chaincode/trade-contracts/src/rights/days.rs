//! Deadlines in days of ledger time.

use trade_standards::time::{Date, UtcTime};

const SECONDS_A_DAY: i64 = 86_400;

/// Whether more than so many days lie between two moments.
pub(super) fn is_older(moment: UtcTime, days: u32, now: UtcTime) -> bool {
    now.unix_seconds() - moment.unix_seconds() > i64::from(days) * SECONDS_A_DAY
}

/// Whether more than so many days have passed since a day.
pub(super) fn is_over(day: Date, days: u32, today: Date) -> bool {
    let mut last = Some(day);
    for _ in 0..days {
        last = last.and_then(Date::next);
    }
    last.is_some_and(|last| last < today)
}
