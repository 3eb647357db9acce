//! What became of many transactions, read from one stream of filtered blocks. A peer serves few status questions at a
//! time and many block streams; one stream answers for all, and needs no signature of the submitters.
//!
//! The stream is opened again from its position whenever it breaks, so no verdict between two connections is missed.
//! The first verdict of a transaction id counts: what follows are copies of the same envelope.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fabric_protos::protos::FilteredBlock;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
};
use tokio_stream::StreamExt;

use crate::{
    commit::CommitStatus,
    error::ClientError,
    events::{BlocksBuilder, EventError, Filtered, Start},
    session::Session,
};

/// Bounds and pauses of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackerOptions {
    /// Where to begin. Default: [`Start::Newest`], because a position is then known before anything is missed.
    pub start: Start,
    /// How many verdicts are remembered for late questions. Default: 10 000.
    pub remembered_max: usize,
    /// How many transactions may wait at once. Default: 10 000.
    pub pending_max: usize,
    /// The pause before the stream is opened again, doubled up to 16 times its length while it keeps failing. Default:
    /// 250 ms.
    pub pause: Duration,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        let pause = Duration::from_millis(250);
        Self { start: Start::Newest, remembered_max: 10_000, pending_max: 10_000, pause }
    }
}

/// How a tracker stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackerState {
    /// The last block that was read.
    pub block_number: Option<u64>,
    /// Why the stream is closed at present; empty while blocks come.
    pub failure: Option<String>,
}

/// Follows the blocks of one channel. Dropping it ends the stream.
pub struct CommitTracker {
    shared: Arc<Mutex<Shared>>,
    state: watch::Receiver<TrackerState>,
    task: JoinHandle<()>,
}

impl CommitTracker {
    /// Begins to follow `channel` as the identity of `session`, which must have a signer. Must be called inside a tokio
    /// runtime. A peer that cannot be reached is asked again and again: see [`CommitTracker::state`].
    pub fn start(session: impl AsRef<Session>, channel: &str, options: TrackerOptions) -> Self {
        let shared = Arc::new(Mutex::new(Shared::new(options)));
        let (sender, state) = watch::channel(TrackerState::default());
        let task =
            tokio::spawn(follow(session.as_ref().clone(), channel.to_owned(), options, Arc::clone(&shared), sender));
        Self { shared, state, task }
    }

    /// Begins to wait for a transaction. Do so before it is submitted.
    ///
    /// # Errors
    /// [`ClientError::TrackerFull`].
    pub fn watch(&self, transaction_id: &str) -> Result<Watch, ClientError> {
        let receiver = lock(&self.shared).wait_for(transaction_id)?;
        Ok(Watch { transaction_id: transaction_id.to_owned(), receiver, shared: Arc::clone(&self.shared) })
    }

    /// The verdict of a transaction, as soon as a block with it is or was read, valid or not.
    ///
    /// # Errors
    /// [`ClientError::NotSeen`] after `limit`; [`ClientError::TrackerFull`].
    pub async fn status(&self, transaction_id: &str, limit: Duration) -> Result<CommitStatus, ClientError> {
        self.watch(transaction_id)?.within(limit).await
    }

    /// How the stream stands, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<TrackerState> {
        self.state.clone()
    }

    /// How many transactions wait.
    pub fn pending(&self) -> usize {
        lock(&self.shared).pending
    }
}

impl Drop for CommitTracker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for one transaction. Dropping it ends the waiting.
pub struct Watch {
    transaction_id: String,
    receiver: oneshot::Receiver<CommitStatus>,
    shared: Arc<Mutex<Shared>>,
}

impl Watch {
    /// Waits at most `limit`; may be called again after it was in vain.
    ///
    /// # Errors
    /// [`ClientError::NotSeen`].
    pub async fn within(&mut self, limit: Duration) -> Result<CommitStatus, ClientError> {
        match tokio::time::timeout(limit, &mut self.receiver).await {
            Ok(Ok(status)) => Ok(status),
            _ => Err(ClientError::NotSeen { transaction_id: self.transaction_id.clone(), seconds: limit.as_secs() }),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.receiver.close();
        lock(&self.shared).forget(&self.transaction_id);
    }
}

struct Shared {
    options: TrackerOptions,
    waiting: HashMap<String, Vec<oneshot::Sender<CommitStatus>>>,
    pending: usize,
    verdicts: HashMap<String, CommitStatus>,
    /// The ids of `verdicts`, oldest first.
    order: VecDeque<String>,
}

impl Shared {
    fn new(options: TrackerOptions) -> Self {
        Self { options, waiting: HashMap::new(), pending: 0, verdicts: HashMap::new(), order: VecDeque::new() }
    }

    fn wait_for(&mut self, transaction_id: &str) -> Result<oneshot::Receiver<CommitStatus>, ClientError> {
        let (sender, receiver) = oneshot::channel();
        if let Some(verdict) = self.verdicts.get(transaction_id) {
            // The receiver is held here, so sending cannot fail.
            let _ = sender.send(verdict.clone());
            return Ok(receiver);
        }
        if self.pending >= self.options.pending_max {
            return Err(ClientError::TrackerFull { pending: self.pending });
        }
        self.pending += 1;
        self.waiting.entry(transaction_id.to_owned()).or_default().push(sender);
        Ok(receiver)
    }

