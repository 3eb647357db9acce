//! One peer's stream from its first message to its last.
//!
//! The session registers the package, hands transactions to the workers and answers to transactions, and watches the
//! clock. It takes whatever a peer sends: what it does not know it logs and drops, and no transaction ever ends the
//! stream. All state is the stream's own, so two peers of one server do not meet.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::Waker,
    time::Instant,
};

use fabric_contract::{Failure, Fault, Outcome};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tonic::Streaming;

use crate::{
    backend::{Capabilities, Peer},
    messages::{TransactionKey, keepalive, name_of, register, short},
    outbound::{Outbound, Outgoing},
    place::Place,
    proposal::invocation_of,
    room::{Held, Room},
    service::Shared,
    status::ListenerCounters,
    transaction::Transaction,
    window::about_now,
};

/// Messages that may wait for a peer beside one per transaction: echoes and the handshake.
const SPARE_MESSAGES: usize = 1024;
/// Bytes of a transaction's identifier and channel name together. Fabric's have at most 64 and 249.
const NAMES_BYTES_MAX: usize = 1024;

/// How far the server's stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Transactions are taken.
    Serving,
    /// New transactions are refused, running ones may finish.
    Draining,
    /// Streams end.
    Stopping,
}

pub(crate) struct Session {
    package_id: String,
    shared: Arc<Shared>,
    counters: Arc<ListenerCounters>,
    outbound: Arc<Outbound>,
    /// For transactions that have arrived.
    inbound: Arc<Room>,
    /// For answers that no contract has taken yet.
    answers: Arc<Room>,
    open: Arc<Open>,
    capabilities: Capabilities,
    registration: Registration,
    phase: watch::Receiver<Phase>,
}

/// The transactions of the stream that have not ended.
struct Open {
    transactions: Mutex<BTreeMap<Arc<TransactionKey>, Arc<Transaction>>>,
    total: Arc<AtomicUsize>,
}

/// Where the stream stands with its REGISTER.
enum Registration {
    Sent(Instant),
    /// Too long ago, and said so.
    Late(Instant),
    Done,
}

impl Session {
    pub(crate) fn new(
        package_id: &str,
        shared: &Arc<Shared>,
        counters: &Arc<ListenerCounters>,
        phase: watch::Receiver<Phase>,
    ) -> (Self, Outgoing) {
        let limits = &shared.limits;
        // Each transaction has one message under way: a request or its COMPLETED.
        let places = limits.in_flight_max.saturating_add(limits.waiting_max).saturating_add(SPARE_MESSAGES);
        let room = || Room::new(limits.held_bytes_max, &shared.held_bytes);
        let (outbound, outgoing) = Outbound::new(places, room());
        counters.streams.fetch_add(1, Ordering::Relaxed);
        let session = Self {
            package_id: package_id.to_owned(),
            shared: Arc::clone(shared),
            counters: Arc::clone(counters),
            outbound,
            inbound: room(),
            answers: room(),
            open: Arc::new(Open { transactions: Mutex::default(), total: Arc::clone(&shared.transactions) }),
            capabilities: Capabilities::default(),
            registration: Registration::Sent(Instant::now()),
            phase,
        };
        (session, outgoing)
    }

    /// Follows the stream to its end.
    pub(crate) async fn run(mut self, mut inbound: Streaming<ChaincodeMessage>) {
        tracing::info!(package_id = %self.package_id, "a peer has connected");
        self.send(register(&self.package_id));
        let mut tick = interval(self.shared.limits.tick());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut phase = self.phase.clone();
        let stopping = async move { drop(phase.wait_for(|phase| *phase == Phase::Stopping).await) };
        let outbound = Arc::clone(&self.outbound);
        let overflown = outbound.overflown.notified();
        tokio::pin!(stopping, overflown);
        let reason = loop {
            tokio::select! {
                // Messages come last, so that a peer that floods the stream holds up nothing else.
                biased;
                _ = tick.tick() => {
                    self.end_overdue_transactions();
                    if self.registration_has_failed() {
                        break "the peer did not accept the package".to_owned();
                    }
                }
                () = &mut overflown => break "the peer has stopped reading".to_owned(),
                () = &mut stopping => break "the server stops".to_owned(),
                message = inbound.message() => match message {
                    Ok(Some(message)) => self.receive(message),
                    Ok(None) => break "the peer ended the stream".to_owned(),
                    Err(status) => break format!("the stream broke: {}", status.message()),
                },
            }
        };
        tracing::info!(package_id = %self.package_id, %reason, "a peer's stream has ended");
    }

