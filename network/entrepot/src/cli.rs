//! The command line. Every command is a thin shell around a module of the same name.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};
use fabric_contract::Router;
use fabric_operator::process;

use crate::{
    commands::{self, folder::Folder},
    demo, exit,
    output::Form,
    roles,
};

/// A cross-border trade ledger on Hyperledger Fabric.
///
/// `entrepot demo` shows a whole trade on a fresh network. `entrepot up` starts the embedded network, the chaincode and
/// the gateway and keeps them until Ctrl-C; with `--fabric-bin` the same runs on real Fabric peers and orderers.
#[derive(Debug, Parser)]
#[command(name = "entrepot", version, max_term_width = 100, after_long_help = exit::table())]
pub struct Cli {
    /// Answer with one JSON document, and tell a failure as JSON on standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start network, chaincode and gateway, and keep them until Ctrl-C; again on the same folder, go on
    #[command(visible_alias = "resume")]
    Up(commands::up::Options),
    /// Stop the network of a folder
    Down(Folder),
    /// Show the processes of a folder's network, what they use, and its channels
    Status(Folder),
    /// Stop one peer or orderer of a folder's running network, and start it again
    #[command(subcommand)]
    Node(commands::node::Command),
    /// Ask an operations endpoint whether its node or chaincode is well, as probes of containers do
    Health(commands::health::Options),
    /// Write the folder of a network that does not run into one file
    ///
    /// Keys, ledgers, the gateway's store and its index are in it: everything but what `up` makes anew. It is its
    /// owner's only, not encrypted, and holds the digest of each file, so that `restore` takes nothing that is damaged.
    Backup(commands::backup::Backup),
    /// Make the folder of a network from what `backup` has written
    Restore(commands::backup::Restore),
    /// Tell the story of one trade on a fresh network
    Demo(demo::Options),
    /// Measure what a committed transaction costs here, and on real Fabric
    Bench(commands::bench::Options),
    /// Generate keys and certificates
    #[command(subcommand)]
    Crypto(commands::crypto::Command),
    /// Commit to an amount: reads it on standard input, keeps the opening in a file and prints the commitment
    Commit(commands::proof::Commit),
    /// Fill the proof into a request, or make that of a statement about committed amounts
    ///
    /// `prove --request FILE --opening FILE` prints the request with its proof; `transaction send` or any client of the
    /// gateway sends it. Requests with a proof are `customs:FileDeclaration`, `payment:Settle`, `payment:IssueCredit`
    /// and, on a bank's own account, `payment:RecordEntry`; a declaration or an entry that names no commitment gets the
    /// opening's. Everything is done on this machine.
    Prove(commands::proof::Prove),
    /// Verify the proof of a request or of a record, or that of a statement
    Verify(commands::proof::Verify),
    /// The chaincode's transactions: list them, show their schemas, send one to a gateway
    #[command(subcommand)]
    Transaction(commands::transaction::Command),
    /// Send any request to a gateway and print its answer
    ///
    /// `call GET /v1/whoami --as ImporterMSP` calls the gateway of the network in the folder as its user `User1`; with
    /// `--gateway`, `--authority`, `--certificate` and `--key` it calls any gateway, as `curl` would. A write gets an
    /// idempotency key. Where the gateway asks the caller to sign, what it has prepared is compared with what the
    /// request means, and then signed. A refusal is printed like any answer; the exit status tells it.
    Call(Box<commands::call::Options>),
    /// Send a file to a gateway, where its rows become requests, and follow the import to its end
    ///
    /// `import deposits.csv --map deposits.json --as ExporterMSP --dry-run` tries each row and writes nothing; without
    /// `--dry-run` each becomes a request in the caller's name. The gateway works on them by itself: Ctrl-C leaves the
    /// import running. The same command again goes on with it; what is accepted is not sent again, what has failed is
    /// tried again. How many rows there are of each kind is printed, and `--report` writes those that have failed.
    Import(Box<commands::import::Options>),
    /// Print the OpenAPI document of the gateway's routes
    Openapi(commands::openapi::Options),
    /// EPCIS documents
    #[command(subcommand)]
    Epcis(commands::epcis::Command),
    /// Verify the ledgers of an embedded network that does not run, or the records in a running peer's blocks
    #[command(subcommand)]
    Ledger(commands::ledger::Command),
    /// The audit log of a gateway
    #[command(subcommand)]
    Audit(commands::audit::Command),
    /// The index of a gateway
    #[command(subcommand)]
    Index(commands::index::Command),
    /// Install, approve and commit the chaincode on the channels of a folder's running network
    Deploy(Folder),
    /// Check a Fabric network that others run, bring the chaincode there, and write a gateway's settings for it
    Connect(Box<commands::connect::Options>),
    /// Make a package of the chaincode, which runs as a service at an address of your choice
    Package(commands::package::Options),
    /// Show and change the channels of a folder's running network, and create further ones
    #[command(subcommand)]
    Channel(commands::channel::Command),
    /// Serve the chaincode to peers (a role that `up` starts)
    Chaincode(roles::chaincode::Options),
    /// Serve the REST gateway (a role that `up` starts)
    Gateway(roles::gateway::Options),
    /// Sign beside an enterprise system whose key must not leave: plain REST on loopback in, verified and signed out
    Signer(roles::signer::Options),
    /// The network by itself: run the embedded one, write files for containers, ask the peers of others
    #[command(subcommand)]
    Network(commands::network::Command),
    /// Print completions for a shell
    Completions(commands::shell::Completions),
    /// Print the manual page
    Man(commands::shell::Manual),
    /// Act for one party of the demo's story, as it is told on standard input
    #[command(hide = true)]
    Party(demo::party::Options),
    /// Become another program that ends with its parent
    #[command(hide = true)]
    Child(Child),
}

