//! The records in the blocks of a running peer. Its verdicts are taken as they are; that each block continues the chain
//! and holds the data that its header names is looked at.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use fabric_client::{Gateway, Start};
use fabric_config::block::{data_hash, header_hash};
use fabric_operator::{consortium::Consortium, layout::Layout, member};
use fabric_protos::common::Block;
use tokio_stream::StreamExt;

use super::authors::Authors;

const PATIENCE: Duration = Duration::from_secs(30);

/// The records of the folder's channel up to the newest block.
pub(super) async fn records(layout: &Layout, msp_id: &str, chaincode: &str) -> Result<BTreeMap<String, Authors>> {
    let file = layout.consortium_file();
    let consortium = Consortium::load(file.is_file().then_some(file.as_path()))?;
    let addresses = layout.known_addresses()?.context("no network has run in this folder")?;
    let organization = consortium.organization(msp_id)?;
    let connection = member::connect(layout, organization, &addresses.peer(msp_id)?.endpoint, PATIENCE).await?;
    let gateway = Gateway::new(connection, member::identity(layout, organization, "User1")?);

    let newest = gateway.blocks(&consortium.channel).start(Start::Newest).open()?.next().await;
    let newest = newest.context("the peer sent no block")??;
    let until = newest.header.map_or(0, |header| header.number);
    let mut blocks = gateway.blocks(&consortium.channel).start(Start::Oldest).until(until).open()?;
    let (mut authors, mut previous, mut height) = (Authors::default(), Vec::new(), 0);
    while let Some(block) = blocks.next().await {
        let block = block?;
        previous = continued(&block, height, &previous)?;
        authors.add(chaincode, &block);
        height += 1;
    }
    ensure!(height == until + 1, "the peer sent {height} of {} blocks", until + 1);
    Ok(BTreeMap::from([(consortium.channel, authors)]))
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
