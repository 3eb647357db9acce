//! Connections that have begun to speak: how many there may be, in all and from one address, and which one goes when
//! there is no room.
//!
//! A newcomer takes the place of the connection on which nothing has been asked for the longest time: of its own
//! address when that has as many as it may, otherwise of the address that has most. A connection with a request in work
//! is never told to go, and when there are only such, the newcomer is turned away.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use super::{activity::Activity, strangers::network_of};

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// In all.
    pub all: usize,
    /// From one address.
    pub per_address: usize,
}

/// The room of connections that have begun to speak.
#[derive(Debug)]
pub(super) struct Guests {
    places: Places,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    all: usize,
    addresses: BTreeMap<IpAddr, BTreeMap<u64, Entry>>,
}

#[derive(Debug)]
struct Entry {
    activity: Arc<Activity>,
    end: oneshot::Sender<()>,
}

/// The place of a connection; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Guest {
    guests: Arc<Guests>,
    address: IpAddr,
    number: u64,
    ended: oneshot::Receiver<()>,
}

impl Guests {
    pub(super) fn new(places: Places) -> Arc<Self> {
        Arc::new(Self { places, table: Mutex::default() })
    }

    /// Takes a place for a connection; none when there is none and nobody can go.
    pub(super) fn welcome(self: &Arc<Self>, address: IpAddr, activity: Arc<Activity>) -> Option<Guest> {
        let address = network_of(address);
        let mut table = self.table();
        if table.count_of(address) >= self.places.per_address && !table.end_longest_idle(address) {
            return None;
        }
        if table.all >= self.places.all && !table.most_crowded().is_some_and(|crowded| table.end_longest_idle(crowded))
        {
            return None;
        }
        let (end, ended) = oneshot::channel();
        let number = table.next;
        table.next += 1;
        table.all += 1;
        table.addresses.entry(address).or_default().insert(number, Entry { activity, end });
        drop(table);
        Some(Guest { guests: Arc::clone(self), address, number, ended })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Ready when the connection has to make room for another one.
    pub(super) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<()> {
        std::pin::Pin::new(&mut self.ended).poll(context).map(drop)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.table().remove(self.address, self.number);
    }
}

impl Table {
    fn count_of(&self, address: IpAddr) -> usize {
        self.addresses.get(&address).map_or(0, BTreeMap::len)
    }

    fn most_crowded(&self) -> Option<IpAddr> {
        self.addresses.iter().max_by_key(|(_, entries)| entries.len()).map(|(address, _)| *address)
    }

    /// Whether there was one that could go.
    fn end_longest_idle(&mut self, address: IpAddr) -> bool {
        let entries = self.addresses.get(&address).into_iter().flatten();
        let idle = entries.filter_map(|(number, entry)| Some((entry.activity.idle_since()?, *number)));
        let Some(entry) = idle.min().and_then(|(_, number)| self.remove(address, number)) else { return false };
        // An error says that the connection has ended by itself.
        let _ = entry.end.send(());
        true
    }

    fn remove(&mut self, address: IpAddr, number: u64) -> Option<Entry> {
        let entries = self.addresses.get_mut(&address)?;
        let removed = entries.remove(&number)?;
        if entries.is_empty() {
            self.addresses.remove(&address);
        }
        self.all -= 1;
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn enter(guests: &Arc<Guests>, address: &str) -> Option<(Guest, Arc<Activity>)> {
        let activity = Arc::<Activity>::default();
        let guest = guests.welcome(address.parse().expect("an address"), Arc::clone(&activity))?;
        Some((guest, activity))
    }

    fn has_ended(guest: &mut Guest) -> bool {
        guest.poll_ended(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_longest_idle_of_the_most_crowded_address_makes_room() {
        let guests = Guests::new(Places { all: 4, per_address: 3 });
        let (mut honest, _) = enter(&guests, "192.0.2.1").expect("room");
        let (mut busy, activity) = enter(&guests, "192.0.2.9").expect("room");
        let in_work = activity.begin();
        let (mut oldest, _) = enter(&guests, "192.0.2.9").expect("room");
        let (mut later, _) = enter(&guests, "192.0.2.9").expect("room");
        let (mut newcomer, _) = enter(&guests, "192.0.2.2").expect("the room of the oldest");
        assert!(has_ended(&mut oldest));
        assert!(![&mut honest, &mut busy, &mut later, &mut newcomer].into_iter().any(has_ended));
        assert_eq!(guests.table().all, 4);
        drop((oldest, later, newcomer, honest, in_work, busy));
        assert!(guests.table().all == 0 && guests.table().addresses.is_empty());
    }

    #[test]
    fn one_address_makes_room_for_itself_unless_all_its_connections_work() {
        let guests = Guests::new(Places { all: 10, per_address: 2 });
        let (mut first, _) = enter(&guests, "192.0.2.9").expect("room");
        let (mut second, activity) = enter(&guests, "192.0.2.9").expect("room");
        let in_work = activity.begin();
        let (mut third, activity) = enter(&guests, "192.0.2.9").expect("the room of the first");
        assert!(has_ended(&mut first) && !has_ended(&mut second));
        let also_in_work = activity.begin();
        assert!(enter(&guests, "192.0.2.9").is_none());
        drop(in_work);
        let (_fourth, _) = enter(&guests, "192.0.2.9").expect("the room of the second");
        assert!(has_ended(&mut second) && !has_ended(&mut third));
        drop(also_in_work);
    }
}
