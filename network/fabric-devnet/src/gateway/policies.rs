//! Which policies a transaction must satisfy, as far as that can be told from what its simulation touched.

use fabric_config::ChannelConfig;
use fabric_protos::{
    common::SignaturePolicyEnvelope,
    protos::{ApplicationPolicy, ChaincodeCall, ChaincodeInterest, StaticCollectionConfig, application_policy},
};

use super::plan_error::PlanError;
use crate::{
    channel::Channel,
    state::{
        collection::{implicit_definition, implicit_owner},
        definition::{ChaincodeDefinition, LIFECYCLE},
    },
};

const LIFECYCLE_ENDORSEMENT: &str = "/Channel/Application/LifecycleEndorsement";

/// What the endorsers of a transaction must fulfil.
#[derive(Default)]
pub(super) struct Demands {
    /// All of these must be satisfied: those of chaincodes and collections.
    pub(super) policies: Vec<SignaturePolicyEnvelope>,
    /// And all of these, of keys.
    pub(super) key_policies: Vec<SignaturePolicyEnvelope>,
    /// Endorsers must be able to run all of these.
    pub(super) chaincodes: Vec<String>,
    /// Endorsers must keep the plaintext of all of these.
    pub(super) collections: Vec<StaticCollectionConfig>,
}

/// Collects the demands of all calls.
pub(super) fn demands(channel: &Channel, interest: &ChaincodeInterest) -> Result<Demands, PlanError> {
    let config = channel.config();
    let mut demands = Demands::default();
    for call in &interest.chaincodes {
        if call.name == LIFECYCLE {
            demands.policies.push(by_path(&config, LIFECYCLE_ENDORSEMENT)?);
            continue;
        }
        let unknown = || PlanError::NoMetadata { chaincode: call.name.clone(), channel: channel.id().to_owned() };
        let found = channel.ledger().definition(&call.name);
        let definition = found.map_err(|cause| PlanError::Ledger(cause.to_string()))?.ok_or_else(unknown)?;
        add_call(&mut demands, call, &definition, &config)?;
    }
    Ok(demands)
}

fn add_call(
    demands: &mut Demands,
    call: &ChaincodeCall,
    definition: &ChaincodeDefinition,
    config: &ChannelConfig,
) -> Result<(), PlanError> {
    demands.chaincodes.push(call.name.clone());
    let own = resolve(&definition.validation_policy().ok_or(PlanError::NoPolicy)?, config)?;
    if call.collection_names.is_empty() && !call.disregard_namespace_policy {
        demands.policies.push(own.clone());
    }
    for name in &call.collection_names {
        let (collection, policy) = match implicit_owner(name) {
            Some(msp_id) => {
                let owner = config.application_org(msp_id).ok_or(PlanError::NoPolicy)?;
                let path = format!("/Channel/Application/{}/Endorsement", owner.name);
                (implicit_definition(msp_id), by_path(config, &path)?)
            }
            None => {
                let collection = definition.collection(name).cloned().ok_or(PlanError::NoPolicy)?;
                // A collection's policy stands in place of the chaincode's, also when Fabric plans.
                let policy =
                    collection.endorsement_policy.as_ref().map(|policy| resolve(policy, config)).transpose()?;
                (collection, policy.unwrap_or_else(|| own.clone()))
            }
        };
        demands.policies.push(policy);
        if !call.no_private_reads {
            demands.collections.push(collection);
        }
    }
    demands.key_policies.extend(call.key_policies.iter().cloned());
    Ok(())
}

fn resolve(policy: &ApplicationPolicy, config: &ChannelConfig) -> Result<SignaturePolicyEnvelope, PlanError> {
    match &policy.r#type {
        Some(application_policy::Type::SignaturePolicy(policy)) => Ok(policy.clone()),
        Some(application_policy::Type::ChannelConfigPolicyReference(path)) => by_path(config, path),
        None => Err(PlanError::NoPolicy),
    }
}

fn by_path(config: &ChannelConfig, path: &str) -> Result<SignaturePolicyEnvelope, PlanError> {
    config.policy(path).signature_policy().ok_or(PlanError::NoPolicy)
}
