//! The listeners of a server: one address per package, each with a gRPC server of its own.

use std::{net::SocketAddr, sync::Arc};

use fabric_msp::transport::{CurrentTls, health, incoming_with, server};
use fabric_protos::{MAX_MESSAGE_BYTES, protos::chaincode_server};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::{error::ServerError, service::ChaincodeService};
use crate::{
    status::ListenerCounters,
    stream::{phase::Phase, shared::Shared},
};

/// One address that is served.
pub(super) struct Listener {
    pub(super) address: SocketAddr,
    pub(super) package_id: String,
    pub(super) counters: Arc<ListenerCounters>,
    pub(super) task: JoinHandle<()>,
}

/// Binds the addresses and serves them; runs on the server's own runtime.
pub(super) async fn listen(
    listeners: Vec<(String, String)>,
    tls: Option<CurrentTls>,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
) -> Result<Vec<Listener>, ServerError> {
    let mut bound = Vec::new();
    for (address, package_id) in listeners {
        let listener = TcpListener::bind(&address).await;
        let listener = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) = listener.map_err(|cause| ServerError::Bind { address, cause })?;
        bound.push((local, incoming_with(listener, tls.clone()), package_id));
    }
    let listeners = bound.into_iter().map(|(address, connections, package_id)| {
        let counters = Arc::new(ListenerCounters::default());
        let service = ChaincodeService {
            package_id: package_id.clone(),
            shared: Arc::clone(&shared),
            counters: Arc::clone(&counters),
            phase: phase.clone(),
        };
        let service = chaincode_server::ChaincodeServer::new(service)
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_MESSAGE_BYTES);
        let mut phase = phase.clone();
        let health = health(&[chaincode_server::SERVICE_NAME], phase.clone(), Phase::is_serving);
        let stop = async move { drop(phase.wait_for(|phase| !phase.is_serving()).await) };
        let services = server().add_service(service).add_service(health);
        let serving = services.serve_with_incoming_shutdown(connections, stop);
        tracing::info!(%address, package_id, tls = tls.is_some(), "the chaincode listens");
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "a listener has stopped");
            }
        });
        Listener { address, package_id, counters, task }
    });
    Ok(listeners.collect())
}
