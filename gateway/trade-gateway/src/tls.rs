//! The listener's TLS, and its certificate, which can be replaced while it listens.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use fabric_msp::{
    certificate::Certificate,
    private::{self, KeyFileError},
};
use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::{
        AlpnError, SniError, SslAcceptor, SslAcceptorBuilder, SslContext, SslMethod, SslOptions, SslSessionCacheMode,
        SslVerifyMode, select_next_proto,
    },
};

use crate::settings::ServerKeys;

/// HTTP/1.1 as ALPN writes it (RFC 7301), the only protocol spoken.
const ALPN_HTTP_1: &[u8] = b"\x08http/1.1";

/// Why the listener's certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// They are no certificate and its key.
    #[error("the TLS certificate {certificate} and its key cannot be used: {cause}")]
    Keys {
        /// The certificate.
        certificate: PathBuf,
        /// Why.
        cause: ErrorStack,
    },
    /// The file of the private key cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

/// The certificate and key that a listener shows now.
pub(crate) struct ServerTls {
    keys: ServerKeys,
    current: Arc<RwLock<SslContext>>,
}

impl ServerTls {
    /// Reads the files that these settings name.
    ///
    /// # Errors
    /// They cannot be read or do not belong together.
    pub(crate) fn load(keys: &ServerKeys) -> Result<Self, TlsError> {
        let context = builder(keys)?.build().into_context();
        Ok(Self { keys: keys.clone(), current: Arc::new(RwLock::new(context)) })
    }

    /// What takes connections: each shows the certificate that is the current one when it comes.
    ///
    /// # Errors
    /// As [`ServerTls::load`].
    pub(crate) fn acceptor(&self) -> Result<SslAcceptor, TlsError> {
        let (mut builder, current) = (builder(&self.keys)?, Arc::clone(&self.current));
        // OpenSSL asks this of each connection, also of one whose client names no server.
        builder.set_servername_callback(move |connection, _| {
            let current = current.read().unwrap_or_else(PoisonError::into_inner);
            connection.set_ssl_context(&current).map_err(|_| SniError::ALERT_FATAL)
        });
        Ok(builder.build())
    }

    /// Reads the files again. Connections that come from now on show what is in them.
    ///
    /// # Errors
    /// As [`ServerTls::load`]; the former certificate stays.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let context = builder(&self.keys)?.build().into_context();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = context;
        Ok(())
    }

    /// The certificate that is shown now.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Certificate::from_der(&current.certificate()?.to_der().ok()?).ok()
    }
}

/// TLS 1.2 or later. A client certificate is asked for and taken as it is: OpenSSL proves that the client holds the
/// key, and membership is decided per request, where a refusal can be explained. Sessions are not resumed, so that
/// every connection shows its certificate.
fn builder(keys: &ServerKeys) -> Result<SslAcceptorBuilder, TlsError> {
    let failed = |cause| TlsError::Keys { certificate: keys.certificate.clone(), cause };
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(failed)?;
    builder.set_certificate_chain_file(&keys.certificate).map_err(failed)?;
    let key = private::read_key(&keys.key)?;
    // The empty answer to the question for a passphrase keeps OpenSSL from asking at the terminal.
    let key = PKey::private_key_from_pem_callback(&key, |_| Ok(0)).map_err(failed)?;
    builder.set_private_key(&key).map_err(failed)?;
    builder.check_private_key().map_err(failed)?;
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_TICKET | SslOptions::NO_RENEGOTIATION | SslOptions::NO_COMPRESSION);
    builder.set_alpn_select_callback(|_, offered| select_next_proto(ALPN_HTTP_1, offered).ok_or(AlpnError::NOACK));
    Ok(builder)
}
