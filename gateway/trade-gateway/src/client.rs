//! A small blocking client of the gateway, for tools and tests: one TLS connection for each request, JSON in and out.
//!
//! It shows how a caller signs for itself. It neither retries nor follows redirects.
//!
//! It is the only HTTP client of this workspace, and our own: a caller is its client certificate, which of the small
//! blocking clients over OpenSSL `attohttpc` cannot show, and `ureq` brings ten more crates for what stands here.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_msp::signer::{SignError, Signer};
use openssl::{
    pkey::PKey,
    ssl::{SslConnector, SslMethod, SslStream},
    x509::{X509, store::X509StoreBuilder},
};
use serde_json::Value;

/// Longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long to wait for a connection to each address.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// How long to wait for each part of an answer. Longer than the gateway waits for a commit.
const READ_WAIT: Duration = Duration::from_secs(60);

/// A caller of one gateway.
#[derive(Clone)]
pub struct Client {
    addresses: Vec<SocketAddr>,
    server_name: String,
    connector: SslConnector,
}

/// An answer of the gateway.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// The certificate, the key or an authority cannot be used.
    #[error("the TLS settings cannot be used: {0}")]
    Tls(openssl::error::ErrorStack),
    /// The connection broke or never came about.
    #[error("the connection to the gateway: {0}")]
    Connection(io::Error),
    /// The TLS handshake failed.
    #[error("the TLS handshake with the gateway failed: {0}")]
    Handshake(String),
    /// What came back is not an HTTP answer, or not JSON where JSON was expected.
    #[error("the gateway's answer cannot be read: {0}")]
    Malformed(&'static str),
    /// The caller's signer did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<openssl::error::ErrorStack> for CallFailure {
    fn from(cause: openssl::error::ErrorStack) -> Self {
        Self::Tls(cause)
    }
}

impl From<io::Error> for CallFailure {
    fn from(cause: io::Error) -> Self {
        Self::Connection(cause)
    }
}

