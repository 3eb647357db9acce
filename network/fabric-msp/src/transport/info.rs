//! What a request is told about its connection.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{activity::Activity, arrivals::Inbox};

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
    pub(super) inbox: Option<Arc<Inbox>>,
    /// How long a message may take that is shorter than 1 MiB.
    pub(super) message_max: Duration,
}
