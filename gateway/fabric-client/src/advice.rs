//! What Fabric's gRPC codes, validation codes and English texts mean, and what may be done next. Fabric has neither
//! error codes for most of its refusals nor a retry policy; its words are read here once, for every program of this
//! workspace. Pure: nothing is sent or waited for.

use fabric_protos::protos::TxValidationCode;
use tonic::Code;

use crate::call::{CallError, Step};

/// What may be done after a failure. Following it never turns one business operation into two.
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

/// Why a call failed, without anything that only one version of Fabric says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The chaincode, or the peer in its place, refused or failed.
    Refused {
        /// Its status: 400 and above, or below 200.
        status: u16,
        /// Its words.
        message: String,
    },
    /// The channel's policies do not let this identity do this.
    AccessDenied,
    /// A node is at its limit.
    Overloaded,
    /// The peers computed different results for one proposal.
    Mismatch,
    /// No answer came in time.
    TimedOut,
    /// A connection broke or never came about, or too few nodes were there.
    Unavailable,
    /// Something else; only a person can make sense of the words.
    Other,
}

/// Said by a gateway whose peers returned different results.
const MISMATCH: &str = "ProposalResponsePayloads do not match";

/// Said by an orderer of a BFT channel that has ordered the same envelope already. A gateway counts it as a failure.
const ALREADY_ORDERED: &str = "request already processed";

/// Said by an orderer that is not on the channel, or was taken out of its consenters. Outside of BFT a gateway asks
/// orderers in an order that chance gives, and passes on the first such answer, though another orderer may take the
/// same envelope.
const NOT_ON_CHANNEL: &str =
    "received unsuccessful response from orderer: status=BAD_REQUEST, info=channel does not exist";

/// Whether a peer says that a policy of the channel does not let the identity do this, in the words of all of its
/// services.
pub fn is_access_denied(said: &str) -> bool {
    ["access denied", "ailed evaluating policy on signed data"].iter().any(|text| said.contains(text))
}

impl CallError {
    /// The status (400 and above, or below 200) and message of a chaincode that refused, read from
    /// `chaincode response NNN, message`.
    pub fn chaincode_response(&self) -> Option<(u16, &str)> {
        let said = self.details.iter().map(|detail| detail.message.as_str());
        said.chain([self.message.as_str()]).find_map(chaincode_response)
    }

    /// Why the call failed.
    pub fn failure(&self) -> Failure {
        if let Some((status, message)) = self.chaincode_response() {
            return Failure::Refused { status, message: message.to_owned() };
        }
        if self.is_overload() {
            Failure::Overloaded
        } else if self.is_denied() {
            Failure::AccessDenied
        } else if self.step == Step::Endorse && self.says(MISMATCH) {
            Failure::Mismatch
        } else if self.code == Code::DeadlineExceeded {
            Failure::TimedOut
        } else if self.is_unavailable() {
            Failure::Unavailable
        } else {
            Failure::Other
        }
    }

    /// What may be done next.
    pub fn advice(&self) -> Advice {
        match self.failure() {
            // A chaincode that fails, with 500, may have lost its own connection.
            Failure::Refused { status, .. } if status != 500 => Advice::Never,
            Failure::Overloaded => Advice::BackOff,
            Failure::AccessDenied => Advice::Never,
            Failure::Mismatch => Advice::NewProposal,
            _ => self.advice_of_step(),
        }
    }

    /// The advice where it depends on what may have happened before the call failed.
    fn advice_of_step(&self) -> Advice {
        let is_lost = self.is_lost() || self.code == Code::DeadlineExceeded;
        match self.step {
            Step::Evaluate | Step::Propose if is_lost || self.is_unavailable() => Advice::RetryFreely,
            Step::Endorse if is_lost || self.is_unavailable() => Advice::SameProposal,
            Step::Submit | Step::Broadcast if self.says(ALREADY_ORDERED) => Advice::LookUp,
            Step::Submit if self.is_refused_by_all() => Advice::Never,
            Step::Submit if self.is_of_one_not_on_channel() => Advice::SameEnvelope,
            Step::Submit | Step::Broadcast if is_lost || leaves_open(self.code) => Advice::SameEnvelope,
            Step::CommitStatus if is_lost || leaves_open(self.code) => Advice::LookUp,
            Step::ChaincodeEvents | Step::Blocks if is_lost => Advice::RetryFreely,
            _ => Advice::Never,
        }
    }

