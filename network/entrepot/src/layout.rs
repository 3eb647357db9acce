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

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::consortium::Consortium;

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
    /// Peer endpoints by MSP id.
    pub peers: BTreeMap<String, PeerAddresses>,
    /// The orderer's client endpoint.
    pub orderer: SocketAddr,
    /// The orderer's channel participation endpoint; only a real orderer has one.
    pub orderer_admin: SocketAddr,
    /// The orderer's operations endpoint; only a real orderer has one.
    pub orderer_operations: SocketAddr,
    /// Where peers dial the chaincode.
    pub chaincode: SocketAddr,
    /// The REST gateway.
    pub gateway: SocketAddr,
}

/// The endpoints of one peer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerAddresses {
    /// Clients and other peers.
    pub endpoint: SocketAddr,
    /// The listener for chaincode that the peer launches itself; unused, but a real peer insists on one.
    pub chaincode: SocketAddr,
    /// Operations; only a real peer has one.
    pub operations: SocketAddr,
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

    /// The domain folder of an application organisation.
    #[must_use]
    pub fn peer_organisation(&self, domain: &str) -> PathBuf {
        self.crypto().join("peerOrganizations").join(domain)
    }

    /// The domain folder of the orderer organisation.
    #[must_use]
    pub fn orderer_organisation(&self, domain: &str) -> PathBuf {
        self.crypto().join("ordererOrganizations").join(domain)
    }

    /// The folder of an application organisation's peer: `msp` and `tls` lie in it.
    #[must_use]
    pub fn peer(&self, domain: &str) -> PathBuf {
        self.peer_organisation(domain).join("peers").join(format!("peer0.{domain}"))
    }

    /// The folder of an orderer node: `msp` and `tls` lie in it.
    #[must_use]
    pub fn orderer(&self, domain: &str, node: &str) -> PathBuf {
        self.orderer_organisation(domain).join("orderers").join(format!("{node}.{domain}"))
    }

    /// The folder of a user of an application organisation: `msp` and `tls` lie in it.
    #[must_use]
    pub fn user(&self, domain: &str, user: &str) -> PathBuf {
        self.peer_organisation(domain).join("users").join(format!("{user}@{domain}"))
    }

    /// The TLS authority's certificate of an application organisation, PEM.
    #[must_use]
    pub fn tls_authority(&self, domain: &str) -> PathBuf {
        self.peer_organisation(domain).join("tlsca").join(format!("tlsca.{domain}-cert.pem"))
    }

    /// The channel's genesis block.
    #[must_use]
    pub fn genesis_block(&self) -> PathBuf {
        self.path("channel/genesis.block")
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
            return Ok(known);
        }
        let mut ports = FreePorts::default();
        let mut peers = BTreeMap::new();
        for organisation in &consortium.organisations {
            let addresses =
                PeerAddresses { endpoint: ports.next()?, chaincode: ports.next()?, operations: ports.next()? };
            peers.insert(organisation.msp_id.clone(), addresses);
        }
        let addresses = Addresses {
            kind,
            peers,
            orderer: ports.next()?,
            orderer_admin: ports.next()?,
            orderer_operations: ports.next()?,
            chaincode: ports.next()?,
            gateway: match gateway {
                Some(address) => address,
                None => ports.next()?,
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

/// Free loopback ports. All listeners stay open until the last port is found, so that no port comes twice.
#[derive(Default)]
struct FreePorts {
    taken: Vec<TcpListener>,
}

impl FreePorts {
    fn next(&mut self) -> Result<SocketAddr> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
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
        let distinct: std::collections::BTreeSet<_> = first.peers.values().map(|peer| peer.endpoint).collect();
        assert_eq!(distinct.len(), consortium.organisations.len());
        let error = layout.addresses(Kind::Fabric, &consortium, None).expect_err("the other kind");
        assert!(error.to_string().contains("other kind"), "{error}");
        Ok(())
    }
}
