//! What the listeners of a process take from clients: connections, as strangers until they have said something, then as
//! guests until they end; handshakes; and messages that are not complete.
//!
//! One gate stands before all listeners that serve a network, because file descriptors are the process's; those for
//! operators have one of their own, so that whatever watches a node is answered when the node is full. A client is a
//! stranger from its connection until its TLS handshake is done and its first byte has arrived, for five seconds at
//! most (see [`Strangers`] for what happens when too many come). Afterwards it counts as a guest (see
//! [`Guests`](super::guests) for what happens when there is no room). A guest that asks nothing for 30 seconds at the
//! beginning, or for ten minutes later, has to go. What may be done by whom is for the services to decide.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use fabric_protos::MAX_MESSAGE_BYTES;

use super::{
    activity::Activity,
    arrivals::{Arrivals, Inbox},
    descriptors::room_for_connections,
    guests::{Guest, Guests, Places},
    strangers::{Stranger, Strangers, network_of},
    turns::Turns,
};

/// Strangers at one time, and of one address.
const STRANGERS_MAX: usize = 1024;
const STRANGERS_PER_ADDRESS_MAX: usize = 512;

/// Guests at one time, where the system has descriptors for so many.
const GUESTS_MAX: usize = 8192;

/// Connections to the listeners for operators, strangers and guests each.
const OPERATORS_MAX: usize = 128;

/// Bytes of messages that are not complete, over all connections: 256 MiB; and of one: the longest message and the
/// heads of a connection's requests.
const ARRIVALS_BYTES_MAX: usize = 256 * 1024 * 1024;
const ARRIVALS_CONNECTION_BYTES_MAX: usize = MAX_MESSAGE_BYTES + 4 * 1024 * 1024;

/// How long a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Until its first request on a connection is complete. Default: 30 s.
    pub first_request: Duration,
    /// Until the next one is. Clients connect again by themselves with it. Default: 10 min.
    pub idle: Duration,
    /// For each message, and as long again with each MiB of it that has come. Default: 10 s.
    pub message: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let (first_request, idle) = (Duration::from_secs(30), Duration::from_secs(10 * 60));
        Self { first_request, idle, message: Duration::from_secs(10) }
    }
}

/// What stands before listeners of a process.
#[derive(Debug)]
pub struct Gate {
    strangers: Arc<Strangers>,
    guests: Arc<Guests>,
    turns: Arc<Turns>,
    arrivals: Arc<Arrivals>,
    patience: Patience,
}

/// The gates of this process.
struct OfProcess {
    network: Arc<Gate>,
    operators: Arc<Gate>,
}

impl OfProcess {
    fn get() -> &'static Self {
        static GATES: OnceLock<OfProcess> = OnceLock::new();
        GATES.get_or_init(|| {
            let room = room_for_connections(STRANGERS_MAX + GUESTS_MAX + 2 * OPERATORS_MAX).unwrap_or_else(|cause| {
                tracing::warn!(%cause, "the system does not tell how many descriptors there are");
                STRANGERS_MAX
            });
            // A sixteenth for each half of the operators' room, and a ninth of the rest for strangers, as when all fit.
            let operators = (room / 16).clamp(1, OPERATORS_MAX);
            let room = room.saturating_sub(2 * operators).max(2);
            let strangers = (room / 9).max(1);
            let guests = room - strangers;
            let per_address = STRANGERS_PER_ADDRESS_MAX.min(strangers);
            let network = Gate::new(
                Places { all: strangers, per_address },
                Places { all: guests, per_address: guests.div_ceil(2) },
                Patience::default(),
            );
            let places = Places { all: operators, per_address: operators.div_ceil(2) };
            OfProcess { network, operators: Gate::new(places, places, Patience::default()) }
        })
    }
}

impl Gate {
    /// The gate before the listeners of this process that serve a network, with as many places as the system has
    /// descriptors for, at most 8192.
    #[must_use]
    pub fn of_process() -> Arc<Self> {
        Arc::clone(&OfProcess::get().network)
    }

    /// The gate before the listeners of this process that are for operators, with at most 128 places.
    #[must_use]
    pub fn of_operators() -> Arc<Self> {
        Arc::clone(&OfProcess::get().operators)
    }

    /// A gate for so many strangers and so many guests.
    #[must_use]
    pub fn new(strangers: Places, guests: Places, patience: Patience) -> Arc<Self> {
        let turns = Turns::of_machine();
        let arrivals = Arrivals::new(ARRIVALS_BYTES_MAX, ARRIVALS_CONNECTION_BYTES_MAX);
        Arc::new(Self {
            strangers: Strangers::new(strangers.all, strangers.per_address),
            guests: Guests::new(guests),
            turns,
            arrivals,
            patience,
        })
    }

    /// What is held of messages that are not complete.
    #[must_use]
    pub fn arrivals(&self) -> &Arc<Arrivals> {
        &self.arrivals
    }

    /// Lets a new connection in.
    pub(super) fn enter(&self, remote: SocketAddr) -> Stranger {
        self.strangers.enter(remote.ip())
    }

    /// Takes a place for a connection that has begun to speak; none when there is none.
    pub(super) fn welcome(&self, remote: SocketAddr, activity: &Arc<Activity>) -> Option<Guest> {
        self.guests.welcome(remote.ip(), Arc::clone(activity))
    }

    /// The room for what a connection sends.
    pub(super) fn inbox(&self, remote: SocketAddr) -> Arc<Inbox> {
        self.arrivals.inbox(network_of(remote.ip()))
    }

    /// Whose handshake is next.
    pub(super) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }

    /// How long clients may take.
    pub(super) fn patience(&self) -> Patience {
        self.patience
    }
}
