//! Asking one peer, and what its answer means to a gateway.

use std::{sync::Arc, time::Duration};

use fabric_protos::protos::{ProposalResponse, SignedProposal};
use tokio::time;
use tonic::Code;

use crate::{
    endorser::{self, Refusal},
    peer::Peer,
};

/// How long one peer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a peer's answer is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    /// Whether another peer may do better.
    pub(super) retry: bool,
}

/// Asks a peer. Its own peer tells a gateway more about a refusal than others do.
pub(super) async fn ask(peer: &Arc<Peer>, is_own: bool, signed: &SignedProposal) -> Result<ProposalResponse, Failure> {
    let unavailable = |message: String| Failure { code: Code::Unavailable, message, retry: true };
    if peer.switches().is_away() {
        let address = peer.address();
        let nobody = format!("rpc error: code = Unavailable desc = connection error: {address} cannot be reached");
        return Err(unavailable(nobody));
    }
    match time::timeout(TIMEOUT, endorser::process(peer, signed.clone())).await {
        Ok(Ok(response)) => check_response(response),
        Ok(Err(Refusal::Checked(message))) if is_own => {
            Err(Failure { code: Code::FailedPrecondition, message, retry: false })
        }
        Ok(Err(Refusal::Filtered(message))) if is_own => Err(unavailable(message)),
        Ok(Err(refusal)) => Err(unavailable(format!("rpc error: code = Unknown desc = {}", refusal.message()))),
        Err(_) => Err(unavailable("rpc error: code = DeadlineExceeded desc = context deadline exceeded".to_owned())),
    }
}

fn check_response(response: ProposalResponse) -> Result<ProposalResponse, Failure> {
    let (status, message) =
        response.response.as_ref().map_or((0, ""), |response| (response.status, response.message.as_str()));
    if (200..400).contains(&status) {
        return Ok(response);
    }
    // Without a payload the peer itself failed, not the chaincode.
    if status == 500 && response.payload.is_empty() {
        return Err(Failure { code: Code::Aborted, message: message.to_owned(), retry: true });
    }
    Err(Failure { code: Code::Unknown, message: format!("chaincode response {status}, {message}"), retry: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fabric_protos::protos::Response;

    fn answer(status: i32, payload: &[u8]) -> Result<ProposalResponse, Failure> {
        let response = Response { status, message: "m".into(), payload: Vec::new() };
        check_response(ProposalResponse { response: Some(response), payload: payload.to_vec(), ..Default::default() })
    }

    #[test]
    fn statuses_mean_what_they_mean_on_fabric() {
        for status in [200, 201, 300, 399] {
            assert!(answer(status, b"p").is_ok(), "{status}");
        }
        for status in [0, 100, 199, 400, 404, 499, 503, 600, -1] {
            let failure = answer(status, b"").expect_err("an error");
            assert_eq!((failure.code, failure.retry), (Code::Unknown, false), "{status}");
            assert_eq!(failure.message, format!("chaincode response {status}, m"));
        }
        assert_eq!(answer(500, b"p").map_err(|failure| failure.code), Err(Code::Unknown));
        let failure = answer(500, b"").expect_err("an error");
        assert_eq!((failure.code, failure.message.as_str(), failure.retry), (Code::Aborted, "m", true));
    }
}
