//! One transaction on one stream: at most one request to the peer at a time, and exactly one end.
//!
//! The contract asks and waits here; the stream's task answers. Whoever closes the transaction first (the contract
//! with its outcome, the deadline, the end of the stream) decides how it ends, and everything later is dropped.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Waker,
    time::Instant,
};

use fabric_contract::{Failure, Fault, Outcome};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;

use crate::{
    messages::{TransactionKey, fits, short},
    outbound::Outbound,
    place::{Place, Wake},
    room::Held,
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
    Waiting(Wake),
    /// Its answer is here, and takes this room.
    Answered { kind: i32, payload: Vec<u8>, _held: Held },
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

    /// Sends a request and waits at `place` until its answer or the end of the transaction.
    pub(crate) fn ask(
        &self,
        place: &dyn Place,
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
        *exchange = Exchange::Waiting(place.wake());
        let mut unsent = Some(message);
        loop {
            if let Some(message) = unsent.take() {
                // Sent under the lock: a request must never follow the COMPLETED of its own transaction.
                let outbound = self.outbound.upgrade().ok_or(Fault::StreamEnded)?;
                unsent = outbound.offer(message, Some(place.wake()), |task| place.rouse(task))?;
            }
            drop(exchange);
            place.pause();
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
    pub(crate) fn answer(&self, message: ChaincodeMessage, held: Held) -> bool {
        let mut exchange = self.lock();
        if !matches!(*exchange, Exchange::Waiting(_)) {
            return false;
        }
        let answered = Exchange::Answered { kind: message.r#type, payload: message.payload, _held: held };
        let before = std::mem::replace(&mut *exchange, answered);
        drop(exchange);
        before.wake();
        true
    }

    /// Ends the transaction with the outcome of its contract, unless it has ended already.
    pub(crate) fn complete(&self, place: &dyn Place, outcome: Outcome) {
        self.close_with(Fault::StreamEnded, Some(outcome), |task| place.rouse(task));
    }

    /// Ends the transaction with a failure that did not come from the contract; the contract gets `fault`.
    pub(crate) fn abandon(&self, fault: Fault, failure: Failure) {
        self.close_with(fault, Some(failure.into()), Waker::wake);
    }

    /// Ends the transaction in silence, because nobody listens any more.
    pub(crate) fn cancel(&self) {
        self.close_with(Fault::StreamEnded, None, Waker::wake);
    }

    fn close_with(&self, fault: Fault, outcome: Option<Outcome>, rouse: impl FnOnce(Waker)) {
        let mut exchange = self.lock();
        if matches!(*exchange, Exchange::Closed(_)) {
            return;
        }
        let before = std::mem::replace(&mut *exchange, Exchange::Closed(fault));
        if let (Some(outbound), Some(outcome)) = (self.outbound.upgrade(), outcome) {
            // A stream that cannot take the message is ending, and its peer with it.
            let _ = self.send_last(&outbound, self.key.completed(outcome), rouse);
        }
        drop(exchange);
        before.wake();
    }

    /// Sends the COMPLETED. It cannot wait, so a large one to a peer that does not read becomes a failure.
    fn send_last(
        &self,
        outbound: &Outbound,
        message: ChaincodeMessage,
        rouse: impl FnOnce(Waker),
    ) -> Result<(), Fault> {
        if message.encoded_len() <= SMALL_BYTES {
            return outbound.send(message, rouse);
        }
        let mut rouse = Some(rouse);
        let unsent = outbound.offer(message, None, |task| {
            if let Some(rouse) = rouse.take() {
                rouse(task);
            }
        })?;
        if unsent.is_some() {
            tracing::warn!(tx = short(&self.key.tx_id), "the peer reads too slowly for the response; refused instead");
            let failure = Failure::new(503, "peer_slow", "The peer reads too slowly for the response");
            return outbound.send(self.key.completed(failure.into()), |task| {
                if let Some(rouse) = rouse.take() {
                    rouse(task);
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
    /// Brings back whoever waits in this state.
    fn wake(self) {
        if let Self::Waiting(wake) = self {
            wake.wake();
        }
    }
}
