//! A network that others run, as the user describes it: the channel, the chaincode, and the organizations whose peers
//! and keys are at hand. Either a file or options of the command line.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_config::is_channel_id;
use fabric_msp::msp::is_group_id;
use serde::Deserialize;

use super::{
    files,
    peer::{Peer, TlsClient},
    profile::Profile,
};
use crate::{
    consortium::{Chaincode, Role},
    endpoint::Endpoint,
};

/// Most organizations of a description.
const ORGANIZATIONS_MAX: usize = 64;
/// Most peers of an organization.
const PEERS_MAX: usize = 32;

/// A network as far as it is at hand.
#[derive(Debug, Clone)]
pub struct Description {
    /// The channel's name.
    pub channel: String,
    /// The chaincode's definition.
    pub chaincode: Chaincode,
    /// The MSP ids of the organizations whose peers endorse. Default: all of the channel that may write, but for those
    /// whose role here is `regulator`.
    pub endorsing: Option<Vec<String>>,
    /// The organizations at hand; never empty.
    pub organizations: Vec<Described>,
}

/// An organization at hand.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its MSP id.
    pub msp_id: String,
    /// Its peers; never empty.
    pub peers: Vec<Peer>,
    /// The MSP folder of an administrator, with the key.
    pub admin: PathBuf,
    /// The MSP folder of the user whose key a gateway is to hold.
    pub user: Option<PathBuf>,
    /// What it is to do on the channel.
    pub role: Role,
    /// Its package of the chaincode.
    pub package: Option<PathBuf>,
    /// What is shown to its peers when they ask for a client's certificate.
    pub tls_client: Option<TlsClient>,
}

/// The description as a file holds it. Paths are relative to the file's folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    channel: String,
    chaincode: Chaincode,
    #[serde(default)]
    endorsing: Option<Vec<String>>,
    organizations: Vec<Entry>,
}

/// An organization as a file or the command line tells it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its MSP id; with a profile that names one organization it may be left out.
    #[serde(default)]
    pub msp_id: Option<String>,
    /// Its connection profile, which stands in the place of `peers`.
    #[serde(default)]
    pub profile: Option<PathBuf>,
    /// Its peers.
    #[serde(default)]
    pub peers: Vec<PeerEntry>,
    /// The MSP folder of an administrator.
    pub admin: PathBuf,
    /// The MSP folder of the user whose key a gateway is to hold.
    #[serde(default)]
    pub user: Option<PathBuf>,
    /// What it is to do. Default: `enterprise`.
    #[serde(default)]
    pub role: Option<Role>,
    /// Its package of the chaincode.
    #[serde(default)]
    pub package: Option<PathBuf>,
    /// What is shown to its peers when they ask for a client's certificate.
    #[serde(default)]
    pub tls_client: Option<TlsClient>,
}

/// A peer without a profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerEntry {
    /// `host:port`.
    pub address: Endpoint,
    /// A PEM file of the authorities of its TLS certificate; without one it is called without TLS.
    #[serde(default)]
    pub tls_ca: Option<PathBuf>,
    /// The name in its TLS certificate. Default: the host of the address.
    #[serde(default)]
    pub server_name: Option<String>,
    /// Its operations endpoint, `host:port`, without TLS.
    #[serde(default)]
    pub operations: Option<Endpoint>,
}

