//! Keeps callers who are not known as members from filling the audit log. Similar decisions about one address within
//! one minute share one line: the first is logged, a second line counts the rest. What is of too many kinds to be told
//! apart is counted in one line.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    audit::{Decision, OTHERS},
    time::rfc3339,
};

/// How long similar decisions are counted together, in seconds.
const WINDOW_SECONDS: u64 = 60;

/// Most kinds of decisions that are told apart at once.
const KINDS_MAX: usize = 256;

/// What similar decisions have in common: address, route, status and outcome.
type Kind = (String, String, u16, String);

/// Decisions that were counted and not written yet. A crash loses them.
#[derive(Default)]
pub(crate) struct Coalescer {
    kinds: Mutex<BTreeMap<Kind, Count>>,
}

struct Count {
    until: u64,
    /// How many there were beside the one that has a line.
    others: u64,
    first: Decision,
}

impl Coalescer {
    /// Whether this decision has a line of its own at `now` (seconds since 1970); otherwise it has been counted.
    #[must_use]
    pub(crate) fn has_line(&self, decision: &Decision, now: u64) -> bool {
        let address = decision.address.clone().unwrap_or_default();
        let kind = (address, decision.route.clone(), decision.status, decision.outcome.clone());
        let mut kinds = self.lock();
        if let Some(count) = kinds.get_mut(&kind) {
            count.others += 1;
            return false;
        }
        let until = now + WINDOW_SECONDS;
        if kinds.len() < KINDS_MAX {
            kinds.insert(kind, Count { until, others: 0, first: decision.clone() });
            return true;
        }
        let others = || Decision { route: "-".to_owned(), outcome: OTHERS.to_owned(), ..Decision::default() };
        let rest = (String::new(), String::new(), 0, OTHERS.to_owned());
        kinds.entry(rest).or_insert_with(|| Count { until, others: 0, first: others() }).others += 1;
        false
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
                certificate_sha256: None,
                transaction_id: None,
                count: Some(others),
                ..first
            })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, Count>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(address: &str, outcome: &str) -> Decision {
        let address = Some(address.to_owned());
        Decision { address, outcome: outcome.to_owned(), status: 401, ..Decision::default() }
    }

    #[test]
    fn similar_decisions_of_a_minute_are_one_line_and_a_count() {
        let coalescer = Coalescer::default();
        let rows = [("x", "a"), ("x", "a"), ("x", "b"), ("x", "a"), ("y", "a")];
        let written: Vec<bool> =
            rows.iter().map(|(address, outcome)| coalescer.has_line(&decision(address, outcome), 100)).collect();
        assert_eq!(written, [true, false, true, false, true]);
        assert!(coalescer.take(159, false).is_empty(), "the minute is not over");
        let lines = coalescer.take(160, false);
        assert_eq!(lines.iter().map(|line| (line.outcome.as_str(), line.count)).collect::<Vec<_>>(), [("a", Some(2))]);
        assert!(coalescer.has_line(&decision("x", "a"), 161), "the next minute begins with a line");
    }

    #[test]
    fn any_number_of_kinds_is_a_bounded_number_of_lines() {
        let coalescer = Coalescer::default();
        let own = (0..10_000).filter(|number| coalescer.has_line(&decision(&number.to_string(), "a"), 100)).count();
        assert_eq!(own, KINDS_MAX);
        let lines = coalescer.take(160, false);
        let told: Vec<_> = lines.iter().map(|line| (line.outcome.as_str(), line.count)).collect();
        assert_eq!(told, [(OTHERS, Some(10_000 - KINDS_MAX as u64))]);
    }
}
