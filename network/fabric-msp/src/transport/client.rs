//! The calling side: a tonic channel over TCP or OpenSSL.

use std::{error::Error, io, pin::Pin, time::Duration};

use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslMethod};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use tonic::{
    codegen::{BoxFuture, Service, http::Uri},
    transport::{Channel, Endpoint},
};

use super::{
    stream::Stream,
    tls::{
        ALPN_H2, CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES, TransportError, certificates_of, store_of, use_identity,
    },
};

/// Fabric's nodes refuse clients that ping more often than once a minute.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

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
/// # Errors
/// [`TransportError`] when the settings cannot be used or no connection comes about in time.
pub async fn connect(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<Channel, TransportError> {
    let (endpoint, connector) = prepare(address, tls, timeout)?;
    endpoint
        .connect_with_connector(connector)
        .await
        .map_err(|error| TransportError::Connect { address: address.to_owned(), cause: in_one_line(&error) })
}

/// As [`connect`], but the connection is made with the first call. Must be called inside a tokio runtime.
///
/// # Errors
/// [`TransportError`] when the settings cannot be used.
pub fn connect_lazy(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<Channel, TransportError> {
    let (endpoint, connector) = prepare(address, tls, timeout)?;
    Ok(endpoint.connect_with_connector_lazy(connector))
}

fn prepare(address: &str, tls: Option<&ClientTls>, timeout: Duration) -> Result<(Endpoint, Connector), TransportError> {
    let bad_address = || TransportError::Address(address.to_owned());
    let uri: Uri = format!("http://{address}").parse().map_err(|_| bad_address())?;
    let (Some(host), Some(_)) = (uri.host(), uri.port_u16()) else { return Err(bad_address()) };
    if uri.path() != "/" || uri.query().is_some() {
        return Err(bad_address());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']');
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
            if let Err(error) = Pin::new(&mut stream).connect().await {
                let verdict = stream.ssl().verify_result();
                let unverified = verdict != openssl::x509::X509VerifyResult::OK;
                let reason = if unverified { verdict.error_string().to_owned() } else { error.to_string() };
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionRefused,
                    format!("TLS handshake failed: {reason}"),
                ));
            }
            Ok(TokioIo::new(Stream::Tls(Box::new(stream))))
        })
    }
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
