//! `network`: the embedded network alone, files that run a network in containers, and what the peers of a network of
//! others say.

mod status;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use fabric_operator::{
    consortium,
    export::{self, Images, Platform},
    generate,
    layout::Layout,
    network::Network,
    profiles,
};
use serde_json::json;

use super::folder::Folder;
use crate::output::{Form, print_json, say};
use crate::roles;

/// Where Fabric publishes its images.
const FABRIC_REGISTRY: &str = "ghcr.io/hyperledger";

/// What to do with a network.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the embedded network alone (a role that `up` starts)
    Run(roles::network::Options),
    /// Write keys, channel and files that run the network of a consortium file in containers
    #[command(subcommand)]
    Export(Export),
    /// Write a connection profile for each organization of a folder's network, for clients and SDKs of others
    Profiles {
        #[command(flatten)]
        folder: Folder,
        /// The folder to write
        #[arg(long, value_name = "DIR", default_value = "profiles")]
        output: PathBuf,
    },
    /// Show which peers of a network that others run answer, their channels, heights and chaincodes
    Status(status::Options),
    /// Join the nodes of an exported network and deploy its chaincode (what the container `join` does)
    Join {
        /// The exported folder `network`
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

/// For what to write files.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// A Docker Compose file; `docker compose up` in its folder starts everything
    Compose(ExportOptions),
    /// Kubernetes manifests; `kubectl apply -k` on their folder starts everything
    Kubernetes(ExportOptions),
}

/// What to write, and where.
#[derive(Debug, Args)]
pub struct ExportOptions {
    /// The folder to write, new or empty
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The consortium file; the demo's when not given
    #[arg(long, value_name = "FILE")]
    consortium: Option<PathBuf>,
    /// The version of Fabric, which is also the tag of its images
    #[arg(long, value_name = "VERSION", default_value = "3.1.5")]
    fabric_version: String,
    /// The image of Fabric's peer; the published one of the version when not given
    #[arg(long, value_name = "IMAGE")]
    peer_image: Option<String>,
    /// The image of Fabric's orderer; the published one of the version when not given
    #[arg(long, value_name = "IMAGE")]
    orderer_image: Option<String>,
    /// An image with this program on its path
    #[arg(long, value_name = "IMAGE", default_value = concat!("entrepot:", env!("CARGO_PKG_VERSION")))]
    entrepot_image: String,
}

/// Does what the command says. Gives back the exit status.
///
/// # Errors
/// As the command.
pub fn run(command: &Command, form: Form) -> Result<ExitCode> {
    match command {
        Command::Status(options) => return status::run(options, form),
        Command::Run(options) => roles::network::run(options),
        Command::Export(Export::Compose(options)) => export(Platform::Compose, options, form),
        Command::Export(Export::Kubernetes(options)) => export(Platform::Kubernetes, options, form),
        Command::Profiles { folder, output } => profiles(folder, output, form),
        Command::Join { dir } => {
            let joined = export::join(dir)?;
            form.answer(
                format_args!("{joined}"),
                &json!({"folder": dir, "deployed": joined.lines().collect::<Vec<_>>()}),
            )
        }
    }?;
    Ok(ExitCode::SUCCESS)
}

fn profiles(folder: &Folder, output: &Path, form: Form) -> Result<()> {
    let layout = Layout::existing(&folder.dir)?;
    let addresses =
        layout.known_addresses()?.with_context(|| format!("there is no network in {}", layout.root().display()))?;
    let consortium = generate::consortium(&layout, None)?;
    let network = Network { layout: &layout, consortium: &consortium, addresses: &addresses };
    let written = profiles::write(&network, output)?;
    match form {
        Form::Text => written.iter().try_for_each(|path| say!("{}", path.display())),
        Form::Json => print_json(&json!({"profiles": written})),
    }
}

fn export(platform: Platform, options: &ExportOptions, form: Form) -> Result<()> {
    let text = match &options.consortium {
        None => consortium::DEFAULT.to_owned(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the consortium file {}", path.display()))?,
    };
    let version = &options.fabric_version;
    let image = |given: &Option<String>, name: &str| {
        given.clone().unwrap_or_else(|| format!("{FABRIC_REGISTRY}/fabric-{name}:{version}"))
    };
    let images = Images {
        peer: image(&options.peer_image, "peer"),
        orderer: image(&options.orderer_image, "orderer"),
        entrepot: options.entrepot_image.clone(),
        fabric: version.parse()?,
    };
    export::write(platform, &text, &images, &roles::gateway::settings, &options.output)?;
    let start = match platform {
        Platform::Compose => format!("docker compose --project-directory {0} up --detach", options.output.display()),
        Platform::Kubernetes => format!("kubectl apply -k {}", options.output.display()),
    };
    let lines = format_args!("The network lies in {}. Start it with `{start}`.", options.output.display());
    form.answer(lines, &json!({"folder": options.output, "start": start}))
}
