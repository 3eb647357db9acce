//! What a server counts, in the text form of OpenMetrics 1.0, which Prometheus reads.
//!
//! Labels have few values: how transactions ended, and the package ids of the listeners; never names or ids of
//! transactions, channels or clients.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use crate::status::Status;

/// The media type of the text.
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Its contract answered.
    Done,
    /// Its contract refused it: a status of 4xx.
    Refused,
    /// Its contract failed, or the peer failed it: a status of 5xx.
    Failed,
    /// It took longer than its deadline.
    Overdue,
    /// Its budget was used up, or the server was stopping.
    TurnedAway,
    /// Its peer's stream ended first.
    Cancelled,
}

impl End {
    const ALL: [Self; 6] = [Self::Done, Self::Refused, Self::Failed, Self::Overdue, Self::TurnedAway, Self::Cancelled];

    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Overdue => "overdue",
            Self::TurnedAway => "turned_away",
            Self::Cancelled => "cancelled",
        }
    }

    /// The end of a transaction whose contract answered with this status.
    pub(crate) fn of(status: u16) -> Self {
        match status {
            ..400 => Self::Done,
            400..500 => Self::Refused,
            _ => Self::Failed,
        }
    }
}

/// All that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    /// In the order of [`End::ALL`].
    ended: [Counter; End::ALL.len()],
    seconds: Histogram,
    seen: Seen,
    /// One text is written at a time.
    writing: Mutex<()>,
}

/// What is set when the numbers are asked for.
#[derive(Default)]
struct Seen {
    in_flight: Gauge,
    running: Gauge,
    bytes_in_flight: Gauge,
    threads: Gauge,
    streams: Family<PackageLabels, Gauge>,
    registered: Family<PackageLabels, Gauge>,
    unanswered: Family<PackageLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PackageLabels {
    package_id: String,
}

impl Metrics {
    /// Numbers that begin with nothing.
    pub(crate) fn new() -> Self {
        let transactions = Family::<EndLabels, Counter>::default();
        // All are told from the start: of a number that first appears as 1 Prometheus sees no increase.
        let ended = End::ALL.map(|end| transactions.get_or_create_owned(&EndLabels { outcome: end.name() }));
        // From a millisecond to beyond the usual deadline.
        let seconds = Histogram::new(exponential_buckets(0.001, 2.0, 16));
        let (mut registry, seen) = (Registry::with_prefix("chaincode_server"), Seen::default());
        registry.register("transactions", "Transactions by how they ended", transactions);
        registry.register_with_unit(
            "transaction",
            "Time from the arrival of a transaction to its answer, of those that were not turned away or cancelled",
            Unit::Seconds,
            seconds.clone(),
        );
        seen.register(&mut registry);
        Self { registry, ended, seconds, seen, writing: Mutex::default() }
    }

    /// Counts a transaction that was answered after this time.
    pub(crate) fn ended(&self, end: End, took: Duration) {
        self.not_run(end);
        self.seconds.observe(took.as_secs_f64());
    }

    /// Counts a transaction whose time says nothing.
    pub(crate) fn not_run(&self, end: End) {
        self.ended[end as usize].inc();
    }

    /// All numbers.
    ///
    /// # Errors
    /// A number cannot be written, which no number of these is.
    pub(crate) fn text(&self, status: &Status) -> Result<String, fmt::Error> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.seen.set(status);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Seen {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "in_flight_transactions",
            "Transactions that have arrived and not ended",
            self.in_flight.clone(),
        );
        registry.register("running_contracts", "Contracts that have begun and not returned", self.running.clone());
        registry.register("in_flight_bytes", "Bytes of messages in flight", self.bytes_in_flight.clone());
        registry.register("threads", "Threads for streams and contracts", self.threads.clone());
        registry.register("streams", "Open streams of peers", self.streams.clone());
        registry.register(
            "registered_streams",
            "Open streams on which the peer has accepted the package",
            self.registered.clone(),
        );
        registry.register(
            "unanswered_registrations",
            "How often a peer did not accept the package in time: the package id is probably not the one it installed",
            self.unanswered.clone(),
        );
    }

    fn set(&self, status: &Status) {
        let set = |gauge: &Gauge, number: usize| gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
        set(&self.in_flight, status.transactions);
        set(&self.running, status.running);
        set(&self.bytes_in_flight, status.bytes_in_flight);
        set(&self.threads, status.threads);
        // Two listeners may serve one package.
        let packages: BTreeSet<&str> = status.listeners.iter().map(|listener| &*listener.package_id).collect();
        for package_id in packages {
            let own = || status.listeners.iter().filter(|listener| listener.package_id == package_id);
            let labels = PackageLabels { package_id: package_id.to_owned() };
            set(&self.streams.get_or_create(&labels), own().map(|listener| listener.streams).sum());
            set(&self.registered.get_or_create(&labels), own().map(|listener| listener.registered).sum());
            let unanswered = self.unanswered.get_or_create(&labels);
            let total: u64 = own().map(|listener| listener.unanswered_registrations).sum();
            unanswered.inc_by(total.saturating_sub(unanswered.get()));
        }
    }
}
