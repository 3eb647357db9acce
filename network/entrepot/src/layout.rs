//! Where a network keeps things: one folder with keys, channel, ledgers, settings, logs and the state of its processes.
//!
//! The addresses are chosen once, when the folder is laid out, and stay: the chaincode's address is part of its package
//! and so of its id.

use std::{
    collections::BTreeMap,
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    consortium::{Consortium, Organization},
    endpoint::Endpoint,
};

/// The ports from this one to its double are chosen from, at random.
const PORT_MIN: u16 = 16_384;
/// How many random ports are tried.
const PORT_ATTEMPTS: usize = 64;

/// The folder of one network.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

/// What is fixed when a network is laid out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addresses {
    /// Embedded, or real Fabric.
    pub kind: Kind,
    /// The peers of each organization by MSP id, `peer0` first. On the embedded network each organization has one.
    pub peers: BTreeMap<String, Vec<PeerAddresses>>,
    /// The orderers in the order of the consortium file. The embedded network has one.
    pub orderers: Vec<OrdererAddresses>,
    /// Where peers dial the chaincode.
    pub chaincode: Endpoint,
    /// Where the REST gateway listens.
    pub gateway: SocketAddr,
}

/// The endpoints of one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerAddresses {
    /// Clients and other peers.
    pub endpoint: Endpoint,
    /// The listener for chaincode that the peer launches itself; unused, but a real peer insists on one.
    pub chaincode: Endpoint,
    /// Operations; only a real peer has one.
    pub operations: Endpoint,
}

/// The endpoints of one orderer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdererAddresses {
    /// The host name of the node within its organization's domain.
    pub node: String,
    /// Clients, peers and other orderers.
    pub endpoint: Endpoint,
    /// Channel participation.
    pub admin: Endpoint,
    /// Operations; only a real orderer has it.
    pub operations: Endpoint,
}

impl Addresses {
    /// The first peer of an organization.
    ///
    /// # Errors
    /// None was laid out.
    pub fn peer(&self, msp_id: &str) -> Result<&PeerAddresses> {
        self.peers_of(msp_id).first().with_context(|| format!("no address was chosen for a peer of {msp_id}"))
    }

    /// All peers of an organization, `peer0` first.
    #[must_use]
    pub fn peers_of(&self, msp_id: &str) -> &[PeerAddresses] {
        self.peers.get(msp_id).map_or(&[], Vec::as_slice)
    }

    /// The first orderer.
    ///
    /// # Errors
    /// None was laid out.
    pub fn orderer(&self) -> Result<&OrdererAddresses> {
        self.orderers.first().context("no address was chosen for an orderer")
    }

    /// How many peers and orderers of this consortium a network of this kind runs.
    fn counts(kind: Kind, consortium: &Consortium) -> (BTreeMap<String, usize>, Vec<String>) {
        let peers = |organization: &Organization| match kind {
            Kind::Embedded => 1,
            Kind::Fabric => organization.peers,
        };
        let nodes = match kind {
            Kind::Embedded => 1,
            Kind::Fabric => consortium.orderer.nodes.len(),
        };
        (
            consortium.organizations.iter().map(|one| (one.msp_id.clone(), peers(one))).collect(),
            consortium.orderer.nodes.iter().take(nodes).cloned().collect(),
        )
    }

    /// Fails when the nodes of the consortium are others than those that were laid out.
    pub(crate) fn check(&self, consortium: &Consortium) -> Result<()> {
        let (peers, nodes) = Self::counts(self.kind, consortium);
        let known: BTreeMap<String, usize> =
            self.peers.iter().map(|(msp_id, peers)| (msp_id.clone(), peers.len())).collect();
        let changed = "the folder was laid out for another consortium; name another one with --dir";
        for (msp_id, count) in &peers {
            let laid_out = known.get(msp_id).copied().unwrap_or_default();
            ensure!(laid_out == *count, "{msp_id} has {count} peers now and had {laid_out}: {changed}");
        }
        if let Some(msp_id) = known.keys().find(|msp_id| !peers.contains_key(*msp_id)) {
            bail!("{msp_id} is not in the consortium file any more: {changed}");
        }
        let laid_out: Vec<String> = self.orderers.iter().map(|orderer| orderer.node.clone()).collect();
        ensure!(laid_out == nodes, "the orderers are {nodes:?} now and were {laid_out:?}: {changed}");
        Ok(())
    }
}

/// Which kind of network a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One process of ours.
    Embedded,
    /// Processes of Hyperledger Fabric.
    Fabric,
}

/// The processes of a running network, as the supervisor wrote them down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// The supervisor's process id.
    pub supervisor: u32,
    /// When it started, as [`crate::process::started`] tells: a process id may come again.
    #[serde(default)]
    pub supervisor_started: u64,
    /// The children's names and process ids.
    pub processes: Vec<(String, u32)>,
}

impl Layout {
    /// The layout of the network in this folder, which need not exist yet.
    ///
    /// # Errors
    /// The folder cannot be created or its absolute path cannot be found.
    pub fn at(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot create the folder {}", root.display()))?;
        let root = root.canonicalize().with_context(|| format!("cannot find the folder {}", root.display()))?;
        Ok(Self { root })
    }

