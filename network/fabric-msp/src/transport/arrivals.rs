//! How much of messages that are not complete a process holds: over all connections and for one of them.
//!
//! A client that sends the beginning of a message makes the server keep it, and a message may be 100 MiB long. What a
//! message announces is counted, because so much memory is reserved for it; and each open request counts a little,
//! because its head is kept. When there is no room, the heaviest request of the heaviest connection of the address that
//! holds most is ended. So a flood makes room for itself, and small messages of others always come through.

use std::{
    collections::BTreeMap,
    future::Future,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::oneshot;

/// What an open request counts beside its message, in bytes, until that is complete.
pub(super) const REQUEST_BYTES: usize = 4 * 1024;

/// The room of a process.
#[derive(Debug)]
pub struct Arrivals {
    bytes_max: usize,
    connection_bytes_max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    bytes: usize,
    addresses: BTreeMap<IpAddr, Address>,
}

#[derive(Debug, Default)]
struct Address {
    bytes: usize,
    connections: BTreeMap<u64, Connection>,
}

#[derive(Debug, Default)]
struct Connection {
    bytes: usize,
    requests: BTreeMap<u64, Request>,
}

#[derive(Debug)]
struct Request {
    bytes: usize,
    end: oneshot::Sender<()>,
}

/// What one connection may hold.
#[derive(Debug)]
pub(super) struct Inbox {
    arrivals: Arc<Arrivals>,
    address: IpAddr,
    connection: u64,
}

/// What one request holds; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Parcel {
    inbox: Arc<Inbox>,
    request: u64,
    ended: oneshot::Receiver<()>,
}

/// There is no room for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for what has been sent so far of messages that are not complete")]
pub(super) struct NoRoom;

impl Arrivals {
    /// Room for so many bytes, of which one connection may take so many.
    #[must_use]
    pub fn new(bytes_max: usize, connection_bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, connection_bytes_max, table: Mutex::default() })
    }

    /// How many bytes are taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table().bytes
    }

    /// The room of a new connection from an address.
    pub(super) fn inbox(self: &Arc<Self>, address: IpAddr) -> Arc<Inbox> {
        let mut table = self.table();
        table.next += 1;
        Arc::new(Inbox { arrivals: Arc::clone(self), address, connection: table.next })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Takes room for the head of a request.
    pub(super) fn open(self: &Arc<Self>) -> Result<Parcel, NoRoom> {
        let (end, ended) = oneshot::channel();
        let mut table = self.arrivals.table();
        table.next += 1;
        let request = table.next;
        let own = table.addresses.entry(self.address).or_default();
        let connection = own.connections.entry(self.connection).or_default();
        connection.requests.insert(request, Request { bytes: 0, end });
        drop(table);
        let parcel = Parcel { inbox: Arc::clone(self), request, ended };
        parcel.grow(REQUEST_BYTES)?;
        Ok(parcel)
    }

    fn place(&self, request: u64) -> Place {
        Place { address: self.address, connection: self.connection, request }
    }
}

/// Where a request stands in the table.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    address: IpAddr,
    connection: u64,
    request: u64,
}

impl Parcel {
    /// Takes room for so many bytes more. Where there is none, a heavier one is ended.
    pub(super) fn grow(&self, bytes: usize) -> Result<(), NoRoom> {
        let (arrivals, own) = (&self.inbox.arrivals, self.inbox.place(self.request));
        let mut table = arrivals.table();
        if table.connection_bytes(own).saturating_add(bytes) > arrivals.connection_bytes_max {
            return Err(NoRoom);
        }
        while table.bytes.saturating_add(bytes) > arrivals.bytes_max {
            match table.heaviest() {
                Some(heaviest) if heaviest != own => table.end(heaviest),
                _ => return Err(NoRoom),
            }
        }
        // A request that had to end has nothing any more.
        if table.add(own, bytes) { Ok(()) } else { Err(NoRoom) }
    }

    /// Gives so many bytes back.
    pub(super) fn shrink(&self, bytes: usize) {
        self.inbox.arrivals.table().subtract(self.inbox.place(self.request), bytes);
    }

    /// Ready when the request has to end to make room.
    pub(super) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.ended).poll(context).map(drop)
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.inbox.arrivals.table().remove(self.inbox.place(self.request));
    }
}

impl Table {
    fn connection_bytes(&self, of: Place) -> usize {
        let address = self.addresses.get(&of.address);
        address.and_then(|address| address.connections.get(&of.connection)).map_or(0, |connection| connection.bytes)
    }

