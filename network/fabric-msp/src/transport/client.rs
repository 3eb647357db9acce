//! The calling side: a tonic channel over TCP or OpenSSL.

use std::{error::Error, io, pin::Pin, time::Duration};

use hyper_util::rt::TokioIo;
use openssl::{
    ssl::{self, ErrorCode, SslConnector, SslMethod, SslRef},
    x509::X509VerifyResult,
};
use tokio::{
    net::TcpStream,
    time::{self, Instant},
};
use tokio_openssl::SslStream;
use tonic::{
    codegen::{BoxFuture, Service, http::Uri},
    transport::{Channel, Endpoint},
};

use super::{
    stream::Stream,
    tls::{
        ALPN_H2, CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, TransportError, certificates_of, read_ahead, store_of,
        use_identity,
    },
};

/// Fabric's nodes refuse clients that ping more often than once a minute.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
/// How often a connection is opened that the server ends at once.
const ATTEMPTS: usize = 3;

/// Whom a client trusts, and what it shows.
#[derive(Clone, Default)]
pub struct ClientTls {
    /// The authorities one of which must have signed the server's certificate. No others are trusted.
    pub ca_pem: Vec<u8>,
    /// Certificate (with those that lead to its authority) and unencrypted private key, for servers that ask.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// The name that the server's certificate must carry; the host of the address when `None`.
    pub server_name: Option<String>,
}

/// Connects to `address` (`host:port`) and waits for the connection at most `timeout`. The channel reconnects by itself
/// when the connection breaks.
///
/// A connection that the server ends before it can be used is opened again, twice at most: servers, Fabric's and ours,
/// end one whose handshake takes longer than 5 seconds, which on a busy machine says nothing about either side.
///
/// # Errors
/// [`TransportError`] when the settings cannot be used or no connection comes about in time.
pub async fn connect(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<Channel, TransportError> {
    let (endpoint, connector) = prepare(address, tls, timeout)?;
    let deadline = Instant::now() + timeout;
    let mut failed = match endpoint.connect_with_connector(connector.clone()).await {
        Ok(channel) => return Ok(channel),
        Err(error) => error,
    };
    for _ in 1..ATTEMPTS {
        if !was_ended(&failed) {
            break;
        }
        tracing::debug!(address, cause = in_one_line(&failed), "a connection was ended at once and is opened again");
        match time::timeout_at(deadline, endpoint.connect_with_connector(connector.clone())).await {
            Ok(Ok(channel)) => return Ok(channel),
            Ok(Err(error)) => failed = error,
            Err(_) => break,
        }
    }
    Err(TransportError::Connect { address: address.to_owned(), cause: in_one_line(&failed) })
}

/// As [`connect`], but the connection is made with the first call. Must be called inside a tokio runtime.
///
/// # Errors
/// [`TransportError`] when the settings cannot be used.
pub fn connect_lazy(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<Channel, TransportError> {
    let (endpoint, connector) = prepare(address, tls, timeout)?;
    Ok(endpoint.connect_with_connector_lazy(connector))
}

/// The URI of `host:port`.
///
/// # Errors
/// [`TransportError::Address`] when `address` is something else.
pub fn uri_of(address: &str) -> Result<Uri, TransportError> {
    let uri: Option<Uri> = format!("http://{address}").parse().ok();
    let is_plain = |uri: &Uri| {
        uri.host().is_some_and(|host| !host.is_empty())
            && uri.port_u16().is_some()
            && uri.path() == "/"
            && uri.query().is_none()
    };
    uri.filter(is_plain).ok_or_else(|| TransportError::Address(address.to_owned()))
}

fn prepare(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<(Endpoint, Connector), TransportError> {
    let bad_address = || TransportError::Address(address.to_owned());
    let uri = uri_of(address)?;
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let mut endpoint = Endpoint::from(uri.clone())
        .connect_timeout(timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut connector = Connector { address: address.to_owned(), tls: None };
    if let Some(tls) = tls {
        let server_name = tls.server_name.clone().unwrap_or_else(|| host.to_owned());
        connector.tls = Some((ssl_connector(tls)?, server_name));
        // The connector speaks TLS itself, so tonic must see `http`; the server should still see `https`.
        let origin = format!("https://{address}").parse().map_err(|_| bad_address())?;
        endpoint = endpoint.origin(origin);
    }
    Ok((endpoint, connector))
}

fn ssl_connector(tls: &ClientTls) -> Result<SslConnector, TransportError> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    read_ahead(&mut builder);
    // Replaces the store of the system, which must not be trusted here.
    builder.set_cert_store(store_of(&certificates_of(&tls.ca_pem, "list of TLS authorities")?)?);
    builder.set_alpn_protos(ALPN_H2)?;
    if let Some((certificate, key)) = &tls.identity {
        use_identity(&mut builder, certificate, key)?;
    }
    Ok(builder.build())
}

/// Opens one connection after another for tonic, which asks again whenever the last one broke.
#[derive(Clone)]
struct Connector {
    address: String,
    tls: Option<(SslConnector, String)>,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), io::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { address, tls } = self.clone();
        Box::pin(async move {
            let stream = TcpStream::connect(&address).await?;
            stream.set_nodelay(true)?;
            let Some((connector, server_name)) = tls else { return Ok(TokioIo::new(Stream::Plain(stream))) };
            let ssl = connector.configure()?.into_ssl(&server_name)?;
            let mut stream = SslStream::new(ssl, stream)?;
            let began = Instant::now();
            match Pin::new(&mut stream).connect().await {
                Ok(()) => Ok(TokioIo::new(Stream::Tls(Box::new(stream)))),
                Err(error) => Err(refused(&error, stream.ssl(), began.elapsed())),
            }
        })
    }
}

/// Why a handshake failed after so long.
fn refused(error: &ssl::Error, ssl: &SslRef, after: Duration) -> io::Error {
    let verdict = ssl.verify_result();
    let (kind, reason) = match verdict == X509VerifyResult::OK {
        false => (io::ErrorKind::ConnectionRefused, verdict.error_string().to_owned()),
        // Not a word in TLS: the server has closed the connection.
        true if error.code() == ErrorCode::SYSCALL => {
            (io::ErrorKind::ConnectionAborted, format!("the server ended the connection after {after:.1?}"))
        }
        true => (io::ErrorKind::ConnectionRefused, error.to_string()),
    };
    io::Error::new(kind, format!("TLS handshake failed: {reason}"))
}

/// Whether the far side had taken a connection and ended it again.
fn was_ended(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ends =
        |error: &io::Error| matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(ends) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn in_one_line(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
