//! The running server: listeners, and a stop that ends although peers' streams never do.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fabric_contract::Router;
use fabric_msp::transport::{ServerTls, TransportError, incoming, server};
use fabric_protos::{MAX_MESSAGE_BYTES, protos::chaincode_server};
use tokio::{
    net::TcpListener,
    runtime,
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    ChaincodeServerBuilder, EnvironmentError, Status,
    service::{ChaincodeService, Shared},
    session::Phase,
    status::ListenerCounters,
    workers::Workers,
};

/// How long connections may take to close once all streams have ended.
const CLOSING_MAX: Duration = Duration::from_secs(2);
/// How often a stopping server looks whether it is done.
const POLL: Duration = Duration::from_millis(5);

/// A chaincode that peers connect to ("chaincode as a service").
///
/// # Examples
/// ```no_run
/// # async fn example(router: fabric_contract::Router) -> Result<(), fabric_shim::ServerError> {
/// use fabric_shim::ChaincodeServer;
///
/// ChaincodeServer::builder(router)
///     .listen("0.0.0.0:9999", "entrepot:4f1a…")
///     .serve(async { drop(tokio::signal::ctrl_c().await) })
///     .await
/// # }
/// ```
pub struct ChaincodeServer;

impl ChaincodeServer {
    /// Begins a server for the contracts of `router`.
    pub fn builder(router: Router) -> ChaincodeServerBuilder {
        ChaincodeServerBuilder::new(router)
    }

    /// Begins a server with one listener and TLS as the environment variables of Fabric's other libraries say.
    ///
    /// # Errors
    /// [`EnvironmentError`] when a variable is missing or its file cannot be read.
    pub fn from_env(router: Router) -> Result<ChaincodeServerBuilder, EnvironmentError> {
        ChaincodeServerBuilder::from_variables(router, |name| std::env::var(name).ok())
    }
}

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

/// A server that runs in the background. Dropping the handle lets it stop without waiting for it.
pub struct ServerHandle {
    listeners: Vec<Listener>,
    shared: Arc<Shared>,
    phase: watch::Sender<Phase>,
}

struct Listener {
    address: SocketAddr,
    package_id: String,
    counters: Arc<ListenerCounters>,
    task: JoinHandle<()>,
}

pub(crate) async fn start(builder: ChaincodeServerBuilder) -> Result<ServerHandle, ServerError> {
    if builder.listeners.is_empty() {
        return Err(ServerError::NoListener);
    }
    if let Some((address, _)) = builder.listeners.iter().find(|(_, package_id)| package_id.is_empty()) {
        return Err(ServerError::NoPackageId { address: address.clone() });
    }
    let threads = |cause| ServerError::Threads { cause };
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(threads)?;
    let handle = runtime.handle().clone();
    let shared = Arc::new(Shared {
        router: builder.router,
        workers: Workers::new(builder.limits.in_flight_max, builder.limits.waiting_max),
        limits: builder.limits,
        transactions: Arc::default(),
        held_bytes: Arc::default(),
    });
    shared.workers.start(runtime).map_err(threads)?;
    let (phase, watching) = watch::channel(Phase::Serving);
    let listening = listen(builder.listeners, builder.tls, Arc::clone(&shared), watching);
    let stopped = |_| ServerError::Threads { cause: io::ErrorKind::Interrupted.into() };
    let listeners = handle.spawn(listening).await.map_err(stopped)??;
    Ok(ServerHandle { listeners, shared, phase })
}

/// Binds the addresses and serves them; runs on the server's own runtime.
async fn listen(
    listeners: Vec<(String, String)>,
    tls: Option<ServerTls>,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
) -> Result<Vec<Listener>, ServerError> {
    let mut bound = Vec::new();
    for (address, package_id) in listeners {
        let listener = TcpListener::bind(&address).await;
        let listener = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (local, listener) = listener.map_err(|cause| ServerError::Bind { address, cause })?;
        bound.push((local, incoming(listener, tls.as_ref())?, package_id));
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
        let stop = async move { drop(phase.wait_for(|phase| *phase != Phase::Serving).await) };
        let serving = server().add_service(service).serve_with_incoming_shutdown(connections, stop);
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

impl ServerHandle {
    /// The address of the first listener, with the port that was picked for it.
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners[0].address
    }

    /// The addresses of all listeners, in the order in which they were added.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(|listener| listener.address).collect()
    }

    /// What the server is doing.
    pub fn status(&self) -> Status {
        let (threads, running) = self.shared.workers.threads_and_jobs();
        Status {
            listeners: self.listeners.iter().map(|listener| listener.counters.read(&listener.package_id)).collect(),
            transactions: self.shared.transactions.load(Ordering::Relaxed),
            running,
            held_bytes: self.shared.held_bytes.load(Ordering::Relaxed),
            threads,
            stopping: *self.phase.borrow() != Phase::Serving,
        }
    }

    /// Stops: takes no more connections, refuses new transactions with 503, lets running ones finish within the drain
    /// time, and then ends the streams. Returns within the drain time and a few seconds, whatever peers do. A contract
    /// that computes on past that time keeps its thread until it returns; its result goes nowhere.
    pub async fn shutdown(mut self) {
        self.phase.send_replace(Phase::Draining);
        let drained = Instant::now() + self.shared.limits.drain;
        while self.shared.transactions.load(Ordering::Relaxed) > 0 && Instant::now() < drained {
            sleep(POLL).await;
        }
        let left = self.shared.transactions.load(Ordering::Relaxed);
        if left > 0 {
            tracing::warn!(transactions = left, "transactions were still running and are abandoned");
        }
        self.phase.send_replace(Phase::Stopping);
        let closed = Instant::now() + CLOSING_MAX;
        for listener in &mut self.listeners {
            if timeout_at(closed, &mut listener.task).await.is_err() {
                tracing::warn!(address = %listener.address, "connections were still open and are dropped");
                listener.task.abort();
            }
        }
        self.shared.workers.close();
        if timeout_at(closed, self.shared.workers.ended()).await.is_err() {
            tracing::warn!("the streams' thread has not ended");
        }
        tracing::info!("the chaincode has stopped");
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Stopping);
    }
}
