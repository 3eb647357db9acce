//! Approving a definition for the peer's own organisation.

use fabric_protos::lifecycle::{
    ApproveChaincodeDefinitionForMyOrgArgs, ApproveChaincodeDefinitionForMyOrgResult, ChaincodeSource,
    QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
    chaincode_source::{Local, Type, Unavailable},
};
use prost::Message;

use super::{super::SystemCall, Given, collections, error::LifecycleError, names, on_channel};
use crate::ledger::{
    Simulator,
    collection::implicit_name,
    definition::{ChaincodeDefinition, ChaincodeParameters, LIFECYCLE, read_package_id, sequence, write_package_id},
};

pub(super) fn approve(
    call: &SystemCall,
    args: ApproveChaincodeDefinitionForMyOrgArgs,
) -> Result<Vec<u8>, LifecycleError> {
    names::check(&args.name, &args.version)?;
    on_channel(call, |channel, simulator| {
        let committed = channel.ledger().definition(&args.name)?;
        collections::check(args.collections.as_ref(), committed.as_ref(), &channel.config())?;
        let package_id = match args.source.and_then(|source| source.r#type) {
            Some(Type::LocalPackage(local)) => local.package_id,
            Some(Type::Unavailable(_)) | None => String::new(),
        };
        let given = Given {
            version: args.version,
            endorsement_plugin: args.endorsement_plugin,
            validation_plugin: args.validation_plugin,
            validation_parameter: args.validation_parameter,
            collections: args.collections,
            init_required: args.init_required,
        };
        let (name, requested) = (args.name.as_str(), args.sequence);
        let current = sequence(name, &mut simulator.fields(LIFECYCLE))?;
        check_sequence(current, requested)?;
        let parameters = given.parameters(channel)?;
        let collection = implicit_name(call.peer.msp_id());
        if requested == current {
            check_committed(name, current, &parameters, simulator)?;
        }
        if is_approved(name, requested, &parameters, &package_id, &collection, simulator)? {
            let (sequence, name) = (requested, name.to_owned());
            return Err(match requested == current {
                true => LifecycleError::Redefined { sequence, name },
                false => LifecycleError::Unchanged { sequence, name },
            });
        }
        let mut approvals = simulator.private_fields(LIFECYCLE, &collection);
        parameters.write(name, requested, &mut approvals)?;
        write_package_id(name, requested, &package_id, &mut approvals)?;
        Ok(ApproveChaincodeDefinitionForMyOrgResult {}.encode_to_vec())
    })
}

pub(super) fn query(call: &SystemCall, args: &QueryApprovedChaincodeDefinitionArgs) -> Result<Vec<u8>, LifecycleError> {
    on_channel(call, |channel, simulator| {
        let name = args.name.as_str();
        let collection = implicit_name(call.peer.msp_id());
        let wanted = match args.sequence {
            0 => {
                let current = sequence(name, &mut simulator.fields(LIFECYCLE))?;
                let mut approvals = simulator.private_fields(LIFECYCLE, &collection);
                let next = current.saturating_add(1);
                let has_next = ChaincodeParameters::read(name, next, &mut approvals)?.is_some();
                if has_next { next } else { current }
            }
            given => given,
        };
        let mut approvals = simulator.private_fields(LIFECYCLE, &collection);
        let approved = ChaincodeParameters::read(name, wanted, &mut approvals)?;
        let package_id = read_package_id(name, wanted, &mut approvals)?;
        let (Some(approved), Some(package_id)) = (approved, package_id) else {
            let channel = channel.id().to_owned();
            return Err(LifecycleError::NotApproved { name: name.to_owned(), sequence: wanted, channel });
        };
        Ok(QueryApprovedChaincodeDefinitionResult {
            sequence: wanted,
            version: approved.version,
            endorsement_plugin: approved.endorsement_plugin,
            validation_plugin: approved.validation_plugin,
            validation_parameter: approved.validation_parameter,
            collections: Some(approved.collections),
            init_required: approved.init_required,
            source: Some(source(package_id)),
        }
        .encode_to_vec())
    })
}

fn source(package_id: String) -> ChaincodeSource {
    let source = match package_id.is_empty() {
        true => Type::Unavailable(Unavailable {}),
        false => Type::LocalPackage(Local { package_id }),
    };
    ChaincodeSource { r#type: Some(source) }
}

fn check_sequence(current: i64, requested: i64) -> Result<(), LifecycleError> {
    let next = current.saturating_add(1);
    if requested == 0 && current == 0 {
        return Err(LifecycleError::SequenceZero);
    }
    if requested < current {
        return Err(LifecycleError::SequenceTooLow { current, requested });
    }
    if requested > next {
        return Err(LifecycleError::SequenceTooHigh { requested, next });
    }
    Ok(())
}

/// What is approved for the current sequence must be what was committed.
fn check_committed(
    name: &str,
    sequence: i64,
    parameters: &ChaincodeParameters,
    simulator: &mut Simulator,
) -> Result<(), LifecycleError> {
    let committed = ChaincodeDefinition::read(name, &mut simulator.fields(LIFECYCLE))?;
    let committed = committed.ok_or_else(|| LifecycleError::NotDefined(name.to_owned()))?;
    match difference(&committed.parameters, parameters) {
        Some(difference) => Err(LifecycleError::Different { sequence, name: name.to_owned(), difference }),
        None => Ok(()),
    }
}

/// Whether exactly this has been approved before.
fn is_approved(
    name: &str,
    sequence: i64,
    parameters: &ChaincodeParameters,
    package_id: &str,
    collection: &str,
    simulator: &mut Simulator,
) -> Result<bool, LifecycleError> {
    let mut approvals = simulator.private_fields(LIFECYCLE, collection);
    if ChaincodeParameters::read(name, sequence, &mut approvals)?.as_ref() != Some(parameters) {
        return Ok(false);
    }
    Ok(read_package_id(name, sequence, &mut approvals)?.as_deref() == Some(package_id))
}

/// The first difference, as Fabric words it.
fn difference(expected: &ChaincodeParameters, passed: &ChaincodeParameters) -> Option<String> {
    let differ = |name: &str, expected: &str, passed: &str| {
        (expected != passed).then(|| format!("expected {name} '{expected}' does not match passed {name} '{passed}'"))
    };
    let hex = |bytes: &[u8]| hex::encode(bytes);
    let (expected_init, passed_init) = (expected.init_required.to_string(), passed.init_required.to_string());
    differ("Version", &expected.version, &passed.version)
        .or_else(|| differ("EndorsementPlugin", &expected.endorsement_plugin, &passed.endorsement_plugin))
        .or_else(|| differ("InitRequired", &expected_init, &passed_init))
        .or_else(|| differ("ValidationPlugin", &expected.validation_plugin, &passed.validation_plugin))
        .or_else(|| {
            let (expected, passed) = (&expected.validation_parameter, &passed.validation_parameter);
            differ("ValidationParameter", &hex(expected), &hex(passed))
        })
        .or_else(|| (expected.collections != passed.collections).then(|| "Collections do not match".to_owned()))
}
