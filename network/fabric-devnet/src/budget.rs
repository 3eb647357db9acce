//! Queues that are bounded in bytes as well as in items, so that a slow reader cannot make a process hold many large
//! things.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::Stream;

/// The far end of a queue is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reader of the queue is gone")]
pub(crate) struct Gone;

/// Room in bytes, shared by all who fill it.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    room: Arc<Semaphore>,
    bytes: u32,
}

/// A part of a budget that is taken until this is dropped.
pub(crate) type Share = OwnedSemaphorePermit;

impl Budget {
    /// Room for this many bytes.
    pub(crate) fn new(bytes: u32) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    /// Waits for room. What is larger than the whole budget takes all of it, and so is alone.
    pub(crate) async fn take(&self, bytes: usize) -> Result<Share, Gone> {
        Arc::clone(&self.room).acquire_many_owned(self.share(bytes)).await.map_err(|_| Gone)
    }

    /// Room, if there is some now.
    pub(crate) fn try_take(&self, bytes: usize) -> Option<Share> {
        Arc::clone(&self.room).try_acquire_many_owned(self.share(bytes)).ok()
    }

    fn share(&self, bytes: usize) -> u32 {
        u32::try_from(bytes).unwrap_or(u32::MAX).clamp(1, self.bytes.max(1))
    }
}

/// A queue of at most `items` things that weigh at most `bytes` together; a heavier thing stands in it alone.
pub(crate) fn queue<T>(items: usize, bytes: u32) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = mpsc::channel(items);
    (Sender { items: sender, budget: Budget::new(bytes) }, Receiver { items: receiver })
}

/// Fills a queue.
#[derive(Debug)]
pub(crate) struct Sender<T> {
    items: mpsc::Sender<(T, Share)>,
    budget: Budget,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { items: self.items.clone(), budget: self.budget.clone() }
    }
}

impl<T> Sender<T> {
    /// Waits for room and adds something that weighs so many bytes.
    pub(crate) async fn send(&self, item: T, bytes: usize) -> Result<(), Gone> {
        let share = tokio::select! {
            share = self.budget.take(bytes) => share?,
            () = self.items.closed() => return Err(Gone),
        };
        self.items.send((item, share)).await.map_err(|_| Gone)
    }

    /// Adds something if there is room now, and gives it back otherwise.
    pub(crate) fn try_send(&self, item: T, bytes: usize) -> Result<(), T> {
        let Some(share) = self.budget.try_take(bytes) else { return Err(item) };
        self.items.try_send((item, share)).map_err(|error| error.into_inner().0)
    }

    /// Returns when the reader is gone.
    pub(crate) async fn closed(&self) {
        self.items.closed().await;
    }
}

/// Empties a queue.
#[derive(Debug)]
pub(crate) struct Receiver<T> {
    items: mpsc::Receiver<(T, Share)>,
}

impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.items.poll_recv(context).map(|taken| taken.map(|(item, _)| item))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt;

    use super::*;

    /// Whether a future is done now.
    async fn is_ready(future: impl Future<Output = Result<(), Gone>>) -> bool {
        tokio::select! {
            biased;
            done = future => done.is_ok(),
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn a_queue_is_full_by_items_and_by_bytes() {
        let (sender, mut receiver) = queue(3, 100);
        assert!(is_ready(sender.send('a', 60)).await);
        assert!(!is_ready(sender.send('b', 60)).await, "too many bytes");
        assert!(is_ready(sender.send('b', 40)).await);
        assert_eq!(receiver.next().await, Some('a'));
        assert!(is_ready(sender.send('c', 1)).await && is_ready(sender.send('d', 1)).await);
        assert!(!is_ready(sender.send('e', 1)).await, "too many items");
        assert_eq!(receiver.next().await, Some('b'));
        assert_eq!((receiver.next().await, receiver.next().await), (Some('c'), Some('d')));
        // What is larger than everything is alone.
        assert!(is_ready(sender.send('f', 1000)).await);
        assert!(!is_ready(sender.send('g', 1)).await);
        assert_eq!(sender.try_send('h', 1), Err('h'));
        assert_eq!(receiver.next().await, Some('f'));
        assert_eq!(sender.try_send('i', 1), Ok(()));
        assert_eq!(receiver.next().await, Some('i'));
    }

    #[tokio::test]
    async fn who_waits_for_room_learns_that_nobody_reads() {
        let (sender, receiver) = queue(3, 100);
        assert_eq!(sender.send('a', 100).await, Ok(()));
        let waiting = sender.clone();
        let waiting = tokio::spawn(async move { waiting.send('b', 100).await });
        tokio::task::yield_now().await;
        drop(receiver);
        assert_eq!(waiting.await.expect("no panic"), Err(Gone));
        sender.closed().await;
    }
}
