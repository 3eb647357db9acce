//! `_lifecycle`: packages are installed on a peer, definitions approved by organizations and committed for the channel.
//!
//! Approvals stand in each organization's implicit collection, definitions in the public state; both are ordinary
//! writes of ordinary transactions, and validation has the last word on them.

mod approve;
mod collections;
mod commit;
mod error;
mod given;
mod install;
mod names;
mod query;

use fabric_protos::{
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, CheckCommitReadinessArgs, CommitChaincodeDefinitionArgs,
        GetInstalledChaincodePackageArgs, InstallChaincodeArgs, QueryApprovedChaincodeDefinitionArgs,
        QueryApprovedChaincodeDefinitionsArgs, QueryChaincodeDefinitionArgs, QueryInstalledChaincodeArgs,
    },
    protos::Response,
};
use prost::Message;

use self::error::LifecycleError;
use super::{
    answer::{error, shown, success},
    system_call::SystemCall,
};
use crate::acl;

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

/// Runs a function without asking for the caller, and says in words why it refuses.
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