impl Description {
    /// Reads a description from a YAML or JSON file.
    ///
    /// # Errors
    /// It, or a file that it names, cannot be read, has another form, or contradicts itself.
    pub fn load(path: &Path) -> Result<Self> {
        let text = files::read_text(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let read = || {
            let file: File = files::parse(&text)?;
            Self::new(file.channel, file.chaincode, file.endorsing, file.organizations, folder)
        };
        read().with_context(|| format!("the description {}", path.display()))
    }

    /// A description of these organizations, whose paths are relative to `folder`.
    ///
    /// # Errors
    /// As [`Description::load`].
    pub fn new(
        channel: String,
        chaincode: Chaincode,
        endorsing: Option<Vec<String>>,
        entries: Vec<Entry>,
        folder: &Path,
    ) -> Result<Self> {
        ensure!(is_channel_id(&channel), "{channel} cannot name a channel");
        ensure!(is_chaincode_name(&chaincode.name), "{} cannot name a chaincode", chaincode.name);
        let organizations = described(entries, folder)?;
        if let Some(named) = &endorsing {
            let distinct: BTreeSet<&String> = named.iter().collect();
            ensure!(
                !named.is_empty() && distinct.len() == named.len(),
                "`endorsing` names no organization, or one twice"
            );
        }
        Ok(Self { channel, chaincode, endorsing, organizations })
    }
}

/// The organizations of these entries, whose paths are relative to `folder`.
///
/// # Errors
/// A file that an entry names cannot be read, or an entry contradicts itself or another one.
pub fn described(entries: Vec<Entry>, folder: &Path) -> Result<Vec<Described>> {
    ensure!(
        (1..=ORGANIZATIONS_MAX).contains(&entries.len()),
        "1 to {ORGANIZATIONS_MAX} organizations can be described, not {}",
        entries.len()
    );
    let organizations: Vec<Described> =
        entries.into_iter().map(|entry| organization(entry, folder)).collect::<Result<_>>()?;
    let mut msp_ids = BTreeSet::new();
    if let Some(twice) = organizations.iter().find(|one| !msp_ids.insert(one.msp_id.clone())) {
        bail!("{} is described twice", twice.msp_id);
    }
    Ok(organizations)
}

fn organization(entry: Entry, folder: &Path) -> Result<Described> {
    let (msp_id, mut peers) = match (&entry.profile, entry.peers.is_empty()) {
        (Some(profile), true) => {
            let profile = Profile::load(&folder.join(profile), entry.msp_id.as_deref())?;
            (profile.msp_id, profile.peers)
        }
        (Some(_), false) => bail!("an organization has a profile and peers besides: one of them"),
        (None, true) => bail!("an organization has neither a profile nor peers"),
        (None, false) => {
            let msp_id = entry.msp_id.context("an organization without a profile needs its msp_id")?;
            let peers = entry.peers.iter().map(|peer| described_peer(peer, folder));
            (msp_id, peers.collect::<Result<Vec<_>>>()?)
        }
    };
    ensure!(is_group_id(&msp_id), "{msp_id:?} cannot be an MSP id");
    ensure!(peers.len() <= PEERS_MAX, "{msp_id} has {} peers, more than {PEERS_MAX}", peers.len());
    let tls_client = entry.tls_client.map(|files| files.within(folder));
    let shown = tls_client.as_ref().map(|files| files.read().context("tls_client")).transpose()?;
    for peer in &mut peers {
        peer.client.clone_from(&shown);
    }
    Ok(Described {
        msp_id,
        peers,
        admin: folder.join(entry.admin),
        user: entry.user.map(|user| folder.join(user)),
        role: entry.role.unwrap_or(Role::Enterprise),
        package: entry.package.map(|package| folder.join(package)),
        tls_client,
    })
}

fn described_peer(entry: &PeerEntry, folder: &Path) -> Result<Peer> {
    let tls_ca = entry.tls_ca.as_ref().map(|path| files::read_certificates(&folder.join(path))).transpose()?;
    Ok(Peer {
        name: entry.address.to_string(),
        address: entry.address.clone(),
        tls_ca,
        server_name: entry.server_name.clone(),
        client: None,
        operations: entry.operations.clone(),
    })
}

/// Whether the lifecycle takes a text as a chaincode's name (Fabric, `core/chaincode/lifecycle/scc.go`).
fn is_chaincode_name(name: &str) -> bool {
    let parts = name.split(['-', '_']);
    parts.clone().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::tests::authority_of_tests;

    const FILE: &str = "
channel: mychannel
chaincode: { name: entrepot, version: '0.1' }
organizations:
  - msp_id: Org1MSP
    peers: [{ address: 'localhost:7051', tls_ca: ca.pem, server_name: peer0.org1.example.com }]
    admin: admin/msp
    user: user/msp
  - msp_id: Org2MSP
    peers: [{ address: 'localhost:9051' }]
    admin: /keys/admin
    role: regulator
";

    fn load(text: &str) -> Result<Description> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ca.pem"), authority_of_tests())?;
        let path = folder.path().join("network.yaml");
        std::fs::write(&path, text)?;
        Description::load(&path)
    }

    #[test]
    fn a_description_is_read_with_its_files() -> Result<()> {
        let read = load(FILE)?;
        let [first, second] = read.organizations.as_slice() else { bail!("{read:?}") };
        assert_eq!((first.role, second.role), (Role::Enterprise, Role::Regulator));
        assert!(first.admin.ends_with("admin/msp") && first.admin.is_absolute());
        assert_eq!(first.peers[0].tls_ca.as_deref(), Some(authority_of_tests().as_bytes()));
        assert_eq!(first.peers[0].expected_name(), "peer0.org1.example.com");
        assert_eq!((second.peers[0].expected_name(), second.admin.as_path()), ("localhost", Path::new("/keys/admin")));
        Ok(())
    }

    #[test]
    fn a_description_that_cannot_be_is_refused_with_a_reason() {
        for (change, reason) in [
            (("channel: mychannel", "channel: My channel"), "cannot name a channel"),
            (("name: entrepot", "name: a--b"), "a--b cannot name a chaincode"),
            (("msp_id: Org2MSP", "msp_id: ../MSP"), "cannot be an MSP id"),
            (("msp_id: Org2MSP", "msp_id: Org1MSP"), "Org1MSP is described twice"),
            (("ca.pem", "none.pem"), "none.pem"),
            (("localhost:9051", "localhost"), "host:port"),
            (("    user: user/msp", "    tls_client: { certificate: ca.pem, key: no.key }"), "no.key"),
            (("    role: regulator", "    rôle: regulator"), "not the form"),
            (("    role: regulator", "    profile: p.yaml"), "one of them"),
            (("    peers: [{ address: 'localhost:9051' }]\n", ""), "neither a profile nor peers"),
            (("  - msp_id: Org2MSP\n    peers", "  - peers"), "needs its msp_id"),
            (("organizations:", "endorsing: [A, A]\norganizations:"), "or one twice"),
            (("organizations:", "organizations: []\nothers:"), "not the form"),
        ] {
            let error = format!("{:#}", load(&FILE.replace(change.0, change.1)).expect_err(reason));
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
