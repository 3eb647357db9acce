//! `channel`: shows and changes the channels of a folder's running network, and creates further ones.

mod rotation;
mod site;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use fabric_config::{ApplicationOrganization, BatchChange, ChannelConfig, ConfigDraft, PolicySpec};
use fabric_cryptogen::Authority;
use fabric_msp::{certificate::Certificate, msp::config_from_directory, private};
use fabric_operator::{
    channel::{create, describe, join_peers},
    consortium::{Chaincode, FurtherChannel},
    generate,
    layout::write_atomically,
};

use serde_json::{Value, json};
use trade_model::{
    Transaction as _,
    governance::{Propose, Vote},
};

use self::{
    rotation::{AddConsenter, RemoveConsenter, SetAnchorPeers, SetConsenter, SetEndpoints, SetMsp},
    site::{ChangeOptions, Consent, Of, Site, changed},
};
use super::folder::Folder;
use crate::output::{Form, print, print_json, say};

/// What to do with a channel. Changes are signed by the administrators whose keys lie in the folder.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show a channel's configuration
    Show(Of),
    /// Create a channel of some of the organizations and deploy the chaincode on it
    Create(Create),
    /// Take an organization into a channel; peers of it in this network join
    AddOrganization(AddOrganization),
    /// Take an organization out of a channel
    RemoveOrganization(RemoveOrganization),
    /// Change when blocks are cut
    Set(Set),
    /// Revoke a certificate of one of this network's organizations, on every channel that knows its organization
    Revoke(Revoke),
    /// Guard a resource with another policy
    SetAcl(SetAcl),
    /// Make or change a policy
    SetPolicy(SetPolicy),
    /// Give an organization the membership rules (authorities, administrators, revocation lists) of its MSP folder, on
    /// every channel that knows it
    SetMsp(SetMsp),
    /// Name the peers through which other organizations' peers find those of an organization
    SetAnchorPeers(SetAnchorPeers),
    /// Say where the orderers of an organization listen
    SetEndpoints(SetEndpoints),
    /// Give a Raft consenter other TLS certificates or another address
    SetConsenter(SetConsenter),
    /// Add a Raft consenter
    AddConsenter(AddConsenter),
    /// Remove a Raft consenter
    RemoveConsenter(RemoveConsenter),
    /// Send an update that a change wrote with `--output` and others have signed
    Send(SendUpdate),
}

/// A channel to be created.
#[derive(Debug, Args)]
pub struct Create {
    #[command(flatten)]
    folder: Folder,
    /// Its name
    name: String,
    /// The MSP ids of its organizations, separated by commas
    #[arg(long, value_name = "MSP_ID", value_delimiter = ',', required = true)]
    organizations: Vec<String>,
    /// The chaincode's name on it; that of the first channel when not given
    #[arg(long, value_name = "NAME")]
    chaincode: Option<String>,
    /// The version of its definition; that of the first channel when not given
    #[arg(long, value_name = "VERSION")]
    chaincode_version: Option<String>,
    /// How many organizations endorse a transaction; a majority of those that can when not given
    #[arg(long, value_name = "COUNT")]
    endorsements: Option<u32>,
}

/// An organization to be added.
#[derive(Debug, Args)]
pub struct AddOrganization {
    /// Its MSP id
    msp_id: String,
    /// Its public MSP folder; that of this network's organization when not given
    #[arg(long, value_name = "DIR")]
    msp_dir: Option<PathBuf>,
    /// It reads and evaluates only, as regulators do; for an organization with --msp-dir
    #[arg(long, requires = "msp_dir")]
    read_only: bool,
    #[command(flatten)]
    change: ChangeOptions,
}

/// An organization to be removed.
#[derive(Debug, Args)]
pub struct RemoveOrganization {
    /// Its MSP id
    msp_id: String,
    #[command(flatten)]
    change: ChangeOptions,
}