    pub(crate) fn receive(&mut self, message: ChaincodeMessage) {
        if message.txid.len().saturating_add(message.channel_id.len()) > NAMES_BYTES_MAX {
            tracing::warn!(kind = name_of(&message), "no transaction has such long names; dropped");
            return;
        }
        match message.r#type() {
            // The peer looks at the type alone, so nothing else is held for it.
            Type::Keepalive => self.send(keepalive()),
            Type::Registered => self.registered(),
            Type::Ready => {
                self.registered();
                self.capabilities = Capabilities::of(&message.payload);
                tracing::info!(package_id = %self.package_id, capabilities = ?self.capabilities, "the peer is ready");
            }
            Type::Transaction | Type::Init => self.begin(message),
            Type::Response | Type::Error => self.answer(message),
            _ => tracing::warn!(kind = name_of(&message), "a message of this type is not for chaincode; dropped"),
        }
    }

    fn registered(&mut self) {
        if !matches!(self.registration, Registration::Done) {
            self.registration = Registration::Done;
            self.counters.registered.fetch_add(1, Ordering::Relaxed);
            tracing::info!(package_id = %self.package_id, "the peer has registered the package");
        }
    }

    fn begin(&self, message: ChaincodeMessage) {
        let key = Arc::new(TransactionKey::of(&message));
        let deadline = Instant::now() + self.shared.limits.deadline;
        let transaction = Transaction::new(Arc::clone(&key), deadline, &self.outbound);
        if !self.open.insert(&transaction) {
            // A second COMPLETED would block the peer, so a repeated message gets no answer.
            tracing::warn!(tx = short(&key.tx_id), channel = key.channel_id, "transaction is running already; dropped");
            return;
        }
        if *self.phase.borrow() != Phase::Serving {
            self.refuse(&transaction, "chaincode_stopping", "The chaincode is stopping");
            return;
        }
        let Some(held) = self.inbound.take(message.encoded_len()) else {
            self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
            return;
        };
        let job = Run {
            _held: held,
            transaction: Arc::clone(&transaction),
            open: Arc::clone(&self.open),
            shared: Arc::clone(&self.shared),
            capabilities: self.capabilities,
        };
        if self.shared.workers.run(move |place| job.run(place, message)).is_err() {
            self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
        }
    }

    fn refuse(&self, transaction: &Transaction, code: &str, title: &str) {
        self.open.remove(&transaction.key);
        transaction.abandon(Fault::StreamEnded, Failure::new(503, code, title));
    }

    fn answer(&self, mut message: ChaincodeMessage) {
        let key = TransactionKey::taken_from(&mut message);
        let kind = message.r#type;
        let transaction = self.open.get(&key);
        let Some(held) = self.answers.take(message.encoded_len()) else {
            if let Some(transaction) = transaction {
                self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
            }
            return;
        };
        if !transaction.is_some_and(|transaction| transaction.answer(message, held)) {
            tracing::debug!(tx = short(&key.tx_id), channel = key.channel_id, kind, "nobody waits for this; dropped");
        }
    }

    fn end_overdue_transactions(&self) {
        for transaction in self.open.take_overdue(Instant::now()) {
            let TransactionKey { channel_id, tx_id } = &*transaction.key;
            tracing::warn!(tx = short(tx_id), channel = channel_id, "the transaction ran longer than allowed");
            transaction.abandon(Fault::DeadlineExceeded, Fault::DeadlineExceeded.into());
        }
    }

    fn registration_has_failed(&mut self) -> bool {
        let limits = &self.shared.limits;
        match self.registration {
            Registration::Sent(since) if since.elapsed() >= limits.registration_warning => {
                self.registration = Registration::Late(since);
                self.counters.unanswered.fetch_add(1, Ordering::Relaxed);
                tracing::error!(
                    package_id = %self.package_id,
                    waited = ?limits.registration_warning,
                    "the peer has not registered the package; the package id is probably not the one it has installed"
                );
                false
            }
            Registration::Late(since) => since.elapsed() >= limits.registration_max,
            _ => false,
        }
    }

    fn send(&self, message: ChaincodeMessage) {
        // A stream that cannot take it is ending anyway.
        let _ = self.outbound.send(message, Waker::wake);
    }
}

