//! The way out of a stream: a bounded queue between contracts and the connection.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use fabric_contract::Fault;
use fabric_protos::protos::ChaincodeMessage;
use tokio::sync::Notify;
use tokio_stream::Stream;
use tonic::Status;

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
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<ChaincodeMessage>,
    /// Wakes the connection, which waits for a message.
    reader: Option<Waker>,
    /// One of the two ends is gone.
    closed: bool,
}

impl Outbound {
    /// A queue for so many messages.
    pub(crate) fn new(places: usize) -> (Arc<Self>, Outgoing) {
        let queue = Arc::new(Queue { waiting: Mutex::default(), places });
        (Arc::new(Self { queue: Arc::clone(&queue), overflown: Notify::new() }), Outgoing(queue))
    }

    /// Queues a message without waiting; the connection, if it must be woken, is left to `rouse`. The queue holds more
    /// than a peer that keeps the rules can cause; when it is full the peer has stopped reading, and the stream is
    /// ended.
    pub(crate) fn send(&self, message: ChaincodeMessage, rouse: impl FnOnce(Waker)) -> Result<(), Fault> {
        let mut waiting = self.queue.lock();
        if waiting.closed {
            return Err(Fault::StreamEnded);
        }
        if waiting.messages.len() >= self.queue.places {
            self.overflown.notify_one();
            return Err(Fault::StreamEnded);
        }
        waiting.messages.push_back(message);
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
            Some(message) => Poll::Ready(Some(Ok(message))),
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
        let (outbound, outgoing) = Outbound::new(8);
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
        let (outbound, outgoing) = Outbound::new(1);
        assert_eq!(outbound.send(message("1"), Waker::wake), Ok(()));
        assert_eq!(outbound.send(message("2"), Waker::wake), Err(Fault::StreamEnded));
        outbound.overflown.notified().await;
        drop(outgoing);
        assert_eq!(outbound.send(message("3"), Waker::wake), Err(Fault::StreamEnded));
    }
}
