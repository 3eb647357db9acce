//! A running server as it is looked at from outside of its streams.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::watch;

use crate::{
    status::{ListenerCounters, Status},
    stream::{phase::Phase, shared::Shared},
};

/// What a [`Status`] is read from.
#[derive(Clone)]
pub(super) struct View {
    /// Package id and counters of each listener, in the order in which they were added.
    pub(super) listeners: Arc<[(String, Arc<ListenerCounters>)]>,
    pub(super) shared: Arc<Shared>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl View {
    /// What the server is doing.
    pub(super) fn status(&self) -> Status {
        let (threads, running) = self.shared.workers.threads_and_jobs();
        Status {
            listeners: self.listeners.iter().map(|(package_id, counters)| counters.read(package_id)).collect(),
            transactions: self.shared.transactions.load(Ordering::Relaxed),
            running,
            bytes_in_flight: self.shared.bytes_in_flight.load(Ordering::Relaxed),
            threads,
            stopping: !self.phase.borrow().is_serving(),
        }
    }
}
