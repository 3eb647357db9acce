//! Follows the blocks of the organization's own peers into the index, for as long as the process lives: those of the
//! first that is up, once it has shown the block that was read last.
//!
//! The index's own position decides where the reading goes on, so a process that was killed reads on without a gap, and
//! of two processes with one database each block is taken by whichever has it first.

use std::time::Duration;

use fabric_client::{
    Gateway, Peers, Start,
    checkpoint::{CheckpointError, Checkpointer, MemoryCheckpointer, Position},
    events::{Backoff, BlocksBuilder, EventError, Full, Resuming},
};
use fabric_config::block::header_hash;
use fabric_protos::common::BlockHeader;
use prost::Message;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_stream::StreamExt;

use crate::{
    block::{BlockError, BlockFacts, read_block},
    store::{Applied, Reader, ReaderId, Store, StoreError, hexadecimal},
};

/// Default: how long to wait after the database or the peer has failed, doubled up to [`PAUSE_MAX`].
const PAUSE_FIRST: Duration = Duration::from_millis(200);

/// How long the peer may take to send a block that it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// Transactions at most that are taken in at once, but for those of one block. The larger, the less is written, and the
/// longer do others wait who write.
const TRANSACTIONS_AT_ONCE: usize = 200;

/// Bytes of blocks at most that are taken in at once, but for those of one block: that many are held in memory, read.
const BYTES_AT_ONCE: usize = 8 << 20;

/// The longest wait.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// The number of the newest block that a peer sends.
///
/// # Errors
/// [`FollowError`]: it sends none, or not in time.
pub async fn newest_block(gateway: &Gateway, channel: &str) -> Result<u64, FollowError> {
    Ok(header(gateway, channel, Start::Newest).await?.number)
}

/// The header of the block there.
async fn header(gateway: &Gateway, channel: &str, start: Start) -> Result<BlockHeader, FollowError> {
    let mut blocks = gateway.blocks(channel).start(start).open()?;
    let block = tokio::time::timeout(PATIENCE, blocks.next()).await;
    let block = block.ok().flatten().ok_or(FollowError::Silent(PATIENCE))??;
    Ok(block.header.ok_or(BlockError::Incomplete("header"))?)
}

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
    /// The peer sends no block when it is asked for one.
    #[error("the peer sent no block within {} s", .0.as_secs())]
    Silent(Duration),
    /// The peer has fewer blocks than the index. It may be catching up; or its chain is another one.
    #[error(
        "the peer's newest block is {newest}, and the index has read up to the one before {next}; if the peer's chain is another one, rebuild the index"
    )]
    Behind {
        /// The peer's newest block.
        newest: u64,
        /// The block that the index needs next.
        next: u64,
    },
    /// The peer's chain is not the one that was read.
    #[error(
        "block {0} of the peer is another one than the index has read: the peer shows another chain; rebuild the index"
    )]
    OtherChain(u64),
}

impl FollowError {
    /// Whether another peer of the organization may do better.
    #[must_use]
    pub fn is_of_one_peer(&self) -> bool {
        match self {
            Self::Stream(error) => error.is_transient(),
            Self::Silent(_) | Self::Behind { .. } => true,
            Self::Block(_) | Self::Store(_) | Self::Position(_) | Self::OtherChain(_) => false,
        }
    }
}

/// Reads blocks into an index.
pub struct Follower {
    store: Store,
    reader: Reader,
    peers: Peers,
    progress: watch::Sender<Progress>,
}

impl Follower {
    /// Prepares to follow the chaincode of `reader` at `peers`, whose identity must be of the reader's organization and
    /// may read the channel.
    #[must_use]
    pub fn new(store: Store, reader: Reader, peers: impl Into<Peers>) -> Self {
        Self { store, reader, peers: peers.into(), progress: watch::Sender::new(Progress::default()) }
    }

