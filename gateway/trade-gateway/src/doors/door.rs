//! Takes connections in: a place, the handshake when it is its turn, the room of the members, and then HTTP until a
//! deadline passes.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io,
    net::{SocketAddr, TcpListener},
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_http::HttpService;
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, map_config};
use actix_tls::accept::openssl::{Acceptor, AcceptorService};
use actix_web::{
    App,
    dev::{AppConfig, Extensions, Server, Service, ServiceFactory, fn_factory},
    rt::net::TcpStream,
    web::ServiceConfig,
};
use fabric_msp::transport::{Stranger, Strangers, Turns};
use openssl::ssl::SslAcceptor;

use super::{
    connection::Connection,
    link::{Link, Standing},
    progress::{Deadlines, FAREWELL, Progress},
    shares::{Bounds, Holder, Share, Shares},
};
use crate::{
    members::Members,
    proxies::{Proxies, ProxiesError, Proxy},
    service::Service as Gateway,
    settings::{Limits, ProxySettings},
    time::now,
};

/// The places of a gateway's listener, over all of its workers.
pub(crate) struct Doors {
    connections: usize,
    strangers: Arc<Strangers>,
    members: Arc<Shares>,
    /// How many connections members may have, and how many organizations there are.
    room: (usize, usize),
    proxies: Arc<Proxies>,
    turns: Arc<Turns>,
    handshake: Duration,
    deadlines: Deadlines,
}

impl Doors {
    /// `connections` is how many there may be in all, `organizations` how many organizations there are. All proxies
    /// together may hold what one organization may.
    pub(crate) fn new(limits: &Limits, connections: usize, organizations: usize, proxies: Proxies) -> Arc<Self> {
        let strangers = limits.unauthenticated_connections.min(connections.saturating_sub(1)).max(1);
        let room = (connections.saturating_sub(strangers).max(1), organizations);
        Arc::new(Self {
            connections,
            strangers: Strangers::new(strangers, limits.connections_per_address),
            members: Shares::new(bounds(room, &proxies)),
            room,
            proxies: Arc::new(proxies),
            turns: Turns::of_machine(),
            handshake: Duration::from_millis(limits.header_deadline_ms),
            deadlines: Deadlines {
                head: Duration::from_millis(limits.header_deadline_ms),
                answer: Duration::from_millis(limits.body_deadline_ms),
                idle: Duration::from_millis(limits.idle_deadline_ms),
            },
        })
    }

    /// How many connections there may be in all.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// Lists other proxies.
    ///
    /// # Errors
    /// One cannot be known; the former ones stay.
    pub(crate) fn list(&self, proxies: &[ProxySettings]) -> Result<(), ProxiesError> {
        self.proxies.replace(proxies)?;
        self.members.bound(bounds(self.room, &self.proxies));
        Ok(())
    }

    /// Whose connection it is by its certificate, and the member's or proxy's place.
    fn admit(&self, members: &Members, certificate: Option<&[u8]>, proxy: Option<&Proxy>) -> (Standing, Option<Share>) {
        let (standing, holder) = match proxy {
            Some(proxy) => (Standing::Proxy, Holder::proxy(&proxy.name)),
            None => match members.authenticate(certificate, now()) {
                Ok(principal) => (Standing::Member, Holder::of(Some(&principal))),
                Err(_) => return (Standing::Stranger, None),
            },
        };
        match self.members.take(holder, 1) {
            Some(share) => (standing, Some(share)),
            None => (Standing::Crowded, None),
        }
    }
}

/// How much of the members' room one of them may take.
fn bounds((members, organizations): (usize, usize), proxies: &Proxies) -> Bounds {
    let organizations = organizations + usize::from(!proxies.is_empty());
    let organization = members.div_ceil(2);
    let certificate = organization.div_ceil(2);
    Bounds { all: members, organization, certificate, public: 0, organizations }
}

