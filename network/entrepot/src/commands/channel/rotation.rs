//! What follows certificates and addresses that change while everything runs: an organization's membership rules, its
//! anchor peers and orderers, and the Raft consenters.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use fabric_config::{ConfigDraft, ConsenterChange, ConsenterSpec};
use fabric_msp::msp::config_from_directory;
use fabric_operator::endpoint::Endpoint;
use fabric_protos::msp::FabricMspConfig;
use serde_json::json;

use super::site::{ChangeOptions, Site, changed};
use crate::output::{Form, note};

/// Other membership rules.
#[derive(Debug, Args)]
pub struct SetMsp {
    /// The organization's MSP id
    msp_id: String,
    /// Its public MSP folder; that of this network's organization when not given
    #[arg(long, value_name = "DIR")]
    msp_dir: Option<PathBuf>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// Other anchor peers.
#[derive(Debug, Args)]
pub struct SetAnchorPeers {
    /// The organization's MSP id
    msp_id: String,
    /// All of its anchor peers
    #[arg(value_name = "HOST:PORT", required = true)]
    peers: Vec<Endpoint>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// Other addresses of orderers.
#[derive(Debug, Args)]
pub struct SetEndpoints {
    /// The orderer organization's MSP id
    msp_id: String,
    /// All addresses at which its orderers listen
    #[arg(value_name = "HOST:PORT", required = true)]
    addresses: Vec<Endpoint>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// Another consenter in the place of one.
#[derive(Debug, Args)]
pub struct SetConsenter {
    /// Where the channel has it now
    #[arg(value_name = "HOST:PORT")]
    consenter: Endpoint,
    /// Where it is from now on
    #[arg(long, value_name = "HOST:PORT")]
    to: Option<Endpoint>,
    /// The TLS certificate that it shows, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// The TLS certificate with which it calls other orderers, PEM; that of --tls-cert when not given
    #[arg(long, value_name = "FILE")]
    client_tls_cert: Option<PathBuf>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// A consenter to be added.
#[derive(Debug, Args)]
pub struct AddConsenter {
    /// Where it listens
    #[arg(value_name = "HOST:PORT")]
    consenter: Endpoint,
    /// The TLS certificate that it shows, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: PathBuf,
    /// The TLS certificate with which it calls other orderers, PEM; that of --tls-cert when not given
    #[arg(long, value_name = "FILE")]
    client_tls_cert: Option<PathBuf>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// A consenter to be removed.
#[derive(Debug, Args)]
pub struct RemoveConsenter {
    /// Where the channel has it
    #[arg(value_name = "HOST:PORT")]
    consenter: Endpoint,
    #[command(flatten)]
    change: ChangeOptions,
}

pub(super) fn set_msp(options: &SetMsp, form: Form) -> Result<()> {
    let site = Site::open(&options.change.of.folder, form)?;
    let msp_id = &options.msp_id;
    let folder = match &options.msp_dir {
        Some(folder) => folder.clone(),
        None => own_msp(&site, msp_id)?,
    };
    let msp = config_from_directory(msp_id, &folder).with_context(|| format!("the MSP of {msp_id}"))?;
    if let Some(doubt) = roles_of_one_root(&msp) {
        note(&doubt);
    }
    let changes = site.change_everywhere(msp_id, &options.change, |draft| Ok(draft.set_msp(&msp)?))?;
    ensure!(!changes.is_empty(), "no channel knows {msp_id}");
    site.conclude(&json!({"msp_id": msp_id, "changes": changes}))
}

/// Says so when only members under one of several roots have a role. Fabric's own tools write folders in which each
/// unit names the root of the time.
fn roles_of_one_root(msp: &FabricMspConfig) -> Option<String> {
    let roles = msp.fabric_node_ous.as_ref().filter(|roles| roles.enable && msp.root_certs.len() > 1)?;
    let units = [
        &roles.client_ou_identifier,
        &roles.peer_ou_identifier,
        &roles.admin_ou_identifier,
        &roles.orderer_ou_identifier,
    ];
    let bound = units.into_iter().flatten().find(|unit| !unit.certificate.is_empty())?;
    Some(format!(
        "The unit `{}` of {} is bound to one authority: a member under another root has no role by it. Without \
         `Certificate` in config.yaml it counts under every root.",
        bound.organizational_unit_identifier, msp.name
    ))
}

/// The public MSP folder of an organization of this network.
fn own_msp(site: &Site, msp_id: &str) -> Result<PathBuf> {
    let orderer = &site.consortium.orderer;
    if orderer.msp_id == msp_id {
        return Ok(site.layout.orderer_organization(&orderer.domain).join("msp"));
    }
    let own = site.consortium.organization(msp_id);
    let own = own
        .with_context(|| format!("{msp_id} is no organization of this network; name its MSP folder with --msp-dir"))?;
    Ok(site.layout.peer_organization(&own.domain).join("msp"))
}

pub(super) fn set_anchor_peers(options: &SetAnchorPeers, form: Form) -> Result<()> {
    let peers: Vec<_> = options.peers.iter().map(|peer| (peer.host().to_owned(), peer.port())).collect();
    changed(&options.change, form, |draft| Ok(draft.set_anchor_peers(&options.msp_id, &peers)?))
}

pub(super) fn set_endpoints(options: &SetEndpoints, form: Form) -> Result<()> {
    let addresses: Vec<String> = options.addresses.iter().map(Endpoint::to_string).collect();
    changed(&options.change, form, |draft| Ok(draft.set_endpoints(&options.msp_id, &addresses)?))
}

pub(super) fn set_consenter(options: &SetConsenter, form: Form) -> Result<()> {
    let client = options.client_tls_cert.as_ref().or(options.tls_cert.as_ref());
    let change = ConsenterChange {
        address: options.to.as_ref().map(|to| (to.host().to_owned(), to.port())),
        client_tls_cert: client.map(|file| read(file)).transpose()?,
        server_tls_cert: options.tls_cert.as_deref().map(read).transpose()?,
    };
    ensure!(change != ConsenterChange::default(), "nothing to set was given: --to, --tls-cert or --client-tls-cert");
    let (host, port) = (options.consenter.host(), options.consenter.port());
    changed(&options.change, form, |draft| Ok(draft.set_consenter(host, port, change)?))
}

pub(super) fn add_consenter(options: &AddConsenter, form: Form) -> Result<()> {
    let consenter = ConsenterSpec {
        host: options.consenter.host().to_owned(),
        port: options.consenter.port(),
        client_tls_cert: read(options.client_tls_cert.as_ref().unwrap_or(&options.tls_cert))?,
        server_tls_cert: read(&options.tls_cert)?,
    };
    changed(&options.change, form, |draft| Ok(draft.add_consenter(&consenter)?))
}

pub(super) fn remove_consenter(options: &RemoveConsenter, form: Form) -> Result<()> {
    let remove =
        |draft: &mut ConfigDraft<'_>| Ok(draft.remove_consenter(options.consenter.host(), options.consenter.port())?);
    changed(&options.change, form, remove)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