/// Runs however the stream's task ends, so that no contract waits for an answer that cannot come.
impl Drop for Session {
    fn drop(&mut self) {
        for transaction in self.open.take_all() {
            transaction.cancel();
        }
        self.counters.streams.fetch_sub(1, Ordering::Relaxed);
        if matches!(self.registration, Registration::Done) {
            self.counters.registered.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Open {
    fn insert(&self, transaction: &Arc<Transaction>) -> bool {
        let mut transactions = self.lock();
        if transactions.contains_key(&transaction.key) {
            return false;
        }
        transactions.insert(Arc::clone(&transaction.key), Arc::clone(transaction));
        self.total.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn get(&self, key: &TransactionKey) -> Option<Arc<Transaction>> {
        self.lock().get(key).cloned()
    }

    fn remove(&self, key: &TransactionKey) {
        if self.lock().remove(key).is_some() {
            self.total.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Removes exactly this transaction: another one of the same key may have come since its deadline.
    fn remove_own(&self, own: &Arc<Transaction>) {
        let mut transactions = self.lock();
        if transactions.get(&own.key).is_some_and(|other| Arc::ptr_eq(own, other)) {
            transactions.remove(&own.key);
            self.total.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn take_overdue(&self, now: Instant) -> Vec<Arc<Transaction>> {
        let mut transactions = self.lock();
        let overdue: Vec<_> = transactions.values().filter(|one| one.deadline <= now).cloned().collect();
        for transaction in &overdue {
            transactions.remove(&transaction.key);
        }
        self.total.fetch_sub(overdue.len(), Ordering::Relaxed);
        overdue
    }

    fn take_all(&self) -> Vec<Arc<Transaction>> {
        let all: Vec<_> = std::mem::take(&mut *self.lock()).into_values().collect();
        self.total.fetch_sub(all.len(), Ordering::Relaxed);
        all
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<TransactionKey>, Arc<Transaction>>> {
        // The map is whole between two operations, whatever panicked elsewhere.
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction on its way through a contract.
struct Run {
    transaction: Arc<Transaction>,
    open: Arc<Open>,
    shared: Arc<Shared>,
    capabilities: Capabilities,
    /// Until the contract has returned.
    _held: Held,
}

impl Run {
    fn run(self, place: &dyn Place, message: ChaincodeMessage) {
        // It may have ended while it waited.
        if self.transaction.is_closed() {
            return;
        }
        let outcome = self.outcome(place, message);
        self.log(&outcome);
        self.open.remove_own(&self.transaction);
        self.transaction.complete(place, outcome);
    }

    fn outcome(&self, place: &dyn Place, message: ChaincodeMessage) -> Outcome {
        let call = || match invocation_of(message) {
            Ok((invocation, parts)) => {
                if let Some(window) = self.shared.limits.time_window
                    && let Err(failure) = about_now(invocation.timestamp, window)
                {
                    return failure.into();
                }
                let mut peer = Peer::new(place, Arc::clone(&self.transaction), self.capabilities, parts);
                self.shared.router.invoke(&mut peer, &invocation)
            }
            Err(failure) => failure.into(),
        };
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().copied();
            let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)");
            let TransactionKey { channel_id, tx_id } = &*self.transaction.key;
            tracing::error!(tx = short(tx_id), channel = channel_id, panic = text, "the contract panicked");
            Failure::panicked().into()
        })
    }

    /// Arguments, transient inputs and values stay out of the log; failures show the code, and faults the message.
    fn log(&self, outcome: &Outcome) {
        // Since its arrival; the clock is read only when somebody wants to know.
        let (now, limit) = (Instant::now, self.shared.limits.deadline);
        let took = || (now() + limit).saturating_duration_since(self.transaction.deadline);
        let TransactionKey { channel_id, tx_id } = &*self.transaction.key;
        let (tx, channel, status) = (short(tx_id), channel_id, outcome.status);
        match outcome.failure() {
            Some(failure) if failure.status >= 500 => {
                tracing::warn!(
                    tx,
                    channel,
                    status,
                    took = ?took(),
                    code = failure.code,
                    detail = failure.detail,
                    "transaction failed"
                );
            }
            Some(failure) => {
                tracing::debug!(tx, channel, status, took = ?took(), code = failure.code, "transaction refused")
            }
            None => tracing::debug!(tx, channel, status, took = ?took(), "transaction done"),
        }
    }
}
