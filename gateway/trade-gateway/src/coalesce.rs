//! Keeps callers from filling the audit log with what they repeat. Similar decisions within one minute share one line:
//! the first is logged, a second line counts the rest.
//!
//! Of callers who are not known as members everything is counted, by address; what is of too many kinds to be told
//! apart is counted in one line. Of members, what was refused is counted, by certificate; what is of too many kinds has
//! its line, so that no member hides another one's refusals.

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

/// The least status of a refusal.
const REFUSED: u16 = 400;

/// What similar decisions have in common: address or certificate, route, status and outcome.
type Kind = (String, String, u16, String);

/// Decisions that were counted and not written yet. A crash loses them.
#[derive(Default)]
pub(crate) struct Coalescer {
    strangers: Mutex<Kinds>,
    members: Mutex<Kinds>,
}

type Kinds = BTreeMap<Kind, Count>;

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
        match &decision.msp_id {
            Some(_) => decision.status < REFUSED || self.has_members_line(decision, now),
            None => self.has_strangers_line(decision, now),
        }
    }

    fn has_members_line(&self, decision: &Decision, now: u64) -> bool {
        let mut kinds = lock(&self.members);
        let kind = kind_of(&decision.certificate_sha256, decision);
        if let Some(count) = kinds.get_mut(&kind).filter(|count| now < count.until) {
            count.others += 1;
            return false;
        }
        // A minute whose count is not written yet is left for that.
        if kinds.len() < KINDS_MAX && !kinds.contains_key(&kind) {
            kinds.insert(kind, Count::beginning(decision.clone(), now));
        }
        true
    }

    fn has_strangers_line(&self, decision: &Decision, now: u64) -> bool {
        let mut kinds = lock(&self.strangers);
        let kind = kind_of(&decision.address, decision);
        if let Some(count) = kinds.get_mut(&kind) {
            count.others += 1;
            return false;
        }
        if kinds.len() < KINDS_MAX {
            kinds.insert(kind, Count::beginning(decision.clone(), now));
            return true;
        }
        let others = || Decision { route: "-".to_owned(), outcome: OTHERS.to_owned(), ..Decision::default() };
        let rest = (String::new(), String::new(), 0, OTHERS.to_owned());
        kinds.entry(rest).or_insert_with(|| Count::beginning(others(), now)).others += 1;
        false
    }

    /// The lines about decisions that were counted until `now` (seconds since 1970), or about all.
    pub(crate) fn take(&self, now: u64, all: bool) -> Vec<Decision> {
        let mut strangers = take_counts(&self.strangers, now, all);
        for decision in &mut strangers {
            decision.certificate_sha256 = None;
        }
        strangers.extend(take_counts(&self.members, now, all));
        strangers
    }
}

impl Count {
    fn beginning(first: Decision, now: u64) -> Self {
        Self { until: now + WINDOW_SECONDS, others: 0, first }
    }
}

fn kind_of(caller: &Option<String>, decision: &Decision) -> Kind {
    (caller.clone().unwrap_or_default(), decision.route.clone(), decision.status, decision.outcome.clone())
}

fn take_counts(kinds: &Mutex<Kinds>, now: u64, all: bool) -> Vec<Decision> {
    let ended = |count: &Count| all || count.until <= now;
    let mut kinds = lock(kinds);
    let (taken, kept): (Kinds, Kinds) = std::mem::take(&mut *kinds).into_iter().partition(|(_, count)| ended(count));
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

fn lock(kinds: &Mutex<Kinds>) -> MutexGuard<'_, Kinds> {
    kinds.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn what_a_member_repeats_in_vain_is_counted_and_everything_else_of_it_has_a_line() {
        let coalescer = Coalescer::default();
        let of = |certificate: &str, status: u16, resource: &str| Decision {
            msp_id: Some("AMSP".to_owned()),
            certificate_sha256: Some(certificate.to_owned()),
            status,
            resource: resource.to_owned(),
            ..Decision::default()
        };
        let rows = [
            ("a1", 403, "x"),
            ("a1", 403, "y"),
            ("a1", 200, "x"),
            ("a1", 200, "x"),
            ("a2", 403, "x"),
            ("a1", 404, "x"),
        ];
        let written: Vec<bool> = rows
            .iter()
            .map(|(certificate, status, resource)| coalescer.has_line(&of(certificate, *status, resource), 100))
            .collect();
        assert_eq!(written, [true, false, true, true, true, true]);
        let lines = coalescer.take(160, false);
        let told: Vec<_> =
            lines.iter().map(|line| (line.certificate_sha256.as_deref(), line.status, line.count)).collect();
        assert_eq!(told, [(Some("a1"), 403, Some(1))]);
        // Too many kinds hide nothing.
        let own = (0..10_000).filter(|number| coalescer.has_line(&of(&number.to_string(), 403, "x"), 200)).count();
        assert_eq!(own, 10_000);
        // Strangers are counted elsewhere.
        assert!(coalescer.has_line(&decision("x", "a"), 200));
    }
}
