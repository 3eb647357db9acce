//! What a node says about its health and its version at Fabric's operations endpoint (`GET /healthz`, `GET /version`),
//! asked over HTTP without TLS.

use std::{io, time::Duration};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::{net::TcpStream, time};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The longest version that is told, in letters.
const VERSION_LETTERS_MAX: usize = 40;

/// A node's word on itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// All of its checks hold.
    Well,
    /// These checks do not hold; there are none when the node does not say which.
    Unwell(Vec<FailedCheck>),
}

/// A check of a node that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FailedCheck {
    /// What was checked, such as `ledger.trade` on the embedded network or `couchdb` on Fabric's peers.
    pub component: String,
    /// Why it does not hold, in the node's words.
    pub reason: String,
}

/// Why a node's word on itself is not known.
#[derive(Debug, thiserror::Error)]
pub enum OperationsError {
    /// No connection comes about.
    #[error("the operations endpoint {address} cannot be reached: {cause}")]
    Unreachable {
        /// The endpoint.
        address: String,
        /// The system's reason.
        cause: io::Error,
    },
    /// The endpoint does not speak HTTP.
    #[error("the operations endpoint {address} does not speak HTTP: {cause}")]
    Http {
        /// The endpoint.
        address: String,
        /// Why it is not HTTP.
        cause: hyper::Error,
    },
    /// The answer is longer than 64 KiB or breaks off.
    #[error("the answer of the operations endpoint {address} cannot be read: {cause}")]
    Body {
        /// The endpoint.
        address: String,
        /// Why.
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The endpoint has another answer than a node's.
    #[error("the operations endpoint {address} answers {status}")]
    Status {
        /// The endpoint.
        address: String,
        /// The HTTP status.
        status: u16,
    },
    /// It does not say which version the node is.
    #[error("the operations endpoint {0} names no version")]
    NoVersion(String),
    /// There is no answer in time.
    #[error("the operations endpoint {address} has not answered within {patience:?}")]
    Late {
        /// The endpoint.
        address: String,
        /// How long was waited.
        patience: Duration,
    },
}

#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default)]
    failed_checks: Vec<FailedCheck>,
}

/// Asks the node whose operations endpoint is `address` (`host:port`), and waits at most `patience`.
///
/// # Errors
/// [`OperationsError`] when the node does not say whether it is well.
pub async fn health(address: &str, patience: Duration) -> Result<Health, OperationsError> {
    let late = |_| OperationsError::Late { address: address.to_owned(), patience };
    let (status, body) = time::timeout(patience, ask(address, "/healthz")).await.map_err(late)??;
    match status {
        StatusCode::OK => Ok(Health::Well),
        StatusCode::SERVICE_UNAVAILABLE => {
            let answer: Answer = serde_json::from_slice(&body).unwrap_or_default();
            Ok(Health::Unwell(answer.failed_checks))
        }
        other => Err(OperationsError::Status { address: address.to_owned(), status: other.as_u16() }),
    }
}

