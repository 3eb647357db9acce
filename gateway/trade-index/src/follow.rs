//! Follows the blocks of the organization's own peer into the index, for as long as the process lives.
//!
//! The index's own position decides where the reading goes on, so a process that was killed reads on without a gap, and
//! of two processes with one database each block is taken by whichever has it first.

use std::time::Duration;

use fabric_client::{
    Gateway,
    checkpoint::{CheckpointError, Checkpointer, MemoryCheckpointer, Position},
    events::{Backoff, EventError},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{
    block::{BlockError, read_block},
    store::{Applied, Reader, ReaderId, Store, StoreError},
};

/// Default: how long to wait after the database or the peer has failed, doubled up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(200);

/// The longest wait.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How far an index has got, for health and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The block that is needed next.
    pub next_block: u64,
    /// When the last block was taken in; none before the first.
    pub last: Option<Instant>,
    /// What keeps it from going on; none while it follows.
    pub trouble: Option<String>,
}

/// Why following stops for a while. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The peer's stream of blocks.
    #[error(transparent)]
    Stream(#[from] EventError),
    /// A block that cannot be read.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The position of the stream.
    #[error(transparent)]
    Position(#[from] CheckpointError),
}

/// Reads blocks into an index.
pub struct Follower {
    store: Store,
    reader: Reader,
    gateway: Gateway,
    progress: watch::Sender<Progress>,
}

impl Follower {
    /// Prepares to follow the chaincode of `reader` through `gateway`, whose identity must be of the reader's
    /// organization and may read the channel.
    #[must_use]
    pub fn new(store: Store, reader: Reader, gateway: Gateway) -> Self {
        Self { store, reader, gateway, progress: watch::Sender::new(Progress::default()) }
    }

    /// Where it has got to.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows for ever; what fails is tried again after a pause.
    pub async fn run(self) {
        let mut pause = PAUSE_FIRST;
        loop {
            let began = self.progress.borrow().next_block;
            let error = match self.follow(u64::MAX).await {
                Ok(()) => continue,
                Err(error) => error,
            };
            tracing::warn!(organization = self.reader.organization, %error, "the index does not follow");
            self.progress.send_modify(|progress| progress.trouble = Some(error.to_string()));
            let moved = self.progress.borrow().next_block > began;
            pause = if moved { PAUSE_FIRST } else { (pause * 2).min(PAUSE_MAX) };
            sleep(pause).await;
        }
    }

    /// Reads until block `last` is in the index.
    ///
    /// # Errors
    /// [`FollowError`]; what was read until then stays.
    pub async fn until(&self, last: u64) -> Result<(), FollowError> {
        while self.next_block().await? <= last {
            self.follow(last).await?;
        }
        Ok(())
    }

    async fn next_block(&self) -> Result<u64, FollowError> {
        let reader = self.store.reader(&self.reader).await?;
        Ok(self.store.next_block(reader).await?)
    }

    /// Follows until a block comes out of turn, since another process has taken it, or `last` is there.
    async fn follow(&self, last: u64) -> Result<(), FollowError> {
        let reader = self.store.reader(&self.reader).await?;
        let next = self.store.next_block(reader).await?;
        self.progress.send_modify(|progress| progress.next_block = next);
        let mut checkpoint = MemoryCheckpointer::default();
        checkpoint.store(&Position::block(next))?;
        let blocks = self.gateway.blocks(&self.reader.channel).until(last);
        // Errors come back at once: the pauses are this module's.
        let mut blocks = blocks.resuming(checkpoint).backoff(Backoff { attempts: 1, ..Backoff::default() });
        while let Some(block) = blocks.next().await? {
            let facts = read_block(&block, &self.reader.chaincode)?;
            let taken = self.take(reader, &facts).await?;
            if taken.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn take(&self, reader: ReaderId, facts: &crate::BlockFacts) -> Result<Option<()>, FollowError> {
        match self.store.apply(reader, facts).await? {
            Applied::Now => {
                let next_block = facts.number.saturating_add(1);
                self.progress.send_replace(Progress { next_block, last: Some(Instant::now()), trouble: None });
                Ok(Some(()))
            }
            Applied::OutOfTurn { next } => {
                self.progress.send_modify(|progress| progress.next_block = next);
                Ok(None)
            }
        }
    }
}
