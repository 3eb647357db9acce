//! One transaction on one stream: at most one request to the peer at a time, and exactly one end.
//!
//! The contract asks and waits here; the stream's task answers. The first to close the
//! transaction decides how it ends: the contract with its outcome, the deadline, or the end of the stream. Everything
//! later is dropped.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Waker,
    time::Instant,
};

use fabric_contract::{Failure, Fault, Outcome};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;

use super::{
    messages::{TransactionKey, fits, short},
    outbound::Outbound,
};
use crate::executor::{
    budget::Reserved,
    job::{Executor, JobWaker},
};

/// Up to this size a COMPLETED leaves in any case: failures do, as their number is bounded.
const SMALL_BYTES: usize = 4096;

/// A transaction between its arrival and its end.
pub(crate) struct Transaction {
    pub(crate) key: Arc<TransactionKey>,
    pub(crate) deadline: Instant,
    outbound: Weak<Outbound>,
    exchange: Mutex<Exchange>,
}

enum Exchange {
    /// No request is under way.
    Idle,
    /// A request was sent; the contract waits for this.
    Waiting(JobWaker),
    /// Its answer is here and counts as in flight.
    Answered { kind: i32, payload: Vec<u8>, _reserved: Reserved },
    /// The transaction has ended; the contract is told why.
    Closed(Fault),
}

impl Transaction {
    pub(crate) fn new(key: Arc<TransactionKey>, deadline: Instant, outbound: &Arc<Outbound>) -> Arc<Self> {
        Arc::new(Self { key, deadline, outbound: Arc::downgrade(outbound), exchange: Mutex::new(Exchange::Idle) })
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.lock(), Exchange::Closed(_))
    }

    /// Sends a request and pauses on `executor` until its answer or the end of the transaction.
    pub(crate) fn ask(
        &self,
        executor: &dyn Executor,
        operation: &'static str,
        kind: Type,
        payload: Vec<u8>,
    ) -> Result<ChaincodeMessage, Fault> {
        let message = self.key.message(kind, payload);
        if !fits(&message) {
            return Err(Fault::RequestTooLarge { operation });
        }
        let mut exchange = self.lock();
        if let Exchange::Closed(fault) = &*exchange {
            return Err(fault.clone());
        }
        *exchange = Exchange::Waiting(executor.waker());
        let mut unsent = Some(message);
        loop {
            if let Some(message) = unsent.take() {
                // Sent under the lock: a request must never follow the COMPLETED of its own transaction.
                let outbound = self.outbound.upgrade().ok_or(Fault::StreamEnded)?;
                unsent = outbound.offer(message, Some(executor.waker()), |task| executor.wake_task(task))?;
            }
            drop(exchange);
            executor.pause();
            exchange = self.lock();
            match std::mem::replace(&mut *exchange, Exchange::Idle) {
                Exchange::Answered { kind, payload, .. } => {
                    return Ok(ChaincodeMessage { r#type: kind, payload, ..Default::default() });
                }
                Exchange::Closed(fault) => {
                    *exchange = Exchange::Closed(fault.clone());
                    return Err(fault);
                }
                still @ (Exchange::Idle | Exchange::Waiting(_)) => *exchange = still,
            }
        }
    }

    /// Hands an answer to the waiting contract; tells whether one was waiting.
    pub(crate) fn answer(&self, message: ChaincodeMessage, reserved: Reserved) -> bool {
        let mut exchange = self.lock();
        if !matches!(*exchange, Exchange::Waiting(_)) {
            return false;
        }
        let answered = Exchange::Answered { kind: message.r#type, payload: message.payload, _reserved: reserved };
        let before = std::mem::replace(&mut *exchange, answered);
        drop(exchange);
        before.wake();
        true
    }

    /// Ends the transaction with the outcome of its contract; false when it had ended already.
    pub(crate) fn complete(&self, executor: &dyn Executor, outcome: Outcome) -> bool {
        self.close_with(Fault::StreamEnded, Some(outcome), |task| executor.wake_task(task))
    }

    /// Ends the transaction with a failure that did not come from the contract; the contract gets `fault`. False when
    /// it had ended already.
    pub(crate) fn abandon(&self, fault: Fault, failure: Failure) -> bool {
        self.close_with(fault, Some(failure.into()), Waker::wake)
    }

    /// Ends the transaction in silence, because its peer has gone; false when it had ended already.
    pub(crate) fn cancel(&self) -> bool {
        self.close_with(Fault::StreamEnded, None, Waker::wake)
    }

    fn close_with(&self, fault: Fault, outcome: Option<Outcome>, wake: impl FnOnce(Waker)) -> bool {
        let mut exchange = self.lock();
        if matches!(*exchange, Exchange::Closed(_)) {
            return false;
        }
        let before = std::mem::replace(&mut *exchange, Exchange::Closed(fault));
        if let (Some(outbound), Some(outcome)) = (self.outbound.upgrade(), outcome) {
            // A stream that cannot take the message is ending, and its peer with it.
            let _ = self.send_last(&outbound, self.key.completed(outcome), wake);
        }
        drop(exchange);
        before.wake();
        true
    }

    /// Sends the COMPLETED. It cannot wait, so a large one to a peer that does not read becomes a failure.
    fn send_last(&self, outbound: &Outbound, message: ChaincodeMessage, wake: impl FnOnce(Waker)) -> Result<(), Fault> {
        if message.encoded_len() <= SMALL_BYTES {
            return outbound.send(message, wake);
        }
        let mut wake = Some(wake);
        let unsent = outbound.offer(message, None, |task| {
            if let Some(wake) = wake.take() {
                wake(task);
            }
        })?;
        if unsent.is_some() {
            tracing::warn!(tx = short(&self.key.tx_id), "the peer reads too slowly for the response; refused instead");
            let failure = Failure::new(503, "peer_slow", "The peer reads too slowly for the response");
            return outbound.send(self.key.completed(failure.into()), |task| {
                if let Some(wake) = wake.take() {
                    wake(task);
                }
            });
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        // Nothing that can panic runs between two states, so a poisoned lock still guards a whole one.
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange {
    /// Brings back the contract that waits in this state.
    fn wake(self) {
        if let Self::Waiting(waker) = self {
            waker.wake();
        }
    }
}
