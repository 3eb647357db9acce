//! What a listener shows, whom it lets in, and how both are replaced while it listens.

use std::sync::{Arc, PoisonError, RwLock};

use openssl::ssl::{
    AlpnError, SslAcceptor, SslAcceptorBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslVerifyMode,
    select_next_proto,
};

use super::tls::{ALPN_H2, TransportError, certificates_of, read_ahead, store_of, use_identity};

/// What a server shows, and whom it lets in.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerTls {
    /// The server's certificate, followed by those that lead to its authority.
    pub cert_pem: Vec<u8>,
    /// Its private key, unencrypted.
    pub key_pem: Vec<u8>,
    /// Authorities one of which must have signed the client's certificate; `None` asks for no certificate.
    pub client_ca_pem: Option<Vec<u8>>,
}

/// The TLS of listeners at this moment. Clones share it, so one replacement counts for all of them.
#[derive(Clone)]
pub struct CurrentTls(Arc<RwLock<SslAcceptor>>);

impl CurrentTls {
    /// Begins with this.
    ///
    /// # Errors
    /// [`TransportError`] when certificate, key or authorities cannot be used.
    pub fn new(tls: &ServerTls) -> Result<Self, TransportError> {
        Ok(Self::of(acceptor(tls)?))
    }

    pub(super) fn of(builder: SslAcceptorBuilder) -> Self {
        Self(Arc::new(RwLock::new(builder.build())))
    }

    /// Takes something else for the connections that come from now on. Those that are there go on as they are.
    ///
    /// # Errors
    /// As [`CurrentTls::new`]; what counted before goes on counting.
    pub fn replace(&self, tls: &ServerTls) -> Result<(), TransportError> {
        let fresh = acceptor(tls)?.build();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    pub(super) fn get(&self) -> SslAcceptor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

pub(super) fn acceptor(tls: &ServerTls) -> Result<SslAcceptorBuilder, TransportError> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    read_ahead(&mut builder);
    use_identity(&mut builder, &tls.cert_pem, &tls.key_pem)?;
    // Without resumption no certificate check is ever skipped.
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    builder.set_options(SslOptions::NO_TICKET);
    builder.set_alpn_select_callback(|_, offered| select_next_proto(ALPN_H2, offered).ok_or(AlpnError::NOACK));
    if let Some(authorities) = &tls.client_ca_pem {
        let authorities = certificates_of(authorities, "list of client authorities")?;
        for authority in &authorities {
            builder.add_client_ca(authority)?;
        }
        builder.set_cert_store(store_of(&authorities)?);
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    Ok(builder)
}
