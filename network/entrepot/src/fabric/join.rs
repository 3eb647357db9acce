//! Joining Fabric's nodes to the channel: the orderer by its participation API, peers by their system chaincode.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use fabric_client::{Connection, EndorserClient, Gateway};
use fabric_msp::{signer::SigningIdentity, transport::ClientTls};
use fabric_protos::protos::ChannelQueryResponse;
use futures_util::future::try_join_all;
use prost::Message;

use super::participation::{self, AdminTls};
use crate::{
    consortium::{Consortium, Organisation},
    layout::{Addresses, Layout},
};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Joins the orderer and all peers to the channel, as far as they have not joined before.
///
/// # Errors
/// A node refuses.
pub fn join(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<()> {
    let path = layout.genesis_block();
    let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let orderer = &consortium.orderer;
    let keys = layout.orderer(&orderer.domain, &orderer.nodes[0]).join("tls");
    let tls = AdminTls {
        certificate: &keys.join("server.crt"),
        key: &keys.join("server.key"),
        authority: &keys.join("ca.crt"),
    };
    participation::join(addresses.orderer_admin, &tls, &block)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let joins = consortium.organisations.iter().map(|one| join_peer(layout, consortium, addresses, one, &block));
        try_join_all(joins).await.map(drop)
    })
}

async fn join_peer(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    organisation: &Organisation,
    block: &[u8],
) -> Result<()> {
    let own = addresses.peers.get(&organisation.msp_id).context("an organisation without an address")?;
    let ca_pem = std::fs::read(layout.tls_authority(&organisation.domain))?;
    let tls = ClientTls { ca_pem, identity: None, server_name: None };
    let connection = Connection::open(&own.endpoint.to_string(), Some(tls), PATIENCE).await?;
    let folder = layout.user(&organisation.domain, "Admin").join("msp");
    let signer = Arc::new(SigningIdentity::from_msp_directory(&organisation.msp_id, &folder)?);
    let peer = EndorserClient::new(connection.clone());
    let administrator = Gateway::new(connection, signer);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match join_once(&peer, &administrator, &consortium.channel, block).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error).with_context(|| format!("the peer of {} cannot join", organisation.msp_id));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn join_once(peer: &EndorserClient, administrator: &Gateway, channel: &str, block: &[u8]) -> Result<()> {
    let configuration = administrator.contract("", "cscc");
    let known = peer.query(&configuration.transaction("GetChannels").propose()?).await?;
    let known = ChannelQueryResponse::decode(known.as_slice())?.channels;
    if known.iter().any(|known| known.channel_id == channel) {
        return Ok(());
    }
    peer.query(&configuration.transaction("JoinChain").argument(block).propose()?).await?;
    Ok(())
}
