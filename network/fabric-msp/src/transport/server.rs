//! The listening side: a stream of connections whose handshake is done, for tonic's `serve_with_incoming_shutdown`.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use openssl::ssl::{Ssl, SslAcceptor, SslVerifyMode};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{self, Instant, Sleep},
};
use tokio_openssl::SslStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;
use tower_layer::{Identity, Stack};

use super::{
    acceptor::{CurrentTls, ServerTls, acceptor},
    activity::Activity,
    gate::{Gate, Patience},
    guests::Guest,
    info::ConnectionInfo,
    stream::Stream,
    tls::{CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, TransportError},
    watched::WatchRequests,
};

/// How long a client may take for its handshake, as with Fabric's servers, and its first byte.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// Requests of one connection that may be open at once, streams included.
const STREAMS_MAX: u32 = 512;
/// How long to wait when the system has no file handle to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection whose handshake is done.
pub struct TlsConnection {
    stream: Stream,
    info: ConnectionInfo,
    visit: Visit,
}

/// What a connection takes until it ends, and when it has to end because nothing is asked.
struct Visit {
    guest: Guest,
    patience: Patience,
    has_ended: bool,
    alarm: Pin<Box<Sleep>>,
}

/// Accepts connections until the returned stream is dropped. A failed handshake is logged and skipped; a client that
/// has not said anything after 5 seconds is cut off, and holds up nobody. How many connections there may be is the
/// process's [`Gate`]'s to say. Must be called inside a tokio runtime.
///
/// # Errors
/// [`TransportError`] when certificate, key or authorities cannot be used.
pub fn incoming(
    listener: TcpListener,
    tls: Option<&ServerTls>,
) -> Result<ReceiverStream<io::Result<TlsConnection>>, TransportError> {
    incoming_through(listener, tls, Gate::of_process())
}

/// As [`incoming`], through a gate of its own.
///
/// # Errors
/// As [`incoming`].
pub fn incoming_through(
    listener: TcpListener,
    tls: Option<&ServerTls>,
    gate: Arc<Gate>,
) -> Result<ReceiverStream<io::Result<TlsConnection>>, TransportError> {
    Ok(accept_all(listener, tls.map(CurrentTls::new).transpose()?, gate))
}

/// As [`incoming`] with TLS that can be replaced meanwhile: each connection gets what is there when it comes.
#[must_use]
pub fn incoming_with(listener: TcpListener, tls: Option<CurrentTls>) -> ReceiverStream<io::Result<TlsConnection>> {
    accept_all(listener, tls, Gate::of_process())
}

/// As [`incoming`] for a server that asks for a client's certificate, and takes any and none when `tls` names no
/// authorities, as Fabric's servers do. Such a certificate proves that the client has its key and nothing else;
/// requests can be bound to it.
///
/// # Errors
/// As [`incoming`].
pub fn incoming_with_any_certificate(
    listener: TcpListener,
    tls: &ServerTls,
) -> Result<ReceiverStream<io::Result<TlsConnection>>, TransportError> {
    let mut builder = acceptor(tls)?;
    if tls.client_ca_pem.is_none() {
        builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    }
    Ok(accept_all(listener, Some(CurrentTls::of(builder)), Gate::of_process()))
}

/// A server whose connections end when nothing is asked for a long time, and whose requests end when they do not come.
pub type Server = tonic::transport::Server<Stack<WatchRequests, Identity>>;

/// What a [`Server`] serves.
pub type Router = tonic::transport::server::Router<Stack<WatchRequests, Identity>>;

/// tonic's server with the keep-alive and the windows that fit Fabric.
pub fn server() -> Server {
    tonic::transport::Server::builder()
        .layer(WatchRequests)
        .max_concurrent_streams(STREAMS_MAX)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
}

fn accept_all(
    listener: TcpListener,
    tls: Option<CurrentTls>,
    gate: Arc<Gate>,
) -> ReceiverStream<io::Result<TlsConnection>> {
    let (ready, connections) = mpsc::channel(64);
    tokio::spawn(accept(listener, tls, ready, gate));
    ReceiverStream::new(connections)
}

type Ready = mpsc::Sender<io::Result<TlsConnection>>;

