//! How a server is put together before it starts.

use std::time::Duration;

use fabric_contract::Router;
use fabric_msp::transport::ServerTls;

use crate::{ServerError, ServerHandle, server};

/// Bounds and times of a server. The defaults fit Fabric's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Transactions that run at one time, over all streams; each has a stack, and a
    /// thread when contracts are slow. Default 128.
    pub in_flight_max: usize,
    /// Transactions that may wait for their turn; further ones are refused with 503. Default 10 000, four times what one
    /// peer endorses at a time.
    pub waiting_max: usize,
    /// Bytes of messages that are held for one stream: of transactions, of answers that no contract has taken yet, and
    /// of what the peer has not read; a single message of each kind may have more. Transactions beyond it, and those
    /// whose answers are, end with 503, requests of contracts wait until the peer has read others, and a response
    /// becomes a failure with 503. Default 256 MiB.
    pub held_bytes_max: usize,
    /// Streams per listener. Default 256.
    pub streams_max: usize,
    /// How long a transaction may take from its arrival. Default 25 s, below the peer's 30 s, so that the caller gets
    /// our answer and not the peer's.
    pub deadline: Duration,
    /// When a missing REGISTERED is called an error. Default 5 s.
    pub registration_warning: Duration,
    /// When a stream without REGISTERED is closed. Default 30 s.
    pub registration_max: Duration,
    /// How long running transactions may take to finish when the server stops. Default 10 s.
    pub drain: Duration,
    /// How far a transaction's time, which its client chooses, may be from this machine's, either way. A transaction
    /// beyond it is refused; the clock decides nothing else, so peers cannot come to different results. Peers from 3.0
    /// on check the same, older ones do not. Default none: no check.
    pub time_window: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_max: 128,
            waiting_max: 10_000,
            held_bytes_max: 256 * 1024 * 1024,
            streams_max: 256,
            deadline: Duration::from_secs(25),
            registration_warning: Duration::from_secs(5),
            registration_max: Duration::from_secs(30),
            drain: Duration::from_secs(10),
            time_window: None,
        }
    }
}

impl Limits {
    /// How often a stream looks at the clock: a quarter of the shortest time, between 5 and 250 ms.
    pub(crate) fn tick(&self) -> Duration {
        let shortest = self.deadline.min(self.registration_warning).min(self.registration_max);
        (shortest / 4).clamp(Duration::from_millis(5), Duration::from_millis(250))
    }
}

/// Puts a server together; see [`ChaincodeServer::builder`](crate::ChaincodeServer::builder).
#[derive(Clone)]
pub struct ChaincodeServerBuilder {
    pub(crate) router: Router,
    pub(crate) listeners: Vec<(String, String)>,
    pub(crate) tls: Option<ServerTls>,
    pub(crate) limits: Limits,
}

impl ChaincodeServerBuilder {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, listeners: Vec::new(), tls: None, limits: Limits::default() }
    }

    /// Adds an address (`host:port`; port 0 picks a free one) and the id of the package that peers launch there. Peers
    /// whose packages differ, in the address for instance, need a listener each.
    #[must_use]
    pub fn listen(mut self, address: impl Into<String>, package_id: impl Into<String>) -> Self {
        self.listeners.push((address.into(), package_id.into()));
        self
    }

    /// Speaks TLS on all listeners, and asks for client certificates when `tls` names their authorities.
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Bounds the transactions that run at one time; further ones wait in order. At least 1.
    #[must_use]
    pub fn max_in_flight(mut self, transactions: usize) -> Self {
        self.limits.in_flight_max = transactions.max(1);
        self
    }

    /// Replaces all bounds and times.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Refuses transactions whose time is further from this machine's than this; see [`Limits::time_window`].
    #[must_use]
    pub fn time_window(mut self, window: Duration) -> Self {
        self.limits.time_window = Some(window);
        self
    }

    /// The listeners so far: address and package id.
    pub fn listeners(&self) -> &[(String, String)] {
        &self.listeners
    }

    /// The TLS settings so far.
    pub fn tls_settings(&self) -> Option<&ServerTls> {
        self.tls.as_ref()
    }

    /// Binds the addresses and serves in the background.
    ///
    /// # Errors
    /// [`ServerError`] when there is no listener, a package id is empty, an address cannot be bound or the TLS settings
    /// cannot be used.
    pub async fn start(self) -> Result<ServerHandle, ServerError> {
        server::start(self).await
    }

    /// Serves until `shutdown` is done, and then stops within the drain time and a few seconds.
    ///
    /// # Errors
    /// As [`ChaincodeServerBuilder::start`].
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> Result<(), ServerError> {
        let handle = self.start().await?;
        shutdown.await;
        handle.shutdown().await;
        Ok(())
    }
}
