//! A small client of the REST gateway: one organisation's certificate, JSON in and out.

use std::{net::SocketAddr, path::Path, pin::Pin};

use anyhow::{Context, Result, bail, ensure};
use http_body_util::{BodyExt, Full, Limited};
pub use hyper::Method;
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

/// Largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A caller of the gateway with a certificate, or without one.
#[derive(Clone)]
pub struct Caller {
    gateway: SocketAddr,
    tls: SslConnector,
}

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body: JSON, or text as a JSON string, or null when it is empty.
    pub body: Value,
}

impl Caller {
    /// A caller with the certificate and key of an MSP directory, who trusts this authority (PEM).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn with_identity(gateway: SocketAddr, authority: &Path, msp: &Path) -> Result<Self> {
        let mut tls = connector(authority)?;
        let certificate = only_file(&msp.join("signcerts"))?;
        tls.set_certificate_file(&certificate, SslFiletype::PEM)
            .with_context(|| format!("cannot use {}", certificate.display()))?;
        let key = only_file(&msp.join("keystore"))?;
        tls.set_private_key_file(&key, SslFiletype::PEM).with_context(|| format!("cannot use {}", key.display()))?;
        Ok(Self { gateway, tls: tls.build() })
    }

    /// A caller without a certificate.
    ///
    /// # Errors
    /// The authority's certificate cannot be read.
    pub fn anonymous(gateway: SocketAddr, authority: &Path) -> Result<Self> {
        Ok(Self { gateway, tls: connector(authority)?.build() })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// The gateway cannot be reached or does not speak HTTP.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(Method::GET, path, "application/json", Vec::new(), &[]).await
    }

    /// Writes a resource, once: the key makes the request a new one.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.post_again(path, body, &new_key()?).await
    }

    /// Writes a resource under a key of the caller's choice: with a key that was used before, this is a retry.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn post_again(&self, path: &str, body: &Value, key: &str) -> Result<Answer> {
        let body = serde_json::to_vec(body)?;
        self.send(Method::POST, path, "application/json", body, &[("idempotency-key", key)]).await
    }

    /// Sends a signature or another replacement of a resource.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send(Method::PUT, path, "application/json", serde_json::to_vec(body)?, &[]).await
    }

    /// Sends any body with further headers.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut sender = self.connect().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.gateway.to_string())
            .header(header::CONTENT_TYPE, content_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).context("a request that cannot be sent")?;
        let response = sender.send_request(request).await.with_context(|| format!("asking the gateway for {path}"))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let Ok(body) = body else { bail!("the answer to {path} did not arrive whole or was too long") };
        Ok(Answer { status, body: to_json(&body.to_bytes()) })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let tcp = TcpStream::connect(self.gateway).await.with_context(|| format!("no gateway at {}", self.gateway))?;
        tcp.set_nodelay(true)?;
        let ssl = self.tls.configure()?.into_ssl(&self.gateway.ip().to_string())?;
        let mut stream = SslStream::new(ssl, tcp)?;
        Pin::new(&mut stream).connect().await.context("the gateway's TLS")?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.context("the gateway's HTTP")?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// The gateway refused; the error holds the problem's code, title and detail.
    pub fn accepted(self) -> Result<Value> {
        ensure!(self.status.is_success(), "refused with {}: {}", self.status, describe(&self.body));
        Ok(self.body)
    }

    /// The problem of a refusal with this status and code.
    ///
    /// # Errors
    /// The gateway accepted, or refused otherwise.
    pub fn refused(self, status: u16, code: &str) -> Result<Value> {
        let found = self.body["code"].as_str().unwrap_or_default();
        ensure!(
            self.status.as_u16() == status && found == code,
            "expected a refusal {status} {code}, got {}: {}",
            self.status,
            describe(&self.body)
        );
        Ok(self.body)
    }
}

/// A key that no request had before.
///
/// # Errors
/// The system has no randomness.
pub fn new_key() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok().context("the system has no randomness")?;
    Ok(hex::encode(bytes))
}

fn describe(body: &Value) -> String {
    match (body["code"].as_str(), body["title"].as_str(), body["detail"].as_str()) {
        (Some(code), title, detail) => {
            let said = body["endorsers"].as_array().filter(|said| !said.is_empty());
            let said = said.map(|said| format!(" {}", Value::from(said.clone()))).unwrap_or_default();
            format!("{code}: {} {}{said}", title.unwrap_or_default(), detail.unwrap_or_default())
        }
        _ => body.to_string(),
    }
}

fn to_json(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn connector(authority: &Path) -> Result<openssl::ssl::SslConnectorBuilder> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_ca_file(authority).with_context(|| format!("cannot use {}", authority.display()))?;
    Ok(builder)
}

/// The only file in a folder, as MSP directories have it.
///
/// # Errors
/// The folder cannot be read or does not hold exactly one file.
pub fn only_file(folder: &Path) -> Result<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    ensure!(files.len() == 1, "{} must hold exactly one file", folder.display());
    files.pop().context("an empty folder")
}
