//! Why a server could not start.

use std::io;

use fabric_msp::transport::TransportError;

/// Why a server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No listener was named.
    #[error("a chaincode server needs at least one address and package id")]
    NoListener,
    /// A listener has no package id, so no peer would accept it.
    #[error("the listener {address} has no package id")]
    NoPackageId {
        /// The listener's address.
        address: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: String,
        /// The system's reason.
        cause: io::Error,
    },
    /// The system has no threads or handles to give.
    #[error("the server's threads cannot be started: {cause}")]
    Threads {
        /// The system's reason.
        cause: io::Error,
    },
    /// The TLS settings cannot be used.
    #[error(transparent)]
    Tls(#[from] TransportError),
}
