//! The gRPC service of one listener: each call of `Connect` is one peer's stream.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use fabric_contract::Router;
use fabric_protos::protos::{ChaincodeMessage, chaincode_server::Chaincode};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    outbound::Outgoing,
    session::{Phase, Session},
    settings::Limits,
    status::ListenerCounters,
    workers::Workers,
};

/// What all streams of a server share.
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) workers: Workers,
    pub(crate) limits: Limits,
    pub(crate) transactions: Arc<AtomicUsize>,
    pub(crate) held_bytes: Arc<AtomicUsize>,
}

pub(crate) struct ChaincodeService {
    pub(crate) package_id: String,
    pub(crate) shared: Arc<Shared>,
    pub(crate) counters: Arc<ListenerCounters>,
    pub(crate) phase: watch::Receiver<Phase>,
}

#[tonic::async_trait]
impl Chaincode for ChaincodeService {
    type ConnectStream = Outgoing;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        if *self.phase.borrow() != Phase::Serving {
            return Err(Status::unavailable("the chaincode is stopping"));
        }
        // One per peer in practice; the bound keeps a mistaken dialler from using up the machine.
        if self.counters.streams.load(Ordering::Relaxed) >= self.shared.limits.streams_max {
            return Err(Status::resource_exhausted("too many streams"));
        }
        let (session, outgoing) = Session::new(&self.package_id, &self.shared, &self.counters, self.phase.clone());
        tokio::spawn(session.run(request.into_inner()));
        Ok(Response::new(outgoing))
    }
}