#[derive(Debug, Args)]
struct Child {
    program: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Cli {
    /// In which form to answer.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }

    /// Does what the command line asks; the contracts are what `chaincode` serves. Gives back the exit status, which is
    /// 0 unless the command says otherwise.
    ///
    /// # Errors
    /// As the command.
    pub fn run(self, contracts: Router) -> Result<ExitCode> {
        let form = self.form();
        match self.command {
            Command::Audit(command) => return commands::audit::run(&command, form),
            Command::Index(command) => return commands::index::run(&command, form),
            Command::Call(options) => return Ok(commands::call::run(&options)?.into()),
            Command::Import(options) => return Ok(commands::import::run(&options, form)?.into()),
            Command::Transaction(command) => return Ok(commands::transaction::run(&command, form)?.into()),
            Command::Connect(options) => return commands::connect::run(&options, form),
            Command::Network(command) => return commands::network::run(&command, form),
            Command::Package(options) => commands::package::run(&options, form),
            Command::Up(options) => commands::up::run(options, form),
            Command::Down(folder) => commands::down::run(&folder.dir, form),
            Command::Status(folder) => commands::status::run(&folder.dir, form),
            Command::Node(command) => commands::node::run(&command, form),
            Command::Health(options) => commands::health::run(&options, form),
            Command::Backup(options) => commands::backup::backup(&options, form),
            Command::Restore(options) => commands::backup::restore(&options, form),
            Command::Demo(options) => demo::run(&options),
            Command::Party(options) => demo::party::run(&options),
            Command::Bench(options) => commands::bench::run(&options, form),
            Command::Crypto(command) => commands::crypto::run(&command, form),
            Command::Commit(options) => commands::proof::commit(&options, form),
            Command::Prove(options) => commands::proof::prove(&options),
            Command::Verify(options) => commands::proof::verify(&options, form),
            Command::Openapi(options) => commands::openapi::run(&options),
            Command::Epcis(command) => commands::epcis::run(&command, form),
            Command::Ledger(command) => commands::ledger::run(&command, form),
            Command::Deploy(folder) => commands::deploy::run(&folder.dir, form),
            Command::Channel(command) => commands::channel::run(&command, form),
            Command::Chaincode(options) => roles::chaincode::run(options, contracts),
            Command::Gateway(options) => roles::gateway::run(&options),
            Command::Signer(options) => roles::signer::run(&options),
            Command::Completions(options) => commands::shell::completions(&options, Self::command()),
            Command::Man(options) => commands::shell::manual(&options, Self::command()),
            Command::Child(child) => match process::become_child(&child.program, &child.arguments)? {},
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
