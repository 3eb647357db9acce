//! How many connections the servers of a process take: as strangers until they have said something, then as guests
//! until they end.
//!
//! One gate stands before all listeners of a process, because file descriptors are the process's. A client is a
//! stranger from its connection until its TLS handshake is done and its first byte has arrived, for five seconds at
//! most (see [`Strangers`] for what happens when too many come). Afterwards it counts as a guest: when there is no room
//! for one more, or its address has half of all, the newcomer is turned away. A guest on whose connection nothing is
//! asked for ten minutes has to go. Who may do what is for the services to decide.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use super::{
    descriptors::room_for_connections,
    strangers::{Stranger, Strangers, network_of},
};

/// Strangers at one time, and of one address.
const STRANGERS_MAX: usize = 1024;
const STRANGERS_PER_ADDRESS_MAX: usize = 512;

/// Guests at one time, where the system has descriptors for so many.
const GUESTS_MAX: usize = 8192;

/// How long a guest may ask nothing. Clients connect again by themselves with their next request.
const IDLE_MAX: Duration = Duration::from_secs(10 * 60);

/// What stands before the listeners of a process.
#[derive(Debug)]
pub struct Gate {
    strangers: Arc<Strangers>,
    guests_max: usize,
    guests_per_address_max: usize,
    guests: Mutex<Guests>,
    idle_max: Duration,
}

#[derive(Debug, Default)]
struct Guests {
    all: usize,
    addresses: BTreeMap<IpAddr, usize>,
}

/// The place of a connection; free again when this is dropped.
#[derive(Debug)]
pub struct Guest {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    /// The gate of this process, with as many places as the system has descriptors for, at most 8192.
    #[must_use]
    pub fn of_process() -> Arc<Self> {
        static GATE: OnceLock<Arc<Gate>> = OnceLock::new();
        let gate = GATE.get_or_init(|| {
            let room = room_for_connections(STRANGERS_MAX + GUESTS_MAX).unwrap_or_else(|cause| {
                tracing::warn!(%cause, "the system does not tell how many descriptors there are");
                STRANGERS_MAX
            });
            // A ninth for strangers, as when all fit.
            let strangers = (room / 9).max(1);
            let guests = room.saturating_sub(strangers).max(1);
            let of_one_address = (STRANGERS_PER_ADDRESS_MAX.min(strangers), guests.div_ceil(2));
            Self::new((strangers, of_one_address.0), (guests, of_one_address.1), IDLE_MAX)
        });
        Arc::clone(gate)
    }

    /// A gate for so many strangers and so many guests, each in all and of one address. A guest who asks nothing for
    /// `idle_max` has to go.
    #[must_use]
    pub fn new(strangers: (usize, usize), guests: (usize, usize), idle_max: Duration) -> Arc<Self> {
        Arc::new(Self {
            strangers: Strangers::new(strangers.0, strangers.1),
            guests_max: guests.0,
            guests_per_address_max: guests.1,
            guests: Mutex::default(),
            idle_max,
        })
    }

    /// Lets a new connection in.
    pub(super) fn enter(&self, remote: SocketAddr) -> Stranger {
        self.strangers.enter(remote.ip())
    }

    /// Takes a place for a connection that has begun to speak; none when there is none.
    pub(super) fn welcome(self: &Arc<Self>, remote: SocketAddr) -> Option<Guest> {
        let address = network_of(remote.ip());
        let mut guests = self.guests();
        let own = guests.addresses.get(&address).copied().unwrap_or(0);
        if guests.all >= self.guests_max || own >= self.guests_per_address_max {
            return None;
        }
        guests.all += 1;
        guests.addresses.insert(address, own + 1);
        drop(guests);
        Some(Guest { gate: Arc::clone(self), address })
    }

    /// How long a guest may ask nothing.
    pub(super) fn idle_max(&self) -> Duration {
        self.idle_max
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut guests = self.gate.guests();
        guests.all -= 1;
        if let Some(own) = guests.addresses.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                guests.addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_half_of_the_places_and_they_come_back() {
        let gate = Gate::new((4, 4), (4, 2), IDLE_MAX);
        let [first, second]: [SocketAddr; 2] =
            ["192.0.2.1:1", "192.0.2.2:1"].map(|text| text.parse().expect("an address"));
        let held: Vec<_> = (0..3).filter_map(|_| gate.welcome(first)).collect();
        assert_eq!(held.len(), 2);
        let others: Vec<_> = (0..2).filter_map(|_| gate.welcome(second)).collect();
        assert_eq!(others.len(), 2);
        drop(held);
        assert!(gate.welcome(first).is_some());
        drop(others);
        assert!(gate.guests().addresses.is_empty() && gate.guests().all == 0);
    }
}
