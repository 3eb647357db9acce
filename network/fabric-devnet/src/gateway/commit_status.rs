//! CommitStatus: the validation code of a transaction, at once or as soon as there is one.

use fabric_msp::policy::SignedData;
use fabric_protos::gateway::{CommitStatusRequest, CommitStatusResponse, SignedCommitStatusRequest};
use prost::Message;
use tonic::Status;

use super::GatewayService;
use crate::acl::{self, AclError};

impl GatewayService {
    pub(super) async fn run_commit_status(
        &self,
        signed: SignedCommitStatusRequest,
    ) -> Result<CommitStatusResponse, Status> {
        if signed.request.is_empty() {
            return Err(Status::invalid_argument("a commit status request is required"));
        }
        let request = CommitStatusRequest::decode(&*signed.request)
            .map_err(|cause| Status::invalid_argument(format!("invalid status request: {cause}")))?;
        if request.identity.is_empty() {
            return Err(Status::invalid_argument("no identity provided"));
        }
        if request.channel_id.is_empty() {
            return Err(Status::invalid_argument("no channel ID provided"));
        }
        if request.transaction_id.is_empty() {
            return Err(Status::invalid_argument("transaction ID should not be empty"));
        }
        let unknown = || Status::permission_denied(AclError::UnknownChannel(request.channel_id.clone()).to_string());
        let channel = self.own.channel(&request.channel_id).ok_or_else(unknown)?;
        let data = SignedData { data: signed.request, identity: request.identity, signature: signed.signature };
        acl::check_signed(&channel, acl::COMMIT_STATUS, &data)
            .map_err(|cause| Status::permission_denied(cause.to_string()))?;
        let ledger = channel.ledger();
        let (mut height, mut closing) = (ledger.subscribe(), self.closing.clone());
        loop {
            // Looked at before the ledger, so that no block is missed between the two.
            height.mark_unchanged();
            let found = ledger.transaction_status(&request.transaction_id);
            if let Some((code, block_number)) = found.map_err(|cause| Status::aborted(cause.to_string()))? {
                return Ok(CommitStatusResponse { result: code as i32, block_number });
            }
            tokio::select! {
                changed = height.changed() => {
                    changed.map_err(|_| Status::aborted("unexpected close of commit notification channel"))?;
                }
                _ = closing.wait_for(|closing| *closing) => {
                    return Err(Status::unavailable("the peer is shutting down"));
                }
            }
        }
    }
}
