//! Acting as a member of the consortium: an organization's identity, and a connection to its peer.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result};
use fabric_client::Connection;
use fabric_msp::{signer::SigningIdentity, transport::ClientTls};

use crate::{consortium::Organization, endpoint::Endpoint, layout::Layout};

/// Connects to a peer of an organization, whose TLS authority is trusted.
///
/// # Errors
/// The authority's certificate cannot be read, or the peer does not answer in time.
pub async fn connect(
    layout: &Layout,
    organization: &Organization,
    endpoint: &Endpoint,
    patience: Duration,
) -> Result<Connection> {
    let authority = layout.tls_authority(&organization.domain);
    let ca_pem = std::fs::read(&authority).with_context(|| format!("cannot read {}", authority.display()))?;
    let tls = ClientTls { ca_pem, identity: None, server_name: None };
    Connection::open(&endpoint.to_string(), Some(tls), patience)
        .await
        .with_context(|| format!("the peer of {} at {endpoint}", organization.msp_id))
}

/// The identity of an organization's user.
///
/// # Errors
/// Its certificate or key cannot be read.
pub fn identity(layout: &Layout, organization: &Organization, user: &str) -> Result<Arc<SigningIdentity>> {
    let folder = layout.user(&organization.domain, user).join("msp");
    let identity = SigningIdentity::from_msp_directory(&organization.msp_id, &folder)
        .with_context(|| format!("the identity in {}", folder.display()))?;
    Ok(Arc::new(identity))
}
