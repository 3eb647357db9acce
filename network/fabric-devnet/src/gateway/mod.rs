//! The gateway service of a peer: one address through which a client proposes, submits and follows transactions, while
//! the peer asks the others and the orderer.
//!
//! The peer's own endorser is always asked first, also with transient data, because clients of an organization trust
//! their own peer. Which others are asked follows from what the first simulation touched.

mod chaincode_events;
mod chance;
mod commit_status;
mod deadline;
mod endorse;
mod endorser;
mod evaluate;
mod plan;
mod plan_error;
mod policies;
mod request;
mod status;
mod submit;

pub(crate) use self::chance::Chance;

use std::{pin::Pin, sync::Arc};

use fabric_protos::gateway::{
    ChaincodeEventsResponse, CommitStatusResponse, EndorseRequest, EndorseResponse, EvaluateRequest, EvaluateResponse,
    SignedChaincodeEventsRequest, SignedCommitStatusRequest, SubmitRequest, SubmitResponse, gateway_server::Gateway,
};
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

use crate::{
    channel::Channel,
    peer::{Peer, Readiness},
    system,
};

/// Whether a gateway could pass a proposal on.
pub(crate) fn can_pass_on(signed: fabric_protos::protos::SignedProposal) -> bool {
    request::Proposed::read(signed).is_ok()
}

/// The gateway of one peer.
#[derive(Clone)]
pub(crate) struct GatewayService {
    own: Arc<Peer>,
    /// All peers of the network, this one among them, in the order of their organizations.
    peers: Arc<[Arc<Peer>]>,
    /// True once the network is being shut down.
    closing: watch::Receiver<bool>,
    chance: Arc<Chance>,
}

impl GatewayService {
    pub(crate) fn new(
        own: Arc<Peer>,
        peers: Arc<[Arc<Peer>]>,
        closing: watch::Receiver<bool>,
        chance: Arc<Chance>,
    ) -> Self {
        Self { own, peers, closing, chance }
    }

    /// Whether a peer is this gateway's own.
    fn is_own(&self, peer: &Peer) -> bool {
        peer.is(&self.own)
    }

    /// Whether a peer is one of this gateway's organization.
    fn is_of_own_organization(&self, peer: &Peer) -> bool {
        peer.msp_id() == self.own.msp_id()
    }

    /// The channel's peers that can run a chaincode: this gateway's own first, then those of its organization, and the
    /// others in any order.
    fn able_peers(&self, channel: &Channel, chaincode: &str) -> Vec<Arc<Peer>> {
        let (mut own, mut others): (Vec<_>, Vec<_>) = self
            .peers
            .iter()
            .filter(|peer| peer.channel(channel.id()).is_some() && is_able(peer, channel, chaincode))
            .cloned()
            .partition(|peer| self.is_of_own_organization(peer));
        own.sort_by_key(|peer| !self.is_own(peer));
        self.chance.shuffle(&mut others);
        own.into_iter().chain(others).collect()
    }
}

/// Whether a peer can run a chaincode: its organization has approved the definition, and the package is installed.
fn is_able(peer: &Peer, channel: &Channel, chaincode: &str) -> bool {
    if system::is_system(chaincode) {
        return true;
    }
    match peer.readiness(channel, chaincode) {
        Ok(readiness) => matches!(readiness, Readiness::Ready { .. }),
        Err(cause) => {
            tracing::error!(%cause, chaincode, "the definition of a chaincode cannot be read");
            false
        }
    }
}

#[tonic::async_trait]
impl Gateway for GatewayService {
    async fn evaluate(&self, request: Request<EvaluateRequest>) -> Result<Response<EvaluateResponse>, Status> {
        let limit = deadline::of(request.metadata());
        let answer = deadline::within(limit, self.run_evaluate(request.into_inner())).await;
        answer.unwrap_or_else(|| Err(Status::deadline_exceeded("evaluate timeout expired"))).map(Response::new)
    }

    async fn endorse(&self, request: Request<EndorseRequest>) -> Result<Response<EndorseResponse>, Status> {
        let limit = deadline::of(request.metadata());
        let answer = deadline::within(limit, self.run_endorse(request.into_inner())).await;
        let expired = || Err(Status::deadline_exceeded("endorsement timeout expired while collecting endorsements"));
        answer.unwrap_or_else(expired).map(Response::new)
    }

    async fn submit(&self, request: Request<SubmitRequest>) -> Result<Response<SubmitResponse>, Status> {
        let limit = deadline::of(request.metadata());
        let answer = deadline::within(limit, self.run_submit(request.into_inner())).await;
        let expired =
            || Err(Status::deadline_exceeded("submit timeout expired while broadcasting to ordering service"));
        answer.unwrap_or_else(expired).map(Response::new)
    }

    async fn commit_status(
        &self,
        request: Request<SignedCommitStatusRequest>,
    ) -> Result<Response<CommitStatusResponse>, Status> {
        let limit = deadline::of(request.metadata());
        let answer = deadline::within(limit, self.run_commit_status(request.into_inner())).await;
        answer.unwrap_or_else(|| Err(Status::deadline_exceeded("context deadline exceeded"))).map(Response::new)
    }

    type ChaincodeEventsStream = Pin<Box<dyn Stream<Item = Result<ChaincodeEventsResponse, Status>> + Send>>;

    async fn chaincode_events(
        &self,
        request: Request<SignedChaincodeEventsRequest>,
    ) -> Result<Response<Self::ChaincodeEventsStream>, Status> {
        self.run_chaincode_events(request.into_inner()).map(Response::new)
    }
}
