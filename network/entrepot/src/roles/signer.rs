//! The signer beside an enterprise system, as a process.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use fabric_operator::signals::asked_to_stop;
use trade_gateway::signer::{self, SignerSettings};

/// What the signer is told.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings, YAML
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Written when the signer is ready, with its address
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs the signer until it is asked to stop.
///
/// # Errors
/// The settings, the policy or the key are not usable, or the address is taken or not a loopback address.
pub fn run(options: &Options) -> Result<()> {
    super::start_log();
    let settings = SignerSettings::load(&options.settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let running = signer::start(&settings).context("cannot start the signer")?;
        super::tell_ready(options.ready_file.as_deref(), &running.address().to_string())?;
        asked_to_stop().await?;
        running.stop().await;
        Ok(())
    })
}
