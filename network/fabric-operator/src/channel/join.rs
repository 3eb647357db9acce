//! Joining the nodes of a network to its channels.

use anyhow::{Context, Result};

use super::join_peers;
use crate::{network::Network, participation::join_orderers};

/// Joins, for every channel, all orderers and then the peers of its organizations, as far as they have not joined before.
///
/// # Errors
/// A node refuses.
pub async fn join(network: &Network<'_>) -> Result<()> {
    let Network { layout, consortium, addresses } = *network;
    for own in consortium.each_channel() {
        let path = layout.genesis_block(&own.channel);
        let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        join_orderers(layout, consortium, addresses, &block).await?;
        // Members may have come and gone since the first block.
        join_peers(network, &network.on(&own.channel).await?, &block).await?;
    }
    Ok(())
}
