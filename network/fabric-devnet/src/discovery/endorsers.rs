//! Endorsement descriptors: which peers must endorse what a client is going to do.

use std::collections::BTreeMap;

use fabric_config::ChannelConfig;
use fabric_msp::identity::Identity;
use fabric_protos::{
    common::{MspPrincipal, SignaturePolicyEnvelope},
    discovery::{EndorsementDescriptor, Layout, Peers},
    protos::{
        ApplicationPolicy, ChaincodeCall, ChaincodeInterest, StaticCollectionConfig, application_policy,
        collection_policy_config,
    },
};

use super::{
    layouts::{self, Set},
    membership::{Membership, Shown},
    principal::Principal,
};
use crate::{
    channel::Channel,
    ledger::LedgerError,
    state::{
        collection::{any_member, implicit_definition, implicit_owner},
        definition::{ChaincodeDefinition, LIFECYCLE},
    },
};

const LIFECYCLE_ENDORSEMENT: &str = "/Channel/Application/LifecycleEndorsement";

/// Why there is no descriptor. The texts are Fabric's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("No metadata was found for chaincode {chaincode} in channel {channel}")]
    NoMetadata { chaincode: String, channel: String },
    #[error("collection {collection} doesn't exist in collection config for chaincode {chaincode}")]
    NoCollection { chaincode: String, collection: String },
    #[error("policy not found")]
    NoPolicy,
    #[error("endorsement policy cannot be satisfied")]
    Unsatisfiable,
    #[error("state based endorsement policy cannot be satisfied")]
    KeyUnsatisfiable,
    #[error(
        "requested to disregard chaincode {0}'s policy but key and collection policies are missing, either disable DisregardNamespacePolicy or specify at least one key policy or at least one collection policy"
    )]
    NothingToRegard(String),
    #[error("no principal sets remained after filtering")]
    NoSets,
    #[error("no peer combination can satisfy the endorsement policy")]
    NoCombination,
    #[error("required chaincodes are not installed on sufficient peers")]
    NotInstalled,
    #[error("{0}")]
    Ledger(String),
}

impl From<LedgerError> for Failure {
    fn from(cause: LedgerError) -> Self {
        Self::Ledger(cause.to_string())
    }
}

/// Leaves the peers that can run all chaincodes of an interest and keep the plaintext of its collections.
pub(super) fn keep_able(
    found: &mut Membership,
    channel: &Channel,
    interest: &ChaincodeInterest,
) -> Result<(), Failure> {
    let demands = Demands::of(channel, interest)?;
    found.peers.retain(|peer| demands.can_run(peer) && demands.may_keep(peer, &channel.config()));
    Ok(())
}

/// Who must endorse an interest.
pub(super) fn descriptor(
    found: &Membership,
    channel: &Channel,
    interest: &ChaincodeInterest,
) -> Result<EndorsementDescriptor, Failure> {
    let demands = Demands::of(channel, interest)?;
    let config = channel.config();
    let members: Vec<&Shown> = found.peers.iter().filter(|peer| demands.may_keep(peer, &config)).collect();
    let sets = demands.sets(interest)?;
    let groups = Groups::of(&sets, &members, &config);
    let layouts: Vec<Layout> = sets.iter().map(|set| groups.layout(set)).collect();
    let layouts: Vec<Layout> = layouts.into_iter().filter(|layout| groups.has_enough(layout, |_| true)).collect();
    if layouts.is_empty() {
        return Err(Failure::NoCombination);
    }
    let endorsers_by_groups = groups.endorsers(&layouts, |peer| demands.can_run(peer));
    let layouts: Vec<Layout> =
        layouts.into_iter().filter(|layout| groups.has_enough(layout, |peer| demands.can_run(peer))).collect();
    if layouts.is_empty() {
        return Err(Failure::NotInstalled);
    }
    let chaincode = interest.chaincodes.first().map(|call| call.name.clone()).unwrap_or_default();
    Ok(EndorsementDescriptor { chaincode, endorsers_by_groups, layouts })
}

