//! A gRPC call that failed: the step, the code and the words of Fabric's nodes, kept as they came. What they mean is
//! read in [`crate::advice`], and nowhere else.

use std::fmt;

use fabric_protos::{gateway::ErrorDetail, google::rpc};
use prost::Message;
use tonic::{Code, Status};

/// More details than this are not kept; a network has fewer peers.
const DETAILS_MAX: usize = 256;

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
    /// Whether no node gave this answer: the connection broke, or never came about.
    pub connection_lost: bool,
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
            connection_lost: is_connection_lost(status),
        }
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

/// Whether the transport made the status by itself. Such a status has a cause in this process; one that a node sent has
/// none. A stream that ends without a status has no cause either, only tonic's words about it.
fn is_connection_lost(status: &Status) -> bool {
    const TORN: [&str; 2] = ["protocol error: missing grpc-status trailer", "Missing response message."];
    let torn = matches!(status.code(), Code::Unknown | Code::Internal)
        && status.details().is_empty()
        && TORN.iter().any(|words| status.message().starts_with(words));
    std::error::Error::source(status).is_some() || torn
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreadable_details_are_left_out() {
        assert_eq!(details(&[255, 255, 255]), []);
        let foreign = prost_types::Any { type_url: "type.googleapis.com/other".to_owned(), value: vec![1] };
        let status = rpc::Status { code: 1, message: String::new(), details: vec![foreign] };
        assert_eq!(details(&status.encode_to_vec()), []);
    }

    #[test]
    fn what_the_transport_made_is_told_from_what_a_node_sent() {
        let made = |status: &Status| CallError::from_status(Step::Submit, "1", status).connection_lost;
        let broken = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(made(&Status::from_error(Box::new(broken()))));
        assert!(made(&Status::internal("Missing response message.")));
        assert!(!made(&Status::unknown("transport error")), "a node may say these words of another one");
        assert!(!made(&Status::unavailable("no orderers")));
    }
}
