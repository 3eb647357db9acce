//! How a user describes the network.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use fabric_operator::{
    connect::{Description, Entry, PeerEntry, TlsClient},
    consortium::{Chaincode, Role},
    endpoint::Endpoint,
    package::{Package, Packages},
};

use super::environment::{self, Environment};

/// The network: a description file, connection profiles, options for one organization, or Fabric's variables.
#[derive(Debug, Args)]
pub struct Options {
    /// A description of the network, YAML: channel, chaincode, organizations with peers and MSP folders
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "msp_id", "environment", "channel"])]
    network: Option<PathBuf>,
    /// An organization's connection profile, YAML or JSON; with several, each has its --admin, in the same order
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// Take organization, administrator, peer, its TLS authority and the name in its certificate from
    /// CORE_PEER_LOCALMSPID and the other variables of `peer`, as it does
    #[arg(long, conflicts_with_all = ["profile", "msp_id", "peer", "tls_ca", "server_name", "admin"])]
    environment: bool,
    /// The organization's MSP id; with a profile of several organizations, which of them
    #[arg(long, value_name = "MSP_ID")]
    msp_id: Option<String>,
    /// A peer of the organization, without a profile
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "profile")]
    peer: Vec<Endpoint>,
    /// The authority of the peers' TLS certificates, PEM
    #[arg(long, value_name = "FILE", requires = "peer")]
    tls_ca: Option<PathBuf>,
    /// The name in the peers' TLS certificates. Default: the host of each address
    #[arg(long, value_name = "NAME", requires = "peer")]
    server_name: Option<String>,
    /// A certificate for peers that ask for a client's, PEM; in the order of --admin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["network", "environment"], requires = "tls_client_key")]
    tls_client_cert: Vec<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "tls_client_cert")]
    tls_client_key: Vec<PathBuf>,
    /// The MSP folder of an administrator, with key
    #[arg(long, value_name = "DIR")]
    admin: Vec<PathBuf>,
    /// The MSP folder of a user of the organization, in whose name chaincode is called; in the order of --admin.
    /// Default: the administrator
    #[arg(long, value_name = "DIR")]
    user: Vec<PathBuf>,
    /// The channel
    #[arg(long, value_name = "NAME", required_unless_present = "network")]
    channel: Option<String>,
    /// The chaincode's name. Default: entrepot
    #[arg(long, value_name = "NAME", conflicts_with = "network")]
    chaincode: Option<String>,
    /// The version of its definition. Default: 0.1
    #[arg(long, value_name = "VERSION", conflicts_with = "network")]
    chaincode_version: Option<String>,
    /// The organizations whose peers endorse, by MSP id. Default: all of the channel that may write
    #[arg(long, value_name = "MSP_ID", value_delimiter = ',', conflicts_with = "network")]
    endorsing: Vec<String>,
    /// How many of them must endorse a transaction. Default: a majority
    #[arg(long, value_name = "COUNT", conflicts_with = "network")]
    endorsements: Option<u32>,
    /// Install and approve the chaincode for the organizations at hand, and commit it when enough have approved
    #[arg(long)]
    pub(super) deploy: bool,
    /// The package to deploy: one for all organizations, or one for each in their order
    #[arg(long, value_name = "FILE", requires = "deploy")]
    package: Vec<PathBuf>,
    /// Where the files for other organizations and for a gateway are written
    #[arg(long, value_name = "DIR", default_value = "connected")]
    pub(super) output: PathBuf,
    /// Write settings of a gateway that listens here, for the organizations with a --user
    #[arg(long, value_name = "HOST:PORT", requires_all = ["gateway_cert", "gateway_key"])]
    pub(super) gateway: Option<String>,
    /// The gateway's TLS certificate, PEM
    #[arg(long, value_name = "FILE", requires = "gateway")]
    pub(super) gateway_cert: Option<PathBuf>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE", requires = "gateway")]
    pub(super) gateway_key: Option<PathBuf>,
}

