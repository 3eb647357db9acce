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

use crate::executor::{
    budget::{Budget, Reserved},
    job::JobWaker,
};

/// Where messages go in. Only the stream's task owns it, so it ends with the stream.
pub(crate) struct Outbound {
    queue: Arc<Queue>,
    pub(crate) overflown: Notify,
}

/// Where messages come out, for the connection.
pub(crate) struct Outgoing(Arc<Queue>);

struct Queue {
    waiting: Mutex<Waiting>,
    messages_max: usize,
    budget: Arc<Budget>,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<(ChaincodeMessage, Reserved)>,
    /// Contracts that wait for bytes of the budget.
    senders: Vec<JobWaker>,
    /// Wakes the connection, which waits for a message.
    reader: Option<Waker>,
    /// One of the two ends is gone.
    closed: bool,
}

impl Outbound {
    /// A queue for so many messages, whose bytes count against `budget`.
    pub(crate) fn new(messages_max: usize, budget: Arc<Budget>) -> (Arc<Self>, Outgoing) {
        let queue = Arc::new(Queue { waiting: Mutex::default(), messages_max, budget });
        (Arc::new(Self { queue: Arc::clone(&queue), overflown: Notify::new() }), Outgoing(queue))
    }

    /// Queues a message of a few bytes without waiting; the connection, if it must be woken, is left to `wake`. The
    /// queue takes more messages than a peer that keeps the rules can cause; when it is full the peer has stopped
    /// reading, and the stream is ended.
    pub(crate) fn send(&self, message: ChaincodeMessage, wake: impl FnOnce(Waker)) -> Result<(), Fault> {
        let reserved = self.queue.budget.reserve_anyway(message.encoded_len());
        self.push(self.queue.lock(), message, reserved, wake)
    }

    /// As [`Outbound::send`] for a message of any size, which is given back when the budget has not as many bytes
    /// left. `sender`, if named, is woken once it has.
    pub(crate) fn offer(
        &self,
        message: ChaincodeMessage,
        sender: Option<JobWaker>,
        wake: impl FnOnce(Waker),
    ) -> Result<Option<ChaincodeMessage>, Fault> {
        let mut waiting = self.queue.lock();
        let Some(reserved) = self.queue.budget.reserve(message.encoded_len()) else {
            waiting.senders.extend(sender);
            return if waiting.closed { Err(Fault::StreamEnded) } else { Ok(Some(message)) };
        };
        self.push(waiting, message, reserved, wake)?;
        Ok(None)
    }

    fn push(
        &self,
        mut waiting: MutexGuard<'_, Waiting>,
        message: ChaincodeMessage,
        reserved: Reserved,
        wake: impl FnOnce(Waker),
    ) -> Result<(), Fault> {
        if waiting.closed {
            return Err(Fault::StreamEnded);
        }
        if waiting.messages.len() >= self.queue.messages_max {
            self.overflown.notify_one();
            return Err(Fault::StreamEnded);
        }
        waiting.messages.push_back((message, reserved));
        let reader = waiting.reader.take();
        drop(waiting);
        if let Some(reader) = reader {
            wake(reader);
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
            Some((message, reserved)) => {
                drop(reserved);
                if !waiting.senders.is_empty() && self.0.budget.is_half_free() {
                    let senders = std::mem::take(&mut waiting.senders);
                    drop(waiting);
                    senders.iter().for_each(JobWaker::wake);
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
        let (outbound, outgoing) = Outbound::new(8, Budget::new(1000, &Arc::default()));
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
    async fn a_peer_that_does_not_read_is_noticed_and_one_that_is_gone_gets_nothing() {
        let (outbound, outgoing) = Outbound::new(1, Budget::new(1000, &Arc::default()));
        assert_eq!(outbound.send(message("1"), Waker::wake), Ok(()));
        assert_eq!(outbound.send(message("2"), Waker::wake), Err(Fault::StreamEnded));
        outbound.overflown.notified().await;
        drop(outgoing);
        assert_eq!(outbound.send(message("3"), Waker::wake), Err(Fault::StreamEnded));
    }

    #[tokio::test]
    async fn a_large_message_is_taken_once_others_have_left() {
        let (outbound, mut outgoing) = Outbound::new(8, Budget::new(100, &Arc::default()));
        let large = || message(&"x".repeat(80));
        let sender = || Some(JobWaker::of_this_thread());
        assert_eq!(outbound.offer(large(), sender(), Waker::wake), Ok(None));
        assert_eq!(outbound.offer(large(), sender(), Waker::wake), Ok(Some(large())));
        assert_eq!(outbound.send(message("small"), Waker::wake), Ok(()));
        assert!(outgoing.next().await.is_some());
        std::thread::park_timeout(std::time::Duration::from_secs(60));
        assert_eq!(outbound.offer(large(), sender(), Waker::wake), Ok(None));
        drop(outgoing);
        assert_eq!(outbound.offer(large(), sender(), Waker::wake), Err(Fault::StreamEnded));
    }
}
