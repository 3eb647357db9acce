//! Packages of one peer: installing them, listing them, giving them back.

use std::collections::BTreeMap;

use fabric_protos::lifecycle::{
    Chaincode, GetInstalledChaincodePackageArgs, GetInstalledChaincodePackageResult, InstallChaincodeArgs,
    InstallChaincodeResult, QueryInstalledChaincodeArgs, QueryInstalledChaincodeResult, QueryInstalledChaincodesResult,
    References, query_installed_chaincodes_result::InstalledChaincode,
};
use prost::Message;

use super::error::LifecycleError;
use crate::{
    peer::{Peer, Readiness},
    system::system_call::SystemCall,
};

pub(super) fn install(call: &SystemCall, args: &InstallChaincodeArgs) -> Result<Vec<u8>, LifecycleError> {
    let package = call.peer.packages().install(&args.chaincode_install_package)?;
    tracing::info!(peer = call.peer.msp_id(), package = package.id, "a chaincode package is installed");
    Ok(InstallChaincodeResult { package_id: package.id, label: package.label }.encode_to_vec())
}

pub(super) fn query(call: &SystemCall, args: &QueryInstalledChaincodeArgs) -> Result<Vec<u8>, LifecycleError> {
    let found = call.peer.packages().get(&args.package_id);
    let package = found.ok_or_else(|| LifecycleError::NotInstalled(args.package_id.clone()))?;
    let references = all_references(&call.peer)?.remove(&package.id).unwrap_or_default();
    let result = QueryInstalledChaincodeResult { package_id: package.id, label: package.label, references };
    Ok(result.encode_to_vec())
}

pub(super) fn query_all(call: &SystemCall) -> Result<Vec<u8>, LifecycleError> {
    let mut references = all_references(&call.peer)?;
    let installed = |(package_id, label): (String, String)| {
        let references = references.remove(&package_id).unwrap_or_default();
        InstalledChaincode { package_id, label, references }
    };
    let installed_chaincodes = call.peer.packages().list().into_iter().map(installed).collect();
    Ok(QueryInstalledChaincodesResult { installed_chaincodes }.encode_to_vec())
}

pub(super) fn get(call: &SystemCall, args: &GetInstalledChaincodePackageArgs) -> Result<Vec<u8>, LifecycleError> {
    let bytes = call.peer.packages().bytes(&args.package_id)?;
    let chaincode_install_package = bytes.ok_or_else(|| LifecycleError::NotInstalled(args.package_id.clone()))?;
    Ok(GetInstalledChaincodePackageResult { chaincode_install_package }.encode_to_vec())
}

/// By package: the channels, and on each the chaincodes that run with it.
fn all_references(peer: &Peer) -> Result<BTreeMap<String, BTreeMap<String, References>>, LifecycleError> {
    let mut found: BTreeMap<String, BTreeMap<String, References>> = BTreeMap::new();
    for channel in peer.channels() {
        for definition in channel.ledger().definitions()? {
            let Readiness::Ready { package, .. } = peer.readiness(&channel, &definition.name)? else { continue };
            let chaincode = Chaincode { name: definition.name, version: definition.parameters.version };
            let channels = found.entry(package.id).or_default();
            channels.entry(channel.id().to_owned()).or_default().chaincodes.push(chaincode);
        }
    }
    Ok(found)
}
