//! The gRPC face of the endorser. A refusal is an error with a text and nothing else, as it leaves Fabric's peers.

use std::sync::Arc;

use fabric_protos::protos::{ProposalResponse, SignedProposal, endorser_server::Endorser};
use tonic::{Request, Response, Status};

use crate::peer::Peer;

pub(crate) struct EndorserService {
    peer: Arc<Peer>,
}

impl EndorserService {
    pub(crate) fn new(peer: Arc<Peer>) -> Self {
        Self { peer }
    }
}

#[tonic::async_trait]
impl Endorser for EndorserService {
    async fn process_proposal(&self, request: Request<SignedProposal>) -> Result<Response<ProposalResponse>, Status> {
        let answer = super::process(&self.peer, request.into_inner()).await;
        answer.map(Response::new).map_err(|refusal| Status::unknown(refusal.message()))
    }
}