/// What an interest asks of endorsers.
struct Demands {
    /// Name and sequence.
    chaincodes: Vec<(String, String)>,
    /// An endorser must satisfy one principal of each.
    keepers: Vec<Vec<MspPrincipal>>,
    /// Of each call.
    policies: Vec<Vec<SignaturePolicyEnvelope>>,
}

impl Demands {
    fn of(channel: &Channel, interest: &ChaincodeInterest) -> Result<Self, Failure> {
        let config = channel.config();
        let mut demands = Self { chaincodes: Vec::new(), keepers: Vec::new(), policies: Vec::new() };
        for call in &interest.chaincodes {
            if call.name == LIFECYCLE {
                demands.chaincodes.push((LIFECYCLE.to_owned(), "1".to_owned()));
                demands.policies.push(vec![by_path(&config, LIFECYCLE_ENDORSEMENT)?]);
                continue;
            }
            let definition = channel.ledger().definition(&call.name)?.ok_or_else(|| Failure::NoMetadata {
                chaincode: call.name.clone(),
                channel: channel.id().to_owned(),
            })?;
            demands.chaincodes.push((call.name.clone(), definition.sequence.to_string()));
            let mut collections = Vec::new();
            for name in &call.collection_names {
                collections.push(collection(call, &definition, name)?);
            }
            if !call.no_private_reads {
                demands.keepers.extend(collections.iter().map(members));
            }
            demands.policies.push(policies(&definition, &collections, &config)?);
        }
        Ok(demands)
    }

    fn can_run(&self, peer: &Shown) -> bool {
        self.chaincodes.iter().all(|(name, sequence)| peer.chaincodes.get(name) == Some(sequence))
    }

    fn may_keep(&self, peer: &Shown, config: &ChannelConfig) -> bool {
        let Some(identity) = identity_of(peer, config) else { return self.keepers.is_empty() };
        let is_one = |principal: &MspPrincipal| config.msps().satisfies(&identity, principal).is_ok();
        self.keepers.iter().all(|members| members.iter().any(is_one))
    }

    /// The combinations of principals that satisfy everything.
    fn sets(&self, interest: &ChaincodeInterest) -> Result<Vec<Set>, Failure> {
        let mut all = Vec::new();
        for (call, policies) in interest.chaincodes.iter().zip(&self.policies) {
            let mut policies = policies.as_slice();
            if call.disregard_namespace_policy {
                if policies.len() == 1 && call.key_policies.is_empty() {
                    return Err(Failure::NothingToRegard(call.name.clone()));
                }
                // The first is the chaincode's own.
                policies = policies.get(1..).unwrap_or_default();
            }
            for policy in policies {
                all.push(layouts::satisfying(policy).ok_or(Failure::Unsatisfiable)?);
            }
        }
        for policy in interest.chaincodes.iter().flat_map(|call| &call.key_policies) {
            all.push(layouts::satisfying(policy).ok_or(Failure::KeyUnsatisfiable)?);
        }
        if all.is_empty() { Err(Failure::NoSets) } else { Ok(layouts::together(all)) }
    }
}

/// Principals under names, with the peers that satisfy them.
struct Groups<'a> {
    principals: Vec<Principal>,
    peers: Vec<Vec<&'a Shown>>,
}

