//! The signer beside an enterprise system, as a process.

use anyhow::{Context, Result};
use trade_gateway::signer::{self, RunningSigner, SignerSettings};

use super::Options;

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
