//! What the shim makes of a peer's bytes, as functions of those bytes alone, for fuzz targets and for tests that replay
//! what they found. No part of the interface: nothing here serves a peer, and it changes with the crate.

use std::sync::Arc;

use fabric_contract::{Backend, Fault, Reply, Request, Router};
use fabric_protos::protos::{ChaincodeMessage, chaincode_message::Type};
use prost::Message;
use tokio::sync::watch;

use crate::{
    proposal::invocation_of,
    service::Shared,
    session::{Phase, Session},
    settings::Limits,
    status::ListenerCounters,
    workers::Workers,
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
    let shared = Arc::new(Shared {
        router: Router::new("nothing", "1"),
        workers: Workers::new(1, 1),
        limits: Limits::default(),
        transactions: Arc::default(),
        held_bytes: Arc::default(),
    });
    let (_phase, phase) = watch::channel(Phase::Serving);
    let (mut session, _outgoing) = Session::new("cc:1", &shared, &Arc::new(ListenerCounters::default()), phase);
    session.receive(message);
    None
}