impl Client {
    /// A caller who trusts the authorities in `ca_pem` and shows `identity` (certificate and key, PEM), if any.
    /// `server_name` is the name or address that the gateway's certificate must carry. The addresses are tried one
    /// after another, because a name may have some where nothing listens, such as that of the other IP version.
    ///
    /// # Errors
    /// The certificate, the key or an authority cannot be used.
    pub fn new(
        addresses: &[SocketAddr],
        server_name: &str,
        ca_pem: &[u8],
        identity: Option<(&[u8], &[u8])>,
    ) -> Result<Self, CallFailure> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        let mut store = X509StoreBuilder::new()?;
        for authority in X509::stack_from_pem(ca_pem)? {
            store.add_cert(authority)?;
        }
        builder.set_cert_store(store.build());
        if let Some((certificate, key)) = identity {
            let mut chain = X509::stack_from_pem(certificate)?.into_iter();
            if let Some(leaf) = chain.next() {
                builder.set_certificate(&leaf)?;
            }
            for issuer in chain {
                builder.add_extra_chain_cert(issuer)?;
            }
            let key = PKey::private_key_from_pem_callback(key, |_| Ok(0))?;
            builder.set_private_key(&key)?;
        }
        let (addresses, server_name) = (addresses.to_vec(), server_name.to_owned());
        Ok(Self { addresses, server_name, connector: builder.build() })
    }

    /// Reads.
    ///
    /// # Errors
    /// There is no answer. A problem is an answer.
    pub fn get(&self, target: &str) -> Result<Response, CallFailure> {
        self.send("GET", target, &[], &[])
    }

    /// Writes JSON under an idempotency key.
    ///
    /// # Errors
    /// There is no answer. A problem is an answer.
    pub fn post(&self, target: &str, key: &str, body: &Value) -> Result<Response, CallFailure> {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)];
        self.send("POST", target, &headers, body.to_string().as_bytes())
    }

    /// Writes JSON under an idempotency key and signs proposal and transaction itself. `target` must lead to a route
    /// that asks the caller to sign: `?signing=caller`, or an organization with external custody.
    ///
    /// A caller of its own program should decode each signing input and compare it with its intent before it signs.
    ///
    /// # Errors
    /// There is no answer, or the signer did not sign. A problem is an answer.
    pub fn post_signed(
        &self,
        target: &str,
        key: &str,
        body: &Value,
        signer: &dyn Signer,
    ) -> Result<Response, CallFailure> {
        let first = self.post(target, key, body)?;
        self.sign(first, signer)
    }

    /// Reads, and signs the proposal itself.
    ///
    /// # Errors
    /// As [`Client::post_signed`].
    pub fn get_signed(&self, target: &str, signer: &dyn Signer) -> Result<Response, CallFailure> {
        let first = self.get(target)?;
        self.sign(first, signer)
    }

    /// Signs one step after another until the answer asks for no signature any more.
    ///
    /// # Errors
    /// As [`Client::post_signed`].
    pub fn sign(&self, mut response: Response, signer: &dyn Signer) -> Result<Response, CallFailure> {
        for stage in ["proposal", "transaction"] {
            let Ok(step) = response.json() else { return Ok(response) };
            if response.status != 202 || step["stage"] != stage {
                return Ok(response);
            }
            let id = step["transaction_id"].as_str().ok_or(CallFailure::Malformed("no transaction id"))?;
            let input = step["signing_input"].as_str().ok_or(CallFailure::Malformed("no signing input"))?;
            let input = BASE64.decode(input).map_err(|_| CallFailure::Malformed("the signing input is not base64"))?;
            let body = serde_json::json!({"signature": BASE64.encode(signer.sign(&input)?)});
            let headers = [("Content-Type", "application/json")];
            response = self.send("PUT", &format!("/v1/signing/{id}/{stage}"), &headers, body.to_string().as_bytes())?;
        }
        Ok(response)
    }

    /// Sends any request.
    ///
    /// # Errors
    /// There is no answer. A problem is an answer.
    pub fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, CallFailure> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.server_name);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method != "GET" {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut stream = self.connect()?;
        // A server that refuses early closes before it has read everything; its answer is still to be read.
        let written =
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
        let mut answer = Vec::new();
        let read = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
        match Response::parse(&answer) {
            Ok(response) => Ok(response),
            Err(malformed) => written.and(read.map(drop)).map_err(CallFailure::from).and(Err(malformed)),
        }
    }

    /// Opens a connection without sending anything.
    ///
    /// # Errors
    /// There is no connection, or the handshake failed.
    pub fn connect(&self) -> Result<SslStream<TcpStream>, CallFailure> {
        let stream = self.reach()?;
        stream.set_read_timeout(Some(READ_WAIT))?;
        stream.set_nodelay(true)?;
        self.connector.connect(&self.server_name, stream).map_err(|error| CallFailure::Handshake(error.to_string()))
    }

    /// The first connection that comes about, or why the last one did not.
    fn reach(&self) -> io::Result<TcpStream> {
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "there is no address to connect to");
        for address in &self.addresses {
            match TcpStream::connect_timeout(address, CONNECT_WAIT) {
                Ok(stream) => return Ok(stream),
                Err(cause) => failed = cause,
            }
        }
        Err(failed)
    }
}

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn json(&self) -> Result<Value, CallFailure> {
        serde_json::from_slice(&self.body).map_err(|_| CallFailure::Malformed("not JSON"))
    }

    fn parse(answer: &[u8]) -> Result<Self, CallFailure> {
        let end = answer
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .ok_or(CallFailure::Malformed("no complete head"))?;
        let head = std::str::from_utf8(&answer[..end]).map_err(|_| CallFailure::Malformed("the head is not text"))?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
            .ok_or(CallFailure::Malformed("no status"))?;
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = answer[end + 4..].to_vec();
        let complete = headers.get("content-length").and_then(|length| length.parse::<usize>().ok());
        if complete.is_some_and(|length| length != body.len()) {
            return Err(CallFailure::Malformed("the body is not complete"));
        }
        Ok(Self { status, headers, body })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn every_address_of_a_gateway_is_tried() -> Result<(), Box<dyn std::error::Error>> {
        let listening = TcpListener::bind("127.0.0.1:0")?;
        let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let client = |addresses: &[SocketAddr]| Client::new(addresses, "localhost", b"", None);
        let reached = client(&[nobody, listening.local_addr()?])?.reach()?;
        assert_eq!(reached.peer_addr()?, listening.local_addr()?);
        let failed = client(&[nobody])?.reach().expect_err("nothing listens there");
        assert_eq!(failed.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(client(&[])?.reach().expect_err("there is no address").kind(), io::ErrorKind::NotFound);
        Ok(())
    }
}
