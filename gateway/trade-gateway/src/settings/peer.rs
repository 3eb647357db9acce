//! The peers of an organization: the first, and those that stand in for it.

use std::{collections::BTreeSet, path::PathBuf};

use fabric_msp::transport::uri_of;
use serde::{Deserialize, Serialize};

use super::host::is_loopback;

/// Most peers of one organization.
const PEERS_MAX: usize = 16;

/// A certificate that is shown to servers, with its key, PEM files.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientKeys {
    /// The certificate, followed by its intermediates if there are any.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A further peer of an organization, which stands in for those before it while they cannot answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FurtherPeer {
    /// The peer, `host:port`.
    pub peer: String,
    /// As the organization's. Default: the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_tls_ca: Option<PathBuf>,
    /// The name in the peer's TLS certificate, when it is not the host of `peer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_server_name: Option<String>,
    /// As the organization's. Default: the organization's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_tls_client: Option<ClientKeys>,
    /// The peer's operations endpoint, `host:port`, without TLS. A peer that says there that it is not well is not
    /// asked while another one is up. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_operations: Option<String>,
}

/// Why the peers of an organization cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PeerSettingsError {
    /// A peer on another machine without TLS: nobody would know who answers, and private inputs would travel in the
    /// open.
    #[error("the peer {1} of {0} would be called without TLS, which only a loopback address may")]
    Plain(String, String),
    /// A certificate would be shown where no TLS is spoken.
    #[error("peer_tls_client of {0} is shown with TLS only, and peer_tls_ca is missing")]
    ClientWithoutTls(String),
    /// The operations endpoint of a further peer is no address.
    #[error("peer_operations {1} of {0} is not host:port")]
    Operations(String, String),
    /// One peer stands there twice.
    #[error("the peer {1} of {0} is named twice")]
    Repeated(String, String),
    /// More peers than an organization may have.
    #[error("{0} has more than {PEERS_MAX} peers")]
    TooMany(String),
}

impl FurtherPeer {
    /// With what it takes from the first peer of its organization.
    pub(super) fn beside(&self, first: &Self) -> Self {
        Self {
            peer_tls_ca: self.peer_tls_ca.clone().or_else(|| first.peer_tls_ca.clone()),
            peer_tls_client: self.peer_tls_client.clone().or_else(|| first.peer_tls_client.clone()),
            ..self.clone()
        }
    }
}

/// Checks the peers of an organization, each as it is called.
pub(super) fn check(msp_id: &str, peers: impl Iterator<Item = FurtherPeer>) -> Result<(), PeerSettingsError> {
    let whose = || msp_id.to_owned();
    let mut seen = BTreeSet::new();
    for one in peers {
        if seen.len() >= PEERS_MAX {
            return Err(PeerSettingsError::TooMany(whose()));
        }
        if one.peer_tls_ca.is_none() && !is_loopback(&one.peer) {
            return Err(PeerSettingsError::Plain(whose(), one.peer));
        }
        if one.peer_tls_ca.is_none() && one.peer_tls_client.is_some() {
            return Err(PeerSettingsError::ClientWithoutTls(whose()));
        }
        if let Some(address) = one.peer_operations.filter(|address| uri_of(address).is_err()) {
            return Err(PeerSettingsError::Operations(whose(), address));
        }
        if !seen.insert(one.peer.clone()) {
            return Err(PeerSettingsError::Repeated(whose(), one.peer));
        }
    }
    Ok(())
}
