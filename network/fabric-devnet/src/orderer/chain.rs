//! The orderer of one channel: a queue of messages, a task that cuts batches, and a thread that writes their blocks.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    thread,
    time::SystemTime,
};

use fabric_config::config_envelope;
use fabric_msp::signer::{SignError, Signer};
use fabric_protos::{
    common::{Block, Envelope, Status},
    orderer::BroadcastResponse,
};
use prost::Message as _;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    admission::{Refusal, admit, admit_update, check_size},
    cutter::Cutter,
    message::{Message, is_update, message_bytes},
    switches::OrdererSwitches,
    writer::BlockWriter,
};
use crate::{
    budget::Budget,
    ledger::{Ledger, LedgerError},
    metrics::{BroadcastMetrics, Steps},
};

/// Messages that may wait to be put into a block.
const QUEUE_MAX: usize = 4096;
/// What the messages of one channel that have no block yet may weigh together, in bytes (64 MiB); a client that sends
/// more waits, as it does on Fabric.
const QUEUE_BYTES_MAX: u32 = 64 * 1024 * 1024;
/// Batches that may wait to be written.
const BATCHES_MAX: usize = 8;

/// The orderer of a channel.
pub struct Orderer {
    ledger: Arc<Ledger>,
    signer: Arc<dyn Signer>,
    /// Gone once the orderer stops.
    queue: Mutex<Option<mpsc::Sender<Message>>>,
    /// For messages that have no block yet.
    room: Budget,
    stopped: Mutex<Option<oneshot::Receiver<()>>>,
    /// Why no more blocks are written although nobody has stopped the orderer.
    halt: Arc<OnceLock<String>>,
    switches: Arc<OrdererSwitches>,
}

impl Orderer {
    /// Starts to order messages for a ledger. Blocks are written by a thread of their own. Must be called within a
    /// tokio runtime.
    ///
    /// # Errors
    /// [`LedgerError`] when the end of the chain cannot be read, or no thread can be started.
    pub fn start(ledger: Arc<Ledger>, signer: Arc<dyn Signer>) -> Result<Arc<Self>, LedgerError> {
        Self::sharing(ledger, signer, Arc::default(), Arc::default())
    }

    /// As [`Orderer::start`] with faults and numbers that are shared with other channels.
    pub(crate) fn sharing(
        ledger: Arc<Ledger>,
        signer: Arc<dyn Signer>,
        switches: Arc<OrdererSwitches>,
        metrics: Arc<BroadcastMetrics>,
    ) -> Result<Arc<Self>, LedgerError> {
        let last = ledger.block(ledger.height().saturating_sub(1))?.ok_or(LedgerError::Damaged("last block"))?;
        let header = last.header.clone().ok_or(LedgerError::Damaged("last block"))?;
        let last_config = ledger.last_config_block()?.header.as_ref().map_or(0, |header| header.number);
        let writer = BlockWriter::new(Arc::clone(&signer), Arc::clone(ledger.signatures()), header, last_config);
        let (queue, messages) = mpsc::channel(QUEUE_MAX);
        let (batches, batches_to_write) = mpsc::channel(BATCHES_MAX);
        let (end, stopped) = oneshot::channel();
        let halt = Arc::<OnceLock<String>>::default();
        let (committing, halting) = (ledger.clone(), Arc::clone(&halt));
        let name = format!("orderer-{}", ledger.channel_id());
        thread::Builder::new()
            .name(name.clone())
            .spawn(move || {
                if let Err(cause) = write_blocks(&committing, writer, batches_to_write) {
                    tracing::error!(%cause, channel = committing.channel_id(), "the orderer writes no more blocks");
                    // Nobody else sets it.
                    let _ = halting.set(cause.to_string());
                }
                // Nobody may be waiting for the end.
                let _ = end.send(());
            })
            .map_err(|cause| LedgerError::File { path: name.into(), cause })?;
        tokio::spawn(cut_blocks(ledger.clone(), messages, batches, switches.clone(), metrics));
        let (queue, stopped) = (Mutex::new(Some(queue)), Mutex::new(Some(stopped)));
        let room = Budget::new(QUEUE_BYTES_MAX);
        Ok(Arc::new(Self { ledger, signer, queue, room, stopped, halt, switches }))
    }