impl<'a> Groups<'a> {
    fn of(sets: &[Set], members: &[&'a Shown], config: &ChannelConfig) -> Self {
        let mut principals: Vec<Principal> = Vec::new();
        for principal in sets.iter().flatten() {
            if !principals.contains(principal) {
                principals.push(principal.clone());
            }
        }
        let identities: Vec<_> = members.iter().filter_map(|peer| Some((*peer, identity_of(peer, config)?))).collect();
        let satisfying = |principal: &Principal| {
            let fits =
                |(_, identity): &&(&'a Shown, Identity)| config.msps().satisfies(identity, &principal.original).is_ok();
            identities.iter().filter(fits).map(|(peer, _)| *peer).collect()
        };
        let peers = principals.iter().map(satisfying).collect();
        Self { principals, peers }
    }

    fn layout(&self, set: &Set) -> Layout {
        let mut quantities_by_group = BTreeMap::new();
        for principal in set {
            // The groups are made of the sets.
            let Some(index) = self.principals.iter().position(|known| known == principal) else { continue };
            *quantities_by_group.entry(name(index)).or_insert(0) += 1;
        }
        Layout { quantities_by_group }
    }

    fn has_enough(&self, layout: &Layout, counts: impl Fn(&Shown) -> bool) -> bool {
        self.peers.iter().enumerate().all(|(index, peers)| {
            let needed = layout.quantities_by_group.get(&name(index)).copied().unwrap_or(0);
            let there = peers.iter().filter(|peer| counts(peer)).count();
            usize::try_from(needed).is_ok_and(|needed| there >= needed)
        })
    }

    fn endorsers(&self, layouts: &[Layout], counts: impl Fn(&Shown) -> bool) -> BTreeMap<String, Peers> {
        let mut found = BTreeMap::new();
        for (index, peers) in self.peers.iter().enumerate() {
            let name = name(index);
            let is_used = layouts.iter().any(|layout| layout.quantities_by_group.contains_key(&name));
            let peers: Vec<_> = peers.iter().filter(|peer| counts(peer)).map(|peer| peer.info.clone()).collect();
            if is_used && !peers.is_empty() {
                found.insert(name, Peers { peers });
            }
        }
        found
    }
}

fn name(index: usize) -> String {
    format!("G{index}")
}

fn identity_of(peer: &Shown, config: &ChannelConfig) -> Option<Identity> {
    config.msps().deserialize(&peer.info.identity).ok()
}

/// A collection of a chaincode, with the endorsement policy that Fabric gives to implicit ones.
fn collection(
    call: &ChaincodeCall,
    definition: &ChaincodeDefinition,
    name: &str,
) -> Result<StaticCollectionConfig, Failure> {
    if let Some(msp_id) = implicit_owner(name) {
        let own = application_policy::Type::SignaturePolicy(any_member(&[msp_id]));
        let endorsement_policy = Some(ApplicationPolicy { r#type: Some(own) });
        return Ok(StaticCollectionConfig { endorsement_policy, ..implicit_definition(msp_id) });
    }
    definition.collection(name).cloned().ok_or_else(|| {
        let (chaincode, collection) = (call.name.clone(), name.to_owned());
        Failure::NoCollection { chaincode, collection }
    })
}

fn members(collection: &StaticCollectionConfig) -> Vec<MspPrincipal> {
    match collection.member_orgs_policy.as_ref().and_then(|policy| policy.payload.as_ref()) {
        Some(collection_policy_config::Payload::SignaturePolicy(policy)) => policy.identities.clone(),
        None => Vec::new(),
    }
}

/// The policies of one call: the chaincode's own, unless there are collections and all of them have their own; each
/// policy once.
fn policies(
    definition: &ChaincodeDefinition,
    collections: &[StaticCollectionConfig],
    config: &ChannelConfig,
) -> Result<Vec<SignaturePolicyEnvelope>, Failure> {
    let own = resolve(&definition.validation_policy().ok_or(Failure::NoPolicy)?, config)?;
    if collections.is_empty() {
        return Ok(vec![own]);
    }
    let mut found = Vec::new();
    for collection in collections {
        let policy = match &collection.endorsement_policy {
            Some(policy) => resolve(policy, config)?,
            None => own.clone(),
        };
        if !found.contains(&policy) {
            found.push(policy);
        }
    }
    Ok(found)
}

fn resolve(policy: &ApplicationPolicy, config: &ChannelConfig) -> Result<SignaturePolicyEnvelope, Failure> {
    match policy.r#type.as_ref().ok_or(Failure::NoPolicy)? {
        application_policy::Type::SignaturePolicy(policy) => Ok(policy.clone()),
        application_policy::Type::ChannelConfigPolicyReference(path) => by_path(config, path),
    }
}

fn by_path(config: &ChannelConfig, path: &str) -> Result<SignaturePolicyEnvelope, Failure> {
    config.policy(path).signature_policy().ok_or(Failure::NoPolicy)
}
