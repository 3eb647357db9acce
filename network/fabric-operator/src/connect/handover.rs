//! What organizations whose keys are not at hand run: Fabric's own commands, with the files that they need.

use std::path::Path;

use anyhow::{Context, Result, bail};
use fabric_config::{ChannelConfig, OrdererEndpoint};
use fabric_msp::policy;
use fabric_protos::protos::{
    ApplicationPolicy, CollectionConfigPackage, CollectionPolicyConfig, StaticCollectionConfig, application_policy,
    collection_config, collection_policy_config,
};
use serde_json::{Value, json};

use super::deploy::Deployed;
use crate::{
    endpoint::Endpoint,
    layout::{write_atomically, write_json},
    package::{Package, Packages},
};

/// The files beside the commands.
const COLLECTIONS: &str = "collections.json";
const ORDERERS: &str = "orderer-tls.pem";
/// What stands for the package of an organization that must make its own.
const OWN_PACKAGE: &str = "OWN_PACKAGE.tar.gz";
const OWN_PACKAGE_ID: &str = "OWN_PACKAGE_ID";
const OWN_PACKAGE_NOTE: &str = "The packages at hand hold the private key of a client's certificate and are not handed on. \
                                Make one with `entrepot package`, and put its file in the place of OWN_PACKAGE.tar.gz and \
                                its id in the place of OWN_PACKAGE_ID.";

/// What one organization runs.
#[derive(Debug, Clone)]
pub struct Handover {
    /// The organization.
    pub msp_id: String,
    /// The commands, for a shell in the folder with the files.
    pub commands: Vec<String>,
    /// What has to be done before, when no package is handed on.
    pub note: Option<&'static str>,
}

/// Writes the first package without a private key, the collections and the orderers' TLS authorities into a folder, and
/// answers the commands of each organization that a deployment waits for.
///
/// # Errors
/// A package cannot be read, or a file cannot be written.
pub fn handover(
    deployed: &Deployed,
    config: &ChannelConfig,
    packages: &Packages,
    folder: &Path,
) -> Result<Vec<Handover>> {
    let (archive, package_id, note) = match for_others(packages)? {
        Some(package) => {
            let label = package.id.split(':').next().unwrap_or(&package.id);
            let archive = format!("{label}.tar.gz");
            write_atomically(&folder.join(&archive), &package.bytes)?;
            (archive, package.id.as_str(), None)
        }
        None => (OWN_PACKAGE.to_owned(), OWN_PACKAGE_ID, Some(OWN_PACKAGE_NOTE)),
    };
    write_json(&folder.join(COLLECTIONS), &collections(&deployed.definition.collections)?)?;
    let orderer = orderer(config, folder)?;
    let definition = &deployed.definition;
    // Names, versions and ids come from checked options, and MSP ids are letters, digits, dots and dashes.
    let approve = format!(
        "peer lifecycle chaincode approveformyorg --channelID {} --name {} --version {} --sequence {} --package-id {} \
         --signature-policy \"{}\" --collections-config {COLLECTIONS} {orderer}",
        config.channel_id(),
        definition.name,
        quoted(&definition.version),
        definition.sequence,
        package_id,
        deployed.terms.in_order_of(&definition.policy).policy(),
    );
    let commands = vec![format!("peer lifecycle chaincode install {archive}"), approve];
    let to_each = |msp_id: &String| Handover { msp_id: msp_id.clone(), commands: commands.clone(), note };
    Ok(deployed.waits_for.iter().map(to_each).collect())
}

/// The first package that others may see.
fn for_others(packages: &Packages) -> Result<Option<&Package>> {
    for package in packages.all() {
        if !package.holds_private_key()? {
            return Ok(Some(package));
        }
    }
    Ok(None)
}

/// The options that lead to an orderer.
fn orderer(config: &ChannelConfig, folder: &Path) -> Result<String> {
    orderer_of(&config.orderer_endpoints(), folder)
}

/// An address that is none, which a configuration may hold, would be read by a shell and is not printed.
fn orderer_of(endpoints: &[OrdererEndpoint], folder: &Path) -> Result<String> {
    let plain = |address: &str| address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let known = endpoints.iter().find(|one| plain(&one.address) && one.address.parse::<Endpoint>().is_ok());
    let Some(known) = known else { return Ok("--orderer HOST:PORT".to_owned()) };
    if known.tls_authorities.is_empty() {
        return Ok(format!("--orderer {}", known.address));
    }
    write_atomically(&folder.join(ORDERERS), &known.tls_authorities.join(&b'\n'))?;
    // `peer` takes a path for one relative to its configuration's folder.
    Ok(format!("--orderer {} --tls --cafile \"$PWD/{ORDERERS}\"", known.address))
}

