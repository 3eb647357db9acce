//! Bytes that a stream may hold: what came in and waits for a contract, and what waits for the peer to read it.
//!
//! Counts alone would not do. A message may have 100 MiB, so a peer that keeps to every count could still fill the
//! machine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The room of one stream in one direction.
pub(crate) struct Room {
    held: AtomicUsize,
    most: usize,
    /// What all streams of the server hold.
    total: Arc<AtomicUsize>,
}

impl Room {
    /// Room for `most` bytes.
    pub(crate) fn new(most: usize, total: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), most, total: Arc::clone(total) })
    }

    /// Room for so many bytes, if there is as much. A single message always finds room, however large.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let fits = |held: usize| (held == 0 || held.saturating_add(bytes) <= self.most).then_some(held + bytes);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(self.counted(bytes))
    }

    /// Room for a message of a few bytes, whose number is bounded elsewhere.
    pub(crate) fn take_anyway(self: &Arc<Self>, bytes: usize) -> Held {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        self.counted(bytes)
    }

    /// Whether it pays to tell those who wait for room.
    pub(crate) fn is_half_free(&self) -> bool {
        self.held.load(Ordering::Relaxed) <= self.most / 2
    }

    fn counted(self: &Arc<Self>, bytes: usize) -> Held {
        self.total.fetch_add(bytes, Ordering::Relaxed);
        Held { room: Arc::clone(self), bytes }
    }
}

/// Room that is taken until this is dropped.
pub(crate) struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
        self.room.total.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_up_to_the_bound_and_comes_back() {
        let total = Arc::new(AtomicUsize::new(0));
        let room = Room::new(10, &total);
        let first = room.take(6);
        assert!(first.is_some() && !room.is_half_free());
        assert!(room.take(5).is_none());
        let second = room.take(4);
        assert!(second.is_some());
        let small = room.take_anyway(2);
        assert_eq!(total.load(Ordering::Relaxed), 12);
        drop((first, second, small));
        assert_eq!(total.load(Ordering::Relaxed), 0);
        assert!(room.is_half_free());
    }

    #[test]
    fn a_message_larger_than_the_room_passes_alone() {
        let room = Room::new(10, &Arc::default());
        let large = room.take(100);
        assert!(large.is_some());
        assert!(room.take(1).is_none());
    }
}
