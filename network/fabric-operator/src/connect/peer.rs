//! A peer of a network that others run: where it is, and how it is known.

use fabric_msp::transport::ClientTls;

use crate::endpoint::Endpoint;

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
        Some(ClientTls { ca_pem, identity: None, server_name: self.server_name.clone() })
    }
}
