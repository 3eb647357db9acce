//! One transaction on one stream: at most one request to the peer at a time, and exactly one end.
//!
//! The contract's thread asks and blocks here; the stream's task answers. Whoever closes the transaction first (the
//! thread with its outcome, the deadline, the end of the stream) decides how it ends, and everything later is dropped.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak},
    time::Instant,
};

use fabric_contract::{Failure, Fault, Outcome};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use tokio::sync::{Notify, mpsc};
use tonic::Status;

use crate::messages::{TransactionKey, fits};

/// The way out of a stream. Only the stream's task holds it strongly, so it ends with the stream.
pub(crate) struct Outbound {
    sender: mpsc::Sender<Result<ChaincodeMessage, Status>>,
    pub(crate) overflown: Notify,
}

impl Outbound {
    pub(crate) fn new(sender: mpsc::Sender<Result<ChaincodeMessage, Status>>) -> Arc<Self> {
        Arc::new(Self { sender, overflown: Notify::new() })
    }

    /// Queues a message without waiting. The queue holds more than a peer that keeps the rules can cause; when it is
    /// full the peer has stopped reading, and the stream is ended.
    pub(crate) fn send(&self, message: ChaincodeMessage) -> Result<(), Fault> {
        self.sender.try_send(Ok(message)).map_err(|error| {
            if matches!(error, mpsc::error::TrySendError::Full(_)) {
                self.overflown.notify_one();
            }
            Fault::StreamEnded
        })
    }
}

/// A transaction between its arrival and its end.
pub(crate) struct Transaction {
    pub(crate) key: TransactionKey,
    pub(crate) deadline: Instant,
    outbound: Weak<Outbound>,
    exchange: Mutex<Exchange>,
    answered: Condvar,
}

enum Exchange {
    /// No request is under way.
    Idle,
    /// A request was sent.
    Waiting,
    /// Its answer is here.
    Answered(ChaincodeMessage),
    /// The transaction has ended; the thread is told why.
    Closed(Fault),
}

impl Transaction {
    pub(crate) fn new(key: TransactionKey, deadline: Instant, outbound: &Arc<Outbound>) -> Arc<Self> {
        Arc::new(Self {
            key,
            deadline,
            outbound: Arc::downgrade(outbound),
            exchange: Mutex::new(Exchange::Idle),
            answered: Condvar::new(),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.lock(), Exchange::Closed(_))
    }

    /// Sends a request and blocks until its answer or the end of the transaction.
    pub(crate) fn ask(&self, operation: &'static str, kind: Type, payload: Vec<u8>) -> Result<ChaincodeMessage, Fault> {
        let message = self.key.message(kind, payload);
        if !fits(&message) {
            return Err(Fault::RequestTooLarge { operation });
        }
        let mut exchange = self.lock();
        if let Exchange::Closed(fault) = &*exchange {
            return Err(fault.clone());
        }
        *exchange = Exchange::Waiting;
        // Sent under the lock: a request must never follow the COMPLETED of its own transaction.
        self.outbound.upgrade().ok_or(Fault::StreamEnded)?.send(message)?;
        loop {
            exchange = self.answered.wait(exchange).unwrap_or_else(PoisonError::into_inner);
            match std::mem::replace(&mut *exchange, Exchange::Idle) {
                Exchange::Answered(message) => return Ok(message),
                Exchange::Closed(fault) => {
                    *exchange = Exchange::Closed(fault.clone());
                    return Err(fault);
                }
                still @ (Exchange::Idle | Exchange::Waiting) => *exchange = still,
            }
        }
    }

    /// Hands an answer to the waiting thread; tells whether one was waiting.
    pub(crate) fn answer(&self, message: ChaincodeMessage) -> bool {
        let mut exchange = self.lock();
        let waiting = matches!(*exchange, Exchange::Waiting);
        if waiting {
            *exchange = Exchange::Answered(message);
            self.answered.notify_one();
        }
        waiting
    }

    /// Ends the transaction with its outcome, unless it has ended already.
    pub(crate) fn complete(&self, outcome: Outcome) {
        self.close_with(Fault::StreamEnded, || Some(outcome));
    }

    /// Ends the transaction with a failure that did not come from the contract; the contract's thread gets `fault`.
    pub(crate) fn abandon(&self, fault: Fault, failure: Failure) {
        self.close_with(fault, || Some(failure.into()));
    }

    /// Ends the transaction in silence, because nobody listens any more.
    pub(crate) fn cancel(&self) {
        self.close_with(Fault::StreamEnded, || None);
    }

    fn close_with(&self, fault: Fault, outcome: impl FnOnce() -> Option<Outcome>) {
        let mut exchange = self.lock();
        if matches!(*exchange, Exchange::Closed(_)) {
            return;
        }
        *exchange = Exchange::Closed(fault);
        if let (Some(outbound), Some(outcome)) = (self.outbound.upgrade(), outcome()) {
            // A stream that cannot take the message is ending, and its peer with it.
            let _ = outbound.send(self.key.completed(outcome));
        }
        self.answered.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        // Nothing that can panic runs between two states, so a poisoned lock still guards a whole one.
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
