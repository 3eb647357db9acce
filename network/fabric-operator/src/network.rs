//! A running network as its administrators reach it: the orderers, and the configuration of each channel.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use fabric_client::{
    Connection, EventError, OrdererClient, Start,
    events::{Blocks, Ordered},
};
use fabric_config::ChannelConfig;
use fabric_msp::{
    signer::{Signer, SigningIdentity},
    transport::ClientTls,
};
use fabric_protos::common::{Block, BlockMetadataIndex, Metadata, OrdererBlockMetadata, Status};
use futures_util::StreamExt;
use prost::Message;

use crate::{
    consortium::Consortium,
    denied::Denied,
    layout::{Addresses, Layout, OrdererAddresses},
};

/// How long something is repeated that a network which is still gathering refuses.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How long one answer may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait before something is repeated.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// A network from its administrator's point of view: its folder, who takes part, and where.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// The folder with keys and first blocks.
    pub layout: &'a Layout,
    /// All of its organizations and channels.
    pub consortium: &'a Consortium,
    /// Where its nodes listen.
    pub addresses: &'a Addresses,
}

impl Network<'_> {
    /// The configuration of a channel as the orderers have it now.
    ///
    /// # Errors
    /// There is no such channel, or no orderer answers.
    pub async fn config(&self, channel: &str) -> Result<ChannelConfig> {
        let block = self.config_block(channel).await?;
        ChannelConfig::from_genesis_block(&block)
            .with_context(|| format!("the configuration of the channel {channel} cannot be read"))
    }

    /// The consortium as far as it concerns a channel now: an organization that has left is not in it any more,
    /// and one that has been added is.
    ///
    /// # Errors
    /// As [`Network::config`].
    pub async fn on(&self, channel: &str) -> Result<Consortium> {
        let config = self.config(channel).await?;
        let mut own = self.consortium.on(channel)?;
        own.organizations.clone_from(&self.consortium.organizations);
        own.organizations.retain(|organization| config.application_org(&organization.msp_id).is_some());
        Ok(own)
    }

    /// The newest configuration block of a channel.
    ///
    /// The newest block of all says which one that is, in its metadata, as for every node that starts.
    async fn config_block(&self, channel: &str) -> Result<Block> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut last = None;
            for node in &self.addresses.orderers {
                let error = match self.config_block_at(node, channel).await {
                    Ok(block) => return Ok(block),
                    Err(error) => error,
                };
                match refused_with(&error) {
                    Some(Status::NotFound) => bail!("the orderers have no channel {channel}"),
                    Some(Status::Forbidden) => return Err(self.no_reader(channel).into()),
                    _ => last = Some(error),
                }
            }
            // No leader yet, or the one node that was asked is away.
            if Instant::now() > deadline {
                let error = last.unwrap_or_else(|| anyhow!("there are no orderers"));
                return Err(error).with_context(|| format!("no orderer tells the configuration of {channel}"));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Asks with the keys of one administrator after another, because a channel's rules may keep out any of them.
    async fn config_block_at(&self, node: &OrdererAddresses, channel: &str) -> Result<Block> {
        let orderer = OrdererClient::new(self.orderer(node).await?);
        let mut forbidden = None;
        for reader in self.administrators() {
            match config_block_as(&orderer, channel, &reader?).await {
                Err(error) if refused_with(&error) == Some(Status::Forbidden) => forbidden = Some(error),
                answered => return answered,
            }
        }
        Err(forbidden.context("no administrator's key lies in this folder")?)
    }

    /// A connection to an orderer.
    pub(crate) async fn orderer(&self, node: &OrdererAddresses) -> Result<Connection> {
        let authority = self.layout.orderer_tls_authority(&self.consortium.orderer.domain);
        let ca_pem = std::fs::read(&authority).with_context(|| format!("cannot read {}", authority.display()))?;
        let tls = ClientTls { ca_pem, identity: None, server_name: None };
        Connection::open(&node.endpoint.to_string(), Some(tls), ANSWER_PATIENCE)
            .await
            .with_context(|| format!("the orderer at {}", node.endpoint))
    }

    /// The administrators whose keys lie in the folder, the orderer organization's first. A key is read when its turn
    /// comes, for the first one nearly always suffices.
    fn administrators(&self) -> impl Iterator<Item = Result<Arc<dyn Signer>>> {
        let orderer = &self.consortium.orderer;
        let others = self.consortium.organizations.iter();
        let folders = [(&orderer.msp_id, self.layout.orderer_user(&orderer.domain, "Admin"))]
            .into_iter()
            .chain(others.map(|one| (&one.msp_id, self.layout.user(&one.domain, "Admin"))));
        let here = folders.map(|(msp_id, folder)| (msp_id, folder.join("msp"))).filter(|(_, folder)| folder.is_dir());
        here.map(|(msp_id, folder)| {
            let identity = SigningIdentity::from_msp_directory(msp_id, &folder);
            let identity = identity.with_context(|| format!("the identity in {}", folder.display()))?;
            Ok(Arc::new(identity) as Arc<dyn Signer>)
        })
    }

    fn no_reader(&self, channel: &str) -> Denied {
        Denied {
            channel: channel.to_owned(),
            who: "any administrator whose key lies in this folder".to_owned(),
            act: "read its configuration",
            said: "FORBIDDEN".to_owned(),
        }
    }
}

async fn config_block_as(orderer: &OrdererClient, channel: &str, reader: &Arc<dyn Signer>) -> Result<Block> {
    let ask = |start, until| {
        let blocks = orderer.blocks(channel, Arc::clone(reader)).start(start);
        match until {
            Some(number) => blocks.until(number).open(),
            None => blocks.open(),
        }
    };
    let newest = first(ask(Start::Newest, None)).await?;
    let number = newest.header.as_ref().context("a block without a header")?.number;
    let wanted = last_config(&newest)?;
    if wanted == number {
        return Ok(newest);
    }
    first(ask(Start::Block(wanted), Some(wanted))).await
}

async fn first(blocks: Result<Blocks<Ordered>, EventError>) -> Result<Block> {
    let mut blocks = blocks?;
    let next = tokio::time::timeout(ANSWER_PATIENCE, blocks.next()).await;
    Ok(next.context("the orderer sends no block")?.context("the orderer ended the stream")??)
}

/// The status with which an orderer refused to send blocks.
fn refused_with(error: &anyhow::Error) -> Option<Status> {
    match error.downcast_ref() {
        Some(EventError::Refused(status)) => Status::try_from(*status).ok(),
        _ => None,
    }
}

/// The number of the last configuration block, as a block's metadata give it together with the orderer's signatures.
fn last_config(block: &Block) -> Result<u64> {
    let metadata = block.metadata.as_ref().context("a block without metadata")?;
    let signatures =
        metadata.metadata.get(BlockMetadataIndex::Signatures as usize).context("a block without signatures")?;
    let signatures = Metadata::decode(&**signatures).context("the signatures of a block cannot be read")?;
    let value = OrdererBlockMetadata::decode(&*signatures.value).context("what the orderer signed cannot be read")?;
    let number = block.header.as_ref().map_or(0, |header| header.number);
    let last = value.last_config.unwrap_or_default().index;
    ensure!(last <= number, "block {number} says that the last configuration is in block {last}");
    Ok(last)
}
