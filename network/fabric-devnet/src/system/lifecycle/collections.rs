//! Which collections a definition may have, by itself and after an earlier one.

use std::collections::BTreeSet;

use fabric_config::ChannelConfig;
use fabric_msp::policy::CompiledPolicy;
use fabric_protos::{
    common::{
        MspPrincipal, MspRole, OrganizationUnit, SignaturePolicy, msp_principal::Classification, signature_policy::Type,
    },
    protos::{CollectionConfigPackage, StaticCollectionConfig, collection_config::Payload, collection_policy_config},
};
use prost::Message;

use super::error::InvalidDefinition;
use crate::state::{collection, definition::ChaincodeDefinition};

/// Checks proposed collections.
pub(super) fn check(
    proposed: Option<&CollectionConfigPackage>,
    committed: Option<&ChaincodeDefinition>,
    channel: &ChannelConfig,
) -> Result<(), InvalidDefinition> {
    let proposed = configurations(proposed)?;
    let mut names = BTreeSet::new();
    for config in &proposed {
        if !is_name(&config.name) {
            return Err(InvalidDefinition::CollectionName(config.name.clone()));
        }
        if !names.insert(&config.name) {
            return Err(InvalidDefinition::Duplicate(config.name.clone()));
        }
        check_peer_counts(config)?;
        check_members(config, channel)?;
    }
    check_against(&proposed, committed)
}

fn configurations(
    package: Option<&CollectionConfigPackage>,
) -> Result<Vec<&StaticCollectionConfig>, InvalidDefinition> {
    let configs = package.map_or(&[][..], |package| &package.config);
    let one = |payload: &Option<Payload>| payload.is_some();
    if !configs.iter().all(|config| one(&config.payload)) {
        return Err(InvalidDefinition::EmptyCollection);
    }
    Ok(collection::all(package).collect())
}

fn is_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && !name.starts_with('_') && name.bytes().all(legal)
}

fn check_peer_counts(config: &StaticCollectionConfig) -> Result<(), InvalidDefinition> {
    let (name, maximum, required) = (config.name.clone(), config.maximum_peer_count, config.required_peer_count);
    if maximum < required {
        return Err(InvalidDefinition::PeerCounts { name, maximum, required });
    }
    if required < 0 {
        return Err(InvalidDefinition::RequiredPeerCount { name, required });
    }
    Ok(())
}

fn check_members(config: &StaticCollectionConfig, channel: &ChannelConfig) -> Result<(), InvalidDefinition> {
    let name = || config.name.clone();
    let members = config.member_orgs_policy.as_ref().ok_or_else(|| InvalidDefinition::NoMemberPolicy(name()))?;
    let Some(collection_policy_config::Payload::SignaturePolicy(policy)) = &members.payload else {
        return Err(InvalidDefinition::EmptyMemberPolicy(name()));
    };
    // Compiling also bounds how deeply the policy is nested, which the next step relies on.
    CompiledPolicy::new(policy).map_err(|cause| InvalidDefinition::MemberPolicy { name: name(), cause })?;
    check_or(policy.rule.as_ref(), &config.name)?;
    policy.identities.iter().try_for_each(|principal| check_principal(principal, &config.name, channel))
}

/// Only a choice between organizations says whose peers keep the data.
fn check_or(rule: Option<&SignaturePolicy>, name: &str) -> Result<(), InvalidDefinition> {
    let Some(Type::NOutOf(gate)) = rule.and_then(|rule| rule.r#type.as_ref()) else { return Ok(()) };
    if gate.n != 1 {
        return Err(InvalidDefinition::NotOr { name: name.to_owned(), needed: gate.n });
    }
    gate.rules.iter().try_for_each(|arm| check_or(Some(arm), name))
}

fn check_principal(principal: &MspPrincipal, name: &str, channel: &ChannelConfig) -> Result<(), InvalidDefinition> {
    let kind = principal.principal_classification;
    let unsupported = || InvalidDefinition::Principal { name: name.to_owned(), kind };
    let bytes = principal.principal.as_slice();
    let msp_id = match Classification::try_from(kind) {
        Ok(Classification::Role) => MspRole::decode(bytes).map_err(|_| unsupported())?.msp_identifier,
        Ok(Classification::OrganizationUnit) => {
            OrganizationUnit::decode(bytes).map_err(|_| unsupported())?.msp_identifier
        }
        Ok(Classification::Identity) => {
            let known = channel.msps().deserialize(bytes);
            return known.map(drop).map_err(|_| InvalidDefinition::UnknownIdentity(name.to_owned()));
        }
        _ => return Err(unsupported()),
    };
    match channel.msps().msp(&msp_id) {
        Some(_) => Ok(()),
        None => Err(InvalidDefinition::UnknownMember { name: name.to_owned(), msp_id }),
    }
}

/// A collection once defined stays, and keeps how long its data lives.
fn check_against(
    proposed: &[&StaticCollectionConfig],
    committed: Option<&ChaincodeDefinition>,
) -> Result<(), InvalidDefinition> {
    let committed = committed.map(|definition| &definition.parameters.collections);
    for existing in collection::all(committed) {
        if proposed.is_empty() {
            return Err(InvalidDefinition::AllRemoved);
        }
        let name = existing.name.clone();
        let Some(new) = proposed.iter().find(|config| config.name == name) else {
            return Err(InvalidDefinition::Removed(name));
        };
        if new.block_to_live != existing.block_to_live {
            return Err(InvalidDefinition::BlockToLive { name, existing: existing.block_to_live });
        }
    }
    Ok(())
}
