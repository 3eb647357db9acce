//! Joining the nodes of a network to its channels.

use anyhow::{Context, Result};

use crate::{
    channel::{Network, join_orderers, join_peers},
    consortium::Consortium,
    layout::{Addresses, Layout},
};

/// Joins, for every channel, all orderers and then the peers of its organizations, as far as they have not joined before.
///
/// # Errors
/// A node refuses.
pub fn join(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<()> {
    let network = Network { layout, consortium, addresses };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for own in consortium.each_channel() {
        let path = layout.genesis_block(&own.channel);
        let block = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        join_orderers(layout, consortium, addresses, &block)?;
        // Members may have come and gone since the first block.
        runtime.block_on(async { join_peers(&network, &network.on(&own.channel).await?, &block).await })?;
    }
    Ok(())
}
