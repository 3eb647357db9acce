//! The REST gateway as a process.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use fabric_operator::{consortium, network::Network, signals::asked_to_stop};
use trade_gateway::settings::{Custody, Limits, Organization, Role, ServerKeys, ServiceIdentity, Settings};

/// What the gateway is told.
#[derive(Debug, Args)]
pub struct Options {
    /// The settings, YAML
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// Written when the gateway is ready, with its address
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs the gateway until it is asked to stop.
///
/// # Errors
/// The settings are not usable, an address is taken, or the data folder is in use.
pub fn run(options: &Options) -> Result<()> {
    super::start_log();
    let settings = Settings::load(&options.settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let running = trade_gateway::start(settings).await.context("cannot start the gateway")?;
        super::tell_ready(options.ready_file.as_deref(), &running.address().to_string())?;
        asked_to_stop().await?;
        running.stop().await;
        Ok(())
    })
}

/// The settings, YAML, of the gateway of a network on one machine: it serves all organizations and holds a key for each
/// enterprise. In production every organization runs a gateway of its own.
///
/// # Errors
/// No address was chosen for an organization's peer.
pub fn settings(network: &Network<'_>, data_dir: &Path) -> Result<String> {
    let Network { layout, consortium, addresses } = *network;
    let mut organizations = Vec::new();
    for organization in &consortium.organizations {
        let peer = addresses.peer(&organization.msp_id)?;
        let gateway_user = layout.user(&organization.domain, "gateway").join("msp");
        organizations.push(Organization {
            msp_id: organization.msp_id.clone(),
            msp_dir: layout.peer_organization(&organization.domain).join("msp"),
            role: match organization.role {
                consortium::Role::Enterprise => Role::Enterprise,
                consortium::Role::Customs => Role::Customs,
                consortium::Role::Regulator => Role::Regulator,
            },
            peer: peer.endpoint.to_string(),
            peer_tls_ca: Some(layout.tls_authority(&organization.domain)),
            peer_server_name: None,
            custody: Custody::Managed,
            managed_identity: Some(gateway_user),
        });
    }
    let first = consortium.organizations.first().context("a consortium without organizations")?;
    let first_user = layout.user(&first.domain, "gateway");
    let settings = Settings {
        listen: addresses.gateway.to_string(),
        tls: ServerKeys {
            certificate: layout.peer(&first.domain).join("tls/server.crt"),
            key: layout.peer(&first.domain).join("tls/server.key"),
        },
        admin_listen: None,
        channel: consortium.channel.clone(),
        chaincode: consortium.chaincode.name.clone(),
        organizations,
        service: ServiceIdentity { msp_id: first.msp_id.clone(), msp_dir: first_user.join("msp") },
        data_dir: data_dir.to_owned(),
        limits: Limits::default(),
    };
    serde_norway::to_string(&settings).context("cannot write the gateway's settings")
}
