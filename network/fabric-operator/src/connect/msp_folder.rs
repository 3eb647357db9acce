//! An organization's membership rules as a folder in the layout of Fabric's tools, from the channel's configuration,
//! where they are what every peer judges by.

use std::{fs, io::ErrorKind, path::Path};

use anyhow::{Context, Result};
use fabric_msp::private;
use fabric_protos::msp::{FabricMspConfig, FabricOuIdentifier};
use serde_json::{Map, Value, json};

use crate::layout::write_atomically;

const ROOTS: &str = "cacerts";
const INTERMEDIATES: &str = "intermediatecerts";

/// Writes the public side of an MSP into a folder: authorities, revocation lists, units. No key is in it.
///
/// # Errors
/// A file cannot be written.
pub fn write_msp(config: &FabricMspConfig, folder: &Path) -> Result<()> {
    for (name, ending, files) in [
        (ROOTS, "pem", &config.root_certs),
        (INTERMEDIATES, "pem", &config.intermediate_certs),
        ("admincerts", "pem", &config.admins),
        ("crls", "crl", &config.revocation_list),
        ("tlscacerts", "pem", &config.tls_root_certs),
        ("tlsintermediatecerts", "pem", &config.tls_intermediate_certs),
    ] {
        write_all(&folder.join(name), ending, files)?;
    }
    let text = serde_norway::to_string(&units(config)).context("cannot write config.yaml")?;
    write_atomically(&folder.join("config.yaml"), text.as_bytes())
}

/// Writes files under numbers, which keep their order, and then removes those of an earlier time. In this order: a
/// running gateway reads the folder at any moment, and a revocation list that is missing revokes nothing.
fn write_all(folder: &Path, ending: &str, files: &[Vec<u8>]) -> Result<()> {
    if !files.is_empty() {
        private::create_folder(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let names: Vec<String> = (0..files.len()).map(|number| format!("{number:03}.{ending}")).collect();
    for (name, contents) in names.iter().zip(files) {
        write_atomically(&folder.join(name), contents)?;
    }
    let failed = || format!("cannot remove what {} held before", folder.display());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(failed)?,
    };
    for entry in entries {
        let entry = entry.with_context(failed)?;
        let is_written = entry.file_name().to_str().is_some_and(|name| names.iter().any(|written| written == name));
        if !is_written {
            let is_folder = entry.file_type().with_context(failed)?.is_dir();
            let path = entry.path();
            let removed = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.with_context(failed)?;
        }
    }
    Ok(())
}

fn units(config: &FabricMspConfig) -> Value {
    let mut file = Map::new();
    if !config.organizational_unit_identifiers.is_empty() {
        let all = config.organizational_unit_identifiers.iter().map(|unit| identifier(unit, config));
        file.insert("OrganizationalUnitIdentifiers".to_owned(), all.collect());
    }
    if let Some(units) = &config.fabric_node_ous {
        let mut roles = Map::from_iter([("Enable".to_owned(), json!(units.enable))]);
        for (name, unit) in [
            ("ClientOUIdentifier", &units.client_ou_identifier),
            ("PeerOUIdentifier", &units.peer_ou_identifier),
            ("AdminOUIdentifier", &units.admin_ou_identifier),
            ("OrdererOUIdentifier", &units.orderer_ou_identifier),
        ] {
            roles.extend(unit.as_ref().map(|unit| (name.to_owned(), identifier(unit, config))));
        }
        file.insert("NodeOUs".to_owned(), Value::Object(roles));
    }
    Value::Object(file)
}

/// A unit, with the file of the authority that must have certified it.
fn identifier(unit: &FabricOuIdentifier, config: &FabricMspConfig) -> Value {
    let mut file =
        Map::from_iter([("OrganizationalUnitIdentifier".to_owned(), json!(unit.organizational_unit_identifier))]);
    for (folder, files) in [(ROOTS, &config.root_certs), (INTERMEDIATES, &config.intermediate_certs)] {
        if let Some(number) = files.iter().position(|known| *known == unit.certificate) {
            file.insert("Certificate".to_owned(), json!(format!("{folder}/{number:03}.pem")));
        }
    }
    Value::Object(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use fabric_msp::msp::config_from_directory;

    use super::*;
    use crate::{consortium::DEFAULT_CRYPTO, generate};

    #[test]
    fn a_file_that_stays_is_there_at_every_moment() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let (lists, first) = (folder.path().join("crls"), folder.path().join("crls/000.crl"));
        let list = |text: &str| text.as_bytes().to_vec();
        write_all(&lists, "crl", &[list("a"), list("b"), list("c")])?;
        fs::write(lists.join("ours.crl"), "older")?;
        // What removes a folder and makes it anew makes another folder.
        let same = |lists: &Path| Ok::<_, std::io::Error>(fs::metadata(lists)?.ino());
        let before = same(&lists)?;
        write_all(&lists, "crl", &[list("d")])?;
        assert_eq!((same(&lists)?, fs::read_dir(&lists)?.count()), (before, 1));
        assert_eq!(fs::read(&first)?, b"d");
        write_all(&lists, "crl", &[])?;
        assert_eq!(fs::read_dir(&lists)?.count(), 0);
        write_all(&folder.path().join("admincerts"), "pem", &[])?;
        assert!(!folder.path().join("admincerts").exists());
        Ok(())
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was_and_a_second_time_replaces_the_first() -> Result<()> {
        let folder = tempfile::tempdir()?;
        generate::crypto_into(DEFAULT_CRYPTO, folder.path())?;
        let made = folder.path().join("peerOrganizations/bank.entrepot.example/msp");
        let config = config_from_directory("BankMSP", &made)?;
        let mut more = config.clone();
        more.root_certs.push(config.tls_root_certs[0].clone());
        let written = folder.path().join("written");
        for wanted in [&more, &config] {
            write_msp(wanted, &written)?;
            assert_eq!(&config_from_directory("BankMSP", &written)?, wanted);
        }
        Ok(())
    }
}
