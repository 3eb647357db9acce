//! Peers and channels: joining one, and waiting until a peer has its newest configuration.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use fabric_client::{EndorserClient, Gateway};
use fabric_config::ChannelConfig;
use fabric_msp::signer::SigningIdentity;
use fabric_protos::{common::Config, protos::ChannelQueryResponse};
use futures_util::future::try_join_all;
use prost::Message;

use crate::{
    consortium::{Consortium, Organization},
    endpoint::Endpoint,
    layout::Layout,
    member,
    network::{Network, PATIENCE, PAUSE},
};

/// Joins the peers of these organizations to the consortium's first channel, as far as they have not joined before.
///
/// # Errors
/// A peer refuses.
pub async fn join_peers(network: &Network<'_>, own: &Consortium, block: &[u8]) -> Result<()> {
    let mut joins = Vec::new();
    for organization in &own.organizations {
        for peer in network.addresses.peers_of(&organization.msp_id) {
            joins.push(join_peer(network.layout, &own.channel, organization, &peer.endpoint, block));
        }
    }
    try_join_all(joins).await.map(drop)
}

/// Waits until the peers in this folder have a configuration: those of organizations that were on the channel before
/// and still are.
pub(super) async fn follow(network: &Network<'_>, before: &ChannelConfig, after: &ChannelConfig) -> Result<()> {
    let mut waits = Vec::new();
    for organization in &network.consortium.organizations {
        let stays = [before, after].iter().all(|config| config.application_org(&organization.msp_id).is_some());
        for (number, peer) in network.addresses.peers_of(&organization.msp_id).iter().enumerate() {
            if stays {
                waits.push(follow_one(network.layout, organization, number, &peer.endpoint, after));
            }
        }
    }
    try_join_all(waits).await.map(drop)
}

async fn join_peer(
    layout: &Layout,
    channel: &str,
    organization: &Organization,
    endpoint: &Endpoint,
    block: &[u8],
) -> Result<()> {
    let connection = member::connect(layout, organization, endpoint, PATIENCE).await?;
    let signer = member::identity(layout, organization, "Admin")?;
    let peer = EndorserClient::new(connection.clone());
    let administrator = Gateway::new(connection, signer);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match join_once(&peer, &administrator, channel, block).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error)
                    .with_context(|| format!("the peer of {} at {endpoint} cannot join", organization.msp_id));
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

/// A peer is asked in its own name: whatever an update takes from its organization's users, a peer still reads.
async fn follow_one(
    layout: &Layout,
    organization: &Organization,
    number: usize,
    endpoint: &Endpoint,
    wanted: &ChannelConfig,
) -> Result<()> {
    let folder = layout.peer_node(&organization.domain, number).join("msp");
    let signer = SigningIdentity::from_msp_directory(&organization.msp_id, &folder)
        .with_context(|| format!("the identity in {}", folder.display()))?;
    let connection = member::connect(layout, organization, endpoint, PATIENCE).await?;
    let peer = EndorserClient::new(connection.clone());
    let configuration = Gateway::new(connection, std::sync::Arc::new(signer)).contract("", "cscc");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let question = configuration.transaction("GetChannelConfig").argument(wanted.channel_id()).propose()?;
        let answer = match peer.query(&question).await {
            Ok(config) if Config::decode(config.as_slice())?.sequence >= wanted.sequence() => return Ok(()),
            Ok(_) => "it has an older one".to_owned(),
            Err(error) => error.to_string(),
        };
        if Instant::now() > deadline {
            bail!(
                "the channel was changed, but the peer of {} at {endpoint} does not follow: {answer}",
                organization.msp_id
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}
