//! The chaincodes that every peer has: `_lifecycle`, `qscc` and `cscc`. They run in the peer and answer with texts of
//! Fabric; who may call what is decided for each function.

mod cscc;
mod lifecycle;
mod qscc;

use std::sync::{Arc, Mutex};

use fabric_protos::protos::{ChaincodeInput, Response};
use tokio::{sync::Semaphore, task};

use crate::{
    call::Call, channel::Channel, ledger::Simulator, peer::Peer, proposal::Proposal, state::definition::LIFECYCLE,
};

const QSCC: &str = "qscc";
const CSCC: &str = "cscc";

/// Calls that run at one time; they may touch the disk, and each takes a thread.
const CALLS_AT_ONCE: usize = 8;
static PERMITS: Semaphore = Semaphore::const_new(CALLS_AT_ONCE);

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

/// Whether a name belongs to a system chaincode.
pub(crate) fn is_system(name: &str) -> bool {
    matches!(name, LIFECYCLE | QSCC | CSCC)
}

/// Whether a system chaincode looks at the ledger directly and leaves no read set.
pub(crate) fn is_without_simulation(name: &str) -> bool {
    matches!(name, QSCC | CSCC)
}

/// Runs a system chaincode for a proposal. The error is the text of a failure that has no response.
pub(crate) async fn invoke(call: SystemCall, name: &str, input: ChaincodeInput) -> Result<Response, String> {
    let Ok(_permit) = PERMITS.acquire().await else { return Ok(error("the peer is shutting down".to_owned())) };
    let name = name.to_owned();
    let run = move || match name.as_str() {
        LIFECYCLE => Ok(lifecycle::invoke(&call, &input.args)),
        QSCC => qscc::invoke(&call, &input.args),
        _ => Ok(cscc::invoke(&call, &input.args)),
    };
    // An error means that the call panicked; the proposal fails and the peer goes on.
    task::spawn_blocking(run).await.unwrap_or_else(|_| Ok(error("the system chaincode failed".to_owned())))
}

/// Runs a system chaincode for another chaincode. Those that look at the ledger directly refuse.
pub(crate) async fn invoke_from_chaincode(call: &Call, name: &str, input: ChaincodeInput) -> Response {
    let original = call.proposal.chaincode();
    match name {
        QSCC => error(format!(
            "Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, original invocation for '{original}'"
        )),
        CSCC => error(format!("Rejecting invoke of CSCC from another chaincode, original invocation for '{original}'")),
        _ => Box::pin(invoke(SystemCall::of(call), name, input)).await.unwrap_or_else(error),
    }
}

/// What a function of `_lifecycle` makes of its argument, whoever asks.
pub(crate) fn lifecycle_alone(call: &SystemCall, function: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    lifecycle::run(call, function, input)
}

fn success(payload: Vec<u8>) -> Response {
    Response { status: 200, message: String::new(), payload }
}

fn error(message: String) -> Response {
    Response { status: 500, message, payload: Vec::new() }
}

/// An argument as text, short enough to stand in a message.
fn shown(argument: &[u8]) -> String {
    String::from_utf8_lossy(argument).chars().take(200).collect()
}
