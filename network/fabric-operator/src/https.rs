//! One HTTPS request to a node, with the client certificates of mutual TLS: HTTP/1.1 over OpenSSL, as the orderers'
//! administration endpoints speak it.

use std::{pin::Pin, time::Duration};

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use openssl::{
    pkey::PKey,
    ssl::{SslConnector, SslMethod},
    x509::{X509, X509VerifyResult, store::X509StoreBuilder},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_openssl::SslStream;

use crate::endpoint::Endpoint;

/// How long a connection may take, its handshake included.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take. An orderer that joins a channel writes its first block before it answers.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// What a client shows and whom it trusts, PEM each.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The authority that must have signed the server's certificate. No other is trusted.
    pub authority: Vec<u8>,
    /// The client's certificate.
    pub certificate: Vec<u8>,
    /// Its unencrypted private key.
    pub key: Vec<u8>,
}

/// A body and what it is.
#[derive(Debug, Clone)]
pub struct Body {
    /// The media type, for the header `Content-Type`.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, at most 1 MiB.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text, without the white space around it.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }
}

/// Sends one request over a connection of its own.
///
/// # Errors
/// The keys cannot be used, no connection comes about within 5 s, or no whole answer comes within 30 s.
pub async fn send(server: &Endpoint, keys: &Keys, method: Method, path: &str, body: Body) -> Result<Answer> {
    let connection = timeout(CONNECT_PATIENCE, connect(server, keys)).await;
    let stream = connection.with_context(|| format!("{server} does not accept a connection in time"))??;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, server.to_string())
        .header(header::CONTENT_TYPE, body.media_type)
        .body(Full::new(Bytes::from(body.bytes)))
        .context("the request has no valid form")?;
    let answer = timeout(ANSWER_PATIENCE, ask(stream, request)).await;
    answer.with_context(|| format!("{server} does not answer in time"))?
}

async fn connect(server: &Endpoint, keys: &Keys) -> Result<SslStream<TcpStream>> {
    let ssl = connector(keys)?.configure()?.into_ssl(server.host()).context("the name of the server")?;
    let stream = TcpStream::connect((server.host(), server.port()))
        .await
        .with_context(|| format!("{server} cannot be reached"))?;
    let mut stream = SslStream::new(ssl, stream)?;
    if let Err(error) = Pin::new(&mut stream).connect().await {
        let verdict = stream.ssl().verify_result();
        let reason = match verdict == X509VerifyResult::OK {
            true => error.to_string(),
            false => verdict.error_string().to_owned(),
        };
        anyhow::bail!("the TLS handshake with {server} failed: {reason}");
    }
    Ok(stream)
}

fn connector(keys: &Keys) -> Result<SslConnector> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    let mut store = X509StoreBuilder::new()?;
    for authority in X509::stack_from_pem(&keys.authority).context("the TLS authority's certificate")? {
        store.add_cert(authority)?;
    }
    // Replaces the store of the system, which must not be trusted here.
    builder.set_cert_store(store.build());
    builder.set_certificate(&*X509::from_pem(&keys.certificate).context("the client's certificate")?)?;
    // Without the callback OpenSSL asks for the passphrase of an encrypted key on the terminal.
    let key = PKey::private_key_from_pem_callback(&keys.key, |_| Ok(0)).context("the client's key")?;
    builder.set_private_key(&key)?;
    builder.check_private_key().context("the client's key does not belong to its certificate")?;
    Ok(builder.build())
}

async fn ask(stream: SslStream<TcpStream>, request: Request<Full<Bytes>>) -> Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.context("no HTTP/1.1 is spoken")?;
    let exchange = async {
        let answer = sender.send_request(request).await.context("no answer came")?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("the answer cannot be read: {error}"))?;
        Ok(Answer { status, body: body.to_bytes().to_vec() })
    };
    // The connection does the reading and writing. A server that refuses early closes it with its answer under way, so
    // the exchange says how it went, and not the connection.
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        _ = connection => exchange.await,
    }
}