    /// Where it has got to.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Follows for ever; what fails is tried again after a pause.
    pub async fn run(self) {
        let (mut pause, mut checked) = (PAUSE_FIRST, None);
        loop {
            let began = self.progress.borrow().next_block;
            let Err(error) = self.follow(u64::MAX, &mut checked).await else { continue };
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
    /// [`FollowError`]; the blocks before the one that fails are in the index then.
    pub async fn until(&self, last: u64) -> Result<(), FollowError> {
        let mut checked = None;
        while self.next_block().await? <= last {
            self.follow(last, &mut checked).await?;
        }
        Ok(())
    }

    async fn next_block(&self) -> Result<u64, FollowError> {
        let reader = self.store.reader(&self.reader).await?;
        Ok(self.store.next_block(reader).await?)
    }

    /// Follows the peer that is preferred now. `checked` is the peer whose chain has been compared with the index.
    async fn follow(&self, last: u64, checked: &mut Option<usize>) -> Result<(), FollowError> {
        let (number, gateway) = self.peers.preferred();
        let followed = self.follow_one(number, &gateway, last, *checked != Some(number)).await;
        *checked = followed.is_ok().then_some(number);
        if followed.as_ref().is_err_and(FollowError::is_of_one_peer) {
            self.peers.lost(number);
        }
        followed
    }

    /// Follows until a block is missing, since another process forgot what was read, or `last` is there, or another
    /// peer is preferred.
    async fn follow_one(&self, number: usize, gateway: &Gateway, last: u64, check: bool) -> Result<(), FollowError> {
        let reader = self.store.reader(&self.reader).await?;
        let next = self.store.next_block(reader).await?;
        if check {
            self.check_chain(gateway, reader, next).await?;
        }
        self.progress.send_modify(|progress| progress.next_block = next);
        let mut checkpoint = MemoryCheckpointer::default();
        checkpoint.store(&Position::block(next))?;
        let blocks = gateway.blocks(&self.reader.channel).until(last);
        // Errors come back at once: the pauses are this module's.
        let mut blocks = blocks.resuming(checkpoint).backoff(Backoff { attempts: 1, ..Backoff::default() });
        loop {
            let block = tokio::select! {
                block = blocks.next() => block?,
                () = self.peers.other_than(number) => None,
            };
            let Some(block) = block else { return Ok(()) };
            let mut facts = vec![read_block(&block, &self.reader.chaincode)?];
            let more = self.add_ready(&mut blocks, &mut facts, block.encoded_len()).await;
            if take(&self.store, &self.progress, reader, &facts).await?.is_none() {
                return Ok(());
            }
            more?;
        }
    }

    /// Adds the blocks that have come by now: while it catches up, several are taken in at once. `bytes` are those of
    /// the blocks that `facts` are of.
    async fn add_ready(
        &self,
        blocks: &mut Resuming<BlocksBuilder<Full>, MemoryCheckpointer>,
        facts: &mut Vec<BlockFacts>,
        mut bytes: usize,
    ) -> Result<(), FollowError> {
        let few = |facts: &[BlockFacts]| {
            facts.iter().map(|one| one.transactions.len().max(1)).sum::<usize>() < TRANSACTIONS_AT_ONCE
        };
        while few(facts) && bytes < BYTES_AT_ONCE {
            let block = tokio::select! {
                biased;
                block = blocks.next() => block?,
                () = std::future::ready(()) => None,
            };
            let Some(block) = block else { break };
            bytes = bytes.saturating_add(block.encoded_len());
            facts.push(read_block(&block, &self.reader.chaincode)?);
        }
        Ok(())
    }

    /// Whether the peer's chain is the one whose blocks the index holds: a network that was made anew may well have
    /// fewer blocks, and the next one would never come.
    async fn check_chain(&self, gateway: &Gateway, reader: ReaderId, next: u64) -> Result<(), FollowError> {
        let Some(before) = next.checked_sub(1) else { return Ok(()) };
        let Some(kept) = self.store.header_sha256(reader, before).await? else { return Ok(()) };
        let header = async |start| header(gateway, &self.reader.channel, start).await;
        let newest = header(Start::Newest).await?;
        if newest.number < before {
            return Err(FollowError::Behind { newest: newest.number, next });
        }
        let shown = if newest.number == before { newest } else { header(Start::Block(before)).await? };
        if hexadecimal(&header_hash(&shown)) == kept { Ok(()) } else { Err(FollowError::OtherChain(before)) }
    }
}

/// Takes blocks in; none when the one that is needed next is before them.
async fn take(
    store: &Store,
    progress: &watch::Sender<Progress>,
    reader: ReaderId,
    facts: &[BlockFacts],
) -> Result<Option<()>, FollowError> {
    let (mut left, mut at_once) = (facts, facts.len());
    while let [first, ..] = left {
        let (some, others) = left.split_at(left.len().min(at_once));
        match store.apply_all(reader, some).await {
            Ok(Applied::Now) => {
                left = others;
                let next_block = some.last().unwrap_or(first).number.saturating_add(1);
                progress.send_replace(Progress { next_block, last: Some(Instant::now()), trouble: None });
            }
            Ok(Applied::OutOfTurn { next }) => {
                progress.send_modify(|progress| progress.next_block = next);
                if next <= first.number {
                    return Ok(None);
                }
                // Another process has them already: those after them may be this one's.
                left = &left[left.iter().take_while(|one| one.number < next).count()..];
            }
            // One by one, so that a block that cannot be taken in holds back none before it.
            Err(_) if some.len() > 1 => at_once = 1,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty block of a chain whose headers' digests are the blocks' numbers.
    fn block(number: u8) -> BlockFacts {
        BlockFacts {
            number: number.into(),
            previous_sha256: [number.wrapping_sub(1); 32],
            header_sha256: [number; 32],
            organizations: None,
            transactions: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_block_that_cannot_be_taken_in_holds_back_none_before_it() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open_file(&folder.path().join("index.sqlite")).await?;
        let named = Reader { channel: "trade".into(), organization: "SellerMSP".into(), chaincode: "trade".into() };
        let (reader, progress) = (store.reader(&named).await?, watch::Sender::new(Progress::default()));
        let other = BlockFacts { previous_sha256: [9; 32], ..block(3) };
        let taken = take(&store, &progress, reader, &[block(0), block(1), block(2), other, block(4)]).await;
        assert!(matches!(taken, Err(FollowError::Store(StoreError::OtherChain(3)))), "{taken:?}");
        assert_eq!((store.next_block(reader).await?, progress.borrow().next_block), (3, 3));
        // What is there already is passed over.
        assert_eq!(take(&store, &progress, reader, &[block(2), block(3), block(4)]).await?, Some(()));
        assert_eq!(take(&store, &progress, reader, &[block(6)]).await?, None);
        assert_eq!(store.next_block(reader).await?, 5);
        Ok(())
    }
}
