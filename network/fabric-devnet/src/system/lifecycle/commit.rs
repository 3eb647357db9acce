//! Committing a definition for the channel, and asking who has approved one.

use std::collections::BTreeMap;

use fabric_protos::lifecycle::{
    CheckCommitReadinessArgs, CheckCommitReadinessResult, CommitChaincodeDefinitionArgs,
    CommitChaincodeDefinitionResult, check_commit_readiness_result::Mismatches,
};
use prost::Message;

use super::{
    collections,
    error::LifecycleError,
    given::{Given, committed, on_channel},
    names,
};
use crate::{
    channel::Channel,
    ledger::Simulator,
    state::{
        collection::implicit_name,
        definition::{ChaincodeDefinition, ChaincodeParameters, LIFECYCLE, sequence},
    },
    system::system_call::SystemCall,
};

pub(super) fn check_readiness(call: &SystemCall, args: CheckCommitReadinessArgs) -> Result<Vec<u8>, LifecycleError> {
    on_channel(call, |channel, simulator| {
        let given = Given {
            version: args.version,
            endorsement_plugin: args.endorsement_plugin,
            validation_plugin: args.validation_plugin,
            validation_parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
        };
        check_next(&args.name, args.sequence, simulator)?;
        let parameters = given.parameters(channel)?;
        let found = mismatches(&args.name, args.sequence, &parameters, channel, simulator)?;
        let approvals = found.iter().map(|(msp_id, items)| (msp_id.clone(), items.is_empty())).collect();
        let differing = found.into_iter().filter(|(_, items)| !items.is_empty());
        let mismatches = differing.map(|(msp_id, items)| (msp_id, Mismatches { items })).collect();
        Ok(CheckCommitReadinessResult { approvals, mismatches }.encode_to_vec())
    })
}

pub(super) fn commit(call: &SystemCall, args: CommitChaincodeDefinitionArgs) -> Result<Vec<u8>, LifecycleError> {
    names::check(&args.name, &args.version)?;
    on_channel(call, |channel, simulator| {
        let committed = committed(&args.name, simulator)?;
        collections::check(args.collections.as_ref(), committed.as_ref(), &channel.config())?;
        let own = call.peer.msp_id();
        if channel.config().application_org(own).is_none() {
            return Err(LifecycleError::NotMember);
        }
        let given = Given {
            version: args.version,
            endorsement_plugin: args.endorsement_plugin,
            validation_plugin: args.validation_plugin,
            validation_parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
        };
        check_next(&args.name, args.sequence, simulator)?;
        let parameters = given.parameters(channel)?;
        let found = mismatches(&args.name, args.sequence, &parameters, channel, simulator)?;
        let definition = ChaincodeDefinition { name: args.name, sequence: args.sequence, parameters };
        definition.write(&mut simulator.fields(LIFECYCLE))?;
        if !found.get(own).is_some_and(Vec::is_empty) {
            return Err(LifecycleError::NotAgreed(own.to_owned()));
        }
        Ok(CommitChaincodeDefinitionResult {}.encode_to_vec())
    })
}

fn check_next(name: &str, requested: i64, simulator: &mut Simulator) -> Result<(), LifecycleError> {
    let next = sequence(name, &mut simulator.fields(LIFECYCLE))?.saturating_add(1);
    if requested == next { Ok(()) } else { Err(LifecycleError::SequenceNotNext { requested, next }) }
}

/// For each organization of the channel what its approval lacks; nothing for one that approved exactly this.
pub(super) fn mismatches(
    name: &str,
    sequence: i64,
    parameters: &ChaincodeParameters,
    channel: &Channel,
    simulator: &mut Simulator,
) -> Result<BTreeMap<String, Vec<String>>, LifecycleError> {
    let mut found = BTreeMap::new();
    for organization in channel.config().application_orgs() {
        let collection = implicit_name(&organization.msp_id);
        let mut hashes = simulator.private_fields(LIFECYCLE, &collection);
        let items = parameters.mismatches(name, sequence, &mut hashes)?;
        found.insert(organization.msp_id.clone(), items);
    }
    Ok(found)
}
