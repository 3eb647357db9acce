//! The peer's side of chaincode: packages, the connection to a chaincode that runs as a service, and the answers to
//! what it asks while it works on a transaction.
//!
//! Chaincode is never started or stopped here. A peer dials it when it is first needed and again after it was lost.

mod connection;
mod context;
mod handler;
mod invocation;
mod options;
mod package;
mod query;
mod request_error;
mod runtime;
mod store;
mod stream;

pub(crate) use self::{
    connection::ConnectionInfo,
    invocation::Invocation,
    package::ChaincodePackage,
    runtime::{ChaincodeRuntime, LaunchError},
    store::PackageStore,
    stream::ExecuteError,
};
pub use self::{
    connection::{ConnectionError, strict_connection},
    options::ChaincodeOptions,
    package::{PackageError, is_service},
    store::InstallError,
};

use std::sync::Arc;

use fabric_protos::protos::ChaincodeMessage;
use tokio::sync::oneshot;

/// What one question of a chaincode is answered with, outside any stream.
pub(crate) async fn answer_alone(
    call: Arc<dyn Invocation>,
    chaincode: &str,
    message: &ChaincodeMessage,
) -> Result<Vec<u8>, String> {
    if !handler::is_request(message.r#type()) {
        return Err("not a question".to_owned());
    }
    let context = context::TransactionContext::new(call, chaincode, false, oneshot::channel().0);
    handler::answer(&context, message).await
}
