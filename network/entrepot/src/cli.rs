//! The command line. Every command is a thin shell around a module of the same name.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::{commands, demo, process, roles, supervisor};

/// A cross-border trade ledger on Hyperledger Fabric.
///
/// `entrepot demo` shows a whole trade in half a minute. `entrepot up` starts the embedded network, the chaincode and
/// the gateway and keeps them until Ctrl-C; with `--fabric-bin` the same runs on real Fabric peers and orderers.
#[derive(Debug, Parser)]
#[command(name = "entrepot", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start network, chaincode and gateway, and keep them until Ctrl-C; again on the same folder, go on
    #[command(visible_alias = "resume")]
    Up(UpOptions),
    /// Stop the network of a folder
    Down(Folder),
    /// Show the processes of a folder's network, what they use, and its channels
    Status(Folder),
    /// Tell the story of one trade on a fresh network
    Demo(DemoOptions),
    /// Measure what a committed transaction costs here, and on real Fabric
    Bench(commands::bench::Options),
    /// Generate keys and certificates
    #[command(subcommand)]
    Crypto(commands::crypto::Command),
    /// Make the proof of a statement about committed amounts
    Prove(commands::proof::Prove),
    /// Verify a proof
    Verify(commands::proof::Verify),
    /// The chaincode's transactions: list them, show their schemas, send one to a gateway
    #[command(subcommand)]
    Transaction(commands::transaction::Command),
    /// EPCIS documents
    #[command(subcommand)]
    Epcis(commands::epcis::Command),
    /// Install, approve and commit the chaincode on the channels of a folder's running network
    Deploy(Folder),
    /// Show and change the channels of a folder's running network, and create further ones
    #[command(subcommand)]
    Channel(commands::channel::Command),
    /// Serve the chaincode to peers (a role that `up` starts)
    Chaincode(roles::chaincode::Options),
    /// Serve the REST gateway (a role that `up` starts)
    Gateway(roles::gateway::Options),
    /// The network by itself: run the embedded one, or write files for containers
    #[command(subcommand)]
    Network(commands::network::Command),
    /// Become another program that ends with its parent
    #[command(hide = true)]
    Child(Child),
}

/// The folder of a network.
#[derive(Debug, Clone, Args)]
pub struct Folder {
    /// The network's folder: keys, ledgers, settings, logs
    #[arg(long, value_name = "DIR", env = "ENTREPOT_DIR", default_value = ".entrepot")]
    pub dir: PathBuf,
}

/// What `up` starts.
#[derive(Debug, Clone, Args)]
pub struct UpOptions {
    // Not a doc comment: clap would take it for the help of the command.
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    pub folder: Folder,
    /// Run on real Fabric: the folder of its `peer` and `orderer` programs
    #[arg(long, value_name = "DIR")]
    pub fabric_bin: Option<PathBuf>,
    /// The consortium file; the folder's own when not given, and the demo's in a new folder
    #[arg(long, value_name = "FILE")]
    pub consortium: Option<PathBuf>,
    /// Where the REST gateway listens; a free port when not given. Fixed when the folder is first used
    #[arg(long, value_name = "HOST:PORT")]
    pub gateway: Option<SocketAddr>,
}

/// What `demo` does.
#[derive(Debug, Clone, Args)]
pub struct DemoOptions {
    /// Run on real Fabric: the folder of its `peer` and `orderer` programs
    #[arg(long, value_name = "DIR")]
    pub fabric_bin: Option<PathBuf>,
    /// Leave the network running and its folder in place
    #[arg(long)]
    pub keep: bool,
    /// The folder for the network; a temporary one when not given
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Child {
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Cli {
    /// Does what the command line asks.
    ///
    /// # Errors
    /// As the command.
    pub fn run(self) -> Result<()> {
        match self.command {
            Command::Up(options) => supervisor::up(&options),
            Command::Down(folder) => commands::down::run(&folder.dir),
            Command::Status(folder) => commands::status::run(&folder.dir),
            Command::Demo(options) => demo::run(&options),
            Command::Bench(options) => commands::bench::run(&options),
            Command::Crypto(command) => commands::crypto::run(&command),
            Command::Prove(options) => commands::proof::prove(&options),
            Command::Verify(options) => commands::proof::verify(&options),
            Command::Transaction(command) => commands::transaction::run(&command),
            Command::Epcis(command) => commands::epcis::run(&command),
            Command::Deploy(folder) => commands::deploy::run(&folder.dir),
            Command::Channel(command) => commands::channel::run(&command),
            Command::Chaincode(options) => roles::chaincode::run(options),
            Command::Gateway(options) => roles::gateway::run(&options),
            Command::Network(command) => commands::network::run(&command),
            Command::Child(child) => match process::become_child(&child.program, &child.arguments)? {},
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