    /// The ledger that is written.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Takes a message, or says why not. Success means that the message will be in a block, nothing more.
    pub async fn broadcast(&self, envelope: Envelope) -> BroadcastResponse {
        self.order(&envelope, Instant::now()).await.0
    }

    /// As [`Orderer::broadcast`] for a message that came at `begun`; also how long each step took.
    pub(super) async fn order(&self, envelope: &Envelope, begun: Instant) -> (BroadcastResponse, Steps) {
        let validated = self.validate(envelope);
        let mut steps = Steps { validate: begun.elapsed(), enqueue: None };
        let taken = match validated {
            Ok(sequence) => {
                let queued = Instant::now();
                let taken = self.take(envelope, sequence).await;
                steps.enqueue = Some(queued.elapsed());
                taken
            }
            Err(refusal) => Err(refusal),
        };
        let answer = match taken {
            Ok(()) => BroadcastResponse { status: Status::Success as i32, info: String::new() },
            Err(refusal) => refusal.into_answer(),
        };
        (answer, steps)
    }

    /// Why no blocks can be written now; `None` when they can. A full disk is the one cause that ends by itself: what
    /// has been taken is written when there is space again.
    pub fn trouble(&self) -> Option<String> {
        self.halt.get().cloned().or_else(|| self.shortage())
    }

    /// What the blocks that wait are waiting for.
    pub(crate) fn shortage(&self) -> Option<String> {
        if self.halt.get().is_some() { None } else { self.ledger.disk().trouble() }
    }

    /// Takes no more messages, puts those that wait into blocks, and returns when all are written.
    pub async fn stop(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stopped) = stopped {
            // An error says that the thread is gone, which is what is waited for.
            let _ = stopped.await;
        }
    }

    /// The sequence of the configuration under which a message may be taken.
    fn validate(&self, envelope: &Envelope) -> Result<u64, Refusal> {
        if self.switches.is_stopped() {
            return Err(Refusal::Stopping);
        }
        let sequence = self.ledger.channel().sequence();
        admit(envelope, &self.ledger)?;
        self.check_outcome(envelope)?;
        Ok(sequence)
    }

    /// Takes an update of the configuration that was handed in as one, for this channel by what it says inside.
    pub(super) async fn configure(&self, envelope: &Envelope) -> Result<(), Refusal> {
        if self.switches.is_stopped() {
            return Err(Refusal::Stopping);
        }
        let sequence = self.ledger.channel().sequence();
        admit_update(envelope, &self.ledger)?;
        self.check_outcome(envelope)?;
        self.take(envelope, sequence).await
    }

    async fn take(&self, envelope: &Envelope, sequence: u64) -> Result<(), Refusal> {
        self.check_writable()?;
        let share = self.room.take(message_bytes(envelope)).await.map_err(|_| Refusal::Stopping)?;
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or(Refusal::Stopping)?;
        queue.send(Message::new(envelope, sequence, share)).await.map_err(|_| Refusal::Stopping)
    }
}

impl Orderer {
    fn check_writable(&self) -> Result<(), Refusal> {
        let channel = || self.ledger.channel_id().to_owned();
        self.trouble().map_or(Ok(()), |cause| Err(Refusal::Unwritable { channel: channel(), cause }))
    }

    /// What becomes of an update must not be larger than other messages. One that does not hold any more since it was
    /// admitted is looked at again before its block is made.
    fn check_outcome(&self, envelope: &Envelope) -> Result<(), Refusal> {
        let channel = self.ledger.channel();
        if !is_update(envelope) {
            return Ok(());
        }
        let Ok(next) = channel.propose_update(envelope) else { return Ok(()) };
        let time = SystemTime::now().into();
        // The same failure ends the orderer when the block is made.
        let Ok(outcome) = config_envelope(channel.channel_id(), &next, self.signer.as_ref(), time) else {
            return Ok(());
        };
        check_size(&outcome, &channel).map_err(|cause| Refusal::Outcome(Box::new(cause)))
    }
}

