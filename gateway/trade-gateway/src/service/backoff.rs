//! When the background work tries an open operation again: after a growing pause, so that an outage or an operation
//! that never ends costs little. Lost in a restart, which tries everything once.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The pause after the first try; it doubles up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(5 * 60);

/// The pauses of all open operations, by transaction id.
#[derive(Default)]
pub(super) struct Backoff {
    pauses: Mutex<BTreeMap<String, Pause>>,
}

struct Pause {
    until: Instant,
    length: Duration,
}

impl Backoff {
    /// Whether the operation may be tried at `now`.
    #[must_use]
    pub(super) fn is_due(&self, transaction_id: &str, now: Instant) -> bool {
        self.lock().get(transaction_id).is_none_or(|pause| pause.until <= now)
    }

    /// Begins the next pause of an operation that is still open.
    pub(super) fn tried(&self, transaction_id: &str, now: Instant) {
        let mut pauses = self.lock();
        let length = pauses.get(transaction_id).map_or(PAUSE_FIRST, |pause| (pause.length * 2).min(PAUSE_MAX));
        pauses.insert(transaction_id.to_owned(), Pause { until: now + length, length });
    }

    /// Forgets an operation whose outcome is known.
    pub(super) fn forget(&self, transaction_id: &str) {
        self.lock().remove(transaction_id);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Pause>> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_end_with_the_operation() {
        let (backoff, mut now) = (Backoff::default(), Instant::now());
        assert!(backoff.is_due("t1", now));
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            backoff.tried("t1", now);
            assert!(!backoff.is_due("t1", now + Duration::from_secs(seconds - 1)), "{seconds}");
            now += Duration::from_secs(seconds);
            assert!(backoff.is_due("t1", now) && backoff.is_due("t2", now), "{seconds}");
        }
        backoff.tried("t1", now);
        backoff.forget("t1");
        assert!(backoff.is_due("t1", now));
    }
}
