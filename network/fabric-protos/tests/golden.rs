//! Bytes made by the official Node SDK decode and encode again identically. Where they came from stands beside them.

use std::{collections::BTreeMap, error::Error, fs, path::PathBuf};

use fabric_protos::{common, etcdraft, gateway, google, kvrwset, lifecycle, msp, orderer, protos, queryresult, rwset};
use prost::Message;

type Outcome = Result<(), Box<dyn Error>>;

#[test]
fn every_message_of_ours_has_the_fields_of_the_official_one() -> Outcome {
    let official: BTreeMap<String, Vec<String>> = serde_json::from_slice(&fixture("messages.json")?)?;
    let mut compared = 0;
    for (name, encodings) in &official {
        let Some(again) = again(name) else {
            assert!(NOT_MODELLED.contains(&name.as_str()), "{name} is neither modelled nor listed as left out");
            continue;
        };
        for encoding in encodings {
            let bytes = hex::decode(encoding)?;
            let ours = again(&bytes).map_err(|error| format!("{name} does not decode: {error}"))?;
            assert_eq!(hex::encode(ours), *encoding, "{name} is encoded otherwise");
            compared += 1;
        }
    }
    assert!(compared > 200, "only {compared} encodings were compared");
    Ok(())
}

#[test]
fn a_proposed_transaction_is_the_same_down_to_the_invocation_spec() -> Outcome {
    for name in ["proposed-transaction-plain.bin", "proposed-transaction.bin", "proposed-transaction-signed.bin"] {
        let proposed: gateway::ProposedTransaction = same(&fixture(name)?)?;
        assert!(proposed.transaction_id.len() == 64, "{name}");
        walk_proposal(&present(proposed.proposal)?.proposal_bytes)?;
    }
    Ok(())
}

#[test]
fn requests_to_the_gateway_are_the_same() -> Outcome {
    let evaluate: gateway::EvaluateRequest = same(&fixture("evaluate-request.bin")?)?;
    assert_eq!(evaluate.target_organizations, ["ImporterMSP", "ExporterMSP"]);
    walk_proposal(&present(evaluate.proposed_transaction)?.proposal_bytes)?;
    let endorse: gateway::EndorseRequest = same(&fixture("endorse-request.bin")?)?;
    assert_eq!(endorse.endorsing_organizations, ["ImporterMSP", "ExporterMSP"]);
    walk_proposal(&present(endorse.proposed_transaction)?.proposal_bytes)?;
    let submit: gateway::SubmitRequest = same(&fixture("submit-request.bin")?)?;
    walk_transaction(&present(submit.prepared_transaction)?)
}

#[test]
fn a_prepared_transaction_is_the_same_down_to_the_write_set() -> Outcome {
    for name in ["prepared-transaction.bin", "prepared-transaction-signed.bin"] {
        let prepared: gateway::PreparedTransaction = same(&fixture(name)?)?;
        walk_transaction(&present(prepared.envelope)?)?;
    }
    Ok(())
}

#[test]
fn commit_status_requests_are_the_same() -> Outcome {
    for name in ["signed-commit-status-request-unsigned.bin", "signed-commit-status-request.bin"] {
        let signed: gateway::SignedCommitStatusRequest = same(&fixture(name)?)?;
        let request: gateway::CommitStatusRequest = same(&signed.request)?;
        let _: msp::SerializedIdentity = same(&request.identity)?;
    }
    Ok(())
}