/// Another policy for a resource.
#[derive(Debug, Args)]
pub struct SetAcl {
    /// What is guarded, such as peer/Propose
    resource: String,
    /// The policy's path, such as /Channel/Application/Admins; Fabric's own rule again when not given
    policy: Option<String>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// A policy to be made or changed.
#[derive(Debug, Args)]
pub struct SetPolicy {
    /// Its path, such as /Channel/Application/Proposers
    path: String,
    /// In Fabric's language, such as "OR('BankMSP.client')", or ANY, ALL or MAJORITY and a name: "ANY Readers"
    policy: String,
    #[command(flatten)]
    change: ChangeOptions,
}

/// When blocks are cut.
#[derive(Debug, Args)]
pub struct Set {
    /// Transactions in a block, at most
    #[arg(long, value_name = "COUNT")]
    max_message_count: Option<u32>,
    /// Bytes of one transaction, at most
    #[arg(long, value_name = "BYTES")]
    absolute_max_bytes: Option<u32>,
    /// Bytes at which a block is cut
    #[arg(long, value_name = "BYTES")]
    preferred_max_bytes: Option<u32>,
    /// How long the first transaction waits for others
    #[arg(long, value_name = "MILLISECONDS")]
    batch_timeout_ms: Option<u64>,
    #[command(flatten)]
    change: ChangeOptions,
}

/// An update to be sent.
#[derive(Debug, Args)]
pub struct SendUpdate {
    /// The update, as `--output` and `peer channel signconfigtx` write it
    file: PathBuf,
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    consent: Consent,
}

/// A certificate to be revoked.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The certificate, PEM
    certificate: PathBuf,
    #[command(flatten)]
    change: ChangeOptions,
}

/// Does what the command says.
///
/// # Errors
/// The network does not run, the signatures at hand do not suffice, or the network refuses.
pub fn run(command: &Command, form: Form) -> Result<()> {
    match command {
        Command::Show(of) => {
            let site = Site::open(&of.folder, form)?;
            let config = site.config(site.channel(of))?;
            match form {
                Form::Text => print(format_args!("{}", describe(&config))),
                Form::Json => print_json(&described(&config)),
            }
        }
        Command::Create(options) => create_channel(options, form),
        Command::AddOrganization(options) => add_organization(options, form),
        Command::RemoveOrganization(options) => remove_organization(options, form),
        Command::Set(options) => {
            let batch = BatchChange {
                max_message_count: options.max_message_count,
                absolute_max_bytes: options.absolute_max_bytes,
                preferred_max_bytes: options.preferred_max_bytes,
                timeout_ms: options.batch_timeout_ms,
            };
            ensure!(
                batch != BatchChange::default(),
                "nothing to set was given; `channel set --help` lists what can be"
            );
            changed(&options.change, form, |draft| Ok(draft.batch(batch)?))
        }
        Command::Revoke(options) => revoke(options, form),
        Command::SetAcl(SetAcl { resource, policy, change }) => {
            changed(change, form, |draft| Ok(draft.set_acl(resource, policy.as_deref())?))
        }
        Command::SetPolicy(SetPolicy { path, policy, change }) => {
            let kind = policy.split(' ').next().unwrap_or_default();
            let policy = match ["ANY", "ALL", "MAJORITY"].contains(&kind) {
                true => PolicySpec::ImplicitMeta(policy.clone()),
                false => PolicySpec::Signature(policy.clone()),
            };
            changed(change, form, |draft| Ok(draft.set_policy(path, &policy)?))
        }
        Command::SetMsp(options) => rotation::set_msp(options, form),
        Command::SetAnchorPeers(options) => rotation::set_anchor_peers(options, form),
        Command::SetEndpoints(options) => rotation::set_endpoints(options, form),
        Command::SetConsenter(options) => rotation::set_consenter(options, form),
        Command::AddConsenter(options) => rotation::add_consenter(options, form),
        Command::RemoveConsenter(options) => rotation::remove_consenter(options, form),
        Command::Send(SendUpdate { file, folder, consent }) => {
            let site = Site::open(folder, form)?;
            let change = site.send(file, consent)?;
            site.conclude(&json!({"changes": [change.document]}))
        }
    }
}

