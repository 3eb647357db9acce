//! What can go wrong between a client and a ledger. Every error names the step that failed and carries the transaction
//! id; what peers said is kept whole. Nobody needs to match on message texts: [`ClientError::chaincode_response`] and
//! [`ClientError::advice`] read them once, here.

use std::fmt;

use fabric_msp::{signer::SignError, transport::TransportError};
use fabric_protos::{gateway::ErrorDetail, google::rpc, protos::TxValidationCode};
use prost::Message;
use tonic::{Code, Status};

use crate::retry::{self, Advice};

/// More details than this are not kept; a network has fewer peers.
const DETAILS_MAX: usize = 256;

/// Why a transaction did not come through.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The evaluation failed.
    #[error(transparent)]
    Evaluate(CallError),
    /// No peer, or not enough of them, endorsed the proposal.
    #[error(transparent)]
    Endorse(CallError),
    /// The orderer did not take the transaction, or it is not known whether it did.
    #[error(transparent)]
    Submit(CallError),
    /// The status of a submitted transaction could not be learnt.
    #[error(transparent)]
    CommitStatus(CallError),
    /// The transaction stands in a block and is invalid.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The envelope was sent, perhaps several times, and what became of it is not known. It may still be committed.
    #[error("the outcome of transaction {transaction_id} is unknown after sending it {attempts} times: {last}")]
    Indeterminate {
        /// The transaction.
        transaction_id: String,
        /// How often the identical envelope was sent.
        attempts: u32,
        /// What was heard last.
        last: Box<ClientError>,
    },
    /// The tracker gave no answer within the bound.
    #[error("no block with transaction {transaction_id} arrived within {seconds} s")]
    NotSeen {
        /// The transaction.
        transaction_id: String,
        /// The bound in whole seconds.
        seconds: u64,
    },
    /// Too many transactions wait for the tracker already.
    #[error("{pending} transactions wait for their commit already")]
    TrackerFull {
        /// How many wait.
        pending: usize,
    },
    /// The gateway has no signer and the message has no signature.
    #[error("the {step} of transaction {transaction_id} has no signature and there is no signer")]
    Unsigned {
        /// The step that needs one.
        step: Step,
        /// The transaction.
        transaction_id: String,
    },
    /// The signer did not sign.
    #[error("the {step} of transaction {transaction_id} was not signed: {cause}")]
    Sign {
        /// The step for which it was asked.
        step: Step,
        /// The transaction.
        transaction_id: String,
        /// Why.
        cause: SignError,
    },
    /// An argument could not be written as JSON.
    #[error("an argument of {transaction} cannot be written as JSON: {cause}")]
    Argument {
        /// The transaction's name.
        transaction: String,
        /// Why.
        cause: serde_json::Error,
    },
    /// Bytes from outside are not what they should be.
    #[error("{what} cannot be read: {cause}")]
    Malformed {
        /// What was to be read.
        what: &'static str,
        /// Why it cannot be.
        cause: String,
    },
    /// The system has no randomness for a nonce.
    #[error("no nonce could be drawn: {0}")]
    Nonce(openssl::error::ErrorStack),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] TransportError),
}

/// The steps of a transaction, and the other calls that a client makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Asking one peer for an answer without writing.
    Evaluate,
    /// Collecting endorsements.
    Endorse,
    /// Handing the endorsed transaction to the orderer.
    Submit,
    /// Asking what became of it.
    CommitStatus,
    /// Reading events of a chaincode.
    ChaincodeEvents,
    /// Reading blocks.
    Blocks,
    /// Asking one peer directly.
    Propose,
    /// Handing an envelope to the orderer directly.
    Broadcast,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Evaluate => "evaluate",
            Self::Endorse => "endorse",
            Self::Submit => "submit",
            Self::CommitStatus => "commit status",
            Self::ChaincodeEvents => "chaincode events",
            Self::Blocks => "blocks",
            Self::Propose => "propose",
            Self::Broadcast => "broadcast",
        })
    }
}

/// A call that was answered with an error, or not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// The step that failed.
    pub step: Step,
    /// The transaction; empty for calls that have none.
    pub transaction_id: String,
    /// The gRPC code.
    pub code: Code,
    /// The gRPC message.
    pub message: String,
    /// What each failing node said.
    pub details: Vec<PeerDetail>,
}

/// What one node said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerDetail {
    /// `host:port` of the node.
    pub address: String,
    /// Its organization.
    pub msp_id: String,
    /// Its words.
    pub message: String,
}

impl CallError {
    /// Reads what gRPC answered to a call.
    pub fn from_status(step: Step, transaction_id: &str, status: &Status) -> Self {
        Self {
            step,
            transaction_id: transaction_id.to_owned(),
            code: status.code(),
            message: status.message().to_owned(),
            details: details(status.details()),
        }
    }

    /// The status (400 and above, or below 200) and message of a chaincode that refused, read from
    /// `chaincode response NNN, message`.
    pub fn chaincode_response(&self) -> Option<(u16, &str)> {
        let said = self.details.iter().map(|detail| detail.message.as_str());
        said.chain([self.message.as_str()]).find_map(chaincode_response)
    }

