//! Approving a definition for the peer's own organization.

use fabric_protos::lifecycle::{
    ApproveChaincodeDefinitionForMyOrgArgs, ApproveChaincodeDefinitionForMyOrgResult, ChaincodeSource,
    QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
    QueryApprovedChaincodeDefinitionsResult,
    chaincode_source::{Local, Type, Unavailable},
    query_approved_chaincode_definitions_result::ApprovedChaincodeDefinition,
};
use fabric_protos::queryresult::Kv;
use prost::Message;

use super::{
    collections,
    error::LifecycleError,
    given::{Given, VALIDATION_PLUGIN, committed, on_channel},
    names,
};
use crate::{
    channel::Channel,
    ledger::{BATCH_ROWS, Simulator},
    state::{
        collection::implicit_name,
        definition::{
            ChaincodeDefinition, ChaincodeParameters, LIFECYCLE, NAMESPACES, metadata_key, read_package_id, sequence,
            write_package_id,
        },
    },
    system::system_call::SystemCall,
};

pub(super) fn approve(
    call: &SystemCall,
    args: ApproveChaincodeDefinitionForMyOrgArgs,
) -> Result<Vec<u8>, LifecycleError> {
    names::check(&args.name, &args.version)?;
    on_channel(call, |channel, simulator| {
        let committed = committed(&args.name, simulator)?;
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
        if parameters.validation_plugin != VALIDATION_PLUGIN {
            return Err(LifecycleError::NoValidationPlugin(parameters.validation_plugin));
        }
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
        let (approved, package_id) = read_approved(channel, name, wanted, &collection, simulator)?;
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

/// Everything that the peer's organization has approved on the channel, by name and sequence as texts.
pub(super) fn query_all(call: &SystemCall) -> Result<Vec<u8>, LifecycleError> {
    on_channel(call, |channel, simulator| {
        let collection = implicit_name(call.peer.msp_id());
        let mut approved_chaincode_definitions = Vec::new();
        for private_name in approved_names(&collection, simulator)? {
            let (name, sequence) = split(&private_name)?;
            let (approved, package_id) = read_approved(channel, name, sequence, &collection, simulator)?;
            approved_chaincode_definitions.push(ApprovedChaincodeDefinition {
                name: name.to_owned(),
                sequence,
                version: approved.version,
                endorsement_plugin: approved.endorsement_plugin,
                validation_plugin: approved.validation_plugin,
                validation_parameter: approved.validation_parameter,
                collections: Some(approved.collections),
                init_required: approved.init_required,
                source: Some(source(package_id)),
            });
        }
        Ok(QueryApprovedChaincodeDefinitionsResult { approved_chaincode_definitions }.encode_to_vec())
    })
}

/// The names under which approvals are kept.
fn approved_names(collection: &str, simulator: &mut Simulator) -> Result<Vec<String>, LifecycleError> {
    let prefix = metadata_key(NAMESPACES, "");
    let cursor = simulator.private_range(LIFECYCLE, collection, &prefix, &format!("{prefix}\u{7f}"))?;
    let mut names = Vec::new();
    loop {
        let batch = simulator.next_batch(cursor, BATCH_ROWS)?;
        for row in &batch.rows {
            // The ledger has just encoded the row.
            let row = Kv::decode(row.as_slice())?;
            names.extend(row.key.strip_prefix(&prefix).map(str::to_owned));
        }
        if !batch.has_more {
            simulator.close(cursor);
            return Ok(names);
        }
    }
}

fn split(private_name: &str) -> Result<(&str, i64), LifecycleError> {
    let parts = private_name.split_once('#').and_then(|(name, sequence)| Some((name, sequence.parse().ok()?)));
    parts.ok_or_else(|| LifecycleError::PrivateName(private_name.to_owned()))
}

fn read_approved(
    channel: &Channel,
    name: &str,
    sequence: i64,
    collection: &str,
    simulator: &mut Simulator,
) -> Result<(ChaincodeParameters, String), LifecycleError> {
    let mut approvals = simulator.private_fields(LIFECYCLE, collection);
    let approved = ChaincodeParameters::read(name, sequence, &mut approvals)?;
    let package_id = read_package_id(name, sequence, &mut approvals)?;
    approved.zip(package_id).ok_or_else(|| {
        let (name, channel) = (name.to_owned(), channel.id().to_owned());
        LifecycleError::NotApproved { name, sequence, channel }
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
