//! Where things lie below the folder of an organization.

use std::path::{Path, PathBuf};

/// What an organization runs, which decides where its folder lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrganizationKind {
    /// Orderers, below `ordererOrganizations`.
    Orderer,
    /// Peers, below `peerOrganizations`.
    Peer,
}

impl OrganizationKind {
    /// The folder of all organizations of this kind.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Orderer => "ordererOrganizations",
            Self::Peer => "peerOrganizations",
        }
    }

    /// The folder of the nodes of one organization.
    pub fn nodes(self) -> &'static str {
        match self {
            Self::Orderer => "orderers",
            Self::Peer => "peers",
        }
    }

    /// The organizational unit of a node, and the beginning of its host name.
    pub fn role(self) -> &'static str {
        match self {
            Self::Orderer => "orderer",
            Self::Peer => "peer",
        }
    }
}

/// The folder of one organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationFolder {
    /// The organization's MSP id.
    pub msp_id: String,
    /// Its domain.
    pub domain: String,
    /// What it runs.
    pub kind: OrganizationKind,
    root: PathBuf,
}

impl OrganizationFolder {
    /// The folder of an organization below the folder of all key material. Nothing is read.
    pub fn new(out: &Path, kind: OrganizationKind, domain: &str, msp_id: &str) -> Self {
        let root = out.join(kind.folder()).join(domain);
        Self { msp_id: msp_id.to_owned(), domain: domain.to_owned(), kind, root }
    }

    /// An organization whose material lies directly in `root`.
    pub(crate) fn at(root: PathBuf, kind: OrganizationKind, domain: &str, msp_id: &str) -> Self {
        Self { msp_id: msp_id.to_owned(), domain: domain.to_owned(), kind, root }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The organization's public MSP folder, for channel configurations.
    pub fn msp(&self) -> PathBuf {
        self.root.join("msp")
    }

    /// The certificate authority, with its key.
    pub fn ca(&self) -> PathBuf {
        self.root.join("ca")
    }

    /// The TLS certificate authority, with its key.
    pub fn tls_ca(&self) -> PathBuf {
        self.root.join("tlsca")
    }

    /// A node's folder, which holds `msp` and `tls` (`ca.crt`, `server.crt`, `server.key`). `host` is without domain.
    pub fn node(&self, host: &str) -> PathBuf {
        self.root.join(self.kind.nodes()).join(format!("{host}.{}", self.domain))
    }

    /// A user's folder, which holds `msp` and `tls` (`ca.crt`, `client.crt`, `client.key`). `name` is without domain.
    pub fn user(&self, name: &str) -> PathBuf {
        self.root.join("users").join(format!("{name}@{}", self.domain))
    }
}