/// Cuts batches until the queue is closed. The timer runs from the first message that waits.
async fn cut_blocks(
    ledger: Arc<Ledger>,
    mut messages: mpsc::Receiver<Message>,
    batches: mpsc::Sender<Vec<Message>>,
    switches: Arc<OrdererSwitches>,
    metrics: Arc<BroadcastMetrics>,
) {
    let mut cutter = Cutter::default();
    let mut deadline: Option<Instant> = None;
    // When the first message came that waits.
    let mut filling: Option<Instant> = None;
    let channel_id = ledger.channel_id();
    loop {
        let due = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let complete = tokio::select! {
            biased;
            () = due => cutter.cut().into_iter().collect(),
            message = messages.recv() => match message {
                Some(message) => cutter.ordered(message, &ledger.channel().batch()),
                None => break,
            },
        };
        deadline = match cutter.is_pending() {
            true => deadline.filter(|deadline| *deadline > Instant::now()),
            false => None,
        };
        if cutter.is_pending() && deadline.is_none() {
            deadline = Some(Instant::now() + ledger.channel().batch().timeout);
        }
        for batch in complete {
            // One that did not wait was cut at once.
            metrics.cut(channel_id, filling.take().map(|since| since.elapsed()).unwrap_or_default());
            switches.pass().await;
            if batches.send(batch).await.is_err() {
                return;
            }
        }
        filling = filling.or_else(|| cutter.is_pending().then(Instant::now));
    }
    if let Some(batch) = cutter.cut() {
        // An error says that nothing can be written any more, which has been logged where it happened.
        let _ = batches.send(batch).await;
    }
}

/// Why the writing of blocks has ended.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("a block cannot be signed: {0}")]
    Sign(SignError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<SignError> for WriteError {
    fn from(error: SignError) -> Self {
        Self::Sign(error)
    }
}

/// Writes blocks until there are no more batches. A block that cannot be written ends the orderer: going on would leave
/// a hole.
fn write_blocks(
    ledger: &Ledger,
    mut writer: BlockWriter,
    mut batches: mpsc::Receiver<Vec<Message>>,
) -> Result<(), WriteError> {
    while let Some(batch) = batches.blocking_recv() {
        if let Some(block) = next_block(ledger, &writer, batch)? {
            writer.written(&*ledger.commit(block)?);
        }
    }
    Ok(())
}

/// The block of a batch; `None` when nothing in it can be ordered any more. The configuration may have changed since
/// messages were taken, so those taken under another are looked at again.
fn next_block(ledger: &Ledger, writer: &BlockWriter, batch: Vec<Message>) -> Result<Option<Block>, SignError> {
    let channel = ledger.channel();
    let mut envelopes = Vec::with_capacity(batch.len());
    for message in batch {
        if !message.is_update && message.sequence == channel.sequence() {
            envelopes.push(message.bytes);
            continue;
        }
        // What was taken was an envelope.
        let Ok(envelope) = Envelope::decode(&*message.bytes) else { continue };
        if let Err(cause) = admit(&envelope, ledger) {
            tracing::warn!(%cause, "a message does not fit the configuration that has come before it and is dropped");
            continue;
        }
        if !message.is_update {
            envelopes.push(message.bytes);
            continue;
        }
        match channel.propose_update(&envelope) {
            Ok(config) => return writer.config(channel.channel_id(), &config).map(Some),
            Err(cause) => tracing::warn!(%cause, "an update does not fit the configuration that has come before it"),
        }
    }
    if envelopes.is_empty() { Ok(None) } else { writer.next(envelopes).map(Some) }
}
