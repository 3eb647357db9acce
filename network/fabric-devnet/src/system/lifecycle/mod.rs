//! `_lifecycle`: packages are installed on a peer, definitions approved by organizations and committed for the channel.
//!
//! Approvals stand in each organization's implicit collection, definitions in the public state; both are ordinary
//! writes of ordinary transactions, and validation has the last word on them.

mod approve;
mod collections;
mod commit;
mod error;
mod install;
mod names;
mod query;

use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, CheckCommitReadinessArgs, CommitChaincodeDefinitionArgs,
        GetInstalledChaincodePackageArgs, InstallChaincodeArgs, QueryApprovedChaincodeDefinitionArgs,
        QueryApprovedChaincodeDefinitionsArgs, QueryChaincodeDefinitionArgs, QueryInstalledChaincodeArgs,
    },
    protos::{CollectionConfigPackage, Response},
};
use prost::Message;

use self::error::LifecycleError;
use super::{SystemCall, error, shown, success};
use crate::{
    acl,
    channel::Channel,
    ledger::Simulator,
    state::definition::{
        ChaincodeDefinition, ChaincodeParameters, DEFAULT_ENDORSEMENT_POLICY, LIFECYCLE, policy_reference,
    },
};

/// The namespace of the legacy lifecycle, which is always empty here.
const LEGACY_LIFECYCLE: &str = "lscc";

/// Runs a function of `_lifecycle`. All take one encoded message and answer with one.
pub(super) fn invoke(call: &SystemCall, args: &[Vec<u8>]) -> Response {
    let [function, input] = args else {
        return error(match args.len() {
            0 => "lifecycle scc must be invoked with arguments".to_owned(),
            count => format!("lifecycle scc operations require exactly two arguments but received {count}"),
        });
    };
    let function = shown(function);
    let resource = format!("_lifecycle/{function}");
    if let Err(cause) = acl::check(&call.peer, call.channel.as_deref(), &resource, &call.proposal) {
        return error(format!("Failed to authorize invocation due to failed ACL check: {cause}"));
    }
    match dispatch(call, &function, input) {
        Ok(payload) => success(payload),
        Err(cause @ (LifecycleError::NotDefined(_) | LifecycleError::NotInstalled(_))) => {
            Response { status: 404, message: cause.to_string(), payload: Vec::new() }
        }
        Err(cause) => error(format!("failed to invoke backing implementation of '{function}': {cause}")),
    }
}

/// Runs a function whoever asks, and says in words why it refuses.
pub(super) fn run(call: &SystemCall, function: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    dispatch(call, function, input).map_err(|cause| cause.to_string())
}

fn dispatch(call: &SystemCall, function: &str, input: &[u8]) -> Result<Vec<u8>, LifecycleError> {
    match function {
        "InstallChaincode" => install::install(call, &InstallChaincodeArgs::decode(input)?),
        "QueryInstalledChaincode" => install::query(call, &QueryInstalledChaincodeArgs::decode(input)?),
        "QueryInstalledChaincodes" => install::query_all(call),
        "GetInstalledChaincodePackage" => install::get(call, &GetInstalledChaincodePackageArgs::decode(input)?),
        "ApproveChaincodeDefinitionForMyOrg" => {
            approve::approve(call, ApproveChaincodeDefinitionForMyOrgArgs::decode(input)?)
        }
        "QueryApprovedChaincodeDefinition" => {
            approve::query(call, &QueryApprovedChaincodeDefinitionArgs::decode(input)?)
        }
        "QueryApprovedChaincodeDefinitions" => {
            QueryApprovedChaincodeDefinitionsArgs::decode(input)?;
            approve::query_all(call)
        }
        "CheckCommitReadiness" => commit::check_readiness(call, CheckCommitReadinessArgs::decode(input)?),
        "CommitChaincodeDefinition" => commit::commit(call, CommitChaincodeDefinitionArgs::decode(input)?),
        "QueryChaincodeDefinition" => query::one(call, &QueryChaincodeDefinitionArgs::decode(input)?),
        "QueryChaincodeDefinitions" => query::all(call),
        _ => Err(LifecycleError::NoFunction(function.to_owned())),
    }
}

/// Runs something with the channel and the simulation that all functions except the local ones need.
fn on_channel<T>(
    call: &SystemCall,
    run: impl FnOnce(&Channel, &mut Simulator) -> Result<T, LifecycleError>,
) -> Result<T, LifecycleError> {
    let (Some(channel), Some(simulator)) = (&call.channel, &call.simulator) else {
        return Err(LifecycleError::NoChannel);
    };
    // A simulator that a panic left half done ends with its transaction.
    let mut simulator = simulator.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    run(channel, &mut simulator)
}

/// The committed definition against which a proposed one is checked. Fabric records the look at it in the read set, and
/// goes on to look for a chaincode of the legacy lifecycle where there is none.
fn committed(name: &str, simulator: &mut Simulator) -> Result<Option<ChaincodeDefinition>, LifecycleError> {
    let found = ChaincodeDefinition::read(name, &mut simulator.fields(LIFECYCLE))?;
    if found.is_none() {
        simulator.get_state(LEGACY_LIFECYCLE, name)?;
    }
    Ok(found)
}

/// The only plugin that validates.
const VALIDATION_PLUGIN: &str = "vscc";

/// The parts of a definition as they come in three kinds of arguments.
struct Given {
    version: String,
    endorsement_plugin: String,
    validation_plugin: String,
    validation_parameter: Vec<u8>,
    collections: Option<CollectionConfigPackage>,
    init_required: bool,
}

impl Given {
    /// What is stored for them, with the channel's defaults for what is left out.
    fn parameters(self, channel: &Channel) -> Result<ChaincodeParameters, LifecycleError> {
        let or = |given: String, default: &str| if given.is_empty() { default.to_owned() } else { given };
        let mut validation_parameter = self.validation_parameter;
        if validation_parameter.is_empty() {
            if !channel.config().policy(DEFAULT_ENDORSEMENT_POLICY).exists() {
                return Err(LifecycleError::NoDefaultPolicy(channel.id().to_owned()));
            }
            validation_parameter = policy_reference(DEFAULT_ENDORSEMENT_POLICY).encode_to_vec();
        }
        Ok(ChaincodeParameters {
            version: self.version,
            endorsement_plugin: or(self.endorsement_plugin, "escc"),
            init_required: self.init_required,
            validation_plugin: or(self.validation_plugin, VALIDATION_PLUGIN),
            validation_parameter,
            collections: self.collections.unwrap_or_default(),
        })
    }
}