async fn accept(listener: TcpListener, tls: Option<CurrentTls>, ready: Ready, gate: Arc<Gate>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        match accepted {
            Ok((stream, remote)) => {
                let acceptor = tls.as_ref().map(CurrentTls::get);
                tokio::spawn(let_in(stream, remote, acceptor, ready.clone(), Arc::clone(&gate)));
            }
            Err(cause) => {
                tracing::warn!(%cause, "a connection could not be accepted");
                time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn let_in(stream: TcpStream, remote: SocketAddr, acceptor: Option<SslAcceptor>, ready: Ready, gate: Arc<Gate>) {
    let stranger = gate.enter(remote);
    let greeting = time::timeout(HANDSHAKE_MAX, greet(stream, remote, acceptor.as_ref(), &gate));
    let greeted = tokio::select! {
        greeted = greeting => {
            let late = || format!("not done within {HANDSHAKE_MAX:?}, so the connection is ended");
            greeted.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, late())))
        }
        () = stranger.evicted() => Err(io::Error::new(io::ErrorKind::QuotaExceeded, "it had to make room")),
    };
    let (stream, info) = match greeted {
        Ok(greeted) => greeted,
        Err(cause) => return tracing::debug!(%remote, %cause, "a connection did not come about"),
    };
    let Some(guest) = gate.welcome(remote, &info.activity) else {
        return tracing::debug!(%remote, "there is no room for another connection");
    };
    let connection = TlsConnection { stream, info, visit: Visit::new(guest, gate.patience()) };
    drop(stranger);
    // The stream of connections may have been dropped meanwhile; then this one ends here.
    drop(ready.send(Ok(connection)).await);
}

/// The handshake, and the first byte of what the client has to say.
async fn greet(
    stream: TcpStream,
    remote: SocketAddr,
    acceptor: Option<&SslAcceptor>,
    gate: &Gate,
) -> io::Result<(Stream, ConnectionInfo)> {
    stream.set_nodelay(true)?;
    let mut info = ConnectionInfo {
        local: stream.local_addr().ok(),
        remote: Some(remote),
        certificate: None,
        activity: Arc::default(),
        inbox: Some(gate.inbox(remote)),
        message_max: gate.patience().message,
    };
    let mut stream = match acceptor {
        None => Stream::Plain(stream),
        Some(acceptor) => {
            // A handshake that has nothing to read yet needs no turn.
            stream.readable().await?;
            let stream = gate.turns().in_turn(remote.ip(), shake_hands(stream, acceptor)).await?;
            let certificate = stream.ssl().peer_certificate();
            info.certificate = certificate.and_then(|certificate| certificate.to_der().ok()).map(Arc::from);
            Stream::Tls(Box::new(stream))
        }
    };
    match stream.peek(&mut [0]).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok((stream, info)),
    }
}

async fn shake_hands(stream: TcpStream, acceptor: &SslAcceptor) -> io::Result<SslStream<TcpStream>> {
    let mut stream = SslStream::new(Ssl::new(acceptor.context())?, stream)?;
    Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
    Ok(stream)
}

impl Visit {
    fn new(guest: Guest, patience: Patience) -> Self {
        Self { guest, patience, has_ended: false, alarm: Box::pin(time::sleep(patience.first_request)) }
    }

    /// Ready when nothing was asked for too long, or another connection needs the place.
    fn poll_end(&mut self, activity: &Activity, context: &mut Context<'_>) -> Poll<()> {
        if self.has_ended || self.guest.poll_ended(context).is_ready() {
            self.has_ended = true;
            return Poll::Ready(());
        }
        let Patience { first_request, idle, .. } = self.patience;
        while self.alarm.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            let next = activity.deadline(first_request, idle).map_or(now + idle, Instant::from_std);
            if next <= now {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(next);
        }
        Poll::Pending
    }
}

impl TlsConnection {
    /// What is known about the far side.
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }
}

impl Connected for TlsConnection {
    type ConnectInfo = ConnectionInfo;

    fn connect_info(&self) -> ConnectionInfo {
        self.info.clone()
    }
}

impl AsyncRead for TlsConnection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, info, visit } = &mut *self;
        if visit.poll_end(&info.activity, context).is_ready() {
            // As if the far side had ended the connection.
            return Poll::Ready(Ok(()));
        }
        Pin::new(stream).poll_read(context, into)
    }
}

impl AsyncWrite for TlsConnection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
