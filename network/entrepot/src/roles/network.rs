//! The embedded network as a process.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use fabric_devnet::{AdminOptions, AdminTlsOptions, Network, NetworkOptions, OrdererOptions, PeerOptions};
use fabric_operator::{
    consortium::Consortium,
    layout::{Kind, Layout},
    signals::asked_to_stop,
};

/// What the network is told.
#[derive(Debug, Args)]
pub struct Options {
    /// The network's folder, laid out by `up`
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The consortium file; the folder's own when not given
    #[arg(long, value_name = "FILE")]
    consortium: Option<PathBuf>,
    /// Written when the network is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs the network until it is asked to stop.
///
/// # Errors
/// The folder is not laid out, an address is taken, or the ledger cannot be opened.
pub fn run(options: &Options) -> Result<()> {
    super::start_log();
    // Two workers: one machine serves all organizations, and each worker costs memory.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: &Options) -> Result<()> {
    let layout = Layout::at(&options.dir)?;
    let own = layout.consortium_file();
    let file = options.consortium.as_deref().or_else(|| own.is_file().then_some(own.as_path()));
    let consortium = Consortium::load(file)?;
    let network =
        Network::start(network_options(&layout, &consortium)?).await.context("cannot start the embedded network")?;
    super::tell_ready(options.ready_file.as_deref(), network.orderer_address())?;
    asked_to_stop().await?;
    network.shutdown().await;
    Ok(())
}

/// The options of the embedded network in this folder.
///
/// # Errors
/// The folder is not laid out.
pub fn network_options(layout: &Layout, consortium: &Consortium) -> Result<NetworkOptions> {
    let addresses = layout.addresses(Kind::Embedded, consortium, None)?;
    let mut peers = Vec::new();
    for organization in &consortium.organizations {
        let folder = layout.peer(&organization.domain);
        let own = addresses.peer(&organization.msp_id)?;
        peers.push(PeerOptions {
            msp_id: organization.msp_id.clone(),
            name: format!("peer0.{}", organization.domain),
            listen: own.endpoint.to_string(),
            msp_dir: folder.join("msp"),
            tls_cert: folder.join("tls/server.crt"),
            tls_key: folder.join("tls/server.key"),
            operations: Some(own.operations.to_string()),
        });
    }
    let orderer = &consortium.orderer;
    let own = addresses.orderer()?;
    let folder = layout.orderer(&orderer.domain, &orderer.nodes[0]);
    let mut genesis_blocks = Vec::new();
    for own in consortium.each_channel() {
        let path = layout.genesis_block(&own.channel);
        genesis_blocks.push(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(NetworkOptions {
        data_dir: layout.folder("ledger")?,
        genesis_blocks,
        peers,
        orderer: OrdererOptions {
            msp_id: orderer.msp_id.clone(),
            listen: own.endpoint.to_string(),
            msp_dir: folder.join("msp"),
            tls_cert: folder.join("tls/server.crt"),
            tls_key: folder.join("tls/server.key"),
            admin: Some(AdminOptions {
                listen: own.admin.to_string(),
                tls: Some(AdminTlsOptions {
                    cert: folder.join("tls/server.crt"),
                    key: folder.join("tls/server.key"),
                    client_ca: folder.join("tls/ca.crt"),
                }),
            }),
            operations: Some(own.operations.to_string()),
        },
    })
}
