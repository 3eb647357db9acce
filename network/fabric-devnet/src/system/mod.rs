//! The chaincodes that every peer has: `_lifecycle`, `qscc` and `cscc`. They run in the peer and answer with texts of
//! Fabric; who may call what is decided for each function.

mod answer;
mod cscc;
mod lifecycle;
mod qscc;
mod system_call;

use fabric_protos::protos::{ChaincodeInput, Response};
use tokio::{sync::Semaphore, task};

use self::answer::error;
pub(crate) use self::system_call::SystemCall;
use crate::{call::Call, state::definition::LIFECYCLE};

const QSCC: &str = "qscc";
const CSCC: &str = "cscc";

/// Calls that run at one time; they may touch the disk, and each takes a thread.
const CALLS_AT_ONCE: usize = 8;
static PERMITS: Semaphore = Semaphore::const_new(CALLS_AT_ONCE);

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

/// What a function of `_lifecycle` makes of its argument, without asking for the caller.
pub(crate) fn lifecycle_alone(call: &SystemCall, function: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    lifecycle::run(call, function, input)
}
