//! What a running server tells about itself: which package is registered with how many peers, and what it is doing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// A server at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// One entry per listener, in the order in which they were added.
    pub listeners: Vec<ListenerStatus>,
    /// Transactions that have arrived and not ended, running or waiting.
    pub transactions: usize,
    /// Contracts that have begun and not returned: they compute, or wait for a peer's answer.
    pub running: usize,
    /// Bytes of messages in flight: transactions whose contracts have not returned, answers that no contract has taken,
    /// and what peers have not read yet.
    pub bytes_in_flight: usize,
    /// Threads for streams and contracts.
    pub threads: usize,
    /// Whether the server has begun to stop.
    pub stopping: bool,
}

/// One listener at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerStatus {
    /// The package that peers must have launched.
    pub package_id: String,
    /// Open streams of peers.
    pub streams: usize,
    /// Those of them on which the peer has accepted the package.
    pub registered: usize,
    /// How often a peer did not accept the package in time, since the start. Above 0 the package id is almost surely
    /// not the one that the peer installed; Fabric never says so.
    pub unanswered_registrations: u64,
}

/// The counters behind a [`ListenerStatus`].
#[derive(Default)]
pub(crate) struct ListenerCounters {
    pub(crate) streams: AtomicUsize,
    pub(crate) registered: AtomicUsize,
    pub(crate) unanswered: AtomicU64,
}

impl ListenerCounters {
    pub(crate) fn read(&self, package_id: &str) -> ListenerStatus {
        ListenerStatus {
            package_id: package_id.to_owned(),
            streams: self.streams.load(Ordering::Relaxed),
            registered: self.registered.load(Ordering::Relaxed),
            unanswered_registrations: self.unanswered.load(Ordering::Relaxed),
        }
    }
}
