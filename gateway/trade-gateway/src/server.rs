//! Starts and stops a gateway: keys, store, audit log, listeners, background work.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    web,
};
use fabric_msp::{private, transport::room_for_connections};
use openssl::ssl::SslAcceptor;
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use crate::{
    audit::{AuditError, AuditLog},
    doors::{self, Doors},
    fabric::{Fabric, FabricError},
    http::{self, State},
    index::Index,
    ledger::Ledger,
    members::{Members, MembersError},
    oauth::{Oauth, TokenKeysError},
    proxies::{Proxies, ProxiesError},
    references::{References, ReferencesError},
    reload::Reloader,
    service::Service,
    settings::{AuditSettings, Limits, Settings, SettingsError},
    store::{Store, StoreError},
    time::now,
    tls::{ServerTls, TlsError},
    traces::{Traces, TracesError},
    webhooks::{Courier, Sender, WebhookError},
};

/// How long a stopping gateway waits for requests in work, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// How long a stopped gateway waits until its data directory is free.
const RELEASE_WAIT: Duration = Duration::from_secs(10);

/// How long a stopped gateway waits until its last spans are sent.
const TRACES_WAIT: Duration = Duration::from_secs(2);

/// How often open operations are looked at.
const RESOLVE: Duration = Duration::from_secs(5);

/// How often what is old is forgotten.
const SWEEP: Duration = Duration::from_secs(5);

/// How often counts of callers who are not members are written, once their minute is over.
const COUNTS: Duration = Duration::from_secs(10);

/// How often the place of the audit log is written to the process log.
const HEAD: Duration = Duration::from_secs(3_600);

/// How often certificates that end soon are warned of.
const EXPIRY: Duration = Duration::from_secs(24 * 3_600);

/// How often files are read again, the MSP directories among them. Bounds how late a revocation counts.
const RELOAD: Duration = Duration::from_secs(30);

/// How often the index is asked which organizations are on the channel. Bounds how late a departure counts for tokens.
const CHANNEL: Duration = Duration::from_secs(5);

