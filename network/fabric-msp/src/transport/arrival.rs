//! How far one request is, as its body, its answer and the services between them must know.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::activity::{Activity, InWork};

/// How far a request is. A server of ours puts it, in an `Arc`, into the extensions of each request.
#[derive(Debug)]
pub struct Arrival {
    activity: Arc<Activity>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    has_message: bool,
    is_answered: bool,
    has_ended: bool,
    in_work: Option<InWork>,
}

impl Arrival {
    pub(super) fn on(activity: Arc<Activity>) -> Arc<Self> {
        Arc::new(Self { activity, state: Mutex::default() })
    }

    /// Whether the first message of a gRPC request, or the whole body of another one, has arrived and was read.
    #[must_use]
    pub fn has_message(&self) -> bool {
        self.state().has_message
    }

    /// Whether the answer has begun.
    pub(super) fn is_answered(&self) -> bool {
        self.state().is_answered
    }

    /// A message is complete, so the request is in work.
    pub(super) fn message_complete(&self) {
        let mut state = self.state();
        if !state.has_message && !state.has_ended {
            state.has_message = true;
            state.in_work = Some(self.activity.begin());
        }
    }

    /// The answer begins. Until then a request's body must end; afterwards it may be a stream without end.
    pub(super) fn answered(&self) {
        self.state().is_answered = true;
    }

    /// All of the answer is taken, or nobody takes it any more.
    pub(super) fn ended(&self) {
        let mut state = self.state();
        state.has_ended = true;
        let in_work = state.in_work.take();
        drop(state);
        drop(in_work);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
