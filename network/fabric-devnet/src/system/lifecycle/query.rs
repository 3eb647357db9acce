//! Asking what the channel has defined.

use fabric_protos::lifecycle::{
    QueryChaincodeDefinitionArgs, QueryChaincodeDefinitionResult, QueryChaincodeDefinitionsResult,
    query_chaincode_definitions_result,
};
use prost::Message;

use super::{commit::mismatches, error::LifecycleError, given::on_channel};
use crate::{
    state::definition::{ChaincodeDefinition, LIFECYCLE},
    system::system_call::SystemCall,
};

pub(super) fn one(call: &SystemCall, args: &QueryChaincodeDefinitionArgs) -> Result<Vec<u8>, LifecycleError> {
    on_channel(call, |channel, simulator| {
        let name = args.name.as_str();
        let found = ChaincodeDefinition::read(name, &mut simulator.fields(LIFECYCLE))?;
        let ChaincodeDefinition { sequence, parameters, .. } =
            found.ok_or_else(|| LifecycleError::NotDefined(name.to_owned()))?;
        let approvals = mismatches(name, sequence, &parameters, channel, simulator)?;
        Ok(QueryChaincodeDefinitionResult {
            sequence,
            version: parameters.version,
            endorsement_plugin: parameters.endorsement_plugin,
            validation_plugin: parameters.validation_plugin,
            validation_parameter: parameters.validation_parameter,
            collections: Some(parameters.collections),
            init_required: parameters.init_required,
            approvals: approvals.into_iter().map(|(msp_id, items)| (msp_id, items.is_empty())).collect(),
        }
        .encode_to_vec())
    })
}

pub(super) fn all(call: &SystemCall) -> Result<Vec<u8>, LifecycleError> {
    on_channel(call, |channel, _| {
        let definition = |ChaincodeDefinition { name, sequence, parameters }| {
            query_chaincode_definitions_result::ChaincodeDefinition {
                name,
                sequence,
                version: parameters.version,
                endorsement_plugin: parameters.endorsement_plugin,
                validation_plugin: parameters.validation_plugin,
                validation_parameter: parameters.validation_parameter,
                collections: Some(parameters.collections),
                init_required: parameters.init_required,
            }
        };
        let chaincode_definitions = channel.ledger().definitions()?.into_iter().map(definition).collect();
        Ok(QueryChaincodeDefinitionsResult { chaincode_definitions }.encode_to_vec())
    })
}