/// How long one open operation is tried in one round.
const RESOLVE_WAIT: Duration = Duration::from_secs(2);

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The organizations cannot be set up.
    #[error(transparent)]
    Members(#[from] MembersError),
    /// The connections to Fabric cannot be set up.
    #[error(transparent)]
    Fabric(#[from] FabricError),
    /// The operation store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit log cannot be used.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The keys of access tokens cannot be used.
    #[error(transparent)]
    TokenKeys(#[from] TokenKeysError),
    /// The listed proxies cannot be known.
    #[error(transparent)]
    References(#[from] ReferencesError),
    /// The proxies cannot be used.
    #[error(transparent)]
    Proxies(#[from] ProxiesError),
    /// Traces cannot be sent as the settings say.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// Webhooks cannot be sent as the settings say.
    #[error(transparent)]
    Webhooks(#[from] WebhookError),
    /// The listener's certificate and key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The data directory cannot be used.
    #[error("the data directory {path}: {cause}")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        cause: io::Error,
    },
    /// The administrative listener has no TLS and must not leave the machine.
    #[error("the administrative address {0} is not a loopback address")]
    AdminNotLoopback(SocketAddr),
}

/// A gateway that runs.
pub struct Running {
    address: SocketAddr,
    admin_address: Option<SocketAddr>,
    servers: Vec<(ServerHandle, JoinHandle<io::Result<()>>)>,
    housekeeping: Vec<JoinHandle<()>>,
    index: Arc<Index>,
    stopping: Arc<watch::Sender<bool>>,
    reload: Reload,
    /// Ends when all spans are sent; none where there are none to send.
    traces: Option<JoinHandle<()>>,
    /// Gone as soon as no worker holds the store and the audit log any more.
    in_use: Weak<()>,
}

/// Asks a gateway to read its files again at once.
#[derive(Debug, Clone, Default)]
pub struct Reload(Arc<Notify>);

impl Reload {
    /// Asks for it; what fails is in the gateway's log.
    pub fn ask(&self) {
        self.0.notify_one();
    }
}

impl Running {
    /// What asks this gateway to read its files again.
    #[must_use]
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Where the gateway listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers health and readiness without TLS, if it does.
    #[must_use]
    pub fn admin_address(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// Stops: no new requests, those in work are answered within ten seconds, what stays open is resolved at the next
    /// start. Afterwards the data directory is free for another gateway, unless work that outlived its caller still
    /// runs.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        for task in self.housekeeping {
            task.abort();
            // Aborting is only a request; the task's end is what lets go of the service.
            let _ = task.await;
        }
        for (handle, server) in self.servers {
            handle.stop(true).await;
            // The server's own result is of no use to anybody who has stopped it.
            let _ = server.await;
        }
        self.index.close().await;
        // Worker threads let go a moment after the server has ended.
        let deadline = Instant::now() + RELEASE_WAIT;
        while self.in_use.strong_count() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if let Some(traces) = self.traces {
            // What a collector does not take now it does not get.
            let _ = tokio::time::timeout(TRACES_WAIT, traces).await;
        }
    }
}

/// Starts a gateway in front of Fabric. Must be called on a multi-threaded tokio runtime, which carries its work.
///
/// # Errors
/// [`StartError`] names the setting, file or address that cannot be used.
pub async fn start(settings: Settings) -> Result<Running, StartError> {
    settings.check()?;
    let members = Members::load(&settings)?;
    let ledger = Fabric::connect(&settings, &members)?;
    start_with(settings, members, Arc::new(ledger)).await
}

/// As [`start`], in front of any ledger.
///
/// # Errors
/// As [`start`].
pub async fn start_with(settings: Settings, members: Members, ledger: Arc<dyn Ledger>) -> Result<Running, StartError> {
    settings.check()?;
    let (store, audit) = open_data(&settings.data_dir, &settings.audit)?;
    let tls = ServerTls::load(&settings.tls)?;
    let acceptor = tls.acceptor()?;
    let proxies = Proxies::load(&settings.proxies)?;
    let listener = listen(&settings.listen)?;
    let address = local_address(&listener, &settings.listen)?;
    let limits = settings.limits.clone();
    let admin = settings.admin_listen.as_deref().map(listen_on_loopback).transpose()?;
    let oauth = settings.oauth.as_ref().map(|oauth| Oauth::open(oauth, &settings.data_dir, now())).transpose()?;
    let courier = Courier::new(settings.webhooks.authorities.as_deref(), &settings.webhooks.networks)?;
    let references = References::open(&settings.data_dir)?;
    let kept = (store, references, audit.reader());
    let service = Arc::new(Service::new(settings, members, ledger, kept, oauth, courier.guard().clone()));
    service.index().open_at_start().await;
    // Whose tokens count is known before the first of them comes.
    service.note_channel().await;
    let (traces, sending) = Traces::start(service.settings().traces.as_ref(), || service.metrics().trace_spans())?;
    let state = State::new(Arc::clone(&service), audit, tokio::runtime::Handle::current(), traces);
    let state = web::Data::new(state);
    let doors = doors_of(&limits, proxies, &service)
        .map_err(|cause| StartError::Listen { address: address.to_string(), cause })?;
    let reloader = Reloader::new(Arc::clone(&service), state.clone().into_inner(), Arc::clone(&doors), tls);
    let server = open_doors(doors, listener, acceptor, &service, &state)
        .map_err(|cause| StartError::Listen { address: address.to_string(), cause })?;
    let mut servers = vec![(server.handle(), tokio::spawn(server))];

    let (for_counts, for_imports) = (state.clone().into_inner(), state.clone().into_inner());
    let for_anchors = state.clone().into_inner();
    let mut admin_address = None;
    if let Some((listener, address)) = admin {
        admin_address = Some(address);
        let server = HttpServer::new(move || {
            let shared = state.clone();
            App::new().configure(move |config| http::configure_admin(config, &shared))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .map_err(|cause| StartError::Listen { address: address.to_string(), cause })?
        .run();
        servers.push((server.handle(), tokio::spawn(server)));
    }
    let in_use = service.in_use();
    let (index, stopping) = (Arc::clone(service.index()), service.stopping());
    let mut housekeeping = keep_house(&service);
    housekeeping.push(tokio::spawn(Arc::clone(&index).keep(Arc::clone(service.ledger()))));
    housekeeping.push(tokio::spawn(write_counts(for_counts)));
    let reload = Reload::default();
    housekeeping.push(tokio::spawn(read_again(Arc::new(reloader), reload.clone())));
    let sender = Sender::new(Arc::clone(&index), courier, service.settings(), service.name());
    housekeeping.push(tokio::spawn(Arc::new(sender).keep(stopping.subscribe())));
    housekeeping.push(tokio::spawn(http::import(for_imports, stopping.subscribe())));
    housekeeping.push(tokio::spawn(http::anchor(for_anchors, stopping.subscribe())));
    drop(service);
    tracing::info!(%address, "the gateway listens on {address}");
    Ok(Running { address, admin_address, servers, housekeeping, index, stopping, reload, traces: sending, in_use })
}

/// Runs a gateway until `shutdown` is done. `ready` is told the bound address.
///
/// # Errors
/// As [`start`].
pub async fn run(
    settings: Settings,
    shutdown: impl Future<Output = ()>,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), StartError> {
    let running = start(settings).await?;
    ready(running.address());
    shutdown.await;
    running.stop().await;
    Ok(())
}

/// The work beside requests. Each kind has its own task, so that a network that does not answer keeps no revocation
/// from counting.
fn keep_house(service: &Arc<Service>) -> Vec<JoinHandle<()>> {
    service.members().warn_of_expiry();
    vec![
        tokio::spawn(resolve(Arc::clone(service))),
        tokio::spawn(note_channel(Arc::clone(service))),
        tokio::spawn(repeat(Arc::clone(service), EXPIRY, |service| service.members().warn_of_expiry())),
        tokio::spawn(repeat(Arc::clone(service), SWEEP, |service| {
            if let Err(error) = service.sweep_expired() {
                tracing::error!("cannot forget old operations: {error}");
            }
        })),
        tokio::spawn(repeat(Arc::clone(service), RELOAD, |service| {
            if let Some(Err(error)) = service.oauth().map(|oauth| oauth.rotate(now())) {
                tracing::error!("the keys of access tokens cannot be renewed: {error}");
            }
        })),
    ]
}

/// Reads files again, every [`RELOAD`] and when it is asked for.
async fn read_again(reloader: Arc<Reloader>, reload: Reload) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(RELOAD) => {}
            () = reload.0.notified() => {}
        }
        let reloader = Arc::clone(&reloader);
        if let Err(error) = tokio::task::spawn_blocking(move || reloader.read_again()).await {
            tracing::error!("background work stopped: {error}");
        }
    }
}

async fn write_counts(state: Arc<State>) {
    let mut told = Instant::now();
    loop {
        tokio::time::sleep(COUNTS).await;
        state.write_counts();
        if told.elapsed() >= HEAD {
            state.tell_head();
            told = Instant::now();
        }
    }
}

/// Resolves what was left open.
async fn resolve(service: Arc<Service>) {
    loop {
        if let Err(error) = service.resolve_open(RESOLVE_WAIT).await {
            tracing::error!("cannot resolve open operations: {error}");
        }
        tokio::time::sleep(RESOLVE).await;
    }
}

/// Notes whose tokens count no more because the organization has left the channel.
async fn note_channel(service: Arc<Service>) {
    loop {
        tokio::time::sleep(CHANNEL).await;
        service.note_channel().await;
    }
}

/// Does what touches files and nothing else, every `pause`, away from the threads that answer requests.
async fn repeat(service: Arc<Service>, pause: Duration, work: fn(&Service)) {
    loop {
        tokio::time::sleep(pause).await;
        let service = Arc::clone(&service);
        if let Err(error) = tokio::task::spawn_blocking(move || work(&service)).await {
            tracing::error!("background work stopped: {error}");
        }
    }
}

fn open_data(folder: &Path, audit: &AuditSettings) -> Result<(Store, AuditLog), StartError> {
    let failed = |cause| StartError::DataDirectory { path: folder.to_owned(), cause };
    private::close_folder(folder).map_err(failed)?;
    // The store is locked, so it is opened first: a second gateway must not touch the first one's audit log.
    let store = Store::open(&folder.join("operations.redb"))?;
    let audit = AuditLog::open(folder, audit)?;
    Ok((store, audit))
}

/// Places for as many connections as the system lets this process hold.
fn doors_of(limits: &Limits, proxies: Proxies, service: &Arc<Service>) -> io::Result<Arc<Doors>> {
    let connections = room_for_connections(limits.connections)?;
    if connections < limits.connections {
        tracing::warn!(
            "only {connections} connections instead of {} are taken: the system gives this process no more file \
             descriptors",
            limits.connections
        );
    }
    Ok(Doors::new(limits, connections, service.settings().organizations.len(), proxies))
}

/// Begins to take connections.
fn open_doors(
    doors: Arc<Doors>,
    listener: TcpListener,
    tls: SslAcceptor,
    service: &Arc<Service>,
    state: &web::Data<State>,
) -> io::Result<Server> {
    let connections = doors.connections();
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get().min(8)).min(connections);
    let server = Server::build()
        .workers(workers)
        // The server's bound is one of each worker. Strangers make room for each other long before it is met.
        .max_concurrent_connections(connections.div_ceil(workers))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    let shared = state.clone();
    let configure = move |config: &mut web::ServiceConfig| http::configure(config, &shared);
    doors::listen(server, listener, tls, doors, Arc::clone(service), configure)
}

fn listen(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|cause| StartError::Listen { address: address.to_owned(), cause })
}

fn listen_on_loopback(address: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = listen(address)?;
    let bound = local_address(&listener, address)?;
    if bound.ip().is_loopback() { Ok((listener, bound)) } else { Err(StartError::AdminNotLoopback(bound)) }
}

fn local_address(listener: &TcpListener, address: &str) -> Result<SocketAddr, StartError> {
    listener.local_addr().map_err(|cause| StartError::Listen { address: address.to_owned(), cause })
}
