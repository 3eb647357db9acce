//! What a request is told about its connection.

use std::{net::SocketAddr, sync::Arc};

use super::activity::Activity;

/// What is known about a connection; tonic puts it into each request's extensions.
#[derive(Clone, Debug, Default)]
pub struct ConnectionInfo {
    /// Our address.
    pub local: Option<SocketAddr>,
    /// The client's address.
    pub remote: Option<SocketAddr>,
    /// The client's certificate in DER, when one was asked for.
    pub certificate: Option<Arc<[u8]>>,
    pub(super) activity: Arc<Activity>,
}
