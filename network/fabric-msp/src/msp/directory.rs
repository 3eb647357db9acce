//! Reading an MSP folder as Fabric's tools lay it out. Only the public side is read: keys belong to
//! [`crate::signer::SigningIdentity`].

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fabric_protos::msp::{FabricCryptoConfig, FabricMspConfig, FabricNodeOUs, FabricOuIdentifier};
use serde::Deserialize;

use super::revocation;
use crate::{
    pem,
    signer::{FILE_BYTES_MAX, SignerError, files},
};

/// Why a folder is not an MSP.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file or folder cannot be read.
    #[error("{}: {cause}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file in `crls` is no revocation list, or no whole one. Passed over it would let revoked certificates in.
    #[error("{} is not a revocation list in PEM or DER, or not a whole one", .0.display())]
    RevocationList(PathBuf),
    /// There is no certificate of an authority.
    #[error("no ca certificate found in directory {}", .0.display())]
    NoAuthority(PathBuf),
    /// `config.yaml` is not what it should be.
    #[error("failed unmarshalling configuration file at {}: {cause}", path.display())]
    Configuration {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// Reads `cacerts`, `intermediatecerts`, `tlscacerts`, `tlsintermediatecerts`, `admincerts`, `crls` and `config.yaml`.
/// Only `cacerts` must be there. Files that hold no PEM are passed over, as Fabric does, but for those in `crls`: each
/// file there must be a list in DER or hold nothing but lists in PEM, all of which count (Fabric takes the first).
///
/// # Errors
/// [`DirectoryError`] when something is there but cannot be read, or there is no authority. A certificate or key is at
/// most 1 MiB long, a file of revocation lists at most 4 MiB.
pub fn config_from_directory(msp_id: &str, folder: &Path) -> Result<FabricMspConfig, DirectoryError> {
    let root_certs = pems(&folder.join("cacerts"))?;
    if root_certs.is_empty() {
        return Err(DirectoryError::NoAuthority(folder.join("cacerts")));
    }
    let configuration = read_configuration(folder)?;
    let mut units = Vec::new();
    for unit in &configuration.organizational_unit_identifiers {
        units.push(identifier(folder, unit)?);
    }
    Ok(FabricMspConfig {
        name: msp_id.to_owned(),
        root_certs,
        intermediate_certs: pems(&folder.join("intermediatecerts"))?,
        admins: pems(&folder.join("admincerts"))?,
        revocation_list: revocation_lists(&folder.join("crls"))?,
        signing_identity: None,
        organizational_unit_identifiers: units,
        crypto_config: Some(FabricCryptoConfig {
            signature_hash_family: "SHA2".to_owned(),
            identity_identifier_hash_function: "SHA256".to_owned(),
        }),
        tls_root_certs: pems(&folder.join("tlscacerts"))?,
        tls_intermediate_certs: pems(&folder.join("tlsintermediatecerts"))?,
        fabric_node_ous: node_ous(folder, configuration.node_ous)?,
    })
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(rename = "OrganizationalUnitIdentifiers", default)]
    organizational_unit_identifiers: Vec<UnitConfiguration>,
    #[serde(rename = "NodeOUs")]
    node_ous: Option<NodeOus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UnitConfiguration {
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    organizational_unit_identifier: String,
}

#[derive(Deserialize)]
struct NodeOus {
    #[serde(rename = "Enable", default)]
    enable: bool,
    #[serde(rename = "ClientOUIdentifier")]
    client: Option<UnitConfiguration>,
    #[serde(rename = "PeerOUIdentifier")]
    peer: Option<UnitConfiguration>,
    #[serde(rename = "AdminOUIdentifier")]
    admin: Option<UnitConfiguration>,
    #[serde(rename = "OrdererOUIdentifier")]
    orderer: Option<UnitConfiguration>,
}

fn read_configuration(folder: &Path) -> Result<Configuration, DirectoryError> {
    let path = folder.join("config.yaml");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Configuration::default()),
        Err(cause) => return Err(DirectoryError::Read { path, cause }),
    };
    let parsed: Option<Configuration> = serde_norway::from_slice(&text)
        .map_err(|cause| DirectoryError::Configuration { path, cause: cause.to_string() })?;
    Ok(parsed.unwrap_or_default())
}

fn node_ous(folder: &Path, configured: Option<NodeOus>) -> Result<Option<FabricNodeOUs>, DirectoryError> {
    let Some(configured) = configured.filter(|configured| configured.enable) else { return Ok(None) };
    let unit = |unit: &Option<UnitConfiguration>| match unit {
        Some(unit) if !unit.organizational_unit_identifier.is_empty() => identifier(folder, unit).map(Some),
        _ => Ok(None),
    };
    Ok(Some(FabricNodeOUs {
        enable: true,
        client_ou_identifier: unit(&configured.client)?,
        peer_ou_identifier: unit(&configured.peer)?,
        admin_ou_identifier: unit(&configured.admin)?,
        orderer_ou_identifier: unit(&configured.orderer)?,
    }))
}

/// Fabric only warns when the certificate of a role unit is missing and then trusts every chain; here it is an error.
fn identifier(folder: &Path, unit: &UnitConfiguration) -> Result<FabricOuIdentifier, DirectoryError> {
    let certificate = if unit.certificate.is_empty() {
        Vec::new()
    } else {
        let path = folder.join(&unit.certificate);
        fs::read(&path).map_err(|cause| DirectoryError::Read { path, cause })?
    };
    Ok(FabricOuIdentifier { certificate, organizational_unit_identifier: unit.organizational_unit_identifier.clone() })
}

fn pems(folder: &Path) -> Result<Vec<Vec<u8>>, DirectoryError> {
    let found = contents(folder, FILE_BYTES_MAX)?;
    Ok(found.into_iter().map(|(_, contents)| contents).filter(|contents| pem::first(contents).is_some()).collect())
}

fn revocation_lists(folder: &Path) -> Result<Vec<Vec<u8>>, DirectoryError> {
    let mut lists = Vec::new();
    for (path, contents) in contents(folder, revocation::LIST_BYTES_MAX as u64)? {
        lists.extend(revocation::lists(&contents).map_err(|_| DirectoryError::RevocationList(path))?);
    }
    Ok(lists)
}

fn contents(folder: &Path, bytes_max: u64) -> Result<Vec<(PathBuf, Vec<u8>)>, DirectoryError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    files(folder, bytes_max).map_err(|error| match error {
        SignerError::Read { path, cause } => DirectoryError::Read { path, cause },
        other => DirectoryError::Read { path: folder.to_owned(), cause: io::Error::other(other.to_string()) },
    })
}
