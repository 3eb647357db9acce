//! Questions to one peer, past its gateway, and what its answers mean.

use fabric_client::{Contract, EndorserClient, Failure, advice::is_access_denied, endorser::EndorserError};

/// Why a peer has not answered a question.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// A policy does not let the identity ask.
    #[error("{0}")]
    Denied(String),
    /// The peer refuses for another reason.
    #[error("{0} {1}")]
    Refused(i32, String),
    /// No answer came.
    #[error(transparent)]
    Failed(EndorserError),
}

/// Asks one peer, without ordering anything. The contract of an empty channel means the peer itself.
pub(crate) async fn ask(
    peer: &EndorserClient,
    contract: &Contract,
    function: &str,
    argument: Option<Vec<u8>>,
) -> Result<Vec<u8>, Unanswered> {
    let mut call = contract.transaction(function);
    if let Some(argument) = argument {
        call = call.argument(argument);
    }
    let proposal = call.propose().map_err(|error| Unanswered::Failed(error.into()))?;
    peer.query(&proposal).await.map_err(|error| match error {
        EndorserError::Refused { message, .. } if is_access_denied(&message) => Unanswered::Denied(message),
        EndorserError::Refused { status, message } => Unanswered::Refused(status, message),
        EndorserError::Call(error) if error.failure() == Failure::AccessDenied => Unanswered::Denied(error.message),
        error => Unanswered::Failed(error),
    })
}