    /// The layout of the network in this folder, which must exist.
    ///
    /// # Errors
    /// It does not.
    pub fn existing(root: &Path) -> Result<Self> {
        ensure!(root.is_dir(), "there is no folder {}", root.display());
        Self::at(root)
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the folder.
    #[must_use]
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// A path inside the folder, as the folder of a process: created when it is missing.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn folder(&self, inside: &str) -> Result<PathBuf> {
        let path = self.root.join(inside);
        fs::create_dir_all(&path).with_context(|| format!("cannot create the folder {}", path.display()))?;
        Ok(path)
    }

    /// Keys and certificates, in the directory layout of Fabric's own tools.
    #[must_use]
    pub fn crypto(&self) -> PathBuf {
        self.path("crypto")
    }

    /// The domain folder of an application organization.
    #[must_use]
    pub fn peer_organization(&self, domain: &str) -> PathBuf {
        self.crypto().join("peerOrganizations").join(domain)
    }

    /// The domain folder of the orderer organization.
    #[must_use]
    pub fn orderer_organization(&self, domain: &str) -> PathBuf {
        self.crypto().join("ordererOrganizations").join(domain)
    }

    /// The folder of an application organization's first peer: `msp` and `tls` lie in it.
    #[must_use]
    pub fn peer(&self, domain: &str) -> PathBuf {
        self.peer_node(domain, 0)
    }

    /// The folder of one of an organization's peers by its number, 0 for the first: `msp` and `tls` lie in it.
    #[must_use]
    pub fn peer_node(&self, domain: &str, number: usize) -> PathBuf {
        self.peer_organization(domain).join("peers").join(format!("peer{number}.{domain}"))
    }

    /// The folder of an orderer node: `msp` and `tls` lie in it.
    #[must_use]
    pub fn orderer(&self, domain: &str, node: &str) -> PathBuf {
        self.orderer_organization(domain).join("orderers").join(format!("{node}.{domain}"))
    }

    /// The folder of a user of an application organization: `msp` and `tls` lie in it.
    #[must_use]
    pub fn user(&self, domain: &str, user: &str) -> PathBuf {
        self.peer_organization(domain).join("users").join(format!("{user}@{domain}"))
    }

    /// The TLS authority's certificate of an application organization, PEM.
    #[must_use]
    pub fn tls_authority(&self, domain: &str) -> PathBuf {
        self.peer_organization(domain).join("tlsca").join(format!("tlsca.{domain}-cert.pem"))
    }

    /// The consortium file of this network, kept from the last `up`.
    #[must_use]
    pub fn consortium_file(&self) -> PathBuf {
        self.path("consortium.yaml")
    }

    /// A channel's genesis block.
    #[must_use]
    pub fn genesis_block(&self, channel: &str) -> PathBuf {
        self.path(&format!("channel/{channel}.block"))
    }

    /// The description of a channel that was created while the network ran.
    #[must_use]
    pub fn channel_file(&self, channel: &str) -> PathBuf {
        self.path(&format!("channel/{channel}.yaml"))
    }

    /// The folder of a user of the orderer organization: `msp` and `tls` lie in it.
    #[must_use]
    pub fn orderer_user(&self, domain: &str, user: &str) -> PathBuf {
        self.orderer_organization(domain).join("users").join(format!("{user}@{domain}"))
    }

    /// The TLS authority's certificate of the orderer organization, PEM.
    #[must_use]
    pub fn orderer_tls_authority(&self, domain: &str) -> PathBuf {
        self.orderer_organization(domain).join("tlsca").join(format!("tlsca.{domain}-cert.pem"))
    }

    /// The log of a process.
    ///
    /// # Errors
    /// The log folder cannot be created.
    pub fn log(&self, name: &str) -> Result<PathBuf> {
        Ok(self.folder("logs")?.join(format!("{name}.log")))
    }

