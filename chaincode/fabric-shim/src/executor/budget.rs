//! Bytes that a stream may have in flight: what came in and waits for a contract, and what waits for the peer to read.
//!
//! Counts alone would not do. A message may have 100 MiB, so a peer that keeps to every count could still fill the
//! machine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The bytes that one stream may have in flight in one direction.
pub(crate) struct Budget {
    in_flight: AtomicUsize,
    max: usize,
    /// What all streams of the server have in flight.
    total: Arc<AtomicUsize>,
}

impl Budget {
    /// A budget of `max` bytes.
    pub(crate) fn new(max: usize, total: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self { in_flight: AtomicUsize::new(0), max, total: Arc::clone(total) })
    }

    /// Reserves so many bytes if the budget has them left. A single message always passes, however large.
    pub(crate) fn reserve(self: &Arc<Self>, bytes: usize) -> Option<Reserved> {
        let fits = |before: usize| (before == 0 || before.saturating_add(bytes) <= self.max).then_some(before + bytes);
        self.in_flight.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(self.counted(bytes))
    }

    /// Reserves the bytes of a small message, whose number is bounded elsewhere, even beyond the budget.
    pub(crate) fn reserve_anyway(self: &Arc<Self>, bytes: usize) -> Reserved {
        self.in_flight.fetch_add(bytes, Ordering::Relaxed);
        self.counted(bytes)
    }

    /// Whether it pays to wake those who wait for bytes.
    pub(crate) fn is_half_free(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) <= self.max / 2
    }

    fn counted(self: &Arc<Self>, bytes: usize) -> Reserved {
        self.total.fetch_add(bytes, Ordering::Relaxed);
        Reserved { budget: Arc::clone(self), bytes }
    }
}

/// Bytes of a budget that are in flight until this is dropped.
pub(crate) struct Reserved {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.in_flight.fetch_sub(self.bytes, Ordering::Relaxed);
        self.budget.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_given_up_to_the_bound_and_come_back() {
        let total = Arc::new(AtomicUsize::new(0));
        let budget = Budget::new(10, &total);
        let first = budget.reserve(6);
        assert!(first.is_some() && !budget.is_half_free());
        assert!(budget.reserve(5).is_none());
        let second = budget.reserve(4);
        assert!(second.is_some());
        let small = budget.reserve_anyway(2);
        assert_eq!(total.load(Ordering::Relaxed), 12);
        drop((first, second, small));
        assert_eq!(total.load(Ordering::Relaxed), 0);
        assert!(budget.is_half_free());
    }

    #[test]
    fn a_message_larger_than_the_budget_passes_alone() {
        let budget = Budget::new(10, &Arc::default());
        let large = budget.reserve(100);
        assert!(large.is_some());
        assert!(budget.reserve(1).is_none());
    }
}
