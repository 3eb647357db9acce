//! Whether anything is asked on a connection. Keep-alives go back and forth on a connection that nobody uses, so bytes
//! do not tell; requests do. A request counts from the moment when its message is complete, so that one which is only
//! opened is none; a stream counts until it ends.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
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
    has_asked: bool,
}

/// A request in work.
#[derive(Debug)]
pub(super) struct InWork(Arc<Activity>);

impl Default for Activity {
    fn default() -> Self {
        Self { state: Mutex::new(State { in_work: 0, idle_since: Instant::now(), has_asked: false }) }
    }
}

impl Activity {
    /// Since when nothing has been asked; none while a request is in work.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.in_work == 0).then_some(state.idle_since)
    }

    /// Until when something must be asked, when so long is waited for the first request, and so long for each later
    /// one; none while a request is in work.
    pub(super) fn deadline(&self, first: Duration, later: Duration) -> Option<Instant> {
        let state = self.state();
        let patience = if state.has_asked { later } else { first };
        (state.in_work == 0).then(|| state.idle_since + patience)
    }

    /// A request is complete; it is in work until what this gives back is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> InWork {
        let mut state = self.state();
        state.in_work += 1;
        state.has_asked = true;
        drop(state);
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
