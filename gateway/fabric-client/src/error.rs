//! What can go wrong between a client and a ledger. Every error names the step that failed and carries the transaction
//! id; what peers said is kept whole. Nobody needs to match on message texts: [`ClientError::failure`] and
//! [`ClientError::advice`] say what they mean.

use std::fmt;

use fabric_msp::{signer::SignError, transport::TransportError};
use fabric_protos::protos::TxValidationCode;
use tonic::Code;

use crate::{
    advice::{self, Advice, Failure},
    call::{CallError, PeerDetail, Step},
};

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

    /// Why the call failed, when one did.
    pub fn failure(&self) -> Option<Failure> {
        self.call().map(CallError::failure)
    }

    /// What may be done next.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Commit(error) => advice::after_commit(error.code),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_has_its_name() {
        let error = CommitError { transaction_id: "1".to_owned(), code: 11, block_number: 4 };
        assert_eq!(error.to_string(), "transaction 1 is invalid in block 4: MVCC_READ_CONFLICT");
        assert_eq!(code_name(77), "code 77");
    }
}