/// A channel's configuration, for programs.
fn described(config: &ChannelConfig) -> Value {
    let batch = config.batch();
    let members = config.application_orgs().map(|one| {
        let anchors: Vec<String> = one.anchor_peers.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        json!({"msp_id": one.msp_id, "anchor_peers": anchors, "reads_only": config.reads_only(one)})
    });
    let orderers = config.orderer_orgs().map(|one| json!({"msp_id": one.msp_id, "endpoints": one.endpoints}));
    let acls: serde_json::Map<String, Value> =
        config.acls().map(|(resource, policy)| (resource.to_string(), policy.to_string().into())).collect();
    let consenters = config.consenters().iter().map(|one| format!("{}:{}", one.host, one.port));
    json!({
        "channel": config.channel_id(), "sequence": config.sequence(), "consensus": config.consensus_type(),
        "consenters": consenters.collect::<Vec<_>>(),
        "organizations": members.collect::<Vec<_>>(), "orderers": orderers.collect::<Vec<_>>(), "access_rules": acls,
        "batch": {
            "timeout_ms": u64::try_from(batch.timeout.as_millis()).unwrap_or(u64::MAX),
            "max_message_count": batch.max_message_count, "preferred_max_bytes": batch.preferred_max_bytes,
            "absolute_max_bytes": batch.absolute_max_bytes,
        },
    })
}

fn create_channel(options: &Create, form: Form) -> Result<()> {
    let site = Site::open(&options.folder, form)?;
    let usual = &site.consortium.chaincode;
    let channel = FurtherChannel {
        name: options.name.clone(),
        organizations: options.organizations.clone(),
        chaincode: Chaincode {
            name: options.chaincode.clone().unwrap_or_else(|| usual.name.clone()),
            version: options.chaincode_version.clone().unwrap_or_else(|| usual.version.clone()),
            endorsements: options.endorsements,
        },
    };
    let packages = generate::packages(&site.layout, &site.consortium, &site.addresses)?;
    let doubts = site.runtime.block_on(create(&site.network(), &channel, &packages))?;
    for doubt in &doubts {
        site.tell(format_args!("{doubt}"))?;
    }
    let (name, chaincode) = (&channel.name, &channel.chaincode.name);
    let members = channel.organizations.join(", ");
    site.tell(format_args!("The channel {name} of {members} is there, with the chaincode {chaincode}."))?;
    let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    site.conclude(&json!({
        "channel": name, "organizations": channel.organizations, "chaincode": chaincode, "doubts": doubts,
    }))
}

fn add_organization(options: &AddOrganization, form: Form) -> Result<()> {
    let site = Site::open(&options.change.of.folder, form)?;
    let channel = site.channel(&options.change.of);
    let msp_id = &options.msp_id;
    let own = site.consortium.organization(msp_id);
    let organization = match (&options.msp_dir, &own) {
        (Some(folder), _) => {
            let msp = config_from_directory(msp_id, folder).with_context(|| format!("the MSP of {msp_id}"))?;
            match options.read_only {
                true => ApplicationOrganization::read_only(msp),
                false => ApplicationOrganization::new(msp),
            }
        }
        (None, Ok(own)) => generate::application_organization(&site.layout, own, &site.addresses)?,
        (None, Err(_)) => bail!("{msp_id} is no organization of this network; name its MSP folder with --msp-dir"),
    };
    let change = site.change(channel, &options.change, |draft| Ok(draft.add_organization(&organization)?))?;
    let Some(own) = own.ok().filter(|_| change.made) else {
        return site.conclude(&json!({"changes": [change.document], "peers_joined": false}));
    };
    let path = site.layout.genesis_block(channel);
    let block = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut alone = site.consortium.on(channel)?;
    alone.organizations = vec![own.clone()];
    site.runtime.block_on(join_peers(&site.network(), &alone, &block))?;
    site.tell(format_args!("The peers of {msp_id} have joined. `entrepot deploy` makes them run the chaincode."))?;
    site.conclude(&json!({"changes": [change.document], "peers_joined": true}))
}

