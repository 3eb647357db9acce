//! The transactions in flight on one stream: they have arrived and not ended.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use super::{messages::TransactionKey, transaction::Transaction};

/// The transactions of the stream that have not ended.
pub(super) struct InFlight {
    transactions: Mutex<BTreeMap<Arc<TransactionKey>, Arc<Transaction>>>,
    total: Arc<AtomicUsize>,
}

impl InFlight {
    /// None yet; `total` counts those of all streams.
    pub(super) fn new(total: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self { transactions: Mutex::default(), total: Arc::clone(total) })
    }

    /// Adds a transaction; false when one of its key has not ended.
    pub(super) fn insert(&self, transaction: &Arc<Transaction>) -> bool {
        let mut transactions = self.lock();
        if transactions.contains_key(&transaction.key) {
            return false;
        }
        transactions.insert(Arc::clone(&transaction.key), Arc::clone(transaction));
        self.total.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub(super) fn get(&self, key: &TransactionKey) -> Option<Arc<Transaction>> {
        self.lock().get(key).cloned()
    }

    pub(super) fn remove(&self, key: &TransactionKey) {
        if self.lock().remove(key).is_some() {
            self.total.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes exactly this transaction: another one of the same key may have come since its deadline.
    pub(super) fn remove_own(&self, own: &Arc<Transaction>) {
        let mut transactions = self.lock();
        if transactions.get(&own.key).is_some_and(|other| Arc::ptr_eq(own, other)) {
            transactions.remove(&own.key);
            self.total.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes the transactions whose deadline is over.
    pub(super) fn take_overdue(&self, now: Instant) -> Vec<Arc<Transaction>> {
        let mut transactions = self.lock();
        let overdue: Vec<_> = transactions.values().filter(|one| one.deadline <= now).cloned().collect();
        for transaction in &overdue {
            transactions.remove(&transaction.key);
        }
        self.total.fetch_sub(overdue.len(), Ordering::Relaxed);
        overdue
    }

    /// Removes all transactions.
    pub(super) fn take_all(&self) -> Vec<Arc<Transaction>> {
        let all: Vec<_> = std::mem::take(&mut *self.lock()).into_values().collect();
        self.total.fetch_sub(all.len(), Ordering::Relaxed);
        all
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<TransactionKey>, Arc<Transaction>>> {
        // The map is whole between two operations, whatever panicked elsewhere.
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
