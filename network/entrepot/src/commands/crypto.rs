//! `crypto generate`: keys and certificates for the organizations of a crypto configuration.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use fabric_operator::{consortium, generate};

use crate::output::say;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write CAs, peers, orderers, admins, users and TLS certificates in the layout of Fabric's tools
    Generate {
        /// The crypto configuration; the demo's when not given
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// The folder to write; existing keys in it are never overwritten
        #[arg(long, value_name = "DIR", default_value = "crypto-config")]
        output: PathBuf,
    },
}

/// Does what the command says.
///
/// # Errors
/// The configuration is not usable, or keys exist already.
pub fn run(command: &Command) -> Result<()> {
    let Command::Generate { config, output } = command;
    let text = match config {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => consortium::DEFAULT_CRYPTO.to_owned(),
    };
    generate::crypto_into(&text, output)?;
    say!("Keys and certificates lie in {}.", output.display())
}
