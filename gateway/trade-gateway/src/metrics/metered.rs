//! A ledger whose steps are counted.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use fabric_client::{Peers, peers::Standing};
use fabric_protos::common::Block;

use super::Metrics;
use crate::ledger::{
    Call, Cause, Commit, CreatorIdentity, Done, Draft, Endorsed, Evaluated, Ledger, LedgerError, LedgerFuture,
};

/// Counts the steps of another ledger.
pub(crate) struct Metered {
    ledger: Arc<dyn Ledger>,
    metrics: Arc<Metrics>,
}

impl Metered {
    pub(crate) fn new(ledger: Arc<dyn Ledger>, metrics: Arc<Metrics>) -> Self {
        Self { ledger, metrics }
    }

    fn counted<'a, T: Send + 'a>(&'a self, step: &'static str, work: LedgerFuture<'a, T>) -> LedgerFuture<'a, T> {
        Box::pin(async move {
            let began = Instant::now();
            let done = work.await;
            self.metrics.step(step, outcome_of(&done), began.elapsed());
            done
        })
    }
}

/// Why a step failed, in few words.
fn outcome_of<T>(done: &Result<T, LedgerError>) -> &'static str {
    match done.as_ref().map_err(|error| &error.cause) {
        Ok(_) => "ok",
        Err(Cause::Contract { .. }) => "contract",
        Err(Cause::Network { .. }) => "network",
        Err(Cause::Invalidated(_)) => "invalidated",
        Err(Cause::Altered(_)) => "altered",
        Err(Cause::Local(_)) => "local",
    }
}

impl Ledger for Metered {
    fn propose(&self, creator: &CreatorIdentity, call: &Call) -> Result<Draft, LedgerError> {
        self.ledger.propose(creator, call)
    }

    fn evaluate<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Vec<u8>> {
        self.counted("evaluate", self.ledger.evaluate(msp_id, proposal, signature))
    }

    fn evaluate_reads<'a>(
        &'a self,
        msp_id: &'a str,
        proposal: &'a Draft,
        signature: &'a [u8],
    ) -> LedgerFuture<'a, Evaluated> {
        self.counted("evaluate", self.ledger.evaluate_reads(msp_id, proposal, signature))
    }

    fn endorse<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Endorsed> {
        self.counted("endorse", self.ledger.endorse(msp_id, proposal, signature))
    }

    fn attach_signature(&self, msp_id: &str, transaction: &Draft, signature: &[u8]) -> Result<Vec<u8>, LedgerError> {
        self.ledger.attach_signature(msp_id, transaction, signature)
    }

    fn submit<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str, signed: &'a [u8]) -> LedgerFuture<'a, ()> {
        self.counted("submit", self.ledger.submit(msp_id, transaction_id, signed))
    }

    fn outcome<'a>(
        &'a self,
        msp_id: &'a str,
        transaction_id: &'a str,
        wait: Duration,
    ) -> LedgerFuture<'a, Option<Commit>> {
        Box::pin(async move {
            let began = Instant::now();
            let done = self.ledger.outcome(msp_id, transaction_id, wait).await;
            let told = match &done {
                Ok(Some(commit)) => {
                    self.metrics.outcome(&commit.validation_name);
                    "ok"
                }
                Ok(None) => "unknown_yet",
                Err(_) => outcome_of(&done),
            };
            self.metrics.step("commit", told, began.elapsed());
            done
        })
    }

    fn block<'a>(&'a self, msp_id: &'a str, number: u64) -> LedgerFuture<'a, Block> {
        self.counted("block", self.ledger.block(msp_id, number))
    }

    fn done<'a>(&'a self, msp_id: &'a str, transaction_id: &'a str) -> LedgerFuture<'a, Option<Done>> {
        self.counted("done", self.ledger.done(msp_id, transaction_id))
    }

    fn blocks(&self, msp_id: &str) -> Option<Peers> {
        self.ledger.blocks(msp_id)
    }

    fn newest_block(&self, msp_id: &str) -> Option<u64> {
        self.ledger.newest_block(msp_id)
    }

    fn standings(&self) -> Vec<(String, Standing)> {
        self.ledger.standings()
    }
}
