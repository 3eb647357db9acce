//! Follows the [`Advice`] of a failure within bounds, and so never turns one business operation into two.

use std::{future::Future, time::Duration};

use crate::{
    advice::Advice, commit::Committed, contract::Call, error::ClientError, proposal::Proposal, transaction::Transaction,
};

/// Follows the advice: repeats what is safe to repeat, a bounded number of times, with growing pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often each step is tried at most, the first time included; at least 1. Default: 5.
    pub attempts: u32,
    /// The pause before the second try, doubled before each further one. Default: 100 ms. When a peer is at its limit
    /// the pause is four times as long.
    pub pause: Duration,
    /// The longest pause. Default: 4 s.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 5, pause: Duration::from_millis(100), longest: Duration::from_secs(4) }
    }
}

impl Retries {
    /// Evaluates; repeats the same signed proposal while that may help.
    ///
    /// # Errors
    /// Those of [`Proposal::evaluate`]: the last one.
    pub async fn evaluate(&self, proposal: &Proposal) -> Result<Vec<u8>, ClientError> {
        let signed = proposal.clone().signed()?;
        self.same(|| signed.evaluate()).await
    }

    /// Collects endorsements; repeats the same signed proposal while that may help. It needs no new signature.
    ///
    /// # Errors
    /// Those of [`Proposal::endorse`]: the last one. With the advice [`Advice::NewProposal`] another proposal may do.
    pub async fn endorse(&self, proposal: &Proposal) -> Result<Transaction, ClientError> {
        let signed = proposal.clone().signed()?;
        self.same(|| signed.endorse()).await
    }

    /// Endorses, submits and waits for the verdict. `call` is asked for the call again when a new proposal is safe and
    /// may help: the former transaction is invalid for good, or was never submitted. While an outcome is unknown there
    /// is no new proposal. The session must have a signer.
    ///
    /// # Errors
    /// Those of [`Call::submit`]: the last one.
    pub async fn submit(&self, mut call: impl FnMut() -> Call) -> Result<Committed, ClientError> {
        let mut once = false;
        let mut attempt = 1;
        loop {
            let error = match self.endorse(&call().propose()?).await {
                Ok(transaction) => match transaction.submit_and_wait().await {
                    Ok(committed) => return Ok(committed),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            match error.advice() {
                Advice::NewProposal => {}
                Advice::NewProposalOnce if !once => once = true,
                _ => return Err(error),
            }
            self.wait(attempt, 1, error).await?;
            attempt += 1;
        }
    }

    async fn same<T, F: Future<Output = Result<T, ClientError>>>(
        &self,
        mut step: impl FnMut() -> F,
    ) -> Result<T, ClientError> {
        let mut attempt = 1;
        loop {
            let error = match step().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let factor = match error.advice() {
                Advice::RetryFreely | Advice::SameProposal => 1,
                Advice::BackOff => 4,
                _ => return Err(error),
            };
            self.wait(attempt, factor, error).await?;
            attempt += 1;
        }
    }

    /// Waits after try number `attempt`, or returns the error when it was the last.
    async fn wait(&self, attempt: u32, factor: u32, error: ClientError) -> Result<(), ClientError> {
        if attempt >= self.attempts {
            return Err(error);
        }
        let doubled = 1_u32.checked_shl(attempt - 1).and_then(|doubling| doubling.checked_mul(factor));
        let pause = doubled.and_then(|factor| self.pause.checked_mul(factor)).unwrap_or(self.longest);
        tokio::time::sleep(pause.min(self.longest)).await;
        Ok(())
    }
}