/// The version of Fabric that the node at this operations endpoint says it is, such as `3.1.5` or `v2.5.16`; what a
/// build without a release says, such as `latest`, is told as it stands. At most 40 printable letters.
///
/// # Errors
/// As [`health`], or the answer names no version.
pub async fn version(address: &str, patience: Duration) -> Result<String, OperationsError> {
    let late = |_| OperationsError::Late { address: address.to_owned(), patience };
    let (status, body) = time::timeout(patience, ask(address, "/version")).await.map_err(late)??;
    let unknown = || OperationsError::NoVersion(address.to_owned());
    if status != StatusCode::OK {
        return Err(OperationsError::Status { address: address.to_owned(), status: status.as_u16() });
    }
    let told: VersionAnswer = serde_json::from_slice(&body).map_err(|_| unknown())?;
    let version: String = told.version.chars().filter(char::is_ascii_graphic).take(VERSION_LETTERS_MAX).collect();
    if version.is_empty() { Err(unknown()) } else { Ok(version) }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VersionAnswer {
    version: String,
}

async fn ask(address: &str, path: &'static str) -> Result<(StatusCode, Bytes), OperationsError> {
    let http = |cause| OperationsError::Http { address: address.to_owned(), cause };
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|cause| OperationsError::Unreachable { address: address.to_owned(), cause })?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = hyper::Uri::from_static(path);
    // An address that is no header cannot have been connected to.
    if let Ok(host) = header::HeaderValue::from_str(address) {
        request.headers_mut().insert(header::HOST, host);
    }
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(http)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|cause| OperationsError::Body { address: address.to_owned(), cause })?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // It does the reading and writing; how the exchange went, the exchange says.
        _ = connection => exchange.await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// What is made of an answer, which may end early.
    async fn told(answer: &str) -> Result<Health, Box<dyn std::error::Error>> {
        let (address, answering) = node(answer, "/healthz").await?;
        let (answered, health) = tokio::join!(answering, health(&address, PATIENCE));
        answered?;
        Ok(health?)
    }

    /// A node that gives one answer, when it is asked for this path.
    async fn node(
        answer: &str,
        path: &'static str,
    ) -> Result<(String, impl Future<Output = std::io::Result<()>>), Box<dyn std::error::Error>> {
        let node = TcpListener::bind("127.0.0.1:0").await?;
        let (address, answer) = (node.local_addr()?.to_string(), format!("HTTP/1.1 {answer}"));
        let answering = async move {
            let (stream, _) = node.accept().await?;
            let mut request = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && request.read_line(&mut head).await? > 0 {}
            assert!(head.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{head}");
            request.write_all(answer.as_bytes()).await
        };
        Ok((address, answering))
    }

    #[tokio::test]
    async fn a_node_tells_its_version() -> Result<(), Box<dyn std::error::Error>> {
        for (answer, expected) in [
            ("200 OK\r\n\r\n{\"CommitSHA\":\"86c1172\",\"Version\":\"v3.1.5\"}", Some("v3.1.5")),
            ("200 OK\r\n\r\n{\"Version\":\"3.1\\u001b[2J\\u0007.5\"}", Some("3.1[2J.5")),
            ("200 OK\r\n\r\n{\"Version\":\"\"}", None),
            ("200 OK\r\n\r\n{}", None),
            ("404 Not Found\r\n\r\n", None),
        ] {
            let (address, answering) = node(answer, "/version").await?;
            let (answered, told) = tokio::join!(answering, version(&address, PATIENCE));
            answered?;
            assert_eq!(told.ok().as_deref(), expected, "{answer}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_node_names_what_it_lacks() -> Result<(), Box<dyn std::error::Error>> {
        let full = "503 Service Unavailable\r\n\r\n{\"status\":\"Service Unavailable\",\"time\":\"t\",\
            \"failed_checks\":[{\"component\":\"ledger.conf\",\"reason\":\"no space\"}]}\n";
        let check = FailedCheck { component: "ledger.conf".to_owned(), reason: "no space".to_owned() };
        assert_eq!(told(full).await?, Health::Unwell(vec![check]));
        for silent in ["503 Service Unavailable\r\n\r\n", "503 Service Unavailable\r\n\r\nbusy"] {
            assert_eq!(told(silent).await?, Health::Unwell(Vec::new()), "{silent}");
        }
        assert_eq!(told("200 OK\r\n\r\n{\"status\":\"OK\",\"time\":\"t\"}").await?, Health::Well);
        Ok(())
    }

    #[tokio::test]
    async fn what_is_no_word_of_a_node_is_an_error_and_bounded() -> Result<(), Box<dyn std::error::Error>> {
        let failed = |told: Result<Health, Box<dyn std::error::Error>>| told.expect_err("no health").to_string();
        assert!(failed(told("404 Not Found\r\n\r\n").await).ends_with("answers 404"));
        let long = format!("503 Service Unavailable\r\n\r\n{}", "x".repeat(ANSWER_BYTES_MAX + 1));
        assert!(failed(told(&long).await).contains("cannot be read"));
        assert!(failed(told("200 OK\r\nContent-Length: 5\r\n\r\n").await).contains("cannot be read"));
        let node = TcpListener::bind("127.0.0.1:0").await?;
        let address = node.local_addr()?.to_string();
        let late = health(&address, Duration::from_millis(20)).await;
        assert!(matches!(late, Err(OperationsError::Late { .. })), "{late:?}");
        drop(node);
        let gone = health(&address, PATIENCE).await;
        assert!(matches!(gone, Err(OperationsError::Unreachable { .. })), "{gone:?}");
        Ok(())
    }
}