/// A text in single quotes, as shells take it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The collections as Fabric's `--collections-config` takes them.
fn collections(package: &CollectionConfigPackage) -> Result<Vec<Value>> {
    let all = package.config.iter().map(|config| match &config.payload {
        Some(collection_config::Payload::StaticCollectionConfig(one)) => collection(one),
        None => bail!("a collection without content"),
    });
    all.collect()
}

fn collection(one: &StaticCollectionConfig) -> Result<Value> {
    let members = match one.member_orgs_policy.as_ref() {
        Some(CollectionPolicyConfig { payload: Some(collection_policy_config::Payload::SignaturePolicy(members)) }) => {
            members
        }
        _ => bail!("the collection {} names no members", one.name),
    };
    let endorsers = match one.endorsement_policy.as_ref() {
        Some(ApplicationPolicy { r#type: Some(application_policy::Type::SignaturePolicy(endorsers)) }) => endorsers,
        _ => bail!("the collection {} has no endorsement policy of its own", one.name),
    };
    let text = |envelope| policy::format(envelope).with_context(|| format!("a policy of the collection {}", one.name));
    Ok(json!({
        "name": one.name,
        "policy": text(members)?,
        "requiredPeerCount": one.required_peer_count,
        "maxPeerCount": one.maximum_peer_count,
        "blockToLive": one.block_to_live,
        "memberOnlyRead": one.member_only_read,
        "memberOnlyWrite": one.member_only_write,
        "endorsementPolicy": { "signaturePolicy": text(endorsers)? },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{collections::wanted, package::Connection};

    #[test]
    fn collections_are_written_with_policies_that_mean_the_same() -> Result<()> {
        let package = wanted(&["AMSP".to_owned(), "B.MSP".to_owned()], "OMSP", None)?;
        let written = collections(&package)?;
        assert_eq!(written[1]["name"], "private-B_MSP");
        assert_eq!(
            (written[0]["memberOnlyRead"].as_bool(), written[0]["memberOnlyWrite"].as_bool()),
            (Some(true), Some(false))
        );
        for (config, written) in package.config.iter().zip(&written) {
            let Some(collection_config::Payload::StaticCollectionConfig(one)) = &config.payload else { panic!("none") };
            let text = written["endorsementPolicy"]["signaturePolicy"].as_str().unwrap_or_default();
            let again = application_policy::Type::SignaturePolicy(policy::parse(text)?);
            assert_eq!(one.endorsement_policy, Some(ApplicationPolicy { r#type: Some(again) }), "{text}");
        }
        Ok(())
    }

    #[test]
    fn an_orderers_address_that_a_shell_would_run_is_not_printed() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |address: &str, authorities: &[&[u8]]| OrdererEndpoint {
            address: address.to_owned(),
            msp_id: None,
            tls_authorities: authorities.iter().map(|one| one.to_vec()).collect(),
        };
        for hostile in ["$(touch x):7050", "o:7050;ls", "o:7050 --x", "`id`:1", "o"] {
            assert_eq!(orderer_of(&[at(hostile, &[b"a"])], folder.path())?, "--orderer HOST:PORT", "{hostile}");
        }
        let mixed = [at("$(x):1", &[]), at("orderer.example.com:7050", &[b"one", b"two"])];
        let printed = orderer_of(&mixed, folder.path())?;
        assert_eq!(printed, "--orderer orderer.example.com:7050 --tls --cafile \"$PWD/orderer-tls.pem\"");
        assert_eq!(std::fs::read(folder.path().join(ORDERERS))?, b"one\ntwo");
        Ok(())
    }

    #[test]
    fn a_package_with_a_private_key_is_not_handed_on() -> Result<()> {
        let package = |key: &str| {
            let (tls_required, client_auth_required) = (true, !key.is_empty());
            let (client_key, client_cert) = (key.to_owned(), key.to_owned());
            let (address, dial_timeout, root_cert) = ("cc:9999".to_owned(), "3s".to_owned(), "r".to_owned());
            Package::new(
                "n",
                &Connection {
                    address,
                    dial_timeout,
                    tls_required,
                    client_auth_required,
                    client_key,
                    client_cert,
                    root_cert,
                },
            )
        };
        let (secret, open) = (package("k")?, package("")?);
        let both = Packages::default().with("AMSP", secret.clone()).with("BMSP", open.clone());
        assert_eq!(for_others(&both)?.map(|package| &package.id), Some(&open.id));
        assert!(for_others(&Packages::shared(&secret, ["AMSP", "BMSP"]))?.is_none());
        Ok(())
    }

    #[test]
    fn a_text_stays_one_word_of_a_shell() {
        assert_eq!(quoted("0.1"), "'0.1'");
        assert_eq!(quoted("a'; rm -r /"), r"'a'\''; rm -r /'");
    }
}
