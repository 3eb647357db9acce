//! `network`: the embedded network alone.

use anyhow::Result;
use clap::Subcommand;

use crate::roles;

/// What to do with a network.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the embedded network alone (a role that `up` starts)
    Run(roles::network::Options),
}

/// Does what the command says.
///
/// # Errors
/// As the command.
pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::Run(options) => roles::network::run(options),
    }
}
