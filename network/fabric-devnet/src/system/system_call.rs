//! A call of a system chaincode: who asks where.

use std::sync::{Arc, Mutex};

use crate::{call::Call, channel::Channel, ledger::Simulator, peer::Peer, proposal::Proposal};

/// A call of a system chaincode.
#[derive(Clone)]
pub(crate) struct SystemCall {
    /// Dropped before those who keep the ledger open.
    pub(crate) simulator: Option<Arc<Mutex<Simulator>>>,
    pub(crate) peer: Arc<Peer>,
    /// The channel of the proposal; `None` for a request to the peer itself.
    pub(crate) channel: Option<Arc<Channel>>,
    pub(crate) proposal: Arc<Proposal>,
}

impl SystemCall {
    pub(crate) fn of(call: &Call) -> Self {
        Self {
            peer: Arc::clone(&call.peer),
            channel: Some(Arc::clone(&call.channel)),
            proposal: Arc::clone(&call.proposal),
            simulator: Some(Arc::clone(&call.simulator)),
        }
    }
}