    /// The file that a process of ours writes when it is ready.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn ready_file(&self, name: &str) -> Result<PathBuf> {
        Ok(self.folder("run")?.join(format!("{name}.ready")))
    }

    /// The addresses of this network: those written down earlier, or free ones, which are written down now.
    ///
    /// # Errors
    /// The folder holds a network of the other kind, its file is damaged, or no free ports can be had.
    pub fn addresses(&self, kind: Kind, consortium: &Consortium, gateway: Option<SocketAddr>) -> Result<Addresses> {
        if let Some(known) = self.known_addresses()? {
            ensure!(
                known.kind == kind,
                "{} holds a network of the other kind ({:?}); name another folder with --dir",
                self.root.display(),
                known.kind
            );
            known.check(consortium)?;
            return Ok(known);
        }
        let mut ports = FreePorts::default();
        let (counts, nodes) = Addresses::counts(kind, consortium);
        let mut peers = BTreeMap::new();
        for (msp_id, count) in counts {
            let mut own = Vec::new();
            for _ in 0..count {
                own.push(PeerAddresses {
                    endpoint: ports.next()?,
                    chaincode: ports.next()?,
                    operations: ports.next()?,
                });
            }
            peers.insert(msp_id, own);
        }
        let mut orderers = Vec::new();
        for node in nodes {
            orderers.push(OrdererAddresses {
                node,
                endpoint: ports.next()?,
                admin: ports.next()?,
                operations: ports.next()?,
            });
        }
        let addresses = Addresses {
            kind,
            peers,
            orderers,
            chaincode: ports.next()?,
            gateway: match gateway {
                Some(address) => address,
                None => ports.next_address()?,
            },
        };
        write_json(&self.path("addresses.json"), &addresses)?;
        Ok(addresses)
    }

    /// The addresses written down for this network, if it was laid out before.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn known_addresses(&self) -> Result<Option<Addresses>> {
        read_json(&self.path("addresses.json"))
    }

    /// The running processes, as the supervisor wrote them down.
    ///
    /// # Errors
    /// The file cannot be read or is damaged.
    pub fn running(&self) -> Result<Option<Running>> {
        read_json(&self.path("run/processes.json"))
    }

    /// Writes down the running processes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set_running(&self, running: &Running) -> Result<()> {
        self.folder("run")?;
        write_json(&self.path("run/processes.json"), running)
    }

    /// Forgets the running processes and their readiness.
    pub fn clear_running(&self) {
        // A missing folder is what is wanted here.
        let _ = fs::remove_dir_all(self.path("run"));
    }
}

/// Writes a file so that a reader sees either all of it or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, content)
        .and_then(|()| fs::rename(&temporary, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// As [`write_atomically`], for the owner's eyes only.
///
/// # Errors
/// The file cannot be written.
pub fn write_secret(path: &Path, content: &[u8]) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let temporary = path.with_extension("tmp");
    let write = || {
        // Another process may have left one behind, with whatever rights it had.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a JSON file so that a reader sees either all of it or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).context("cannot write JSON")?;
    text.push(b'\n');
    write_atomically(path, &text)
}

/// Reads a JSON file; a missing file is `None`.
///
/// # Errors
/// The file cannot be read or does not hold the expected JSON.
pub fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// A port below those that the kernel gives to outgoing connections. One of these could be in use at the moment when a
/// network starts that keeps its ports for good.
fn random_port() -> Result<u16> {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).ok().context("the system has no randomness")?;
    Ok(PORT_MIN | (u16::from_le_bytes(bytes) % PORT_MIN))
}

/// Free loopback ports. All listeners stay open until the last port is found, so that no port comes twice.
#[derive(Default)]
struct FreePorts {
    taken: Vec<TcpListener>,
}

impl FreePorts {
    fn next(&mut self) -> Result<Endpoint> {
        self.next_address().map(Endpoint::from)
    }

    fn next_address(&mut self) -> Result<SocketAddr> {
        let listener = (0..PORT_ATTEMPTS).find_map(|_| TcpListener::bind(("127.0.0.1", random_port().ok()?)).ok());
        let listener = match listener {
            Some(listener) => listener,
            None => TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?,
        };
        let address = listener.local_addr().context("a listener without an address")?;
        self.taken.push(listener);
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_distinct_and_stay_once_chosen() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let layout = Layout::at(folder.path())?;
        let consortium = Consortium::load(None)?;
        let first = layout.addresses(Kind::Embedded, &consortium, None)?;
        let again = layout.addresses(Kind::Embedded, &consortium, None)?;
        assert_eq!(serde_json::to_string(&first)?, serde_json::to_string(&again)?);
        let distinct: std::collections::BTreeSet<_> =
            first.peers.values().flatten().map(|peer| peer.endpoint.clone()).collect();
        assert_eq!(distinct.len(), consortium.organizations.len());
        let error = layout.addresses(Kind::Fabric, &consortium, None).expect_err("the other kind");
        assert!(error.to_string().contains("other kind"), "{error}");
        Ok(())
    }

    fn large() -> Result<Consortium> {
        let text = crate::consortium::DEFAULT
            .replace("nodes: [orderer0]", "nodes: [orderer0, orderer1, orderer2]")
            .replace("role: customs", "role: customs\n    peers: 2");
        Consortium::parse(&text)
    }

    #[test]
    fn a_real_network_has_all_nodes_of_the_consortium_and_the_embedded_one_the_first_of_each() -> Result<()> {
        for (kind, peers, orderers) in [(Kind::Fabric, 2, 3), (Kind::Embedded, 1, 1)] {
            let folder = tempfile::tempdir()?;
            let addresses = Layout::at(folder.path())?.addresses(kind, &large()?, None)?;
            assert_eq!(addresses.peers_of("CustomsMSP").len(), peers);
            assert_eq!(addresses.orderers.len(), orderers);
        }
        Ok(())
    }

    #[test]
    fn a_folder_is_not_taken_for_another_consortium() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let layout = Layout::at(folder.path())?;
        layout.addresses(Kind::Fabric, &Consortium::load(None)?, None)?;
        let error = layout.addresses(Kind::Fabric, &large()?, None).expect_err("other nodes");
        assert!(error.to_string().contains("CustomsMSP has 2 peers now and had 1"), "{error}");
        Ok(())
    }
}
