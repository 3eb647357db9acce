//! An organization's membership rules as a folder in the layout of Fabric's tools, from the channel's configuration,
//! where they are what every peer judges by.

use std::path::Path;

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

/// Writes files under numbers, which keep their order, and removes those of an earlier time.
fn write_all(folder: &Path, ending: &str, files: &[Vec<u8>]) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot replace {}", folder.display()));
        }
        _ => {}
    }
    if files.is_empty() {
        return Ok(());
    }
    private::create_folder(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (number, contents) in files.iter().enumerate() {
        write_atomically(&folder.join(format!("{number:03}.{ending}")), contents)?;
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
    use fabric_msp::msp::config_from_directory;

    use super::*;
    use crate::{consortium::DEFAULT_CRYPTO, generate};

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
