//! What may be done after a failure. Fabric has no retry policy of its own; this is the one that never turns one business
//! operation into two. [`Advice`] only advises; [`Retries`] follows it within bounds.

use std::{future::Future, time::Duration};

use fabric_protos::protos::TxValidationCode;
use tonic::Code;

use crate::{
    contract::{Call, Committed},
    error::{CallError, ClientError, Step},
    proposal::Proposal,
    transaction::Transaction,
};

/// What may be done after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Nothing was written: repeat at will.
    RetryFreely,
    /// Send the same signed proposal again after a moment.
    SameProposal,
    /// The peer is at its limit: wait longer and send less.
    BackOff,
    /// The outcome is unknown: only the identical envelope may be sent, never a new proposal.
    SameEnvelope,
    /// The ledger moved on in between: make a new proposal, which needs new signatures.
    NewProposal,
    /// The rules may have changed in between: one new proposal, not more.
    NewProposalOnce,
    /// Ask for the status of the transaction id; the first verdict counts.
    LookUp,
    /// Repeating changes nothing.
    Never,
}

impl Advice {
    /// Whether the failure may go away without anybody changing anything.
    pub fn is_transient(self) -> bool {
        self != Self::Never
    }
}

/// Follows the advice: repeats what is safe to repeat, a bounded number of times, with growing pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often each step is tried at most, the first time included; 5 at first, at least 1.
    pub attempts: u32,
    /// The pause before the second try, doubled before each further one; 100 ms at first. After the word that a peer is
    /// at its limit the pause is four times as long.
    pub pause: Duration,
    /// The longest pause; 4 s at first.
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

    /// Endorses, submits and waits for the verdict. `call` is asked for the call again when a new proposal is safe and may
    /// help: the former transaction is invalid for good, or was never submitted. While an outcome is unknown there is no
    /// new proposal. The gateway must have a signer.
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

/// After a call that failed.
pub(crate) fn after_call(error: &CallError) -> Advice {
    if is_overload(error) {
        return Advice::BackOff;
    }
    if error.chaincode_response().is_some_and(|(status, _)| status != 500) {
        return Advice::Never;
    }
    let lost = matches!(error.code, Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded) || is_broken(error);
    match error.step {
        Step::Evaluate | Step::Propose if lost => Advice::RetryFreely,
        Step::Endorse if says(error, "ProposalResponsePayloads do not match") => Advice::NewProposal,
        // Seen for about a second after a peer restarts, while it does not know the others yet.
        Step::Endorse if lost || says(error, "no combination of peers") => Advice::SameProposal,
        Step::Submit | Step::Broadcast if lost || leaves_open(error.code) => Advice::SameEnvelope,
        Step::CommitStatus if lost || leaves_open(error.code) => Advice::LookUp,
        Step::ChaincodeEvents | Step::Blocks if lost => Advice::RetryFreely,
        _ => Advice::Never,
    }
}

/// After a verdict that is not `VALID`.
pub(crate) fn after_commit(code: i32) -> Advice {
    match TxValidationCode::try_from(code) {
        Ok(TxValidationCode::MvccReadConflict | TxValidationCode::PhantomReadConflict) => Advice::NewProposal,
        Ok(TxValidationCode::EndorsementPolicyFailure) => Advice::NewProposalOnce,
        Ok(TxValidationCode::DuplicateTxid) => Advice::LookUp,
        _ => Advice::Never,
    }
}

/// Whether an answer to a submission leaves open if the orderer has the transaction.
pub(crate) fn is_unknown_outcome(error: &CallError) -> bool {
    matches!(error.advice(), Advice::SameEnvelope | Advice::BackOff)
}

/// A peer at its limit answers with a bare text, not with the code that gRPC has for it.
fn is_overload(error: &CallError) -> bool {
    error.code == Code::ResourceExhausted || says(error, "exceeding concurrency limit")
}

/// A connection that breaks during a call has no code of its own; these are the words of our own transport.
fn is_broken(error: &CallError) -> bool {
    let words = ["transport error", "h2 protocol error", "error reading a body from connection"];
    leaves_open(error.code) && error.details.is_empty() && words.iter().any(|word| error.message.starts_with(word))
}

fn leaves_open(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::Internal)
}

fn says(error: &CallError, text: &str) -> bool {
    error.message.contains(text) || error.details.iter().any(|detail| detail.message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(step: Step, code: Code, message: &str) -> CallError {
        CallError { step, transaction_id: String::new(), code, message: message.to_owned(), details: Vec::new() }
    }

    #[test]
    fn each_failure_has_its_advice() {
        let limit = "too many requests for /gateway.Gateway, exceeding concurrency limit (500)";
        let rows = [
            (Step::Evaluate, Code::Unavailable, "", Advice::RetryFreely),
            (Step::Evaluate, Code::Unknown, "chaincode response 404, unknown", Advice::Never),
            (Step::Evaluate, Code::Unknown, limit, Advice::BackOff),
            (Step::Evaluate, Code::Unknown, "transport error", Advice::RetryFreely),
            (Step::Evaluate, Code::Unknown, "evaluate call to endorser returned error: x", Advice::Never),
            (Step::Evaluate, Code::FailedPrecondition, "access denied", Advice::Never),
            (Step::Endorse, Code::Unavailable, "", Advice::SameProposal),
            (Step::Endorse, Code::FailedPrecondition, "no combination of peers can be derived", Advice::SameProposal),
            (Step::Endorse, Code::Aborted, "ProposalResponsePayloads do not match", Advice::NewProposal),
            (Step::Endorse, Code::Aborted, "chaincode response 409, taken", Advice::Never),
            (Step::Submit, Code::DeadlineExceeded, "", Advice::SameEnvelope),
            (Step::Submit, Code::Unavailable, "", Advice::SameEnvelope),
            (Step::Submit, Code::Unknown, "h2 protocol error", Advice::SameEnvelope),
            (Step::Submit, Code::Aborted, "received unsuccessful response from orderer", Advice::Never),
            (Step::CommitStatus, Code::DeadlineExceeded, "", Advice::LookUp),
            (Step::CommitStatus, Code::PermissionDenied, "", Advice::Never),
        ];
        for (step, code, message, advice) in rows {
            assert_eq!(call(step, code, message).advice(), advice, "{step} {code:?} {message}");
        }
    }

    #[test]
    fn each_verdict_has_its_advice() {
        use TxValidationCode::{DuplicateTxid, EndorsementPolicyFailure, MvccReadConflict, PhantomReadConflict};
        assert_eq!(after_commit(MvccReadConflict as i32), Advice::NewProposal);
        assert_eq!(after_commit(PhantomReadConflict as i32), Advice::NewProposal);
        assert_eq!(after_commit(EndorsementPolicyFailure as i32), Advice::NewProposalOnce);
        assert_eq!(after_commit(DuplicateTxid as i32), Advice::LookUp);
        assert_eq!(after_commit(TxValidationCode::BadRwset as i32), Advice::Never);
        assert_eq!(after_commit(77), Advice::Never);
    }
}
