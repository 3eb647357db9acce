//! One invocation of a contract: from the peer's TRANSACTION message to the outcome that answers it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use fabric_contract::{Failure, Outcome};
use fabric_protos::protos::ChaincodeMessage;

use super::{
    backend::Peer,
    capabilities::Capabilities,
    in_flight::InFlight,
    messages::{TransactionKey, short},
    proposal::invocation_of,
    shared::Shared,
    time_window::about_now,
    transaction::Transaction,
};
use crate::{
    executor::{budget::Reserved, job::Executor},
    metrics::End,
};

/// A transaction on its way through a contract.
pub(super) struct Run {
    pub(super) transaction: Arc<Transaction>,
    pub(super) in_flight: Arc<InFlight>,
    pub(super) shared: Arc<Shared>,
    pub(super) capabilities: Capabilities,
    /// The bytes of the message, until the contract has returned.
    pub(super) _reserved: Reserved,
}

impl Run {
    /// Runs the contract and ends the transaction with its outcome.
    pub(super) fn run(self, executor: &dyn Executor, message: ChaincodeMessage) {
        // It may have ended while it waited.
        if self.transaction.is_closed() {
            return;
        }
        let outcome = self.outcome(executor, message);
        self.log(&outcome);
        self.in_flight.remove_own(&self.transaction);
        let end = End::of(outcome.status);
        if self.transaction.complete(executor, outcome) {
            self.shared.metrics.ended(end, self.age());
        }
    }

    /// Time since the transaction's arrival.
    fn age(&self) -> Duration {
        (Instant::now() + self.shared.limits.deadline).saturating_duration_since(self.transaction.deadline)
    }

    fn outcome(&self, executor: &dyn Executor, message: ChaincodeMessage) -> Outcome {
        let call = || match invocation_of(message) {
            Ok((invocation, parts)) => {
                if let Some(window) = self.shared.limits.time_window
                    && let Err(failure) = about_now(invocation.timestamp, window)
                {
                    return failure.into();
                }
                let mut peer = Peer::new(executor, Arc::clone(&self.transaction), self.capabilities, parts);
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
        let TransactionKey { channel_id, tx_id } = &*self.transaction.key;
        let (tx, channel, status) = (short(tx_id), channel_id, outcome.status);
        match outcome.failure() {
            Some(failure) if failure.status >= 500 => {
                tracing::warn!(
                    tx,
                    channel,
                    status,
                    took = ?self.age(),
                    code = failure.code,
                    detail = failure.detail,
                    "transaction failed"
                );
            }
            Some(failure) => {
                tracing::debug!(tx, channel, status, took = ?self.age(), code = failure.code, "transaction refused")
            }
            None => tracing::debug!(tx, channel, status, took = ?self.age(), "transaction done"),
        }
    }
}