    /// Drops the watches of a transaction that are closed.
    fn forget(&mut self, transaction_id: &str) {
        let Some(senders) = self.waiting.get_mut(transaction_id) else { return };
        let before = senders.len();
        senders.retain(|sender| !sender.is_closed());
        self.pending -= before - senders.len();
        if senders.is_empty() {
            self.waiting.remove(transaction_id);
        }
    }

    fn take(&mut self, block: FilteredBlock) {
        for transaction in block.filtered_transactions {
            if transaction.txid.is_empty() || self.verdicts.contains_key(&transaction.txid) {
                continue;
            }
            let status = CommitStatus {
                transaction_id: transaction.txid,
                code: transaction.tx_validation_code,
                block_number: block.number,
            };
            for sender in self.waiting.remove(&status.transaction_id).unwrap_or_default() {
                self.pending -= 1;
                // A closed watch misses nothing.
                let _ = sender.send(status.clone());
            }
            self.remember(status);
        }
    }

    fn remember(&mut self, status: CommitStatus) {
        self.order.push_back(status.transaction_id.clone());
        self.verdicts.insert(status.transaction_id.clone(), status);
        while self.order.len() > self.options.remembered_max {
            if let Some(oldest) = self.order.pop_front() {
                self.verdicts.remove(&oldest);
            }
        }
    }
}

/// Opens the stream again and again, always from the first block that was not read.
async fn follow(
    session: Session,
    channel: String,
    options: TrackerOptions,
    shared: Arc<Mutex<Shared>>,
    state: watch::Sender<TrackerState>,
) {
    let mut position = options.start;
    let mut pause = options.pause;
    loop {
        let before = position;
        let failure = read(&session, &channel, &mut position, &shared, &state).await;
        if position != before {
            pause = options.pause;
        }
        tracing::warn!(fabric.channel = channel, "the stream of blocks is opened again: {failure}");
        state.send_modify(|state| state.failure = Some(failure.to_string()));
        tokio::time::sleep(pause).await;
        pause = (options.pause * 16).min(pause * 2);
    }
}

/// Reads blocks until the stream breaks, and moves `position` on.
async fn read(
    session: &Session,
    channel: &str,
    position: &mut Start,
    shared: &Mutex<Shared>,
    state: &watch::Sender<TrackerState>,
) -> EventError {
    let mut blocks = match BlocksBuilder::<Filtered>::new(session, channel).start(*position).open() {
        Ok(blocks) => blocks,
        Err(error) => return error,
    };
    loop {
        let block = match blocks.next().await {
            Some(Ok(block)) => block,
            Some(Err(error)) => return error,
            None => return EventError::Ended,
        };
        let number = block.number;
        lock(shared).take(block);
        *position = Start::Block(number.saturating_add(1));
        state.send_replace(TrackerState { block_number: Some(number), failure: None });
    }
}

/// A poisoned lock is taken all the same: the maps are consistent after every statement that could panic.
fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use fabric_protos::protos::FilteredTransaction;

    use super::*;

    fn block(number: u64, transactions: &[(&str, i32)]) -> FilteredBlock {
        let transactions = transactions.iter().map(|(txid, code)| FilteredTransaction {
            txid: (*txid).to_owned(),
            tx_validation_code: *code,
            ..FilteredTransaction::default()
        });
        FilteredBlock { number, filtered_transactions: transactions.collect(), ..FilteredBlock::default() }
    }

    #[test]
    fn the_first_verdict_of_a_transaction_id_counts() -> Result<(), ClientError> {
        let mut shared = Shared::new(TrackerOptions::default());
        shared.take(block(5, &[("a", 0), ("", 0), ("a", 9)]));
        shared.take(block(6, &[("a", 9)]));
        let status = shared.wait_for("a")?.try_recv().expect("the verdict is known");
        assert_eq!((status.code, status.block_number), (0, 5));
        Ok(())
    }

    #[test]
    fn only_the_newest_verdicts_are_remembered() {
        let options = TrackerOptions { remembered_max: 2, ..TrackerOptions::default() };
        let mut shared = Shared::new(options);
        shared.take(block(1, &[("a", 0), ("b", 0), ("c", 0)]));
        assert_eq!(shared.order, ["b", "c"]);
        assert!(!shared.verdicts.contains_key("a"));
    }

    #[test]
    fn waiting_has_a_bound_and_ends_with_its_watch() -> Result<(), ClientError> {
        let options = TrackerOptions { pending_max: 1, ..TrackerOptions::default() };
        let mut shared = Shared::new(options);
        let receiver = shared.wait_for("a")?;
        assert!(matches!(shared.wait_for("b"), Err(ClientError::TrackerFull { pending: 1 })));
        drop(receiver);
        shared.forget("a");
        assert_eq!((shared.pending, shared.waiting.len()), (0, 0));
        Ok(())
    }
}