#[test]
fn chaincode_events_requests_are_the_same() -> Outcome {
    for name in ["next", "block-3", "after"] {
        let signed: gateway::SignedChaincodeEventsRequest =
            same(&fixture(&format!("chaincode-events-request-{name}.bin"))?)?;
        let request: gateway::ChaincodeEventsRequest = same(&signed.request)?;
        assert!(present(request.start_position)?.r#type.is_some(), "{name} has no start");
    }
    Ok(())
}

#[test]
fn deliver_envelopes_are_the_same_down_to_the_seek_information() -> Outcome {
    for name in ["block-0", "filtered-next", "filtered-next-unsigned"] {
        let envelope: common::Envelope = same(&fixture(&format!("deliver-envelope-{name}.bin"))?)?;
        let payload: common::Payload = same(&envelope.payload)?;
        let header = present(payload.header)?;
        let channel_header: common::ChannelHeader = same(&header.channel_header)?;
        assert_eq!(channel_header.r#type, common::HeaderType::DeliverSeekInfo as i32);
        let _: common::SignatureHeader = same(&header.signature_header)?;
        let seek: orderer::SeekInfo = same(&payload.data)?;
        assert!(seek.start.is_some() && seek.stop.is_some(), "{name} is not bounded");
    }
    Ok(())
}

#[test]
fn what_a_peer_answers_is_the_same() -> Outcome {
    let _: gateway::EvaluateResponse = same(&fixture("evaluate-response.bin")?)?;
    let endorse: gateway::EndorseResponse = same(&fixture("endorse-response.bin")?)?;
    walk_transaction(&present(endorse.prepared_transaction)?)?;
    let _: gateway::CommitStatusResponse = same(&fixture("commit-status-response.bin")?)?;
    let _: gateway::ChaincodeEventsResponse = same(&fixture("chaincode-events-response.bin")?)?;
    let _: protos::DeliverResponse = same(&fixture("deliver-response-block.bin")?)?;
    let _: protos::DeliverResponse = same(&fixture("deliver-response-filtered.bin")?)?;
    let status: google::rpc::Status = same(&fixture("grpc-status-details.bin")?)?;
    assert_eq!(status.details.len(), 2);
    for detail in status.details {
        assert_eq!(detail.type_url, "type.googleapis.com/gateway.ErrorDetail");
        let _: gateway::ErrorDetail = same(&detail.value)?;
    }
    Ok(())
}

/// Today's difference: prost leaves out the empty value of a map entry, the SDK writes it. Both read both.
#[test]
fn only_an_empty_transient_value_is_encoded_shorter_than_by_the_sdk() -> Outcome {
    let proposed: gateway::ProposedTransaction = same(&fixture("proposed-transaction-empty-transient.bin")?)?;
    let proposal: protos::Proposal = same(&present(proposed.proposal)?.proposal_bytes)?;
    let payload = protos::ChaincodeProposalPayload::decode(proposal.payload.as_slice())?;
    assert_eq!(payload.transient_map.get("empty"), Some(&Vec::new()));
    assert_eq!(payload.encoded_len() + 2, proposal.payload.len());
    Ok(())
}

fn walk_proposal(bytes: &[u8]) -> Outcome {
    let proposal: protos::Proposal = same(bytes)?;
    walk_header(&same(&proposal.header)?)?;
    let payload: protos::ChaincodeProposalPayload = same(&proposal.payload)?;
    let invocation: protos::ChaincodeInvocationSpec = same(&payload.input)?;
    let input = present(present(invocation.chaincode_spec)?.input)?;
    assert!(!input.args.is_empty());
    Ok(())
}

fn walk_header(header: &common::Header) -> Outcome {
    let channel_header: common::ChannelHeader = same(&header.channel_header)?;
    let _: protos::ChaincodeHeaderExtension = same(&channel_header.extension)?;
    let signature_header: common::SignatureHeader = same(&header.signature_header)?;
    assert_eq!(signature_header.nonce.len(), 24);
    let identity: msp::SerializedIdentity = same(&signature_header.creator)?;
    assert_eq!(identity.mspid, "ExporterMSP");
    Ok(())
}

fn walk_transaction(envelope: &common::Envelope) -> Outcome {
    let payload: common::Payload = same(&envelope.payload)?;
    walk_header(&present(payload.header)?)?;
    let transaction: protos::Transaction = same(&payload.data)?;
    assert_eq!(transaction.actions.len(), 1);
    let _: common::SignatureHeader = same(&transaction.actions[0].header)?;
    let action_payload: protos::ChaincodeActionPayload = same(&transaction.actions[0].payload)?;
    let _: protos::ChaincodeProposalPayload = same(&action_payload.chaincode_proposal_payload)?;
    let endorsed = present(action_payload.action)?;
    assert_eq!(endorsed.endorsements.len(), 1);
    let response: protos::ProposalResponsePayload = same(&endorsed.proposal_response_payload)?;
    let action: protos::ChaincodeAction = same(&response.extension)?;
    let _: protos::ChaincodeEvent = same(&action.events)?;
    let sets: rwset::TxReadWriteSet = same(&action.results)?;
    let set: kvrwset::KvrwSet = same(&sets.ns_rwset[0].rwset)?;
    assert_eq!((set.reads.len(), set.writes.len()), (2, 2));
    Ok(())
}

/// Decodes, and checks that encoding again gives the same bytes.
fn same<M: Message + Default + std::fmt::Debug>(bytes: &[u8]) -> Result<M, Box<dyn Error>> {
    let message = M::decode(bytes)?;
    if message.encode_to_vec() == bytes {
        Ok(message)
    } else {
        Err(format!("a message is encoded otherwise: {message:?}").into())
    }
}

fn present<T>(field: Option<T>) -> Result<T, Box<dyn Error>> {
    field.ok_or_else(|| "a message that must be there is missing".into())
}

fn fixture(name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/golden/node-gateway-1.11");
    fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}").into())
}

/// What Fabric has in the same files and nothing here needs: Idemix, Kafka, the lifecycle before 2.0, newer queries.
const NOT_MODELLED: &[&str] = &[
    "common.ApplicationPolicy",
    "lifecycle.QueryApprovedChaincodeDefinitionsArgs",
    "lifecycle.QueryApprovedChaincodeDefinitionsResult",
    "lifecycle.QueryApprovedChaincodeDefinitionsResult.ApprovedChaincodeDefinition",
    "msp.IdemixMSPConfig",
    "msp.IdemixMSPSignerConfig",
    "msp.SerializedIdemixIdentity",
    "orderer.KafkaBrokers",
    "protos.CDSData",
    "protos.ChaincodeData",
    "protos.ChaincodeDeploymentSpec",
    "protos.ChaincodeInfo",
    "protos.ChaincodeQueryResponse",
    "protos.JoinBySnapshotStatus",
    "protos.LifecycleEvent",
];

type Again = fn(&[u8]) -> Result<Vec<u8>, prost::DecodeError>;

fn decoded_and_encoded<M: Message + Default>(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    Ok(M::decode(bytes)?.encode_to_vec())
}

macro_rules! table {
    ($($name:literal: $message:ty),* $(,)?) => {
        /// How to decode and encode again the message that Fabric calls `name`.
        fn again(name: &str) -> Option<Again> {
            match name {
                $($name => Some(decoded_and_encoded::<$message>),)*
                _ => None,
            }
        }
    };
}

table! {
    "common.Block": common::Block,
    "common.BlockData": common::BlockData,
    "common.BlockDataHashingStructure": common::BlockDataHashingStructure,
    "common.BlockHeader": common::BlockHeader,
    "common.BlockMetadata": common::BlockMetadata,
    "common.BlockchainInfo": common::BlockchainInfo,
    "common.BootstrappingSnapshotInfo": common::BootstrappingSnapshotInfo,
    "common.Capabilities": common::Capabilities,
    "common.Capability": common::Capability,
    "common.ChannelHeader": common::ChannelHeader,
    "common.CombinedPrincipal": common::CombinedPrincipal,
    "common.Config": common::Config,
    "common.ConfigEnvelope": common::ConfigEnvelope,
    "common.ConfigGroup": common::ConfigGroup,
    "common.ConfigPolicy": common::ConfigPolicy,
    "common.ConfigSignature": common::ConfigSignature,
    "common.ConfigUpdate": common::ConfigUpdate,
    "common.ConfigUpdateEnvelope": common::ConfigUpdateEnvelope,
    "common.ConfigValue": common::ConfigValue,
    "common.Consenter": common::Consenter,
    "common.Consortium": common::Consortium,
    "common.Envelope": common::Envelope,
    "common.HashingAlgorithm": common::HashingAlgorithm,
    "common.Header": common::Header,
    "common.IdentifierHeader": common::IdentifierHeader,
    "common.ImplicitMetaPolicy": common::ImplicitMetaPolicy,
    "common.LastConfig": common::LastConfig,
    "common.MSPIdentityAnonymity": common::MspIdentityAnonymity,
    "common.MSPPrincipal": common::MspPrincipal,
    "common.MSPRole": common::MspRole,
    "common.Metadata": common::Metadata,
    "common.MetadataSignature": common::MetadataSignature,
    "common.OrdererAddresses": common::OrdererAddresses,
    "common.OrdererBlockMetadata": common::OrdererBlockMetadata,
    "common.Orderers": common::Orderers,
    "common.OrganizationUnit": common::OrganizationUnit,
    "common.Payload": common::Payload,
    "common.Policy": common::Policy,
    "common.SignatureHeader": common::SignatureHeader,
    "common.SignaturePolicy": common::SignaturePolicy,
    "common.SignaturePolicy.NOutOf": common::signature_policy::NOutOf,
    "common.SignaturePolicyEnvelope": common::SignaturePolicyEnvelope,
    "etcdraft.ConfigMetadata": etcdraft::ConfigMetadata,
    "etcdraft.Consenter": etcdraft::Consenter,
    "etcdraft.Options": etcdraft::Options,
    "gateway.ChaincodeEventsRequest": gateway::ChaincodeEventsRequest,
    "gateway.ChaincodeEventsResponse": gateway::ChaincodeEventsResponse,
    "gateway.CommitStatusRequest": gateway::CommitStatusRequest,
    "gateway.CommitStatusResponse": gateway::CommitStatusResponse,
    "gateway.EndorseRequest": gateway::EndorseRequest,
    "gateway.EndorseResponse": gateway::EndorseResponse,
    "gateway.ErrorDetail": gateway::ErrorDetail,
    "gateway.EvaluateRequest": gateway::EvaluateRequest,
    "gateway.EvaluateResponse": gateway::EvaluateResponse,
    "gateway.PreparedTransaction": gateway::PreparedTransaction,
    "gateway.ProposedTransaction": gateway::ProposedTransaction,
    "gateway.SignedChaincodeEventsRequest": gateway::SignedChaincodeEventsRequest,
    "gateway.SignedCommitStatusRequest": gateway::SignedCommitStatusRequest,
    "gateway.SubmitRequest": gateway::SubmitRequest,
    "gateway.SubmitResponse": gateway::SubmitResponse,
    "google.rpc.Status": google::rpc::Status,
    "kvrwset.HashedRWSet": kvrwset::HashedRwSet,
    "kvrwset.KVMetadataEntry": kvrwset::KvMetadataEntry,
    "kvrwset.KVMetadataWrite": kvrwset::KvMetadataWrite,
    "kvrwset.KVMetadataWriteHash": kvrwset::KvMetadataWriteHash,
    "kvrwset.KVRWSet": kvrwset::KvrwSet,
    "kvrwset.KVRead": kvrwset::KvRead,
    "kvrwset.KVReadHash": kvrwset::KvReadHash,
    "kvrwset.KVWrite": kvrwset::KvWrite,
    "kvrwset.KVWriteHash": kvrwset::KvWriteHash,
    "kvrwset.QueryReads": kvrwset::QueryReads,
    "kvrwset.QueryReadsMerkleSummary": kvrwset::QueryReadsMerkleSummary,
    "kvrwset.RangeQueryInfo": kvrwset::RangeQueryInfo,
    "kvrwset.Version": kvrwset::Version,
    "lifecycle.ApproveChaincodeDefinitionForMyOrgArgs": lifecycle::ApproveChaincodeDefinitionForMyOrgArgs,
    "lifecycle.ApproveChaincodeDefinitionForMyOrgResult": lifecycle::ApproveChaincodeDefinitionForMyOrgResult,
    "lifecycle.ChaincodeEndorsementInfo": lifecycle::ChaincodeEndorsementInfo,
    "lifecycle.ChaincodeSource": lifecycle::ChaincodeSource,
    "lifecycle.ChaincodeSource.Local": lifecycle::chaincode_source::Local,
    "lifecycle.ChaincodeSource.Unavailable": lifecycle::chaincode_source::Unavailable,
    "lifecycle.ChaincodeValidationInfo": lifecycle::ChaincodeValidationInfo,
    "lifecycle.CheckCommitReadinessArgs": lifecycle::CheckCommitReadinessArgs,
    "lifecycle.CheckCommitReadinessResult": lifecycle::CheckCommitReadinessResult,
    "lifecycle.CheckCommitReadinessResult.Mismatches": lifecycle::check_commit_readiness_result::Mismatches,
    "lifecycle.CommitChaincodeDefinitionArgs": lifecycle::CommitChaincodeDefinitionArgs,
    "lifecycle.CommitChaincodeDefinitionResult": lifecycle::CommitChaincodeDefinitionResult,
    "lifecycle.GetInstalledChaincodePackageArgs": lifecycle::GetInstalledChaincodePackageArgs,
    "lifecycle.GetInstalledChaincodePackageResult": lifecycle::GetInstalledChaincodePackageResult,
    "lifecycle.InstallChaincodeArgs": lifecycle::InstallChaincodeArgs,
    "lifecycle.InstallChaincodeResult": lifecycle::InstallChaincodeResult,
    "lifecycle.QueryApprovedChaincodeDefinitionArgs": lifecycle::QueryApprovedChaincodeDefinitionArgs,
    "lifecycle.QueryApprovedChaincodeDefinitionResult": lifecycle::QueryApprovedChaincodeDefinitionResult,
    "lifecycle.QueryChaincodeDefinitionArgs": lifecycle::QueryChaincodeDefinitionArgs,
    "lifecycle.QueryChaincodeDefinitionResult": lifecycle::QueryChaincodeDefinitionResult,
    "lifecycle.QueryChaincodeDefinitionsArgs": lifecycle::QueryChaincodeDefinitionsArgs,
    "lifecycle.QueryChaincodeDefinitionsResult": lifecycle::QueryChaincodeDefinitionsResult,
    "lifecycle.QueryChaincodeDefinitionsResult.ChaincodeDefinition": lifecycle::query_chaincode_definitions_result::ChaincodeDefinition,
    "lifecycle.QueryInstalledChaincodeArgs": lifecycle::QueryInstalledChaincodeArgs,
    "lifecycle.QueryInstalledChaincodeResult": lifecycle::QueryInstalledChaincodeResult,
    "lifecycle.QueryInstalledChaincodeResult.Chaincode": lifecycle::Chaincode,
    "lifecycle.QueryInstalledChaincodeResult.References": lifecycle::References,
    "lifecycle.QueryInstalledChaincodesArgs": lifecycle::QueryInstalledChaincodesArgs,
    "lifecycle.QueryInstalledChaincodesResult": lifecycle::QueryInstalledChaincodesResult,
    "lifecycle.QueryInstalledChaincodesResult.Chaincode": lifecycle::Chaincode,
    "lifecycle.QueryInstalledChaincodesResult.InstalledChaincode": lifecycle::query_installed_chaincodes_result::InstalledChaincode,
    "lifecycle.QueryInstalledChaincodesResult.References": lifecycle::References,
    "lifecycle.StateData": lifecycle::StateData,
    "lifecycle.StateMetadata": lifecycle::StateMetadata,
    "msp.FabricCryptoConfig": msp::FabricCryptoConfig,
    "msp.FabricMSPConfig": msp::FabricMspConfig,
    "msp.FabricNodeOUs": msp::FabricNodeOUs,
    "msp.FabricOUIdentifier": msp::FabricOuIdentifier,
    "msp.KeyInfo": msp::KeyInfo,
    "msp.MSPConfig": msp::MspConfig,
    "msp.SerializedIdentity": msp::SerializedIdentity,
    "msp.SigningIdentityInfo": msp::SigningIdentityInfo,
    "orderer.BatchSize": orderer::BatchSize,
    "orderer.BatchTimeout": orderer::BatchTimeout,
    "orderer.BroadcastResponse": orderer::BroadcastResponse,
    "orderer.ChannelRestrictions": orderer::ChannelRestrictions,
    "orderer.ConsensusType": orderer::ConsensusType,
    "orderer.DeliverResponse": orderer::DeliverResponse,
    "orderer.SeekInfo": orderer::SeekInfo,
    "orderer.SeekNewest": orderer::SeekNewest,
    "orderer.SeekNextCommit": orderer::SeekNextCommit,
    "orderer.SeekOldest": orderer::SeekOldest,
    "orderer.SeekPosition": orderer::SeekPosition,
    "orderer.SeekSpecified": orderer::SeekSpecified,
    "protos.ACLs": protos::AcLs,
    "protos.APIResource": protos::ApiResource,
    "protos.AnchorPeer": protos::AnchorPeer,
    "protos.AnchorPeers": protos::AnchorPeers,
    "protos.ApplicationPolicy": protos::ApplicationPolicy,
    "protos.BlockAndPrivateData": protos::BlockAndPrivateData,
    "protos.ChaincodeAction": protos::ChaincodeAction,
    "protos.ChaincodeActionPayload": protos::ChaincodeActionPayload,
    "protos.ChaincodeAdditionalParams": protos::ChaincodeAdditionalParams,
    "protos.ChaincodeCall": protos::ChaincodeCall,
    "protos.ChaincodeEndorsedAction": protos::ChaincodeEndorsedAction,
    "protos.ChaincodeEvent": protos::ChaincodeEvent,
    "protos.ChaincodeHeaderExtension": protos::ChaincodeHeaderExtension,
    "protos.ChaincodeID": protos::ChaincodeId,
    "protos.ChaincodeInput": protos::ChaincodeInput,
    "protos.ChaincodeInterest": protos::ChaincodeInterest,
    "protos.ChaincodeInvocationSpec": protos::ChaincodeInvocationSpec,
    "protos.ChaincodeMessage": protos::ChaincodeMessage,
    "protos.ChaincodeProposalPayload": protos::ChaincodeProposalPayload,
    "protos.ChaincodeSpec": protos::ChaincodeSpec,
    "protos.ChannelInfo": protos::ChannelInfo,
    "protos.ChannelQueryResponse": protos::ChannelQueryResponse,
    "protos.CollectionConfig": protos::CollectionConfig,
    "protos.CollectionConfigPackage": protos::CollectionConfigPackage,
    "protos.CollectionPolicyConfig": protos::CollectionPolicyConfig,
    "protos.DelState": protos::DelState,
    "protos.DeliverResponse": protos::DeliverResponse,
    "protos.Endorsement": protos::Endorsement,
    "protos.FilteredBlock": protos::FilteredBlock,
    "protos.FilteredChaincodeAction": protos::FilteredChaincodeAction,
    "protos.FilteredTransaction": protos::FilteredTransaction,
    "protos.FilteredTransactionActions": protos::FilteredTransactionActions,
    "protos.GetHistoryForKey": protos::GetHistoryForKey,
    "protos.GetQueryResult": protos::GetQueryResult,
    "protos.GetState": protos::GetState,
    "protos.GetStateByRange": protos::GetStateByRange,
    "protos.GetStateMetadata": protos::GetStateMetadata,
    "protos.GetStateMultiple": protos::GetStateMultiple,
    "protos.GetStateMultipleResult": protos::GetStateMultipleResult,
    "protos.ProcessedTransaction": protos::ProcessedTransaction,
    "protos.Proposal": protos::Proposal,
    "protos.ProposalResponse": protos::ProposalResponse,
    "protos.ProposalResponsePayload": protos::ProposalResponsePayload,
    "protos.PurgePrivateState": protos::PurgePrivateState,
    "protos.PutState": protos::PutState,
    "protos.PutStateMetadata": protos::PutStateMetadata,
    "protos.QueryMetadata": protos::QueryMetadata,
    "protos.QueryResponse": protos::QueryResponse,
    "protos.QueryResponseMetadata": protos::QueryResponseMetadata,
    "protos.QueryResultBytes": protos::QueryResultBytes,
    "protos.QueryStateClose": protos::QueryStateClose,
    "protos.QueryStateNext": protos::QueryStateNext,
    "protos.Response": protos::Response,
    "protos.SignedProposal": protos::SignedProposal,
    "protos.StateMetadata": protos::StateMetadata,
    "protos.StateMetadataResult": protos::StateMetadataResult,
    "protos.StaticCollectionConfig": protos::StaticCollectionConfig,
    "protos.Transaction": protos::Transaction,
    "protos.TransactionAction": protos::TransactionAction,
    "protos.WriteBatchState": protos::WriteBatchState,
    "protos.WriteRecord": protos::WriteRecord,
    "queryresult.KV": queryresult::Kv,
    "queryresult.KeyModification": queryresult::KeyModification,
    "rwset.CollectionHashedReadWriteSet": rwset::CollectionHashedReadWriteSet,
    "rwset.CollectionPvtReadWriteSet": rwset::CollectionPvtReadWriteSet,
    "rwset.NsPvtReadWriteSet": rwset::NsPvtReadWriteSet,
    "rwset.NsReadWriteSet": rwset::NsReadWriteSet,
    "rwset.TxPvtReadWriteSet": rwset::TxPvtReadWriteSet,
    "rwset.TxReadWriteSet": rwset::TxReadWriteSet,
}
