//! The life of a thread: it leads when there is no leader, runs jobs when there are any, and waits otherwise.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
    time::Duration,
};

use super::{job::OwnThread, leader::lead, pool::Pool};

/// How long an idle thread waits for work before it ends.
const IDLE_MAX: Duration = Duration::from_secs(10);

/// Works until the pool is closed or has nothing to do for a while.
pub(super) fn live(pool: &Arc<Pool>) {
    let mut state = pool.lock();
    // Counted as idle from its creation, so that a job on its way to a new thread does not look like a waiting one.
    state.idle -= 1;
    loop {
        if state.lacks_leader {
            state.lacks_leader = false;
            drop(state);
            lead(pool);
            state = pool.lock();
            continue;
        }
        if let Some(job) = pool.next(&mut state) {
            drop(state);
            // Jobs catch the panics of contracts themselves; this keeps the counts right in any case.
            if catch_unwind(AssertUnwindSafe(|| job(&OwnThread))).is_err() {
                tracing::error!("a job of the shim panicked");
            }
            state = pool.lock();
            state.running -= 1;
            continue;
        }
        if state.closed {
            break;
        }
        state.idle += 1;
        let (woken, timeout) = pool.work.wait_timeout(state, IDLE_MAX).unwrap_or_else(PoisonError::into_inner);
        state = woken;
        state.idle -= 1;
        if timeout.timed_out() && state.waiting.is_empty() && !state.lacks_leader {
            break;
        }
    }
    state.threads -= 1;
}