    /// What may be done next.
    pub fn advice(&self) -> Advice {
        retry::after_call(self)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} failed", self.step)?;
        if !self.transaction_id.is_empty() {
            write!(formatter, " for transaction {}", self.transaction_id)?;
        }
        write!(formatter, " with {:?}: {}", self.code, self.message)?;
        for detail in &self.details {
            write!(formatter, "; {} ({}): {}", detail.address, detail.msp_id, detail.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for CallError {}

/// A transaction that stands in a block and has no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("transaction {transaction_id} is invalid in block {block_number}: {}", code_name(*.code))]
pub struct CommitError {
    /// The transaction.
    pub transaction_id: String,
    /// The verdict as a number; [`CommitError::validation_code`] gives it a name.
    pub code: i32,
    /// The block in which it stands.
    pub block_number: u64,
}

impl CommitError {
    /// The verdict, when this crate knows it.
    pub fn validation_code(&self) -> Option<TxValidationCode> {
        TxValidationCode::try_from(self.code).ok()
    }
}

impl ClientError {
    /// The transaction, as far as there is one already.
    pub fn transaction_id(&self) -> Option<&str> {
        match self {
            Self::Commit(error) => Some(&error.transaction_id),
            Self::Indeterminate { transaction_id, .. }
            | Self::NotSeen { transaction_id, .. }
            | Self::Unsigned { transaction_id, .. }
            | Self::Sign { transaction_id, .. } => Some(transaction_id),
            _ => self.call().map(|call| call.transaction_id.as_str()),
        }
    }

    /// The step that failed, when it is one.
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Unsigned { step, .. } | Self::Sign { step, .. } => Some(*step),
            _ => self.call().map(|call| call.step),
        }
    }

    /// The gRPC code, when a call failed.
    pub fn code(&self) -> Option<Code> {
        self.call().map(|call| call.code)
    }

    /// What each failing node said; empty when no call failed.
    pub fn details(&self) -> &[PeerDetail] {
        self.call().map(|call| call.details.as_slice()).unwrap_or_default()
    }

    /// The status and message of a chaincode that refused the transaction.
    pub fn chaincode_response(&self) -> Option<(u16, &str)> {
        self.call()?.chaincode_response()
    }

    /// The call that failed, when one did.
    pub fn call(&self) -> Option<&CallError> {
        match self {
            Self::Evaluate(call) | Self::Endorse(call) | Self::Submit(call) | Self::CommitStatus(call) => Some(call),
            Self::Indeterminate { last, .. } => last.call(),
            _ => None,
        }
    }

    /// What may be done next.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Commit(error) => retry::after_commit(error.code),
            Self::Indeterminate { .. } => Advice::SameEnvelope,
            Self::NotSeen { .. } => Advice::LookUp,
            Self::TrackerFull { .. } => Advice::BackOff,
            _ => self.call().map_or(Advice::Never, CallError::advice),
        }
    }

    pub(crate) fn malformed(what: &'static str, cause: impl fmt::Display) -> Self {
        Self::Malformed { what, cause: cause.to_string() }
    }
}

/// The name of a verdict, or its number.
pub(crate) fn code_name(code: i32) -> String {
    TxValidationCode::try_from(code).map_or_else(|_| format!("code {code}"), |code| code.as_str_name().to_owned())
}

/// The details that gRPC carries in `grpc-status-details-bin`. What cannot be read is left out: an error about an error
/// would hide the first one.
fn details(bytes: &[u8]) -> Vec<PeerDetail> {
    let Ok(status) = rpc::Status::decode(bytes) else { return Vec::new() };
    let readable = status.details.into_iter().filter(|any| any.type_url.ends_with("/gateway.ErrorDetail"));
    readable
        .filter_map(|any| ErrorDetail::decode(any.value.as_slice()).ok())
        .map(|detail| PeerDetail { address: detail.address, msp_id: detail.msp_id, message: detail.message })
        .take(DETAILS_MAX)
        .collect()
}

fn chaincode_response(text: &str) -> Option<(u16, &str)> {
    let text = text.strip_prefix("evaluate call to endorser returned error: ").unwrap_or(text);
    let (status, message) = text.strip_prefix("chaincode response ")?.split_once(", ")?;
    Some((status.parse().ok()?, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(message: &str, details: &[&str]) -> CallError {
        let details = details.iter().map(|message| PeerDetail {
            address: "localhost:1".to_owned(),
            msp_id: "AMSP".to_owned(),
            message: (*message).to_owned(),
        });
        CallError {
            step: Step::Endorse,
            transaction_id: "1".to_owned(),
            code: Code::Aborted,
            message: message.to_owned(),
            details: details.collect(),
        }
    }

    #[test]
    fn the_refusal_of_a_chaincode_is_read_from_details_first() {
        let refused = call("failed to endorse", &["connection refused", "chaincode response 404, {\"code\":\"a, b\"}"]);
        assert_eq!(refused.chaincode_response(), Some((404, "{\"code\":\"a, b\"}")));
        let evaluated = call("evaluate call to endorser returned error: chaincode response 400, no", &[]);
        assert_eq!(evaluated.chaincode_response(), Some((400, "no")));
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
            assert_eq!(call(text, &[text]).chaincode_response(), None, "{text}");
        }
    }

    #[test]
    fn unreadable_details_are_left_out() {
        assert_eq!(details(&[255, 255, 255]), []);
        let foreign = prost_types::Any { type_url: "type.googleapis.com/other".to_owned(), value: vec![1] };
        let status = rpc::Status { code: 1, message: String::new(), details: vec![foreign] };
        assert_eq!(details(&status.encode_to_vec()), []);
    }

    #[test]
    fn a_verdict_has_its_name() {
        let error = CommitError { transaction_id: "1".to_owned(), code: 11, block_number: 4 };
        assert_eq!(error.to_string(), "transaction 1 is invalid in block 4: MVCC_READ_CONFLICT");
        assert_eq!(code_name(77), "code 77");
    }
}
