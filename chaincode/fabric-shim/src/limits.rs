//! Bounds and times of a server.

use std::time::Duration;

/// Bounds and times of a server. The defaults fit Fabric's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Transactions that run at one time, over all streams; each has a stack, and a thread when contracts are slow.
    /// Default: 128.
    pub in_flight_max: usize,
    /// Transactions that may wait for their turn; further ones are refused with 503. Default:
    /// 10,000, four times what one peer endorses at a time.
    pub waiting_max: usize,
    /// Bytes of one stream's messages that may be in flight, separately for transactions that run or wait, for answers
    /// that no contract has taken yet, and for what the peer has not read. A single message of each kind may be larger.
    /// Beyond the bound a transaction ends with 503, also when it is its answer that does not fit; a contract's request
    /// waits until the peer has read others; a response becomes a failure with 503. Default: 256 MiB.
    pub bytes_in_flight_max: usize,
    /// Streams per listener. Default: 256.
    pub streams_max: usize,
    /// How long a transaction may take from its arrival. Default: 25 s, below the peer's 30 s, so that the caller gets
    /// our answer and not the peer's.
    pub deadline: Duration,
    /// When a missing REGISTERED is called an error. Default: 5 s.
    pub registration_warning: Duration,
    /// When a stream without REGISTERED is closed. Default: 30 s.
    pub registration_max: Duration,
    /// How long running transactions may take to finish when the server stops. Default: 10 s.
    pub drain: Duration,
    /// How far a transaction's time, which its client chooses, may be from this machine's, either way. A transaction
    /// beyond it is refused; the clock decides nothing else, so peers cannot come to different results. Peers from 3.0
    /// on check the same, older ones do not. Default: none, no check.
    pub time_window: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight_max: 128,
            waiting_max: 10_000,
            bytes_in_flight_max: 256 * 1024 * 1024,
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
