//! `up`: network, chaincode and gateway of a folder, until Ctrl-C.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use clap::Args;
use fabric_operator::supervisor;

use super::folder::Folder;
use crate::roles::gateway;

/// What `up` starts.
#[derive(Debug, Clone, Args)]
pub struct Options {
    // Not a doc comment: clap would take it for the help of the command.
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    folder: Folder,
    /// Run on real Fabric: the folder of its `peer` and `orderer` programs
    #[arg(long, value_name = "DIR")]
    fabric_bin: Option<PathBuf>,
    /// The consortium file; the folder's own when not given, and the demo's in a new folder
    #[arg(long, value_name = "FILE")]
    consortium: Option<PathBuf>,
    /// Where the REST gateway listens; a free port when not given. Fixed when the folder is first used
    #[arg(long, value_name = "HOST:PORT")]
    gateway: Option<SocketAddr>,
}

/// Starts everything, and stays until it is asked to stop.
///
/// # Errors
/// A step fails, or the last node of a kind, the chaincode or the gateway ends by itself.
pub fn run(options: Options) -> Result<()> {
    let Options { folder, fabric_bin, consortium, gateway } = options;
    let wanted = supervisor::Options { folder: folder.dir, fabric_bin, consortium, gateway };
    supervisor::up(&wanted, &gateway::settings)
}
