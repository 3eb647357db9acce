//! Whether anything is asked on a connection. Keep-alives go back and forth on a connection that nobody uses, so bytes
//! do not tell; requests do. A stream counts as a request until it ends.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// How many requests of a connection are in work, or since when none is.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    in_work: usize,
    idle_since: Instant,
}

/// A request in work.
pub(super) struct InWork(Arc<Activity>);

impl Default for Activity {
    fn default() -> Self {
        Self { state: Mutex::new(State { in_work: 0, idle_since: Instant::now() }) }
    }
}

impl Activity {
    /// Since when nothing has been asked; none while a request is in work.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_work == 0).then_some(state.idle_since)
    }

    /// A request begins; it is in work until what this gives back is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InWork {
        self.state().in_work += 1;
        InWork(Arc::clone(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InWork {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_work -= 1;
        state.idle_since = Instant::now();
    }
}
