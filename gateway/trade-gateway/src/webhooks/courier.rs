//! Sends one request to a webhook's address: HTTP/1.1 over TLS, to an address that was judged, with no redirects.

use std::{path::Path, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use openssl::ssl::{SslConnector, SslMethod};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::{
    guard::Guard,
    target::{Target, TargetError},
};

/// How long a delivery may take from the question for the name to the answer's end.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Most bytes of an answer that are read; nothing is made of them.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is sent to addresses of webhooks.
pub(crate) struct Courier {
    tls: SslConnector,
    guard: Guard,
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The authorities of receivers' certificates cannot be read.
    #[error("webhooks.authorities: {0}")]
    Authorities(openssl::error::ErrorStack),
    /// OpenSSL gives no TLS.
    #[error("TLS for webhooks: {0}")]
    Tls(openssl::error::ErrorStack),
    /// A text that is no network.
    #[error("webhooks.networks: {0} is no network such as 10.20.0.0/16")]
    Network(String),
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) status: u16,
    /// How long the receiver asks to wait, in seconds.
    pub(super) retry_after: Option<u64>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unsent {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("cannot connect: {0}")]
    Connect(std::io::Error),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("HTTP: {0}")]
    Http(hyper::Error),
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
    #[error("the request cannot be written: {0}")]
    Request(hyper::http::Error),
}

/// A connection that may be used for the next delivery to the same place.
pub(super) type Kept = SendRequest<Full<Bytes>>;

/// What is sent.
pub(super) struct Letter<'a> {
    pub(super) target: &'a Target,
    pub(super) media_type: &'static str,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
}

impl Courier {
    /// Receivers' certificates must come from these authorities (a PEM file), or from the system's when none is given.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub(crate) fn new(authorities: Option<&Path>, networks: &[String]) -> Result<Self, WebhookError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(WebhookError::Tls)?;
        if let Some(file) = authorities {
            builder.set_ca_file(file).map_err(WebhookError::Authorities)?;
        }
        Ok(Self { tls: builder.build(), guard: Guard::new(networks).map_err(WebhookError::Network)? })
    }

    /// Which addresses are sent to.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends; `kept` is the connection of the delivery before, and of the next one.
    ///
    /// # Errors
    /// [`Unsent`]: whether the receiver has read it is not known then.
    pub(super) async fn send(&self, letter: &Letter<'_>, kept: &mut Option<Kept>) -> Result<Answered, Unsent> {
        let sending = async {
            if let Some(mut connection) = kept.take().filter(|connection| !connection.is_closed()) {
                // The receiver may have closed it while it was idle, which shows only now.
                if connection.ready().await.is_ok()
                    && let Ok(answered) = exchange(letter, connection, kept).await
                {
                    return Ok(answered);
                }
            }
            exchange(letter, self.connect(letter.target).await?, kept).await
        };
        tokio::time::timeout(PATIENCE, sending).await.unwrap_or(Err(Unsent::Late))
    }

    async fn connect(&self, target: &Target) -> Result<Kept, Unsent> {
        let address = target.resolve(&self.guard).await?;
        let plain = TcpStream::connect(address).await.map_err(Unsent::Connect)?;
        // Small requests that wait for their answer.
        plain.set_nodelay(true).map_err(Unsent::Connect)?;
        let refused = |error: &dyn std::fmt::Display| Unsent::Tls(error.to_string());
        let ssl = self.tls.configure().and_then(|configuration| configuration.into_ssl(target.name()));
        let mut secure =
            SslStream::new(ssl.map_err(|error| refused(&error))?, plain).map_err(|error| refused(&error))?;
        std::pin::Pin::new(&mut secure).connect().await.map_err(|error| refused(&error))?;
        let (sender, connection) = http1::handshake(TokioIo::new(secure)).await.map_err(Unsent::Http)?;
        tokio::spawn(async move {
            // What fails here is told to the one who sends.
            let _ = connection.await;
        });
        Ok(sender)
    }
}

async fn exchange(letter: &Letter<'_>, mut connection: Kept, kept: &mut Option<Kept>) -> Result<Answered, Unsent> {
    let mut request = Request::post(&letter.target.path)
        .header(HOST, letter.target.authority())
        .header(CONTENT_TYPE, letter.media_type)
        .header(USER_AGENT, concat!("entrepot/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &letter.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(letter.body.clone())).map_err(Unsent::Request)?;
    let response = connection.send_request(request).await.map_err(Unsent::Http)?;
    let status = response.status().as_u16();
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    // A connection whose answer was read to its end carries the next delivery.
    if drained(response).await {
        *kept = Some(connection);
    }
    Ok(Answered { status, retry_after: seconds })
}

async fn drained(response: Response<Incoming>) -> bool {
    Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await.is_ok()
}