    fn heaviest(&self) -> Option<Place> {
        let (address, held) = self.addresses.iter().max_by_key(|(_, held)| held.bytes)?;
        let (connection, held) = held.connections.iter().max_by_key(|(_, held)| held.bytes)?;
        let (request, _) = held.requests.iter().max_by_key(|(_, held)| held.bytes)?;
        Some(Place { address: *address, connection: *connection, request: *request })
    }

    /// Whether the request is there still.
    fn add(&mut self, to: Place, bytes: usize) -> bool {
        let Some(address) = self.addresses.get_mut(&to.address) else { return false };
        let Some(connection) = address.connections.get_mut(&to.connection) else { return false };
        let Some(request) = connection.requests.get_mut(&to.request) else { return false };
        request.bytes += bytes;
        connection.bytes += bytes;
        address.bytes += bytes;
        self.bytes += bytes;
        true
    }

    fn subtract(&mut self, from: Place, bytes: usize) {
        let Some(address) = self.addresses.get_mut(&from.address) else { return };
        let Some(connection) = address.connections.get_mut(&from.connection) else { return };
        let Some(request) = connection.requests.get_mut(&from.request) else { return };
        let bytes = bytes.min(request.bytes);
        request.bytes -= bytes;
        connection.bytes -= bytes;
        address.bytes -= bytes;
        self.bytes -= bytes;
    }

    fn remove(&mut self, place: Place) -> Option<Request> {
        let address = self.addresses.get_mut(&place.address)?;
        let connection = address.connections.get_mut(&place.connection)?;
        let removed = connection.requests.remove(&place.request)?;
        connection.bytes -= removed.bytes;
        if connection.requests.is_empty() {
            address.connections.remove(&place.connection);
        }
        address.bytes -= removed.bytes;
        if address.connections.is_empty() {
            self.addresses.remove(&place.address);
        }
        self.bytes -= removed.bytes;
        Some(removed)
    }

    fn end(&mut self, place: Place) {
        if let Some(ended) = self.remove(place) {
            // An error says that the request has ended by itself.
            let _ = ended.end.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const KIB: usize = 1024;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn has_ended(parcel: &mut Parcel) -> bool {
        parcel.poll_ended(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn the_request_that_holds_most_makes_room() -> Result<(), NoRoom> {
        let arrivals = Arrivals::new(100 * KIB, 60 * KIB);
        let honest = arrivals.inbox(address("192.0.2.1"));
        let (one, two) = (arrivals.inbox(address("192.0.2.9")), arrivals.inbox(address("192.0.2.9")));
        let mut large = one.open()?;
        large.grow(50 * KIB)?;
        assert_eq!(large.grow(10 * KIB), Err(NoRoom), "a connection has its bound");
        let mut small = two.open()?;
        small.grow(20 * KIB)?;
        let mut message = honest.open()?;
        message.grow(30 * KIB)?;
        assert!(has_ended(&mut large) && !has_ended(&mut small) && !has_ended(&mut message));
        assert_eq!(large.grow(1), Err(NoRoom), "what was ended takes nothing any more");
        assert_eq!(arrivals.bytes(), (4 + 20 + 4 + 30) * KIB);
        message.shrink(30 * KIB);
        drop((large, small, message));
        assert!(arrivals.bytes() == 0 && arrivals.table().addresses.is_empty());
        Ok(())
    }

    #[test]
    fn the_heaviest_itself_is_refused() -> Result<(), NoRoom> {
        let arrivals = Arrivals::new(20 * KIB, 100 * KIB);
        let (one, two) = (arrivals.inbox(address("192.0.2.1")), arrivals.inbox(address("192.0.2.2")));
        let mut kept = one.open()?;
        let heavy = two.open()?;
        heavy.grow(10 * KIB)?;
        assert_eq!(heavy.grow(10 * KIB), Err(NoRoom));
        assert!(!has_ended(&mut kept));
        Ok(())
    }

    #[test]
    fn open_requests_without_a_message_are_bounded() -> Result<(), NoRoom> {
        let arrivals = Arrivals::new(10 * REQUEST_BYTES, 100 * KIB);
        let (flood, honest) = (arrivals.inbox(address("192.0.2.9")), arrivals.inbox(address("192.0.2.1")));
        let open: Vec<_> = (0..10).map(|_| flood.open()).collect::<Result<_, _>>()?;
        let mut request = honest.open()?;
        assert!(!has_ended(&mut request));
        assert_eq!(open.into_iter().filter_map(|mut one| has_ended(&mut one).then_some(one)).count(), 1);
        Ok(())
    }
}
