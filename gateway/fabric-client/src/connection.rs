//! A gRPC connection to one peer or orderer. It can be shared: gateways of several identities may use one connection.

use std::time::Duration;

use fabric_msp::{
    hash,
    transport::{self, ClientTls, TransportError},
};
use openssl::x509::X509;
use tonic::transport::Channel;

/// A connection that reconnects by itself when it breaks. Copies share it.
#[derive(Clone, Debug)]
pub struct Connection {
    channel: Channel,
    address: String,
    tls_certificate_hash: Option<[u8; 32]>,
}

impl Connection {
    /// Connects to `address` (`host:port`), with TLS when `tls` is given, and waits at most `timeout`.
    ///
    /// # Errors
    /// [`TransportError`] when the settings cannot be used or no connection comes about in time.
    pub async fn open(address: &str, tls: Option<ClientTls>, timeout: Duration) -> Result<Self, TransportError> {
        let tls_certificate_hash = certificate_hash(tls.as_ref())?;
        let channel = transport::connect(address, tls.as_ref(), timeout).await?;
        Ok(Self { channel, address: address.to_owned(), tls_certificate_hash })
    }

    /// As [`Connection::open`], but connects with the first call. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`TransportError`] when the settings cannot be used.
    pub fn lazy(address: &str, tls: Option<ClientTls>, timeout: Duration) -> Result<Self, TransportError> {
        let tls_certificate_hash = certificate_hash(tls.as_ref())?;
        let channel = transport::connect_lazy(address, tls.as_ref(), timeout)?;
        Ok(Self { channel, address: address.to_owned(), tls_certificate_hash })
    }

    /// Where this connection leads, as it was given.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// SHA-256 of the TLS client certificate. Block streams carry it in their header, because a peer that asks for
    /// client certificates compares the two.
    pub fn tls_certificate_hash(&self) -> Option<&[u8; 32]> {
        self.tls_certificate_hash.as_ref()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }
}

/// Raises the limits of a generated client to what Fabric's nodes send and accept.
macro_rules! sized {
    ($client:expr) => {
        $client
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    };
}
pub(crate) use sized;

fn certificate_hash(tls: Option<&ClientTls>) -> Result<Option<[u8; 32]>, TransportError> {
    let Some((certificate, _)) = tls.and_then(|tls| tls.identity.as_ref()) else { return Ok(None) };
    let certificate = X509::from_pem(certificate).map_err(|_| TransportError::NoCertificate("TLS certificate"))?;
    Ok(Some(hash::sha256(&certificate.to_der()?)))
}
