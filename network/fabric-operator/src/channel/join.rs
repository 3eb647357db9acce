//! Joining the nodes of a network to its channels.

use anyhow::{Context, Result};

use super::join_peers;
use crate::{denied::Denied, network::Network, participation::join_orderers};

/// Joins, for every channel, all orderers and then the peers of its organizations, as far as they have not joined
/// before.
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
        let members = match network.on(&own.channel).await {
            // Its rules keep out who would ask, and must not keep the network from running.
            Err(error) if error.is::<Denied>() => own,
            members => members?,
        };
        join_peers(network, &members, &block).await?;
    }
    Ok(())
}
