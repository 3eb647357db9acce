//! Connections about which nothing is known yet: how many there may be, in all and from one address.
//!
//! A server cannot tell an attacker from a member before the TLS handshake is done, so both come through the same
//! narrow place. When it is full, the oldest connection of the address that has most of them makes room. An honest
//! client needs its place for the milliseconds of a handshake; a stranger that wants to keep the place has to take it
//! again and again, and is always the first to lose it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

/// The place for connections about which nothing is known yet.
#[derive(Debug)]
pub struct Strangers {
    all_max: usize,
    per_address_max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    count: usize,
    /// The connections of each address by their age, the oldest first.
    addresses: BTreeMap<IpAddr, BTreeMap<u64, Arc<Notify>>>,
}

/// One connection; its place is free again when this is dropped.
#[derive(Debug)]
pub struct Stranger {
    strangers: Arc<Strangers>,
    address: IpAddr,
    number: u64,
    evicted: Arc<Notify>,
}

impl Strangers {
    /// At most `all_max` connections, of which at most `per_address_max` from one address. Both are at least 1.
    #[must_use]
    pub fn new(all_max: usize, per_address_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max: all_max.max(1), per_address_max: per_address_max.max(1), table: Mutex::default() })
    }

    /// Takes a place. Where there is none, an older connection is told to end.
    #[must_use]
    pub fn enter(self: &Arc<Self>, address: IpAddr) -> Stranger {
        let address = network_of(address);
        let mut table = self.table();
        if table.count_of(address) >= self.per_address_max {
            table.evict_oldest(address);
        }
        if table.count >= self.all_max
            && let Some(crowded) = table.most_crowded()
        {
            table.evict_oldest(crowded);
        }
        let (number, evicted) = (table.next, Arc::new(Notify::new()));
        table.next += 1;
        table.count += 1;
        table.addresses.entry(address).or_default().insert(number, Arc::clone(&evicted));
        drop(table);
        Stranger { strangers: Arc::clone(self), address, number, evicted }
    }

    /// How many connections have a place.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table().count
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Waits until the connection has to end to make room for another one. It has lost its place then.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.table().remove(self.address, self.number);
    }
}

impl Table {
    fn count_of(&self, address: IpAddr) -> usize {
        self.addresses.get(&address).map_or(0, BTreeMap::len)
    }

    fn most_crowded(&self) -> Option<IpAddr> {
        self.addresses.iter().max_by_key(|(_, connections)| connections.len()).map(|(address, _)| *address)
    }

    fn evict_oldest(&mut self, address: IpAddr) {
        let oldest = self.addresses.get(&address).and_then(|connections| connections.keys().next().copied());
        if let Some(evicted) = oldest.and_then(|number| self.remove(address, number)) {
            // Kept for those that wait later.
            evicted.notify_one();
        }
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Arc<Notify>> {
        let connections = self.addresses.get_mut(&address)?;
        let removed = connections.remove(&number)?;
        if connections.is_empty() {
            self.addresses.remove(&address);
        }
        self.count -= 1;
        Some(removed)
    }
}

/// What counts as one address: one of IPv4, or one network of IPv6 (64 bits), which is the least that a household or a
/// rented machine gets.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn is_evicted(stranger: &Stranger) -> bool {
        pin!(stranger.evicted()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn one_address_makes_room_for_itself() {
        let strangers = Strangers::new(10, 2);
        let first = strangers.enter(address("192.0.2.1"));
        let second = strangers.enter(address("192.0.2.1"));
        let other = strangers.enter(address("192.0.2.2"));
        let third = strangers.enter(address("192.0.2.1"));
        assert_eq!([&first, &second, &other, &third].map(is_evicted), [true, false, false, false]);
        drop(first);
        assert_eq!(strangers.count(), 3, "a stranger that was told to end is not counted twice");
        drop((second, other, third));
        assert_eq!(strangers.count(), 0);
    }

    #[test]
    fn the_address_with_most_connections_makes_room_for_all() {
        let strangers = Strangers::new(3, 3);
        let member = strangers.enter(address("192.0.2.1"));
        let flood: Vec<_> = (0..5).map(|_| strangers.enter(address("192.0.2.9"))).collect();
        let newcomer = strangers.enter(address("192.0.2.2"));
        assert!(!is_evicted(&member) && !is_evicted(&newcomer));
        assert_eq!(flood.iter().filter(|one| is_evicted(one)).count(), 4);
        assert_eq!(strangers.count(), 3);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_ipv4_may_be_written_as_ipv6() {
        assert_eq!(network_of(address("2001:db8:1:2:a::1")), network_of(address("2001:db8:1:2:b::2")));
        assert_ne!(network_of(address("2001:db8:1:2::1")), network_of(address("2001:db8:1:3::1")));
        assert_eq!(network_of(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
