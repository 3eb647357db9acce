//! Where a network keeps things: one folder with keys, channel, ledgers, settings, logs and the state of its processes.
//!
//! The addresses are chosen once, when the folder is laid out, and stay: the chaincode's address is part of its package
//! and so of its id.

mod addresses;
mod files;
mod stopped;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use fabric_msp::private;
use serde::{Deserialize, Serialize};

pub use self::{
    addresses::{Addresses, Kind, NodeAddresses, OrdererAddresses, PeerAddresses, peer_name},
    files::{read_json, write_atomically, write_json},
};
use crate::{consortium::Consortium, process::started};

/// The folder of one network.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

/// The processes of a running network, as the supervisor wrote them down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// The supervisor's process id.
    pub supervisor: u32,
    /// When it started, as [`crate::process::started`] tells: a process id may come again.
    #[serde(default)]
    pub supervisor_started: u64,
    /// The children.
    pub processes: Vec<RunningProcess>,
}

/// A process of a running network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunningProcess {
    /// Its name: a role, an orderer or a peer.
    pub name: String,
    /// Its process id.
    pub id: u32,
    /// When it started, as [`crate::process::started`] tells.
    pub started: u64,
}

impl RunningProcess {
    /// Whether it still runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        started(self.id) == Some(self.started)
    }
}

impl Layout {
    /// The layout of the network in this folder, which need not exist yet.
    ///
    /// # Errors
    /// The folder cannot be created, its absolute path cannot be found, or its name is no UTF-8 text, in which it is
    /// written into settings.
    pub fn at(root: &Path) -> Result<Self> {
        ensure!(root.to_str().is_some(), "the name of the folder {} is no UTF-8 text", root.display());
        private::create_folder(root).with_context(|| format!("cannot create the folder {}", root.display()))?;
        let root = root.canonicalize().with_context(|| format!("cannot find the folder {}", root.display()))?;
        ensure!(root.to_str().is_some(), "the name of the folder {} is no UTF-8 text", root.display());
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

    /// A path inside the folder, as the folder of a process: created when it is missing, and its owner's only.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn folder(&self, inside: &str) -> Result<PathBuf> {
        let path = self.root.join(inside);
        private::close_folder(&path).with_context(|| format!("cannot create the folder {}", path.display()))?;
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
        self.peer_organization(domain).join("peers").join(peer_name(domain, number))
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
        let addresses = Addresses::choose(kind, consortium, gateway)?;
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
    fn a_network_has_all_nodes_of_the_consortium_and_the_embedded_one_the_first_orderer() -> Result<()> {
        for (kind, peers, orderers) in [(Kind::Fabric, 2, 3), (Kind::Embedded, 2, 1)] {
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
