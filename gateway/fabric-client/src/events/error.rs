//! Why a stream of events or blocks cannot be opened, or ended.

use fabric_msp::signer::SignError;
use fabric_protos::common;

use crate::{call::CallError, checkpoint::CheckpointError, error::ClientError};

/// Why a stream ended or could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The call failed.
    #[error(transparent)]
    Call(CallError),
    /// The peer refused with a status of its own, such as `FORBIDDEN` or `NOT_FOUND`.
    #[error("the peer ended the stream of blocks with status {}", status_name(*.0))]
    Refused(i32),
    /// The peer closed the stream without saying why.
    #[error("the peer closed the stream")]
    Ended,
    /// The peer sent something else than what was asked for.
    #[error("the peer sent something else than {0}")]
    Unexpected(&'static str),
    /// There is neither a signature nor a signer.
    #[error("the request for events has no signature and there is no signer")]
    Unsigned,
    /// The signer did not sign.
    #[error("the request for events was not signed: {0}")]
    Sign(SignError),
    /// A block is missing between what came last and what came now.
    #[error("block {expected} was to come, and {found} came")]
    Gap {
        /// The next block in order.
        expected: u64,
        /// What came instead.
        found: u64,
    },
    /// The position could not be read or kept.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Bytes from outside are no request for events.
    #[error("the request for events cannot be read: {0}")]
    Malformed(prost::DecodeError),
}

impl From<prost::DecodeError> for EventError {
    fn from(cause: prost::DecodeError) -> Self {
        Self::Malformed(cause)
    }
}

impl EventError {
    /// The status with which a peer refused, when this crate knows it.
    pub fn status(&self) -> Option<common::Status> {
        match self {
            Self::Refused(status) => common::Status::try_from(*status).ok(),
            _ => None,
        }
    }

    /// Whether the same request may succeed later, without anybody changing anything: the node went away, is busy, or
    /// does not know a block yet. Rejections of the request or the caller are not transient.
    pub fn is_transient(&self) -> bool {
        use tonic::Code;
        match self {
            Self::Ended => true,
            Self::Refused(_) => {
                matches!(self.status(), Some(common::Status::NotFound | common::Status::ServiceUnavailable))
            }
            Self::Call(call) => {
                call.advice().is_transient()
                    // What a peer says when its ledger is closed below a stream, and what proxies say of lost ones.
                    || matches!(call.code, Code::Aborted | Code::Unknown | Code::Internal)
            }
            _ => false,
        }
    }

    pub(super) fn unsigned(error: ClientError) -> Self {
        match error {
            ClientError::Sign { cause, .. } => Self::Sign(cause),
            _ => Self::Unsigned,
        }
    }
}

fn status_name(status: i32) -> String {
    common::Status::try_from(status).map_or_else(|_| status.to_string(), |status| status.as_str_name().to_owned())
}
