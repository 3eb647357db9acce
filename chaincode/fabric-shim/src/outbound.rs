//! The way out of a stream: a queue between contracts and the connection, bounded by messages and by bytes.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use fabric_contract::Fault;
use fabric_protos::protos::ChaincodeMessage;
use prost::Message;
use tokio::sync::Notify;
use tokio_stream::Stream;
use tonic::Status;

use crate::{
    place::Wake,
    room::{Held, Room},
};

/// Where messages go in. Only the stream's task holds it strongly, so it ends with the stream.
pub(crate) struct Outbound {
    queue: Arc<Queue>,
    pub(crate) overflown: Notify,
}

/// Where messages come out, for the connection.
pub(crate) struct Outgoing(Arc<Queue>);

struct Queue {
    waiting: Mutex<Waiting>,
    places: usize,
    room: Arc<Room>,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<(ChaincodeMessage, Held)>,
    /// Contracts that wait for room.
    senders: Vec<Wake>,
    /// Wakes the connection, which waits for a message.
    reader: Option<Waker>,
    /// One of the two ends is gone.
    closed: bool,
}

impl Outbound {
    /// A queue for so many messages, whose bytes lie in `room`.
    pub(crate) fn new(places: usize, room: Arc<Room>) -> (Arc<Self>, Outgoing) {
        let queue = Arc::new(Queue { waiting: Mutex::default(), places, room });
        (Arc::new(Self { queue: Arc::clone(&queue), overflown: Notify::new() }), Outgoing(queue))
    }

    /// Queues a message of a few bytes without waiting; the connection, if it must be woken, is left to `rouse`. The
    /// queue has more places than a peer that keeps the rules can fill; when it is full the peer has stopped reading,
    /// and the stream is ended.
    pub(crate) fn send(&self, message: ChaincodeMessage, rouse: impl FnOnce(Waker)) -> Result<(), Fault> {
        let held = self.queue.room.take_anyway(message.encoded_len());
        self.push(self.queue.lock(), message, held, rouse)
    }

    /// As [`Outbound::send`] for a message of any size, which is given back when there is no room for its bytes.
    /// `sender`, if named, is woken once there is.
    pub(crate) fn offer(
        &self,
        message: ChaincodeMessage,
        sender: Option<Wake>,
        rouse: impl FnOnce(Waker),
    ) -> Result<Option<ChaincodeMessage>, Fault> {
        let mut waiting = self.queue.lock();
        let Some(held) = self.queue.room.take(message.encoded_len()) else {
            waiting.senders.extend(sender);
            return if waiting.closed { Err(Fault::StreamEnded) } else { Ok(Some(message)) };
        };
        self.push(waiting, message, held, rouse)?;
        Ok(None)
    }

    fn push(
        &self,
        mut waiting: MutexGuard<'_, Waiting>,
        message: ChaincodeMessage,
        held: Held,
        rouse: impl FnOnce(Waker),
    ) -> Result<(), Fault> {
        if waiting.closed {
            return Err(Fault::StreamEnded);
        }
        if waiting.messages.len() >= self.queue.places {
            self.overflown.notify_one();
            return Err(Fault::StreamEnded);
        }
        waiting.messages.push_back((message, held));
        let reader = waiting.reader.take();
        drop(waiting);
        if let Some(reader) = reader {
            rouse(reader);
        }
        Ok(())
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        waiting.closed = true;
        let reader = waiting.reader.take();
        drop(waiting);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl Stream for Outgoing {
    type Item = Result<ChaincodeMessage, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut waiting = self.0.lock();
        match waiting.messages.pop_front() {
            Some((message, held)) => {
                drop(held);
                if !waiting.senders.is_empty() && self.0.room.is_half_free() {
                    let senders = std::mem::take(&mut waiting.senders);
                    drop(waiting);
                    senders.iter().for_each(Wake::wake);
                }
                Poll::Ready(Some(Ok(message)))
            }
            None if waiting.closed => Poll::Ready(None),
            None => {
                waiting.reader = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.closed = true;
        waiting.messages.clear();
        waiting.reader = None;
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing panics under the lock, so a poisoned one still guards a whole queue.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    fn message(txid: &str) -> ChaincodeMessage {
        ChaincodeMessage { txid: txid.to_owned(), ..Default::default() }
    }

    #[tokio::test]
    async fn messages_leave_in_order_and_then_the_stream_ends() {
        let (outbound, outgoing) = Outbound::new(8, Room::new(1000, &Arc::default()));
        let reader = tokio::spawn(outgoing.map(|one| one.map(|message| message.txid).unwrap_or_default()).collect());
        for number in 0..5 {
            tokio::task::yield_now().await;
            assert_eq!(outbound.send(message(&number.to_string()), Waker::wake), Ok(()));
        }
        drop(outbound);
        let read: Vec<String> = reader.await.unwrap_or_default();
        assert_eq!(read, ["0", "1", "2", "3", "4"]);
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_is_found_out_and_one_that_is_gone_gets_nothing() {
        let (outbound, outgoing) = Outbound::new(1, Room::new(1000, &Arc::default()));
        assert_eq!(outbound.send(message("1"), Waker::wake), Ok(()));
        assert_eq!(outbound.send(message("2"), Waker::wake), Err(Fault::StreamEnded));
        outbound.overflown.notified().await;
        drop(outgoing);
        assert_eq!(outbound.send(message("3"), Waker::wake), Err(Fault::StreamEnded));
    }
    #[tokio::test]
    async fn a_large_message_finds_room_once_others_have_left() {
        let (outbound, mut outgoing) = Outbound::new(8, Room::new(100, &Arc::default()));
        let large = || message(&"x".repeat(80));
        let wake = || Some(Wake::Thread(std::thread::current()));
        assert_eq!(outbound.offer(large(), wake(), Waker::wake), Ok(None));
        assert_eq!(outbound.offer(large(), wake(), Waker::wake), Ok(Some(large())));
        assert_eq!(outbound.send(message("small"), Waker::wake), Ok(()));
        assert!(outgoing.next().await.is_some());
        std::thread::park_timeout(std::time::Duration::from_secs(60));
        assert_eq!(outbound.offer(large(), wake(), Waker::wake), Ok(None));
        drop(outgoing);
        assert_eq!(outbound.offer(large(), wake(), Waker::wake), Err(Fault::StreamEnded));
    }
}
