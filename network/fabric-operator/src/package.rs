//! The chaincode package: a `.tar.gz` with the metadata and, inside a second one, where peers find the chaincode.
//!
//! The bytes are reproducible (fixed times, owners and order), because the package id is their hash: the same metadata
//! and connection always give the same id. Organizations that share one process of the chaincode share one package; in
//! an export each has its own, as its connection names its own process.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use serde::Serialize;

/// How peers reach an external chaincode. Field names and forms are those of Fabric's `connection.json`.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// `host:port` that peers dial. The host must stand in the server certificate.
    pub address: String,
    /// A Go duration; always written, because builders exist that turn its absence into an error.
    pub dial_timeout: String,
    /// Whether peers dial with TLS.
    pub tls_required: bool,
    /// Whether peers show a client certificate.
    pub client_auth_required: bool,
    /// The peers' client key, PEM.
    pub client_key: String,
    /// The peers' client certificate, PEM.
    pub client_cert: String,
    /// The authority of the server certificate, PEM.
    pub root_cert: String,
}

/// A package and its id.
#[derive(Debug, Clone)]
pub struct Package {
    /// The bytes that peers install.
    pub bytes: Vec<u8>,
    /// `label:sha256`, which the chaincode registers under.
    pub id: String,
}

/// The package of each organization that endorses. They may differ, as a definition names none and each organization
/// approves its own.
#[derive(Debug, Default)]
pub struct Packages {
    of: BTreeMap<String, Package>,
}

impl Packages {
    /// The same package for all.
    pub fn shared<'m>(package: &Package, msp_ids: impl IntoIterator<Item = &'m str>) -> Self {
        Self { of: msp_ids.into_iter().map(|msp_id| (msp_id.to_owned(), package.clone())).collect() }
    }

    /// With the package of one more organization.
    #[must_use]
    pub fn with(mut self, msp_id: &str, package: Package) -> Self {
        self.of.insert(msp_id.to_owned(), package);
        self
    }

    /// The package of an organization.
    ///
    /// # Errors
    /// It has none.
    pub fn of(&self, msp_id: &str) -> Result<&Package> {
        self.of.get(msp_id).with_context(|| format!("there is no package of the chaincode for {msp_id}"))
    }

    /// The ids of the packages, each once.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.of.values().map(|package| package.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    label: &'a str,
}

impl Package {
    /// Builds the package of an external chaincode.
    ///
    /// # Errors
    /// The archive cannot be written, which only a lack of memory explains.
    pub fn new(label: &str, connection: &Connection) -> Result<Self> {
        let code = archive(&[("connection.json", serde_json::to_vec(connection)?)])?;
        let metadata = serde_json::to_vec(&Metadata { kind: "ccaas", label })?;
        let bytes = archive(&[("metadata.json", metadata), ("code.tar.gz", code)])?;
        Ok(Self::from_bytes(label, bytes))
    }

    /// A package that was built before, under the same label.
    #[must_use]
    pub fn from_bytes(label: &str, bytes: Vec<u8>) -> Self {
        let id = format!("{label}:{}", hex::encode(fabric_msp::hash::sha256(&bytes)));
        Self { bytes, id }
    }
}

fn archive(files: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, name, content.as_slice()).context("cannot write the chaincode package")?;
    }
    let gzip = tar.into_inner().context("cannot write the chaincode package")?;
    gzip.finish().context("cannot compress the chaincode package")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection {
            address: "127.0.0.1:9999".into(),
            dial_timeout: "3s".into(),
            tls_required: false,
            client_auth_required: false,
            client_key: String::new(),
            client_cert: String::new(),
            root_cert: String::new(),
        }
    }

    #[test]
    fn the_same_content_gives_the_same_bytes_and_id() -> Result<()> {
        let first = Package::new("entrepot", &connection())?;
        let second = Package::new("entrepot", &connection())?;
        assert_eq!(first.bytes, second.bytes);
        assert_eq!(first.id, second.id);
        assert!(first.id.starts_with("entrepot:") && first.id.len() == "entrepot:".len() + 64);
        let moved = Package::new("entrepot", &Connection { address: "127.0.0.1:9998".into(), ..connection() })?;
        assert_ne!(first.id, moved.id);
        Ok(())
    }
}
