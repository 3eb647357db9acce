//! A bounded pool of threads on which contracts run.
//!
//! Contracts are synchronous and wait for the peer, so each running transaction holds a thread. Threads are made when
//! needed, up to a bound; further transactions wait in order. A thread that has had nothing to do for a while ends.
//! Runs nothing of its own accord and knows nothing of transactions.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// How long an idle thread waits for work before it ends.
const IDLE_MAX: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The pool. Dropping it lets the threads finish what waits and then end.
pub(crate) struct Workers(Arc<Shared>);

struct Shared {
    pool: Mutex<Pool>,
    wake: Condvar,
    threads_max: usize,
    waiting_max: usize,
}

#[derive(Default)]
struct Pool {
    waiting: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// The pool is full, closed, or the system gives no thread.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Workers {
    pub(crate) fn new(threads_max: usize, waiting_max: usize) -> Self {
        let (pool, wake) = (Mutex::default(), Condvar::new());
        Self(Arc::new(Shared { pool, wake, threads_max: threads_max.max(1), waiting_max }))
    }

    /// Runs `job` on a thread, now or when one is free, in the order of the calls.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Full> {
        let mut pool = self.0.lock();
        let free = pool.idle + (self.0.threads_max - pool.threads);
        if pool.closed || pool.waiting.len() >= self.0.waiting_max + free {
            return Err(Full);
        }
        if pool.waiting.len() >= pool.idle && pool.threads < self.0.threads_max {
            let shared = Arc::clone(&self.0);
            match thread::Builder::new().name("contract".to_owned()).spawn(move || shared.work()) {
                Ok(_) => {
                    pool.threads += 1;
                    pool.idle += 1;
                }
                Err(error) if pool.threads == 0 => {
                    tracing::error!(%error, "no thread for a transaction");
                    return Err(Full);
                }
                Err(error) => tracing::warn!(%error, "no further thread; the transaction waits for another one"),
            }
        }
        pool.waiting.push_back(Box::new(job));
        drop(pool);
        self.0.wake.notify_one();
        Ok(())
    }

    /// Threads that exist and threads that are running a job.
    pub(crate) fn threads(&self) -> (usize, usize) {
        let pool = self.0.lock();
        (pool.threads, pool.threads - pool.idle)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pool> {
        // No job runs under the lock, so what it guards is whole even after a panic elsewhere.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut pool = self.lock();
        // Counted as idle from its creation, so that a job on its way to a new thread does not look like a waiting one.
        pool.idle -= 1;
        loop {
            if let Some(job) = pool.waiting.pop_front() {
                drop(pool);
                // Jobs catch the panics of contracts themselves; this keeps the count of threads right in any case.
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a job of the shim panicked");
                }
                pool = self.lock();
                continue;
            }
            if pool.closed {
                break;
            }
            pool.idle += 1;
            let (woken, timeout) = self.wake.wait_timeout(pool, IDLE_MAX).unwrap_or_else(PoisonError::into_inner);
            pool = woken;
            pool.idle -= 1;
            if timeout.timed_out() && pool.waiting.is_empty() {
                break;
            }
        }
        pool.threads -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn jobs_run_in_order_on_a_bounded_number_of_threads() {
        let workers = Workers::new(1, 100);
        let (sender, receiver) = mpsc::channel();
        for index in 0..50 {
            let sender = sender.clone();
            let job = move || sender.send(index).unwrap_or_default();
            assert_eq!(workers.run(job), Ok(()));
        }
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
        assert_eq!(workers.threads().0, 1);
    }

    #[test]
    fn jobs_that_wait_for_one_another_run_side_by_side() {
        let workers = Workers::new(2, 0);
        let (to_second, from_first) = mpsc::channel();
        let (to_test, from_second) = mpsc::channel();
        let second = move || to_test.send(from_first.recv().is_ok()).unwrap_or_default();
        assert_eq!(workers.run(second), Ok(()));
        assert_eq!(workers.run(move || to_second.send(()).unwrap_or_default()), Ok(()));
        assert_eq!(from_second.recv_timeout(PATIENCE), Ok(true));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let workers = Workers::new(1, 1);
        let (hold, held) = mpsc::channel::<()>();
        assert_eq!(workers.run(move || held.recv().unwrap_or_default()), Ok(()));
        assert_eq!(workers.run(|| ()), Ok(()));
        assert_eq!(workers.run(|| ()), Err(Full));
        drop(hold);
    }

    #[test]
    fn a_panicking_job_does_not_cost_a_thread() {
        let workers = Workers::new(1, 10);
        assert_eq!(workers.run(|| panic!("on purpose")), Ok(()));
        let (sender, receiver) = mpsc::channel();
        assert_eq!(workers.run(move || sender.send(()).unwrap_or_default()), Ok(()));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(()));
        assert_eq!(workers.threads().0, 1);
    }
}
