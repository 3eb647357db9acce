//! Joining Fabric's nodes to the channel: orderers by their participation API, peers by their system chaincode.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fabric_client::{EndorserClient, Gateway};
use fabric_protos::protos::ChannelQueryResponse;
use futures_util::future::try_join_all;
use prost::Message;

use super::participation::{self, AdminTls};
use crate::{
    consortium::{Consortium, Organisation},
    endpoint::Endpoint,
    layout::{Addresses, Layout, OrdererAddresses},
    member,
};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Joins all orderers, then all peers to the channel, as far as they have not joined before.
///
/// # Errors
/// A node refuses.
pub fn join(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<()> {
    let path = layout.genesis_block();
    let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    std::thread::scope(|threads| {
        let joins: Vec<_> = addresses
            .orderers
            .iter()
            .map(|node| threads.spawn(|| join_orderer(layout, consortium, node, &block)))
            .collect();
        joins.into_iter().try_for_each(|join| join.join().unwrap_or_else(|_| bail!("joining an orderer panicked")))
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut joins = Vec::new();
        for organisation in &consortium.organisations {
            for peer in addresses.peers_of(&organisation.msp_id) {
                joins.push(join_peer(layout, consortium, organisation, &peer.endpoint, &block));
            }
        }
        try_join_all(joins).await.map(drop)
    })
}

fn join_orderer(layout: &Layout, consortium: &Consortium, node: &OrdererAddresses, block: &[u8]) -> Result<()> {
    let keys = layout.orderer(&consortium.orderer.domain, &node.node).join("tls");
    let tls = AdminTls {
        certificate: &keys.join("server.crt"),
        key: &keys.join("server.key"),
        authority: &keys.join("ca.crt"),
    };
    participation::join(&node.admin, &tls, block)
}

async fn join_peer(
    layout: &Layout,
    consortium: &Consortium,
    organisation: &Organisation,
    endpoint: &Endpoint,
    block: &[u8],
) -> Result<()> {
    let connection = member::connect(layout, organisation, endpoint, PATIENCE).await?;
    let signer = member::identity(layout, organisation, "Admin")?;
    let peer = EndorserClient::new(connection.clone());
    let administrator = Gateway::new(connection, signer);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match join_once(&peer, &administrator, &consortium.channel, block).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                return Err(error)
                    .with_context(|| format!("the peer of {} at {endpoint} cannot join", organisation.msp_id));
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
