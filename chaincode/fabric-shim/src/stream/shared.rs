//! What all streams of a server share.

use std::sync::{Arc, atomic::AtomicUsize};

use fabric_contract::Router;

use crate::{executor::workers::Workers, limits::Limits, metrics::Metrics};

/// The contracts, the threads that run them, and what is counted over all streams.
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) workers: Workers,
    pub(crate) limits: Limits,
    /// Transactions in flight.
    pub(crate) transactions: Arc<AtomicUsize>,
    /// Bytes of messages in flight.
    pub(crate) bytes_in_flight: Arc<AtomicUsize>,
    pub(crate) metrics: Metrics,
}

impl Shared {
    /// Nothing is in flight, and no thread runs yet.
    pub(crate) fn new(router: Router, limits: Limits) -> Arc<Self> {
        let workers = Workers::new(limits.in_flight_max, limits.waiting_max);
        let (transactions, bytes_in_flight) = Default::default();
        Arc::new(Self { router, workers, limits, transactions, bytes_in_flight, metrics: Metrics::new() })
    }
}
