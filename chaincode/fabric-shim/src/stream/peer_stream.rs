//! One call of `Connect`: a peer's stream from its first message to its last.
//!
//! The stream registers the package, hands transactions to the workers and answers to transactions, and watches the
//! clock. It takes whatever a peer sends: what it does not know it logs and drops, and no transaction ever ends the
//! stream. All state is the stream's own, so two peers of one server do not meet.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Waker,
    time::Instant,
};

use fabric_contract::{Failure, Fault};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tonic::Streaming;

use super::{
    capabilities::Capabilities,
    in_flight::InFlight,
    invocation::Run,
    messages::{TransactionKey, keepalive, name_of, register, short},
    outbound::{Outbound, Outgoing},
    phase::Phase,
    shared::Shared,
    transaction::Transaction,
};
use crate::{executor::budget::Budget, metrics::End, status::ListenerCounters};

/// Messages that may wait for a peer beside one per transaction: echoes and the handshake.
const SPARE_MESSAGES: usize = 1024;
/// Bytes of a transaction's identifier and channel name together. Fabric's have at most 64 and 249.
const NAMES_BYTES_MAX: usize = 1024;

/// The stream of one peer.
pub(crate) struct PeerStream {
    package_id: String,
    shared: Arc<Shared>,
    counters: Arc<ListenerCounters>,
    outbound: Arc<Outbound>,
    /// For transactions that have arrived.
    inbound: Arc<Budget>,
    /// For answers that no contract has taken yet.
    answers: Arc<Budget>,
    in_flight: Arc<InFlight>,
    capabilities: Capabilities,
    registration: Registration,
    phase: watch::Receiver<Phase>,
}

/// Where the stream stands with its REGISTER.
enum Registration {
    Sent(Instant),
    /// Too long ago, and said so.
    Late(Instant),
    Done,
}

impl PeerStream {
    pub(crate) fn new(
        package_id: &str,
        shared: &Arc<Shared>,
        counters: &Arc<ListenerCounters>,
        phase: watch::Receiver<Phase>,
    ) -> (Self, Outgoing) {
        let limits = &shared.limits;
        // Each transaction has one message under way: a request or its COMPLETED.
        let messages_max = limits.in_flight_max.saturating_add(limits.waiting_max).saturating_add(SPARE_MESSAGES);
        let budget = || Budget::new(limits.bytes_in_flight_max, &shared.bytes_in_flight);
        let (outbound, outgoing) = Outbound::new(messages_max, budget());
        counters.streams.fetch_add(1, Ordering::Relaxed);
        let stream = Self {
            package_id: package_id.to_owned(),
            shared: Arc::clone(shared),
            counters: Arc::clone(counters),
            outbound,
            inbound: budget(),
            answers: budget(),
            in_flight: InFlight::new(&shared.transactions),
            capabilities: Capabilities::default(),
            registration: Registration::Sent(Instant::now()),
            phase,
        };
        (stream, outgoing)
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
        if !self.in_flight.insert(&transaction) {
            // A second COMPLETED would block the peer, so a repeated message gets no answer.
            tracing::warn!(tx = short(&key.tx_id), channel = key.channel_id, "transaction is running already; dropped");
            return;
        }
        if !self.phase.borrow().is_serving() {
            self.refuse(&transaction, "chaincode_stopping", "The chaincode is stopping");
            return;
        }
        let Some(reserved) = self.inbound.reserve(message.encoded_len()) else {
            self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
            return;
        };
        let run = Run {
            _reserved: reserved,
            transaction: Arc::clone(&transaction),
            in_flight: Arc::clone(&self.in_flight),
            shared: Arc::clone(&self.shared),
            capabilities: self.capabilities,
        };
        if self.shared.workers.run(move |executor| run.run(executor, message)).is_err() {
            self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
        }
    }

    fn refuse(&self, transaction: &Transaction, code: &str, title: &str) {
        self.in_flight.remove(&transaction.key);
        if transaction.abandon(Fault::StreamEnded, Failure::new(503, code, title)) {
            self.shared.metrics.not_run(End::TurnedAway);
        }
    }

    fn answer(&self, mut message: ChaincodeMessage) {
        let key = TransactionKey::taken_from(&mut message);
        let kind = message.r#type;
        let transaction = self.in_flight.get(&key);
        let Some(reserved) = self.answers.reserve(message.encoded_len()) else {
            if let Some(transaction) = transaction {
                self.refuse(&transaction, "chaincode_busy", "The chaincode has too much to do");
            }
            return;
        };
        if !transaction.is_some_and(|transaction| transaction.answer(message, reserved)) {
            tracing::debug!(
                tx = short(&key.tx_id),
                channel = key.channel_id,
                kind,
                "no contract waits for this; dropped"
            );
        }
    }

    fn end_overdue_transactions(&self) {
        for transaction in self.in_flight.take_overdue(Instant::now()) {
            let TransactionKey { channel_id, tx_id } = &*transaction.key;
            tracing::warn!(tx = short(tx_id), channel = channel_id, "the transaction ran longer than allowed");
            if transaction.abandon(Fault::DeadlineExceeded, Fault::DeadlineExceeded.into()) {
                self.shared.metrics.ended(End::Overdue, self.shared.limits.deadline);
            }
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
impl Drop for PeerStream {
    fn drop(&mut self) {
        for transaction in self.in_flight.take_all() {
            if transaction.cancel() {
                self.shared.metrics.not_run(End::Cancelled);
            }
        }
        self.counters.streams.fetch_sub(1, Ordering::Relaxed);
        if matches!(self.registration, Registration::Done) {
            self.counters.registered.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