fn remove_organization(options: &RemoveOrganization, form: Form) -> Result<()> {
    let msp_id = &options.msp_id;
    let site = Site::open(&options.change.of.folder, form)?;
    let channel = site.channel(&options.change.of);
    let made = site.change(channel, &options.change, |draft| Ok(draft.remove_organization(msp_id)?))?;
    if !made.made {
        return site.conclude(&json!({"changes": [made.document]}));
    }
    // The chaincode does not see the channel's configuration, and a change by one administrator is no vote of members.
    let change = json!({"kind": "suspend", "msp_id": msp_id});
    let request = json!({"change": change, "reason": "It was taken out of the channel."});
    if form == Form::Json {
        return site.conclude(&json!({"changes": [made.document], "to_propose": request}));
    }
    say!(
        "{msp_id} signs nothing on it any more. Where it is a member of Entrepot's registry there, it stays listed, and goods"
    )?;
    say!("can still be offered to it, until the members suspend it by vote. To propose that, another member sends")?;
    say!("  {request}")?;
    say!("with `entrepot transaction send {}`; the others vote with `{}`.", Propose::NAME, Vote::NAME)
}

fn revoke(options: &Revoke, form: Form) -> Result<()> {
    let site = Site::open(&options.change.of.folder, form)?;
    let pem =
        fs::read(&options.certificate).with_context(|| format!("cannot read {}", options.certificate.display()))?;
    let certificate =
        Certificate::from_pem(&pem).with_context(|| format!("{} is no certificate", options.certificate.display()))?;
    let (msp_id, folder) = issuer(&site, &certificate)?;
    let lists = folder.join("msp/crls");
    private::create_folder(&lists).with_context(|| format!("cannot create {}", lists.display()))?;
    let number = u32::try_from(fs::read_dir(&lists)?.count()).unwrap_or(u32::MAX).saturating_add(1);
    let list = Authority::open(&folder.join("ca"))?.revocation_list(&[certificate.serial()], number)?;
    let add = |draft: &mut ConfigDraft<'_>| Ok(draft.add_revocation_list(&msp_id, &list)?);
    let changes = site.change_everywhere(&msp_id, &options.change, add)?;
    ensure!(!changes.is_empty(), "no channel knows {msp_id}, whose authority issued the certificate");
    if !options.change.only_shows() {
        // A channel that takes the organization in later takes the list with it.
        write_atomically(&lists.join(format!("crl-{number}.pem")), &list)?;
    }
    site.conclude(&json!({"msp_id": msp_id, "changes": changes}))
}

/// The organization of this network whose authority issued a certificate.
fn issuer(site: &Site, certificate: &Certificate) -> Result<(String, PathBuf)> {
    let orderer = &site.consortium.orderer;
    let peers = site.consortium.organizations.iter();
    let folders = peers
        .map(|one| (one.msp_id.clone(), site.layout.peer_organization(&one.domain)))
        .chain([(orderer.msp_id.clone(), site.layout.orderer_organization(&orderer.domain))]);
    for (msp_id, folder) in folders {
        if issued_by(&folder, certificate)? {
            return Ok((msp_id, folder));
        }
    }
    bail!("no authority of this network's organizations issued the certificate")
}

fn issued_by(folder: &Path, certificate: &Certificate) -> Result<bool> {
    let authority = folder.join("ca");
    let authority = Authority::open(&authority).with_context(|| format!("the authority in {}", authority.display()))?;
    let authority = authority.certificate();
    Ok(certificate.issuer() == authority.subject() && certificate.authority_key_id() == authority.subject_key_id())
}
