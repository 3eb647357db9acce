//! The gRPC service of one listener (Fabric's `Chaincode`): each call of `Connect` is one peer's stream.

use std::sync::{Arc, atomic::Ordering};

use fabric_protos::protos::{ChaincodeMessage, chaincode_server::Chaincode};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    status::ListenerCounters,
    stream::{outbound::Outgoing, peer_stream::PeerStream, phase::Phase, shared::Shared},
};

/// What each stream of the listener begins with.
pub(super) struct ChaincodeService {
    pub(super) package_id: String,
    pub(super) shared: Arc<Shared>,
    pub(super) counters: Arc<ListenerCounters>,
    pub(super) phase: watch::Receiver<Phase>,
}

#[tonic::async_trait]
impl Chaincode for ChaincodeService {
    type ConnectStream = Outgoing;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        if !self.phase.borrow().is_serving() {
            return Err(Status::unavailable("the chaincode is stopping"));
        }
        // One per peer in practice; the bound keeps a mistaken dialler from using up the machine.
        if self.counters.streams.load(Ordering::Relaxed) >= self.shared.limits.streams_max {
            return Err(Status::resource_exhausted("too many streams"));
        }
        let (stream, outgoing) = PeerStream::new(&self.package_id, &self.shared, &self.counters, self.phase.clone());
        tokio::spawn(stream.run(request.into_inner()));
        Ok(Response::new(outgoing))
    }
}
