//! What the shim makes of a peer's bytes, as a function of those bytes alone: for fuzz targets, and for tests that
//! replay what they found. Only with the feature `testing`: nothing here serves a peer, and it changes with the crate.

use std::sync::Arc;

use fabric_contract::{Backend, Fault, Reply, Request, Router};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::sync::watch;

use crate::{
    limits::Limits,
    status::ListenerCounters,
    stream::{peer_stream::PeerStream, phase::Phase, proposal::invocation_of, shared::Shared},
};

/// A peer that answers nothing.
struct Silent;

impl Backend for Silent {
    fn request(&mut self, _request: Request) -> Result<Reply, Fault> {
        Err(Fault::DeadlineExceeded)
    }
}

/// Takes a message as a stream would that has just been opened. A transaction is taken apart and given to the router's
/// contracts on this thread, with a peer that answers nothing. Returns the status of the outcome, if there is one.
pub fn message(router: &Router, bytes: &[u8]) -> Option<u16> {
    let message = ChaincodeMessage::decode(bytes).ok()?;
    if matches!(message.r#type(), Type::Transaction | Type::Init) {
        let outcome = match invocation_of(message) {
            Ok((invocation, _)) => router.invoke(&mut Silent, &invocation),
            Err(failure) => failure.into(),
        };
        return Some(outcome.status);
    }
    let limits = Limits { in_flight_max: 1, waiting_max: 1, ..Limits::default() };
    let shared = Shared::new(Router::new("nothing", "1"), limits);
    let (_phase, phase) = watch::channel(Phase::Serving);
    let (mut stream, _outgoing) = PeerStream::new("cc:1", &shared, &Arc::new(ListenerCounters::default()), phase);
    stream.receive(message);
    None
}
