//! A peer of a network that others run: where it is, and how it is known.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use fabric_msp::{private, transport::ClientTls};
use openssl::{pkey::PKey, x509::X509};
use serde::Deserialize;

use super::files;
use crate::endpoint::Endpoint;

/// The files of what is shown to peers that ask for a client's certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsClient {
    /// The certificate, followed by those that lead to its authority, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

impl TlsClient {
    /// With paths relative to a folder.
    pub(super) fn within(&self, folder: &Path) -> Self {
        Self { certificate: folder.join(&self.certificate), key: folder.join(&self.key) }
    }

    /// Reads the files.
    ///
    /// # Errors
    /// One cannot be read, or the key is another one's.
    pub(super) fn read(&self) -> Result<Shown> {
        let Self { certificate, key } = self;
        let shown = Shown { certificate: files::read_certificates(certificate)?, key: private::read_key(key)? };
        // Without the callback OpenSSL asks for the passphrase of an encrypted key on the terminal.
        let own = PKey::private_key_from_pem_callback(&shown.key, |_| Ok(0));
        let own = own.with_context(|| format!("{} is no unencrypted key", key.display()))?;
        let is_own = X509::from_pem(&shown.certificate)?.public_key()?.public_eq(&own);
        ensure!(is_own, "{} is not the key of {}", key.display(), certificate.display());
        Ok(shown)
    }
}

/// A certificate with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    pub(super) certificate: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a certificate and its key")
    }
}

/// A peer as its operator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The name for people, as its profile has it, or its address.
    pub name: String,
    /// Where it takes calls.
    pub address: Endpoint,
    /// The authorities one of which must have signed its TLS certificate, PEM; none for a peer without TLS.
    pub tls_ca: Option<Vec<u8>>,
    /// The name that its TLS certificate must carry. Default: the host of its address.
    pub server_name: Option<String>,
    /// What is shown to it when it asks for a client's certificate.
    pub client: Option<Shown>,
    /// Its operations endpoint, when it is told: there a peer says which version it is.
    pub operations: Option<Endpoint>,
}

impl Peer {
    /// The name that its certificate must carry.
    #[must_use]
    pub fn expected_name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(self.address.host())
    }

    /// How to know it; none for a peer without TLS.
    #[must_use]
    pub fn tls(&self) -> Option<ClientTls> {
        let ca_pem = self.tls_ca.clone()?;
        let identity = self.client.as_ref().map(|shown| (shown.certificate.clone(), shown.key.clone()));
        Some(ClientTls { ca_pem, identity, server_name: self.server_name.clone() })
    }

    /// What to do about a peer that may ask for a client's certificate.
    pub(super) fn client_advice(&self) -> &'static str {
        match self.client {
            None => {
                "A peer with CORE_PEER_TLS_CLIENTAUTHREQUIRED=true ends connections like this: it asks for a client's TLS \
                 certificate. Give one with its key as tls_client (--tls-client-cert and --tls-client-key)."
            }
            Some(_) => {
                "A peer with CORE_PEER_TLS_CLIENTAUTHREQUIRED=true takes client certificates of the authorities in \
                 CORE_PEER_TLS_CLIENTROOTCAS_FILES and of the TLS authorities of the channel's organizations, and ends \
                 connections that show another one."
            }
        }
    }
}
