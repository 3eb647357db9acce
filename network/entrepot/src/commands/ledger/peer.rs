//! The records in the blocks of a running peer. Its verdicts are taken as they are; that each block continues the chain
//! and holds the data that its header names is looked at.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use fabric_client::{Gateway, Start};
use fabric_config::block::{data_hash, header_hash};
use fabric_operator::{layout::Layout, member};
use fabric_protos::common::Block;
use tokio_stream::StreamExt;

use super::{authors::Authors, names::Names};

const PATIENCE: Duration = Duration::from_secs(30);

/// The records of the channels that the organization is on, each up to the newest block.
pub(super) async fn records(layout: &Layout, msp_id: &str, names: &Names<'_>) -> Result<BTreeMap<String, Authors>> {
    let consortium = names.consortium.as_ref().context("the folder has no consortium file")?;
    let addresses = layout.known_addresses()?.context("no network has run in this folder")?;
    let organization = consortium.organization(msp_id)?;
    let connection = member::connect(layout, organization, &addresses.peer(msp_id)?.endpoint, PATIENCE).await?;
    let gateway = Gateway::new(connection, member::identity(layout, organization, "User1")?);

    let mut found = BTreeMap::new();
    for own in consortium.each_channel().into_iter().filter(|own| own.organization(msp_id).is_ok()) {
        let authors = of_channel(&gateway, &own.channel, &names.of(&own.channel)).await;
        found.insert(own.channel.clone(), authors.with_context(|| format!("channel {}", own.channel))?);
    }
    Ok(found)
}

async fn of_channel(gateway: &Gateway, channel: &str, chaincode: &str) -> Result<Authors> {
    let newest = gateway.blocks(channel).start(Start::Newest).open()?.next().await;
    let newest = newest.context("the peer sent no block")??;
    let until = newest.header.map_or(0, |header| header.number);
    let mut blocks = gateway.blocks(channel).start(Start::Oldest).until(until).open()?;
    let (mut authors, mut previous, mut height) = (Authors::default(), Vec::new(), 0);
    while let Some(block) = blocks.next().await {
        let block = block?;
        previous = continued(&block, height, &previous)?;
        authors.add(chaincode, &block);
        height += 1;
    }
    ensure!(height == until + 1, "the peer sent {height} of {} blocks", until + 1);
    Ok(authors)
}

/// The hash of the block's header, when the block has this number and continues the chain.
fn continued(block: &Block, number: u64, previous: &[u8]) -> Result<Vec<u8>> {
    let header = block.header.as_ref().with_context(|| format!("block {number} has no header"))?;
    ensure!(header.number == number, "the peer sent block {} for block {number}", header.number);
    ensure!(header.previous_hash == previous, "block {number} does not continue the chain");
    let data = block.data.as_ref().with_context(|| format!("block {number} has no data"))?;
    ensure!(header.data_hash == data_hash(data), "block {number} does not hold the data that its header names");
    Ok(header_hash(header).to_vec())
}
