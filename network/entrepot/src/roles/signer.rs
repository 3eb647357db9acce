//! The signer beside an enterprise system, as a process.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use trade_gateway::signer::{self, RunningSigner, SignerSettings};

/// What the role is told.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings, YAML
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Written when it is ready, with its address
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
    let start = async || signer::start(&settings).context("cannot start the signer");
    super::serve(1, options.ready_file.as_deref(), start, RunningSigner::address, RunningSigner::stop)
}