impl Options {
    /// The network that the options describe.
    ///
    /// # Errors
    /// A file cannot be read, or the options contradict one another.
    pub(super) fn description(&self) -> Result<Description> {
        if let Some(file) = &self.network {
            ensure!(self.admin.is_empty() && self.user.is_empty(), "the description names administrators and users");
            return Description::load(file);
        }
        let chaincode = Chaincode {
            name: self.chaincode.clone().unwrap_or_else(|| "entrepot".to_owned()),
            version: self.chaincode_version.clone().unwrap_or_else(|| "0.1".to_owned()),
            endorsements: self.endorsements,
        };
        let endorsing = Some(self.endorsing.clone()).filter(|named| !named.is_empty());
        let channel = self.channel.clone().context("the channel is missing")?;
        Description::new(channel, chaincode, endorsing, self.entries()?, Path::new(""))
    }

    /// The packages to deploy: of each organization its own in the description, or else that of the options.
    ///
    /// # Errors
    /// One is missing or is none.
    pub(super) fn packages(&self, description: &Description) -> Result<Packages> {
        let organizations = &description.organizations;
        let named = self.package.len();
        ensure!(
            named <= 1 || named == organizations.len(),
            "one --package, or one for each of {}",
            organizations.len()
        );
        let mut packages = Packages::default();
        for (number, one) in organizations.iter().enumerate() {
            let path = one.package.as_ref().or_else(|| self.package.get(number.min(named.saturating_sub(1))));
            match path {
                Some(path) => {
                    let package = Package::read(path)?;
                    let is_shared = one.package.is_none() && named == 1 && organizations.len() > 1;
                    ensure!(
                        !is_shared || !package.holds_private_key()?,
                        "{} holds a private key, and one package for all would give it to the peers of {} organizations: \
                         give one for each",
                        path.display(),
                        organizations.len()
                    );
                    packages = packages.with(&one.msp_id, package);
                }
                None => ensure!(one.role == Role::Regulator, "{} has no --package", one.msp_id),
            }
        }
        Ok(packages)
    }

    fn entries(&self) -> Result<Vec<Entry>> {
        if self.environment {
            return Ok(vec![self.of_variables()?]);
        }
        let organizations = self.profile.len().max(1);
        ensure!(self.admin.len() == organizations, "{organizations} --admin are needed, not {}", self.admin.len());
        ensure!(
            self.user.is_empty() || self.user.len() == organizations,
            "either no --user or one for each of {organizations} organizations"
        );
        let shown = (self.tls_client_cert.len(), self.tls_client_key.len());
        ensure!(
            shown == (0, 0) || shown == (organizations, organizations),
            "either no --tls-client-cert or one for each of {organizations} organizations, each with its key"
        );
        if self.profile.is_empty() {
            if self.peer.is_empty() || self.msp_id.is_none() {
                bail!("name the network: --network, --profile, --environment, or --msp-id with --peer");
            }
            let peers = self.peer.iter().map(|address| self.peer(address)).collect();
            return Ok(vec![Entry { msp_id: self.msp_id.clone(), peers, ..self.entry(0) }]);
        }
        ensure!(self.msp_id.is_none() || organizations == 1, "--msp-id goes with one --profile");
        let entry = |(number, profile): (usize, &PathBuf)| Entry {
            msp_id: self.msp_id.clone(),
            profile: Some(profile.clone()),
            ..self.entry(number)
        };
        Ok(self.profile.iter().enumerate().map(entry).collect())
    }

    /// An organization with the administrator and the user of this number.
    fn entry(&self, number: usize) -> Entry {
        let (certificate, key) = (self.tls_client_cert.get(number).cloned(), self.tls_client_key.get(number).cloned());
        Entry {
            msp_id: None,
            profile: None,
            peers: Vec::new(),
            admin: self.admin.get(number).cloned().unwrap_or_default(),
            user: self.user.get(number).cloned(),
            role: None,
            package: None,
            tls_client: certificate.zip(key).map(|(certificate, key)| TlsClient { certificate, key }),
        }
    }

    fn of_variables(&self) -> Result<Entry> {
        let Environment { msp_id, admin, peer, tls_client } = environment::read(|name| std::env::var(name).ok())?;
        ensure!(self.user.len() <= 1, "the variables describe one organization, which has one --user");
        Ok(Entry { msp_id: Some(msp_id), peers: vec![peer], admin, tls_client, ..self.entry(0) })
    }

    fn peer(&self, address: &Endpoint) -> PeerEntry {
        PeerEntry {
            address: address.clone(),
            tls_ca: self.tls_ca.clone(),
            server_name: self.server_name.clone(),
            operations: None,
        }
    }
}
