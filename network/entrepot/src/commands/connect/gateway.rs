//! The settings of a gateway for a network that others run.

use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result, ensure};
use fabric_msp::private;
use fabric_operator::{
    connect::{Checked, Description, Member, Peer, TlsClient, write_msp},
    consortium,
    layout::write_atomically,
};
use trade_gateway::settings::{
    AuditSettings, ClientKeys, Custody, FurtherPeer, IndexSettings, Limits, Organization, Role, ServerKeys,
    ServiceIdentity, Settings, WebhookSettings,
};

use super::{options::Options, show::Written};

/// Writes `gateway.yaml` into the output folder, unless it is there: it may hold what an operator has written. What it
/// names lies beside it and is brought up to date each time: the membership rules of each organization as the channel
/// has them, and the authorities of its peers' TLS certificates.
pub(super) fn write(options: &Options, description: &Description, checked: &Checked) -> Result<Written> {
    private::create_folder(&options.output).with_context(|| format!("cannot create {}", options.output.display()))?;
    let folder = options.output.canonicalize().with_context(|| format!("no folder {}", options.output.display()))?;
    let members = &checked.members;
    let serving = members.iter().find(|member| member.described.user.is_some());
    let serving = serving.context("a gateway needs the --user of an organization, whose identity it uses")?;
    let organizations = members.iter().map(|member| organization(member, checked, &folder));
    let file = |path: &Option<PathBuf>| {
        absolute(path.clone().context("--gateway-cert and --gateway-key")?).map_err(anyhow::Error::from)
    };
    let settings = Settings {
        listen: options.gateway.clone().context("--gateway")?,
        tls: ServerKeys { certificate: file(&options.gateway_cert)?, key: file(&options.gateway_key)? },
        admin_listen: None,
        channel: description.channel.clone(),
        chaincode: description.chaincode.name.clone(),
        organizations: organizations.collect::<Result<_>>()?,
        service: ServiceIdentity {
            msp_id: serving.described.msp_id.clone(),
            msp_dir: user(serving)?.context("found above with a user")?,
            peer_operations: serving.peer.operations.as_ref().map(ToString::to_string),
        },
        data_dir: folder.join("data"),
        audit: AuditSettings::default(),
        index: IndexSettings::default(),
        webhooks: WebhookSettings::default(),
        oauth: None,
        proxies: Vec::new(),
        limits: Limits::default(),
        file: None,
        traces: None,
        overrides: Vec::new(),
    };
    let text = serde_norway::to_string(&settings).context("cannot write the gateway's settings")?;
    Settings::parse(&text).context("these settings would not do")?;
    let path = folder.join("gateway.yaml");
    // What a link leads to nowhere is there, too.
    let kept = path.symlink_metadata().is_ok();
    if !kept {
        write_atomically(&path, text.as_bytes())?;
    }
    Ok(Written { path, kept })
}

fn organization(member: &Member, checked: &Checked, folder: &Path) -> Result<Organization> {
    let msp_id = &member.described.msp_id;
    let msp = checked.config.as_ref().and_then(|config| config.msps().msp(msp_id));
    let msp = msp.with_context(|| format!("the channel does not tell the MSP of {msp_id}"))?;
    let msp_dir = folder.join("msp").join(msp_id);
    private::create_folder(&msp_dir).with_context(|| format!("cannot create {}", msp_dir.display()))?;
    write_msp(msp.config(), &msp_dir)?;
    let peer_tls_ca = tls_authorities(&member.peer, &msp_dir.join("peer-tls.pem"))?;
    let further_peers = member.further_peers.iter().zip(1..).map(|(peer, number)| further_peer(peer, number, &msp_dir));
    let further_peers = further_peers.collect::<Result<_>>()?;
    // What a further peer does not say is taken from the first, TLS among it.
    let is_alike = member.further_peers.iter().all(|one| one.tls_ca.is_some() == member.peer.tls_ca.is_some());
    ensure!(is_alike, "some peers of {msp_id} speak TLS and others do not, which a gateway's settings cannot say");
    let managed_identity = user(member)?;
    let role = match member.described.role {
        consortium::Role::Enterprise => Role::Enterprise,
        consortium::Role::Customs => Role::Customs,
        consortium::Role::Regulator => Role::Regulator,
    };
    ensure!(!msp.config().root_certs.is_empty(), "the MSP of {msp_id} has no authority");
    Ok(Organization {
        msp_id: msp_id.clone(),
        msp_dir,
        role,
        peer: member.peer.address.to_string(),
        peer_tls_ca,
        peer_server_name: member.peer.server_name.clone(),
        peer_tls_client: tls_client(member)?,
        further_peers,
        custody: if managed_identity.is_some() { Custody::Managed } else { Custody::External },
        managed_identity,
        operators: Vec::new(),
    })
}

/// The authorities of a peer's TLS certificate, in a file; none for a peer without TLS.
fn tls_authorities(peer: &Peer, path: &Path) -> Result<Option<PathBuf>> {
    let Some(authorities) = &peer.tls_ca else { return Ok(None) };
    write_atomically(path, authorities)?;
    Ok(Some(path.to_owned()))
}

/// A peer after the first, which is known by its own authorities.
fn further_peer(peer: &Peer, number: usize, msp_dir: &Path) -> Result<FurtherPeer> {
    Ok(FurtherPeer {
        peer: peer.address.to_string(),
        peer_tls_ca: tls_authorities(peer, &msp_dir.join(format!("peer{number}-tls.pem")))?,
        peer_server_name: peer.server_name.clone(),
        peer_tls_client: None,
        peer_operations: peer.operations.as_ref().map(ToString::to_string),
    })
}

/// What is shown to the peers; only where TLS is spoken.
fn tls_client(member: &Member) -> Result<Option<ClientKeys>> {
    let files = member.described.tls_client.as_ref().filter(|_| member.peer.tls_ca.is_some());
    let keys = |files: &TlsClient| {
        Ok::<_, anyhow::Error>(ClientKeys { certificate: absolute(&files.certificate)?, key: absolute(&files.key)? })
    };
    files.map(keys).transpose()
}

fn user(member: &Member) -> Result<Option<PathBuf>> {
    let path = member.described.user.as_ref().map(absolute).transpose();
    path.context("the folder of the user")
}
