//! Evaluate: one peer runs the proposal, and nothing is ordered.

use fabric_protos::{
    gateway::{EvaluateRequest, EvaluateResponse},
    protos::{ChaincodeAction, ProposalResponse, ProposalResponsePayload},
};
use prost::Message;
use tonic::{Code, Status};

use super::{GatewayService, endorser, request::Proposed, status};

impl GatewayService {
    pub(super) async fn run_evaluate(&self, request: EvaluateRequest) -> Result<EvaluateResponse, Status> {
        let proposed = Proposed::read(request.proposed_transaction.unwrap_or_default())
            .map_err(|cause| Status::invalid_argument(format!("failed to unpack transaction proposal: {cause}")))?;
        let channel_id = proposed.channel_id.as_str();
        let channel = self.own.channel(channel_id).ok_or_else(|| Status::unavailable(unknown_channel(channel_id)))?;
        let mut targets = request.target_organizations;
        let protected = proposed.has_transient && targets.is_empty();
        if protected {
            targets.push(self.own.msp_id().to_owned());
        }
        let mut peers = self.able_peers(&channel, &proposed.chaincode);
        peers.retain(|peer| targets.is_empty() || targets.iter().any(|target| target == peer.msp_id()));
        let mut details = Vec::new();
        let mut last = None;
        for peer in &peers {
            match endorser::ask(peer, self.is_own(peer), &proposed.signed).await {
                Ok(response) => return Ok(EvaluateResponse { result: result(response) }),
                Err(failure) => {
                    details.push(status::detail(peer, &failure.message));
                    if !failure.retry {
                        let message = format!("evaluate call to endorser returned error: {}", failure.message);
                        return Err(status::with_details(failure.code, &message, &details));
                    }
                    last = Some(failure.code);
                }
            }
        }
        match last {
            Some(code) => Err(exhausted(code, &details)),
            None => Err(nobody(protected, &proposed)),
        }
    }
}

/// The text for a channel that the peer has not joined.
pub(super) fn unknown_channel(channel_id: &str) -> String {
    format!("failed to get config for channel [{channel_id}]: could not get last config for channel {channel_id}")
}

fn exhausted(code: Code, details: &[fabric_protos::gateway::ErrorDetail]) -> Status {
    status::with_details(code, "failed to evaluate transaction, see attached details for more info", details)
}

fn nobody(protected: bool, proposed: &Proposed) -> Status {
    let Proposed { chaincode, channel_id, .. } = proposed;
    let nobody = format!("no peers available to evaluate chaincode {chaincode} in channel {channel_id}");
    Status::failed_precondition(match protected {
        true => format!(
            "no endorsers found in the gateway's organization; retry specifying target organization(s) to protect transient data: {nobody}"
        ),
        false => nobody,
    })
}

/// The chaincode's response, with the payload that was endorsed.
fn result(response: ProposalResponse) -> Option<fabric_protos::protos::Response> {
    let endorsed = ProposalResponsePayload::decode(&*response.payload)
        .ok()
        .and_then(|payload| ChaincodeAction::decode(&*payload.extension).ok());
    let mut result = response.response?;
    if let Some(action) = endorsed {
        result.payload = action.response.map(|response| response.payload).unwrap_or_default();
    }
    Some(result)
}
