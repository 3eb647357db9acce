//! `ledger`: looks through the ledgers of an embedded network that does not run, or through the blocks that a peer
//! sends.

mod authors;
mod peer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use fabric_operator::layout::Layout;

use self::authors::Authors;
use crate::output::say;

/// What to do with ledgers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify blocks, signatures, state and private data of all channels (the first change is named), and that every
    /// record was made by the organization for which it speaks (each that was not is named)
    Verify {
        /// The network's folder, or the folder of its ledgers
        #[arg(value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
        dir: PathBuf,
        /// Look at the records in the blocks that the running peer of this organization sends, on either kind of
        /// network, and leave the rest to that peer
        #[arg(long, value_name = "MSP_ID")]
        peer: Option<String>,
        /// The name of this program's chaincode on the channels
        #[arg(long, value_name = "NAME", default_value = "entrepot")]
        chaincode: String,
    },
}

/// Looks through the ledgers of a folder, or the records in a peer's blocks.
///
/// # Errors
/// A ledger has been changed, a record was not made by the organization for which it speaks, the folder has no ledgers
/// of an embedded network that rests, or there is no such peer.
pub fn run(command: &Command) -> Result<()> {
    let Command::Verify { dir, peer, chaincode } = command;
    let layout = Layout::existing(dir)?;
    let authors = match peer {
        None => at_rest(&layout, dir, chaincode)?,
        Some(msp_id) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(peer::records(&layout, msp_id, chaincode))?
        }
    };
    let mut wrong = 0;
    for (channel_id, authors) in &authors {
        wrong += print(channel_id, authors)?;
    }
    ensure!(wrong == 0, "{wrong} records were not made by the organizations for which they speak");
    Ok(())
}

/// Everything there is to verify, and the records of each channel.
fn at_rest(layout: &Layout, dir: &Path, chaincode: &str) -> Result<BTreeMap<String, Authors>> {
    let inside = layout.path("ledger");
    let data = if inside.is_dir() { inside } else { dir.to_owned() };
    ensure!(
        data.join("channels").is_dir(),
        "{} holds no ledgers of an embedded network; peers of Fabric keep their own, and --peer asks a running one",
        dir.display()
    );
    let mut authors: BTreeMap<String, Authors> = BTreeMap::new();
    let mut seen =
        |channel_id: &str, block: &_| authors.entry(channel_id.to_owned()).or_default().add(chaincode, block);
    let verified = fabric_devnet::verify(&data, &mut seen).with_context(|| format!("in {}", data.display()))?;
    for one in verified {
        say!(
            "channel {}: {} blocks, {} transactions and {} private writes are in order",
            one.channel_id,
            one.blocks,
            one.transactions,
            one.private_writes
        )?;
    }
    Ok(authors)
}

/// Returns how many records of a channel are wrong.
fn print(channel_id: &str, authors: &Authors) -> Result<usize> {
    let (records, authored) = authors.counts();
    let wrong = authors.findings();
    if wrong.is_empty() {
        say!(
            "channel {channel_id}: {records} written records name their creators, {authored} bear their authors' digests"
        )?;
    }
    for finding in wrong {
        say!("channel {channel_id}: {finding}")?;
    }
    Ok(wrong.len())
}
