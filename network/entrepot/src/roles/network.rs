//! The embedded network as a process.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use fabric_devnet::{AdminOptions, AdminTlsOptions, Network, NetworkOptions, OrdererOptions, PeerOptions};
use fabric_operator::{
    consortium::Consortium,
    layout::{Kind, Layout, peer_name},
    process::POLL,
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
    tokio::select! {
        asked = asked_to_stop() => asked?,
        () = stand_still(&layout, &network, &consortium) => {}
    }
    network.shutdown().await;
    Ok(())
}

/// Has the nodes stand still that are to do so, for ever. They are parts of this process: one that stands still is
/// reached by nobody, and has all blocks when it runs again.
async fn stand_still(layout: &Layout, network: &Network, consortium: &Consortium) {
    let mut before = BTreeSet::new();
    loop {
        tokio::time::sleep(POLL * 5).await;
        // Nodes do not change because nobody can read who is to stand still.
        let Ok(stopped) = layout.stopped() else { continue };
        for node in before.symmetric_difference(&stopped) {
            set_stopped(network, consortium, node, stopped.contains(node));
        }
        before = stopped;
    }
}

/// Stops a node, or lets it run again. A name that no node has stops none.
fn set_stopped(network: &Network, consortium: &Consortium, node: &str, stopped: bool) {
    tracing::info!(node, stopped, "as it was asked for");
    if consortium.orderer.nodes.first().is_some_and(|first| first == node) {
        let orderer = network.orderer_faults();
        return if stopped { orderer.stop() } else { orderer.resume() };
    }
    if let Some(peer) = network.faults_of_peer(node) {
        if stopped { peer.drop_out() } else { peer.come_back() }
    }
}

/// The options of the embedded network in this folder.
///
/// # Errors
/// The folder is not laid out.
pub fn network_options(layout: &Layout, consortium: &Consortium) -> Result<NetworkOptions> {
    let addresses = layout.addresses(Kind::Embedded, consortium, None)?;
    let mut peers = Vec::new();
    for organization in &consortium.organizations {
        for (number, own) in addresses.peers_of(&organization.msp_id).iter().enumerate() {
            let folder = layout.peer_node(&organization.domain, number);
            peers.push(PeerOptions {
                msp_id: organization.msp_id.clone(),
                name: peer_name(&organization.domain, number),
                listen: own.endpoint.to_string(),
                msp_dir: folder.join("msp"),
                tls_cert: folder.join("tls/server.crt"),
                tls_key: folder.join("tls/server.key"),
                operations: Some(own.operations.to_string()),
            });
        }
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