    /// A peer at its limit answers with a bare text, not with the code that gRPC has for it. The transport uses that
    /// code for a connection that a node closed because of too many pings.
    fn is_overload(&self) -> bool {
        let said =
            self.says("exceeding concurrency limit") || self.code == Code::Unknown && self.says("too many requests");
        !self.connection_lost && (self.code == Code::ResourceExhausted || said)
    }

    /// Of several orderers one may refuse what another takes, so only the refusal of all of them is one.
    fn is_denied(&self) -> bool {
        let is_coded = matches!(self.code, Code::PermissionDenied | Code::Unauthenticated) && !self.connection_lost;
        let said = self.details.iter().map(|detail| detail.message.as_str()).chain([self.message.as_str()]);
        let is_denied = is_coded || said.into_iter().any(is_access_denied) || self.says("FORBIDDEN");
        let is_open = matches!(self.step, Step::Submit | Step::Broadcast)
            && (self.is_lost() || leaves_open(self.code))
            && !self.is_refused_by_all();
        is_denied && !is_open
    }

    /// Too few nodes answer. A gateway says so with `FailedPrecondition` when it knows of none that it could ask: for
    /// about a second after it started it does not know the others yet.
    fn is_unavailable(&self) -> bool {
        let is_missing = self.is_lost()
            || self.code == Code::FailedPrecondition
            || self.is_lost_between_nodes()
            || self.is_of_one_not_on_channel();
        is_missing && !self.is_refused_by_all()
    }

    /// Whether the answer, if there ever was one, did not get through.
    fn is_lost(&self) -> bool {
        self.connection_lost || matches!(self.code, Code::Unavailable | Code::Cancelled) || self.is_broken()
    }

    /// Whether a node passes on the words of our own transport about a connection that broke during a call, for which
    /// there is no code.
    fn is_broken(&self) -> bool {
        let words = ["transport error", "h2 protocol error", "error reading a body from connection"];
        leaves_open(self.code) && self.details.is_empty() && words.iter().any(|word| self.message.starts_with(word))
    }

    /// Whether a gateway lost its connection to another node; these are the words of Go's gRPC. It gives up a
    /// connection, and with it whatever else goes that way, when the chaincode behind the other peer ends in mid-call.
    fn is_lost_between_nodes(&self) -> bool {
        let words = ["rpc error: code = Unavailable", "grpc: the client connection is closing"];
        self.details.iter().any(|detail| words.iter().any(|text| detail.message.contains(text)))
    }

    /// Whether every orderer that a gateway names refused the envelope for its own sake, with a 4xx status. On a BFT
    /// channel the gateway asks all orderers, and wraps even such refusals into `UNAVAILABLE`. It names more orderers
    /// than may be faulty, so at least one honest orderer is among those which refused, and honest ones judge alike.
    fn is_refused_by_all(&self) -> bool {
        const REFUSALS: [&str; 4] = ["BAD_REQUEST", "FORBIDDEN", "NOT_FOUND", "REQUEST_ENTITY_TOO_LARGE"];
        let refused = |said: &str| {
            let status = said.strip_prefix("received unsuccessful response from orderer: status=");
            status.and_then(|status| status.split(',').next()).is_some_and(|status| REFUSALS.contains(&status))
        };
        !self.details.is_empty() && self.details.iter().all(|detail| refused(&detail.message))
    }

    /// Whether one orderer has refused, and not for the envelope's sake.
    fn is_of_one_not_on_channel(&self) -> bool {
        self.step == Step::Submit && self.details.is_empty() && self.message == NOT_ON_CHANNEL
    }

