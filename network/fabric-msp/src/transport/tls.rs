//! What clients and servers share: why a connection cannot be made, and certificates for OpenSSL.

use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::SslContextBuilder,
    x509::{
        X509,
        store::{X509Store, X509StoreBuilder},
    },
};

/// HTTP/2 as ALPN spells it.
pub(super) const ALPN_H2: &[u8] = b"\x02h2";

/// Bytes in flight on one stream before the receiver must answer (2 MiB), and on one connection (8 MiB).
pub(super) const STREAM_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
pub(super) const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;

/// Why a connection could not be prepared or made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The text holds no certificate in PEM.
    #[error("the {0} holds no PEM certificate")]
    NoCertificate(&'static str),
    /// The key is not an unencrypted key in PEM.
    #[error("the TLS private key is not an unencrypted PEM key")]
    Key,
    /// Certificate and key do not belong together, or OpenSSL refuses them.
    #[error("TLS cannot be set up: {0}")]
    Setup(ErrorStack),
    /// The address is not `host:port`.
    #[error("{0:?} is not an address of the form host:port")]
    Address(String),
    /// The far side cannot be reached, or one side refused the other's certificate.
    #[error("cannot connect to {address}: {cause}")]
    Connect {
        /// Where to.
        address: String,
        /// The chain of causes in one line.
        cause: String,
    },
}

impl From<ErrorStack> for TransportError {
    fn from(error: ErrorStack) -> Self {
        Self::Setup(error)
    }
}

/// Puts a certificate, those that lead to its authority, and its key into a context. An encrypted key is refused;
/// OpenSSL would ask for its passphrase on the terminal.
///
/// # Errors
/// There is no certificate, the key cannot be used, or it is another one's.
pub fn use_identity(context: &mut SslContextBuilder, certificates: &[u8], key: &[u8]) -> Result<(), TransportError> {
    let mut chain = certificates_of(certificates, "TLS certificate")?.into_iter();
    if let Some(leaf) = chain.next() {
        context.set_certificate(&leaf)?;
    }
    for issuer in chain {
        context.add_extra_chain_cert(issuer)?;
    }
    let key = PKey::private_key_from_pem_callback(key, |_| Ok(0)).map_err(|_| TransportError::Key)?;
    context.set_private_key(&key)?;
    Ok(context.check_private_key()?)
}

/// Lets OpenSSL take from the socket whatever is there. Otherwise it reads the five bytes before each record by
/// themselves, two system calls for one message.
pub(super) fn read_ahead(context: &mut SslContextBuilder) {
    context.set_read_ahead(true);
}

pub(super) fn store_of(authorities: &[X509]) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    for authority in authorities {
        store.add_cert(authority.clone())?;
    }
    Ok(store.build())
}

pub(super) fn certificates_of(pem: &[u8], what: &'static str) -> Result<Vec<X509>, TransportError> {
    match X509::stack_from_pem(pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TransportError::NoCertificate(what)),
    }
}
