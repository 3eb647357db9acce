//! Keeps callers without a certificate from filling the audit log. Similar decisions within one minute share one line:
//! the first is logged, a second line counts the rest.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{audit::Decision, time::rfc3339};

/// How long similar decisions are counted together, in seconds.
const WINDOW_SECONDS: u64 = 60;

/// Most kinds of decisions that are counted at once; others have a line each.
const KINDS_MAX: usize = 1_000;

/// Decisions that were counted and not written yet. A crash loses them.
#[derive(Default)]
pub(crate) struct Coalescer {
    kinds: Mutex<BTreeMap<(String, u16, String), Count>>,
}

struct Count {
    until: u64,
    /// How many there were after the first.
    others: u64,
    first: Decision,
}

impl Coalescer {
    /// Whether this decision has a line of its own at `now` (seconds since 1970); otherwise it has been counted.
    #[must_use]
    pub(crate) fn has_line(&self, decision: &Decision, now: u64) -> bool {
        let kind = (decision.route.clone(), decision.status, decision.outcome.clone());
        let mut kinds = self.lock();
        if let Some(count) = kinds.get_mut(&kind) {
            count.others += 1;
            return false;
        }
        if kinds.len() < KINDS_MAX {
            kinds.insert(kind, Count { until: now + WINDOW_SECONDS, others: 0, first: decision.clone() });
        }
        true
    }

    /// The lines about decisions that were counted until `now` (seconds since 1970), or about all.
    pub(crate) fn take(&self, now: u64, all: bool) -> Vec<Decision> {
        let ended = |count: &Count| all || count.until <= now;
        let mut kinds = self.lock();
        let (taken, kept): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut *kinds).into_iter().partition(|(_, count)| ended(count));
        *kinds = kept;
        let counted = taken.into_values().filter(|count| count.others > 0);
        counted
            .map(|Count { first, others, .. }| Decision {
                time: rfc3339(now),
                resource: String::new(),
                transaction_id: None,
                count: Some(others),
                ..first
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(String, u16, String), Count>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_decisions_of_a_minute_are_one_line_and_a_count() {
        let coalescer = Coalescer::default();
        let decision = |outcome: &str| Decision { outcome: outcome.to_owned(), status: 401, ..Decision::default() };
        let written: Vec<bool> =
            ["a", "a", "b", "a"].iter().map(|outcome| coalescer.has_line(&decision(outcome), 100)).collect();
        assert_eq!(written, [true, false, true, false]);
        assert!(coalescer.take(159, false).is_empty(), "the minute is not over");
        let lines = coalescer.take(160, false);
        assert_eq!(lines.iter().map(|line| (line.outcome.as_str(), line.count)).collect::<Vec<_>>(), [("a", Some(2))]);
        assert!(coalescer.has_line(&decision("a"), 161), "the next minute begins with a line");
    }
}
