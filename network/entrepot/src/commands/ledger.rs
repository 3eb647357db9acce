//! `ledger`: looks through the ledgers of an embedded network that does not run.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use fabric_operator::layout::Layout;

use crate::output::say;

/// What to do with ledgers.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify blocks, signatures, state and private data of all channels; the first change is named
    Verify {
        /// The network's folder, or the folder of its ledgers
        #[arg(value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
        dir: PathBuf,
    },
}

/// Looks through the ledgers of a folder.
///
/// # Errors
/// A ledger has been changed, the network runs, or the folder has no ledgers of an embedded network.
pub fn run(command: &Command) -> Result<()> {
    let Command::Verify { dir } = command;
    let layout = Layout::existing(dir)?;
    let inside = layout.path("ledger");
    let data = if inside.is_dir() { inside } else { dir.clone() };
    ensure!(
        data.join("channels").is_dir(),
        "{} holds no ledgers of an embedded network; peers of Fabric keep their own",
        dir.display()
    );
    let verified = fabric_devnet::verify(&data).with_context(|| format!("in {}", data.display()))?;
    for one in verified {
        say!(
            "channel {}: {} blocks, {} transactions and {} private writes are in order",
            one.channel_id,
            one.blocks,
            one.transactions,
            one.private_writes
        )?;
    }
    Ok(())
}
