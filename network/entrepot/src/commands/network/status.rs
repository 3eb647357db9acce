//! `network status`: what the peers of a network that others run say of themselves.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, ensure};
use clap::Args;
use fabric_operator::connect::{
    ChannelStatus, Described, Description, Entry, PeerStatus, TlsClient, described, status,
};

use crate::{
    exit::Exit,
    output::{Form, print_json, say},
};

/// Whom to ask, and in whose name.
#[derive(Debug, Args)]
pub struct Options {
    /// A description of the network, as `connect` takes it
    #[arg(long, value_name = "FILE", conflicts_with = "profile", required_unless_present = "profile")]
    network: Option<PathBuf>,
    /// An organization's connection profile, YAML or JSON; with several, each has its --identity, in the same order
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// The MSP folder of a member of the organization, with key
    #[arg(long, value_name = "DIR", requires = "profile")]
    identity: Vec<PathBuf>,
    /// Which organization of a profile of several
    #[arg(long, value_name = "MSP_ID", requires = "profile")]
    msp_id: Option<String>,
    /// A certificate for peers that ask for a client's, PEM; in the order of --profile
    #[arg(long, value_name = "FILE", requires_all = ["profile", "tls_client_key"])]
    tls_client_cert: Vec<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_client_cert")]
    tls_client_key: Vec<PathBuf>,
}

/// Asks all peers and prints what they say. The exit status is 1 when one does not answer.
///
/// # Errors
/// A file cannot be read, or the options contradict one another.
pub fn run(options: &Options, form: Form) -> Result<ExitCode> {
    let organizations = options.organizations()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let peers = runtime.block_on(status(&organizations))?;
    match form {
        Form::Json => print_json(&peers)?,
        Form::Text => peers.iter().try_for_each(show)?,
    }
    let all_answer = peers.iter().all(|peer| peer.silent.is_none());
    Ok(if all_answer { Exit::Done } else { Exit::Failed }.into())
}

impl Options {
    fn organizations(&self) -> Result<Vec<Described>> {
        if let Some(file) = &self.network {
            return Ok(Description::load(file)?.organizations);
        }
        let profiles = self.profile.len();
        ensure!(self.identity.len() == profiles, "{profiles} --identity are needed, not {}", self.identity.len());
        ensure!(self.msp_id.is_none() || profiles == 1, "--msp-id goes with one --profile");
        let shown = (self.tls_client_cert.len(), self.tls_client_key.len());
        ensure!(
            shown == (0, 0) || shown == (profiles, profiles),
            "either no --tls-client-cert or one for each of {profiles} profiles, each with its key"
        );
        let entries = self.profile.iter().zip(&self.identity).enumerate().map(|(number, (profile, identity))| {
            let certificate = self.tls_client_cert.get(number).cloned();
            let client = certificate.zip(self.tls_client_key.get(number).cloned());
            Entry {
                msp_id: self.msp_id.clone(),
                profile: Some(profile.clone()),
                peers: Vec::new(),
                admin: identity.clone(),
                user: None,
                role: None,
                package: None,
                tls_client: client.map(|(certificate, key)| TlsClient { certificate, key }),
            }
        });
        described(entries.collect(), Path::new(""))
    }
}

fn show(peer: &PeerStatus) -> Result<()> {
    let PeerStatus { msp_id, peer, address, channels, left_out, silent } = peer;
    match silent {
        Some(said) => say!("✗ {msp_id}  {peer} ({address}) does not answer: {said}")?,
        None if channels.is_empty() => say!("✓ {msp_id}  {peer} ({address}) is on no channel")?,
        None => say!("✓ {msp_id}  {peer} ({address})")?,
    }
    for ChannelStatus { channel, height, chaincodes, refused } in channels {
        let height = height.map_or_else(|| "?".to_owned(), |height| height.to_string());
        let defined = chaincodes.iter().map(|one| format!("{} {} (sequence {})", one.name, one.version, one.sequence));
        say!("    {channel}: {height} blocks; {}", defined.collect::<Vec<_>>().join(", "))?;
        for said in refused {
            say!("      not told: {said}")?;
        }
    }
    if *left_out > 0 {
        say!("    it was not asked about {left_out} further channels")?;
    }
    Ok(())
}