    fn says(&self, text: &str) -> bool {
        self.message.contains(text) || self.details.iter().any(|detail| detail.message.contains(text))
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

fn leaves_open(code: Code) -> bool {
    matches!(code, Code::Unknown | Code::Internal)
}

fn chaincode_response(text: &str) -> Option<(u16, &str)> {
    let text = text.strip_prefix("evaluate call to endorser returned error: ").unwrap_or(text);
    let (status, message) = text.strip_prefix("chaincode response ")?.split_once(", ")?;
    Some((status.parse().ok()?, message))
}

#[cfg(test)]
mod tests {
    use tonic::Status;

    use super::*;
    use crate::call::PeerDetail;

    fn call(step: Step, code: Code, message: &str) -> CallError {
        CallError {
            step,
            transaction_id: String::new(),
            code,
            message: message.to_owned(),
            details: Vec::new(),
            connection_lost: false,
        }
    }

    fn named(step: Step, code: Code, details: &[&str]) -> CallError {
        let detail = |message: &&str| PeerDetail {
            address: "localhost:7050".to_owned(),
            msp_id: "OrdererMSP".to_owned(),
            message: (*message).to_owned(),
        };
        CallError { details: details.iter().map(detail).collect(), ..call(step, code, "see the details") }
    }

    fn orderer(status: &str, info: &str) -> String {
        format!("received unsuccessful response from orderer: status={status}, info={info}")
    }

    #[test]
    fn what_orderers_of_a_bft_channel_say_is_read_one_by_one() {
        let forbidden = orderer("FORBIDDEN", "implicit policy evaluation failed");
        let large = orderer("REQUEST_ENTITY_TOO_LARGE", "message payload is 2 bytes");
        let processed = orderer("SERVICE_UNAVAILABLE", "failed to submit request: request already processed");
        let starting = orderer("SERVICE_UNAVAILABLE", "no leader");
        let rows: [(&[&str], Advice, Failure); 6] = [
            (&[&forbidden, &forbidden], Advice::Never, Failure::AccessDenied),
            (&[&large, &large], Advice::Never, Failure::Other),
            (&[&forbidden, &starting], Advice::SameEnvelope, Failure::Unavailable),
            (&[&starting, &starting], Advice::SameEnvelope, Failure::Unavailable),
            (&[&processed, &starting], Advice::LookUp, Failure::Unavailable),
            (&[&processed, &forbidden], Advice::LookUp, Failure::Unavailable),
        ];
        for (details, advice, failure) in rows {
            let error = named(Step::Submit, Code::Unavailable, details);
            assert_eq!((error.advice(), error.failure()), (advice, failure), "{details:?}");
            assert_eq!(is_unknown_outcome(&error), advice != Advice::Never, "{details:?}");
        }
    }

    #[test]
    fn a_connection_lost_between_nodes_is_worth_the_same_proposal() {
        for said in [
            "rpc error: code = Canceled desc = grpc: the client connection is closing",
            "rpc error: code = Unavailable desc = error reading from server: EOF",
        ] {
            let error = named(Step::Endorse, Code::Aborted, &[said]);
            assert_eq!((error.advice(), error.failure()), (Advice::SameProposal, Failure::Unavailable), "{said}");
        }
        let refused = "chaincode response 404, grpc: the client connection is closing";
        assert_eq!(named(Step::Endorse, Code::Aborted, &[refused]).advice(), Advice::Never);
    }

    #[test]
    fn each_failure_has_its_class_and_its_advice() {
        use Failure::{AccessDenied, Mismatch, Other, Overloaded, TimedOut, Unavailable};
        let limit = "too many requests for /gateway.Gateway, exceeding concurrency limit (500)";
        let refused = |status, message: &str| Failure::Refused { status, message: message.to_owned() };
        let rows = [
            (Step::Evaluate, Code::Unavailable, "", Advice::RetryFreely, Unavailable),
            (Step::Evaluate, Code::Unknown, "chaincode response 404, no", Advice::Never, refused(404, "no")),
            (Step::Evaluate, Code::Unknown, limit, Advice::BackOff, Overloaded),
            (Step::Evaluate, Code::Unknown, "too many requests", Advice::BackOff, Overloaded),
            (Step::Evaluate, Code::Unknown, "evaluate call to endorser returned error: x", Advice::Never, Other),
            (Step::Evaluate, Code::FailedPrecondition, "access denied", Advice::Never, AccessDenied),
            (
                Step::Evaluate,
                Code::Unknown,
                "Failed evaluating policy on signed data during",
                Advice::Never,
                AccessDenied,
            ),
            (Step::Evaluate, Code::DeadlineExceeded, "", Advice::RetryFreely, TimedOut),
            (
                Step::Evaluate,
                Code::FailedPrecondition,
                "no peers available to evaluate",
                Advice::RetryFreely,
                Unavailable,
            ),
            (
                Step::Endorse,
                Code::FailedPrecondition,
                "failed to find any endorsing",
                Advice::SameProposal,
                Unavailable,
            ),
            (Step::Endorse, Code::Unavailable, "", Advice::SameProposal, Unavailable),
            (Step::Endorse, Code::FailedPrecondition, "no combination of peers", Advice::SameProposal, Unavailable),
            (Step::Endorse, Code::Aborted, MISMATCH, Advice::NewProposal, Mismatch),
            (Step::Endorse, Code::Aborted, "chaincode response 409, taken", Advice::Never, refused(409, "taken")),
            (Step::Endorse, Code::Aborted, "something else", Advice::Never, Other),
            (Step::Submit, Code::DeadlineExceeded, "", Advice::SameEnvelope, TimedOut),
            (Step::Submit, Code::Unavailable, "", Advice::SameEnvelope, Unavailable),
            (Step::Submit, Code::Unavailable, "one of two said status=FORBIDDEN", Advice::SameEnvelope, Unavailable),
            (Step::Submit, Code::Aborted, "orderer: status=FORBIDDEN", Advice::Never, AccessDenied),
            (Step::Submit, Code::Aborted, "received unsuccessful response from orderer", Advice::Never, Other),
            (Step::Submit, Code::Aborted, NOT_ON_CHANNEL, Advice::SameEnvelope, Unavailable),
            (Step::CommitStatus, Code::DeadlineExceeded, "", Advice::LookUp, TimedOut),
            (Step::CommitStatus, Code::PermissionDenied, "", Advice::Never, AccessDenied),
        ];
        for (step, code, message, advice, failure) in rows {
            let error = call(step, code, message);
            assert_eq!((error.advice(), error.failure()), (advice, failure), "{step} {code:?} {message}");
        }
    }

    #[test]
    fn whatever_the_transport_says_about_a_dying_node_is_one_class() {
        let broken = |kind: std::io::ErrorKind| Status::from_error(Box::new(std::io::Error::from(kind)));
        let h2 = |reason: h2::Reason| Status::from_error(Box::new(h2::Error::from(reason)));
        let torn = "protocol error: missing grpc-status trailer, stream was terminated without a final status";
        let statuses = [
            broken(std::io::ErrorKind::ConnectionReset),
            broken(std::io::ErrorKind::BrokenPipe),
            h2(h2::Reason::NO_ERROR),
            h2(h2::Reason::CANCEL),
            h2(h2::Reason::REFUSED_STREAM),
            h2(h2::Reason::ENHANCE_YOUR_CALM),
            h2(h2::Reason::INADEQUATE_SECURITY),
            Status::unknown("transport error"),
            Status::unknown("h2 protocol error: http2 error"),
            Status::internal("error reading a body from connection"),
            Status::unknown(torn),
            Status::internal("Missing response message."),
            Status::cancelled("operation was canceled"),
            Status::unavailable("tcp connect error"),
        ];
        let steps = [
            (Step::Evaluate, Advice::RetryFreely),
            (Step::Endorse, Advice::SameProposal),
            (Step::Submit, Advice::SameEnvelope),
            (Step::Broadcast, Advice::SameEnvelope),
            (Step::CommitStatus, Advice::LookUp),
            (Step::Blocks, Advice::RetryFreely),
        ];
        for status in &statuses {
            for (step, advice) in steps {
                let error = CallError::from_status(step, "1", status);
                assert_eq!((error.advice(), error.failure()), (advice, Failure::Unavailable), "{step} {status:?}");
            }
        }
    }

    #[test]
    fn the_refusal_of_a_chaincode_is_read_from_details_first() {
        let details = ["connection refused", "chaincode response 404, {\"code\":\"a, b\"}"];
        let refused = named(Step::Endorse, Code::Aborted, &details);
        assert_eq!(refused.chaincode_response(), Some((404, "{\"code\":\"a, b\"}")));
        let evaluated = "evaluate call to endorser returned error: chaincode response 400, no";
        let evaluated = call(Step::Evaluate, Code::Unknown, evaluated);
        assert_eq!(evaluated.chaincode_response(), Some((400, "no")));
    }

    #[test]
    fn no_words_of_a_chaincode_pass_for_those_of_a_node() {
        for words in ["access denied", "FORBIDDEN", "exceeding concurrency limit", MISMATCH] {
            let error = call(Step::Endorse, Code::Aborted, &format!("chaincode response 400, {words}"));
            let refused = Failure::Refused { status: 400, message: words.to_owned() };
            assert_eq!((error.advice(), error.failure()), (Advice::Never, refused));
        }
    }

    #[test]
    fn other_texts_are_no_refusal_of_a_chaincode() {
        for text in [
            "",
            "chaincode response",
            "chaincode response x, y",
            "chaincode response 99999, y",
            "see chaincode response 400, y",
        ] {
            assert_eq!(named(Step::Endorse, Code::Aborted, &[text]).chaincode_response(), None, "{text}");
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
