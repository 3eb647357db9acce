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
        Step::Endorse if error.details.iter().any(|detail| is_lost_between_nodes(&detail.message)) => {
            Advice::SameProposal
        }
        Step::Submit | Step::Broadcast if says(error, ALREADY_ORDERED) => Advice::LookUp,
        Step::Submit if is_refused_by_all(error) => Advice::Never,
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
    matches!(error.advice(), Advice::SameEnvelope | Advice::BackOff | Advice::LookUp)
}

/// Said by an orderer of a BFT channel that has ordered the same envelope already. A gateway counts it as a failure.
const ALREADY_ORDERED: &str = "request already processed";

/// Whether every orderer that a gateway names refused the envelope for its own sake, with a 4xx status. On a BFT channel
/// the gateway asks all orderers, and wraps even such refusals into `UNAVAILABLE`. It names more orderers than may be
/// faulty, so at least one honest orderer is among those which refused, and honest ones judge alike.
fn is_refused_by_all(error: &CallError) -> bool {
    const REFUSALS: [&str; 4] = ["BAD_REQUEST", "FORBIDDEN", "NOT_FOUND", "REQUEST_ENTITY_TOO_LARGE"];
    let refused = |said: &str| {
        let status = said.strip_prefix("received unsuccessful response from orderer: status=");
        status.and_then(|status| status.split(',').next()).is_some_and(|status| REFUSALS.contains(&status))
    };
    !error.details.is_empty() && error.details.iter().all(|detail| refused(&detail.message))
}

/// Whether a gateway lost its connection to another node; these are the words of Go's gRPC. It gives up a connection,
/// and with it whatever else goes that way, when the chaincode behind the other peer ends in mid-call.
fn is_lost_between_nodes(said: &str) -> bool {
    ["rpc error: code = Unavailable", "grpc: the client connection is closing"].iter().any(|text| said.contains(text))
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
    use crate::error::PeerDetail;

    fn call(step: Step, code: Code, message: &str) -> CallError {
        CallError { step, transaction_id: String::new(), code, message: message.to_owned(), details: Vec::new() }
    }

    fn named(step: Step, code: Code, details: &[&str]) -> CallError {
        let detail = |message: &&str| PeerDetail {
            address: "localhost:7050".to_owned(),
            msp_id: "OrdererMSP".to_owned(),
            message: (*message).to_owned(),
        };
        CallError { details: details.iter().map(detail).collect(), ..call(step, code, "see the details") }
    }

    #[test]
    fn what_orderers_of_a_bft_channel_say_is_read_one_by_one() {
        let orderer = |status: &str, info: &str| {
            format!("received unsuccessful response from orderer: status={status}, info={info}")
        };
        let forbidden = orderer("FORBIDDEN", "implicit policy evaluation failed");
        let large = orderer("REQUEST_ENTITY_TOO_LARGE", "message payload is 2 bytes");
        let processed = orderer("SERVICE_UNAVAILABLE", "failed to submit request: request already processed");
        let starting = orderer("SERVICE_UNAVAILABLE", "no leader");
        let rows: [(&[&str], Advice); 6] = [
            (&[&forbidden, &forbidden], Advice::Never),
            (&[&large, &forbidden], Advice::Never),
            (&[&forbidden, &starting], Advice::SameEnvelope),
            (&[&starting, &starting], Advice::SameEnvelope),
            (&[&processed, &starting], Advice::LookUp),
            (&[&processed, &forbidden], Advice::LookUp),
        ];
        for (details, advice) in rows {
            let error = named(Step::Submit, Code::Unavailable, details);
            assert_eq!(error.advice(), advice, "{details:?}");
            assert_eq!(is_unknown_outcome(&error), advice != Advice::Never, "{details:?}");
        }
    }

    #[test]
    fn a_connection_lost_between_nodes_is_worth_the_same_proposal() {
        for said in [
            "rpc error: code = Canceled desc = grpc: the client connection is closing",
            "rpc error: code = Unavailable desc = error reading from server: EOF",
        ] {
            assert_eq!(named(Step::Endorse, Code::Aborted, &[said]).advice(), Advice::SameProposal, "{said}");
        }
        let refused = "chaincode response 404, grpc: the client connection is closing";
        assert_eq!(named(Step::Endorse, Code::Aborted, &[refused]).advice(), Advice::Never);
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
