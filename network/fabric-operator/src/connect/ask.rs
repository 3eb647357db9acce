//! Questions to a peer's system chaincodes, and what its answers mean.

use fabric_client::{EndorserClient, Failure, Gateway, advice::is_access_denied, endorser::EndorserError};

/// What a peer says to a question.
pub(super) enum Said {
    /// The answer.
    Answer(Vec<u8>),
    /// A policy does not let the identity ask.
    Denied(String),
    /// The peer refuses for another reason.
    Refused(String),
    /// No answer came.
    Failed(String),
}

/// Asks one peer, without ordering anything. An empty channel means the peer itself.
pub(super) async fn ask(
    peer: &EndorserClient,
    gateway: &Gateway,
    channel: &str,
    (chaincode, function): (&str, &str),
    argument: Option<&str>,
) -> Said {
    let mut call = gateway.contract(channel, chaincode).transaction(function);
    if let Some(argument) = argument {
        call = call.argument(argument);
    }
    let proposal = match call.propose() {
        Ok(proposal) => proposal,
        Err(error) => return Said::Failed(error.to_string()),
    };
    match peer.query(&proposal).await {
        Ok(answer) => Said::Answer(answer),
        Err(EndorserError::Refused { message, .. }) if is_access_denied(&message) => Said::Denied(message),
        Err(EndorserError::Refused { status, message }) => Said::Refused(format!("{status} {message}")),
        Err(EndorserError::Call(error)) if error.failure() == Failure::AccessDenied => Said::Denied(error.message),
        Err(error) => Said::Failed(error.to_string()),
    }
}
