//! The peer's side of chaincode: packages, the connection to a chaincode that runs as a service, and the answers to
//! what it asks while it works on a transaction.
//!
//! Chaincode is never started or stopped here. A peer dials it when it is first needed and again after it was lost.

mod call;
mod connection;
mod context;
mod handler;
mod package;
mod query;
mod runtime;
mod store;
mod stream;

pub(crate) use self::{
    call::{Call, Outcome, invoke},
    connection::ConnectionInfo,
    package::ChaincodePackage,
    runtime::ChaincodeRuntime,
    store::PackageStore,
};
pub use self::{connection::ConnectionError, package::PackageError, store::InstallError};

use std::time::Duration;

use fabric_protos::protos::ChaincodeMessage;
use tokio::sync::oneshot;

/// What one question of a chaincode is answered with, outside any stream.
pub(crate) async fn answer_alone(call: Call, chaincode: &str, message: &ChaincodeMessage) -> Result<Vec<u8>, String> {
    if !handler::is_request(message.r#type()) {
        return Err("not a question".to_owned());
    }
    let context = context::TransactionContext::new(call, chaincode, false, oneshot::channel().0);
    handler::answer(&context, message).await
}

/// How a peer deals with chaincode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChaincodeOptions {
    /// How long one invocation may take.
    pub execute_timeout: Duration,
    /// How long a chaincode may take from the dial to its registration.
    pub startup_timeout: Duration,
    /// Whether chaincode is told that it may write in batches and read several keys at once, as peers do from
    /// version 3.1 on. Without it a peer behaves like version 2.5.
    pub batches: bool,
}

impl Default for ChaincodeOptions {
    fn default() -> Self {
        Self { execute_timeout: Duration::from_secs(30), startup_timeout: Duration::from_secs(15), batches: true }
    }
}