/// Serves what `configure` registers on a listener, over TLS. `server` has everything but the listener.
///
/// # Errors
/// The listener cannot be used.
pub(crate) fn listen(
    server: ServerBuilder,
    listener: TcpListener,
    acceptor: SslAcceptor,
    doors: Arc<Doors>,
    gateway: Arc<Gateway>,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("gateway", listener, move || {
        let (stopping, deadlines) = (stopping.clone(), doors.deadlines);
        let application = App::new().configure(configure.clone());
        let application = application.into_factory().map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .keep_alive(deadlines.idle)
            .client_request_timeout(deadlines.head)
            .client_disconnect_timeout(FAREWELL)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, data: &mut Extensions| drop(data.insert(connection.link())))
            .h1(map_config(application, |()| AppConfig::default()));
        let mut tls = Acceptor::new(acceptor.clone());
        tls.set_handshake_timeout(doors.handshake);
        let (doors, gateway) = (Arc::clone(&doors), Arc::clone(&gateway));
        fn_factory(move || {
            let (http, tls) = (http.new_service(()), ServiceFactory::<TcpStream>::new_service(&tls, ()));
            let (doors, gateway) = (Arc::clone(&doors), Arc::clone(&gateway));
            async move { Ok::<_, ()>(Door { http: Rc::new(http.await?), tls: tls.await?, doors, gateway }) }
        })
    })?;
    Ok(server.run())
}

/// The service of one worker.
struct Door<H> {
    http: Rc<H>,
    tls: AcceptorService,
    doors: Arc<Doors>,
    gateway: Arc<Gateway>,
}

impl<H> Service<TcpStream> for Door<H>
where
    H: Service<(Connection, Option<SocketAddr>)> + 'static,
    H::Error: std::fmt::Display,
{
    type Response = ();
    type Error = ();
    type Future = Pin<Box<dyn Future<Output = Result<(), ()>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), ()>> {
        self.http.poll_ready(context).map_err(|error| tracing::error!("the HTTP service is not ready: {error}"))
    }

    fn call(&self, stream: TcpStream) -> Self::Future {
        // Before anything else, so that a place is taken from the first moment.
        let address = stream.peer_addr().ok();
        let stranger = address.map(|address| self.doors.strangers.enter(address.ip()));
        let handshake = stream.set_nodelay(true).ok().map(|()| self.tls.call(stream));
        let (http, doors, gateway) = (Rc::clone(&self.http), Arc::clone(&self.doors), Arc::clone(&self.gateway));
        Box::pin(async move {
            let (Some(address), Some(stranger), Some(handshake)) = (address, stranger, handshake) else {
                return Ok(());
            };
            let handshake = doors.turns.in_turn(address.ip(), handshake);
            let stream = match unless_evicted(&stranger, handshake).await {
                Some(Ok(stream)) => stream,
                Some(Err(error)) => {
                    tracing::debug!("a TLS handshake failed: {error}");
                    return Ok(());
                }
                None => return Ok(()),
            };
            let certificate = stream.ssl().peer_certificate().and_then(|certificate| certificate.to_der().ok());
            let found = doors.proxies.find(certificate.as_deref(), now());
            let (standing, member) = doors.admit(gateway.members(), certificate.as_deref(), found.proxy.as_ref());
            let progress = Progress::new(doors.deadlines);
            let (certificate, proxies) = (certificate.map(Arc::from), Arc::clone(&doors.proxies));
            let (proxy, found) = (found.proxy.clone(), RefCell::new(found));
            let link = Link { standing, certificate, proxy, found, proxies, progress: Rc::clone(&progress) };
            let serving = within(&progress, http.call((Connection::new(stream, link), Some(address))));
            match member {
                Some(place) => {
                    drop(stranger);
                    serving.await;
                    drop(place);
                }
                None => drop(unless_evicted(&stranger, serving).await),
            }
            Ok(())
        })
    }
}

/// The result, or none when the connection has to make room first.
async fn unless_evicted<T>(stranger: &Stranger, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = stranger.evicted() => None,
    }
}

/// Serves a connection until it ends or is late.
async fn within<E: std::fmt::Display>(progress: &Progress, serving: impl Future<Output = Result<impl Sized, E>>) {
    let mut serving = pin!(serving);
    poll_fn(|context| {
        if let Poll::Ready(ended) = serving.as_mut().poll(context) {
            if let Err(error) = ended {
                tracing::debug!("a connection ended: {error}");
            }
            return Poll::Ready(());
        }
        progress.poll_late(context)
    })
    .await;
}
