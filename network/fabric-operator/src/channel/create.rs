//! A further channel on a running network.

use anyhow::{Context, Result, ensure};
use fabric_config::ChannelCapability;

use super::join_peers;
use crate::{
    consortium::FurtherChannel, deploy, generate, layout::write_atomically, network::Network, package::Packages,
    participation::join_orderers,
};

/// Creates a channel: writes its first block, joins all orderers and the peers of its organizations, and deploys the
/// chaincode on it. What an earlier attempt did is not done again. The description stays in the folder, so that `up`
/// and the other commands know of it. Says in words what is in doubt, as [`deploy::run`].
///
/// # Errors
/// The description contradicts the consortium, another channel has its name, or a node refuses.
pub async fn create(network: &Network<'_>, channel: &FurtherChannel, packages: &Packages) -> Result<Vec<String>> {
    let mut consortium = network.consortium.clone();
    match consortium.channels.iter().find(|known| known.name == channel.name) {
        Some(known) => ensure!(
            known == channel,
            "the consortium has a channel {} already, with other organizations or another chaincode",
            channel.name
        ),
        None => consortium.add_channel(channel.clone())?,
    }
    let own = consortium.on(&channel.name)?;
    // What the nodes of this network understand is what its first channel asks of them.
    let first = network.config(&consortium.channel).await?;
    let capability = match first.has_channel_capability(ChannelCapability::V3_0.name()) {
        true => ChannelCapability::V3_0,
        false => ChannelCapability::V2_0,
    };
    let path = network.layout.genesis_block(&channel.name);
    if !path.exists() {
        generate::genesis_block(network.layout, &own, network.addresses, capability)?;
    }
    let description = serde_norway::to_string(channel).context("the channel cannot be described")?;
    write_atomically(&network.layout.channel_file(&channel.name), description.as_bytes())?;
    let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    join_orderers(network.layout, &consortium, network.addresses, &block).await?;
    join_peers(network, &own, &block).await?;
    deploy::deploy(network.layout, &own, network.addresses, packages).await
}
