//! How long members have to answer alarms, and how much one may say about what is not its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_standards::time::UtcTime;

use crate::common::Bounded;

/// Deadlines and bounds of alarms and sightings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmRules {
    /// How many days a soft alarm waits for an answer and a decision before everybody is told. Default: 14.
    pub answer_days: Bounded<1, 90>,
    /// How many events about one thing that are sightings or raise alarms one member can record within the window.
    /// Default: 20.
    pub signals: Bounded<1, 1000>,
    /// How many hours the window has. Default: 24.
    pub signal_hours: Bounded<1, 720>,
    /// From how many groups of alarms on that were dismissed what their raiser raises is told everybody only when it is
    /// confirmed. Default: 5.
    pub dismissed: Bounded<1, 100>,
    /// How many days a dismissal counts. Default: 180.
    pub dismissed_days: Bounded<1, 3650>,
}

impl AlarmRules {
    /// Until when alarms raised at this moment can be answered before everybody is told.
    pub fn answer_by(&self, raised: UtcTime) -> UtcTime {
        moved(raised, i64::from(self.answer_days.get()) * 24 * 3_600)
    }

    /// Since when the events of one member about one thing are counted.
    pub fn window_begin(&self, now: UtcTime) -> UtcTime {
        moved(now, -i64::from(self.signal_hours.get()) * 3_600)
    }

    /// Since when dismissals count.
    pub fn dismissals_begin(&self, now: UtcTime) -> UtcTime {
        moved(now, -i64::from(self.dismissed_days.get()) * 24 * 3_600)
    }
}

impl Default for AlarmRules {
    fn default() -> Self {
        const DEFAULT: AlarmRules = AlarmRules {
            answer_days: Bounded::of(14),
            signals: Bounded::of(20),
            signal_hours: Bounded::of(24),
            dismissed: Bounded::of(5),
            dismissed_days: Bounded::of(180),
        };
        DEFAULT
    }
}

/// A moment some seconds later or earlier; itself where that would leave the years that can be written.
fn moved(moment: UtcTime, seconds: i64) -> UtcTime {
    let moved = moment.unix_seconds().saturating_add(seconds);
    UtcTime::from_unix(moved, moment.nanosecond()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_and_window_are_counted_from_the_moment() {
        let now = UtcTime::parse("2026-01-15T08:00:00.5Z").expect("a moment");
        let rules = AlarmRules::default();
        assert_eq!(rules.answer_by(now).to_string(), "2026-01-29T08:00:00.5Z");
        assert_eq!(rules.window_begin(now).to_string(), "2026-01-14T08:00:00.5Z");
        let last = UtcTime::parse("9999-12-31T00:00:00Z").expect("a moment");
        assert_eq!(rules.answer_by(last), last);
    }
}
