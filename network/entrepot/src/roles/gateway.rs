//! The REST gateway as a process.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use fabric_msp::{
    msp::{Msp, config_from_directory},
    signer::{Signer as _, SigningIdentity},
};
use fabric_operator::{
    consortium::{self, Consortium},
    layout::{Layout, PeerAddresses},
    network::Network,
};
use trade_gateway::{
    Running,
    settings::{
        AuditSettings, Custody, FILE_VARIABLE, FurtherPeer, IndexSettings, Limits, OauthSettings, Organization,
        Override, Role, ServerKeys, ServiceIdentity, Settings, WebhookSettings,
    },
};

use crate::output::note;

/// Where the settings of a gateway are said.
#[derive(Debug, Args)]
pub struct SettingsOptions {
    /// The settings, YAML. A variable of the environment goes before the file: `limits.page` is
    /// `ENTREPOT_GATEWAY_LIMITS__PAGE`
    #[arg(long, value_name = "FILE", env = FILE_VARIABLE)]
    settings: Option<PathBuf>,
    /// A setting that goes before file and environment, such as `limits.page=100`; may be given several times. Not for
    /// passwords, which other users of the machine could see
    #[arg(long, value_name = "NAME=VALUE", value_parser = Override::flag)]
    set: Vec<Override>,
}

impl SettingsOptions {
    /// The settings.
    ///
    /// # Errors
    /// As [`Settings::load_with`].
    pub fn load(&self) -> Result<Settings> {
        let mut overrides = Override::in_environment(std::env::vars_os())?;
        overrides.extend(self.set.iter().cloned());
        Ok(Settings::load_with(self.settings.as_deref(), &overrides)?)
    }
}

/// What the gateway is told.
#[derive(Debug, Args)]
pub struct Options {
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    settings: SettingsOptions,
    /// Written when it is ready, with its address
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs the gateway until it is asked to stop. SIGHUP has it read its files again.
///
/// # Errors
/// The settings are not usable, an address is taken, or the data folder is in use.
pub fn run(options: &Options) -> Result<()> {
    super::start_log();
    let settings = options.settings.load()?;
    let start = async || {
        let running = trade_gateway::start(settings).await.context("cannot start the gateway")?;
        let reload = running.reload();
        super::on_hangup(move || reload.ask())?;
        Ok(running)
    };
    super::serve(2, options.ready_file.as_deref(), start, Running::address, Running::stop)
}

/// The user whose key a gateway holds for its organization, and with whose TLS certificate it serves.
const MANAGED: &str = "gateway";

/// The settings, YAML, of the gateway of a network on one machine: it serves all organizations and holds a key for each
/// enterprise. In production every organization runs a gateway of its own.
///
/// # Errors
/// No address was chosen for an organization's peer.
pub fn settings(network: &Network<'_>, data_dir: &Path) -> Result<String> {
    let Network { layout, consortium, addresses } = *network;
    let first = consortium.organizations.first().context("a consortium without organizations")?;
    let (served_as, user) = service_identity(layout, consortium).unwrap_or((first, MANAGED));
    let settings = Settings {
        listen: addresses.gateway.to_string(),
        tls: ServerKeys {
            certificate: layout.user(&first.domain, MANAGED).join("tls/client.crt"),
            key: layout.user(&first.domain, MANAGED).join("tls/client.key"),
        },
        admin_listen: None,
        channel: consortium.channel.clone(),
        chaincode: consortium.chaincode.name.clone(),
        organizations: organizations(network)?,
        service: ServiceIdentity {
            msp_id: served_as.msp_id.clone(),
            msp_dir: layout.user(&served_as.domain, user).join("msp"),
            peer_operations: reachable_operations(addresses.peer(&served_as.msp_id)?),
        },
        data_dir: data_dir.to_owned(),
        audit: AuditSettings::default(),
        index: IndexSettings::default(),
        webhooks: WebhookSettings::default(),
        oauth: Some(OauthSettings::of(format!("https://localhost:{}", addresses.gateway.port()))),
        proxies: Vec::new(),
        limits: Limits::default(),
        file: None,
        traces: None,
        overrides: Vec::new(),
    };
    serde_norway::to_string(&settings).context("cannot write the gateway's settings")
}

/// The organizations that the gateway serves.
fn organizations(network: &Network<'_>) -> Result<Vec<Organization>> {
    let Network { layout, consortium, addresses } = *network;
    let mut organizations = Vec::new();
    for organization in &consortium.organizations {
        let peer = addresses.peer(&organization.msp_id)?;
        let gateway_user = layout.user(&organization.domain, MANAGED).join("msp");
        // A gateway does not start with a key that its organization has revoked.
        let managed = is_valid(layout, organization, MANAGED);
        if !managed {
            let msp_id = &organization.msp_id;
            note(&format!(
                "The gateway's identity of {msp_id} is not valid any more: its callers sign for themselves."
            ));
        }
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
            peer_tls_client: None,
            further_peers: further_peers(addresses.peers_of(&organization.msp_id)),
            custody: if managed { Custody::Managed } else { Custody::External },
            managed_identity: managed.then_some(gateway_user),
            operators: Vec::new(),
        });
    }
    Ok(organizations)
}

/// The peers of an organization after the first.
fn further_peers(peers: &[PeerAddresses]) -> Vec<FurtherPeer> {
    let further = peers.iter().skip(1).map(|peer| FurtherPeer {
        peer: peer.endpoint.to_string(),
        peer_tls_ca: None,
        peer_server_name: None,
        peer_tls_client: None,
        peer_operations: reachable_operations(peer),
    });
    further.collect()
}

/// Where the gateway asks how its peer is. In containers a peer's operations endpoint is for the peer's own container.
fn reachable_operations(peer: &PeerAddresses) -> Option<String> {
    (peer.operations.host() == peer.endpoint.host()).then(|| peer.operations.to_string())
}

/// The first identity that is valid for what the gateway asks in its own name: of an organization that is more than a
/// reader where that can be had, with the gateway's own key where that can be had.
fn service_identity<'a>(
    layout: &Layout,
    consortium: &'a Consortium,
) -> Option<(&'a consortium::Organization, &'static str)> {
    let users = [MANAGED, "User1", "Admin"].into_iter();
    let organizations = || consortium.endorsing().chain(&consortium.organizations);
    users.flat_map(|user| organizations().map(move |one| (one, user))).find(|(one, user)| is_valid(layout, one, user))
}

/// Whether an organization's MSP directory, with its revocation lists, holds a user's certificate for valid.
fn is_valid(layout: &Layout, organization: &consortium::Organization, user: &str) -> bool {
    let directory = layout.peer_organization(&organization.domain).join("msp");
    let keys = layout.user(&organization.domain, user).join("msp");
    let Ok(config) = config_from_directory(&organization.msp_id, &directory) else { return false };
    let (Ok(msp), Ok(signer)) =
        (Msp::from_config(&config), SigningIdentity::from_msp_directory(&organization.msp_id, &keys))
    else {
        return false;
    };
    msp.recognise(signer.certificate().pem()).is_ok_and(|identity| msp.validate(&identity).is_ok())
}
