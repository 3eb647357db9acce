//! Stand-ins for organizations that come into a channel and whose keys lie elsewhere: the same membership rules (MSP
//! configuration) over an authority of our own, with one identity in each role that these rules know.

use anyhow::{Context, Result};
use fabric_config::ChannelConfig;
use fabric_cryptogen::{Authority, CertificateRequest};
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::ConfigGroup,
    msp::{FabricMspConfig, FabricOuIdentifier, MspConfig},
};
use prost::Message;

/// The name of the value with an organization's membership rules in its group.
const MSP: &str = "MSP";

/// A configuration in which stand-ins take the place of the organizations that are new in it, and the stand-ins'
/// identities, as creators in the form of Fabric's messages.
pub(super) fn in_place_of_newcomers(
    before: &ChannelConfig,
    after: &ChannelConfig,
) -> Result<(ChannelConfig, Vec<Vec<u8>>)> {
    let mut config = after.config().clone();
    let mut creators = Vec::new();
    for one in after.application_orgs().filter(|one| before.application_org(&one.msp_id).is_none()) {
        let application = config.channel_group.as_mut().and_then(|channel| channel.groups.get_mut("Application"));
        let group = application.and_then(|application| application.groups.get_mut(&one.name));
        let group = group.with_context(|| format!("{} has no group", one.msp_id))?;
        creators.extend(replace(group).with_context(|| format!("the membership rules of {}", one.msp_id))?);
    }
    Ok((ChannelConfig::from_config(after.channel_id(), config)?, creators))
}

/// Puts a stand-in's rules into an organization's group. Returns the stand-in's identities.
fn replace(group: &mut ConfigGroup) -> Result<Vec<Vec<u8>>> {
    let value = group.values.get_mut(MSP).context("there are none")?;
    let mut wrapped = MspConfig::decode(&*value.value).context("they cannot be read")?;
    let rules = FabricMspConfig::decode(&*wrapped.config).context("they cannot be read")?;
    let (authority, _) = Authority::create(&CertificateRequest::authority("stand-in", &rules.name))?;
    let units = units(&rules);
    // The last unit is that of administrators where there is one. Without roles a certificate needs none.
    let last: Vec<&str> = units.iter().map(String::as_str).next_back().into_iter().collect();
    let administrator = authority.issue(&CertificateRequest::identity("administrator", &last))?;
    let administrator = administrator.signer(&rules.name)?;
    let mut creators = vec![administrator.creator().to_vec()];
    for unit in &units {
        let issued = authority.issue(&CertificateRequest::identity("member", &[unit]))?;
        creators.push(issued.signer(&rules.name)?.creator().to_vec());
    }
    let mut own = FabricMspConfig {
        name: rules.name,
        root_certs: vec![authority.certificate().pem().to_vec()],
        // Administrators by name are one with a certificate here, or none.
        admins: rules.admins.first().map(|_| administrator.certificate().pem().to_vec()).into_iter().collect(),
        fabric_node_ous: rules.fabric_node_ous,
        crypto_config: rules.crypto_config,
        ..FabricMspConfig::default()
    };
    if let Some(roles) = &mut own.fabric_node_ous {
        // Which authority issues a role's certificates is lost with the authority.
        for unit in [
            &mut roles.client_ou_identifier,
            &mut roles.peer_ou_identifier,
            &mut roles.admin_ou_identifier,
            &mut roles.orderer_ou_identifier,
        ] {
            unit.iter_mut().for_each(|unit| unit.certificate.clear());
        }
    }
    wrapped.config = own.encode_to_vec();
    value.value = wrapped.encode_to_vec();
    Ok(creators)
}

/// The organizational units that make certificates those of each role.
fn units(rules: &FabricMspConfig) -> Vec<String> {
    let Some(roles) = rules.fabric_node_ous.as_ref().filter(|roles| roles.enable) else { return Vec::new() };
    let named = |unit: &Option<FabricOuIdentifier>| {
        unit.as_ref().map(|unit| unit.organizational_unit_identifier.clone()).filter(|unit| !unit.is_empty())
    };
    let roles = [
        &roles.orderer_ou_identifier,
        &roles.peer_ou_identifier,
        &roles.client_ou_identifier,
        &roles.admin_ou_identifier,
    ];
    roles.into_iter().filter_map(named).collect()
}
