//! `_lifecycle` and the system chaincodes: cases C133 to C148.

use fabric_protos::{
    common::{Block, BlockchainInfo},
    kvrwset::KvrwSet,
    lifecycle::{
        ApproveChaincodeDefinitionForMyOrgArgs, CheckCommitReadinessArgs, CheckCommitReadinessResult,
        InstallChaincodeArgs, QueryApprovedChaincodeDefinitionArgs, QueryApprovedChaincodeDefinitionResult,
        QueryApprovedChaincodeDefinitionsArgs, QueryApprovedChaincodeDefinitionsResult, QueryChaincodeDefinitionArgs,
        QueryChaincodeDefinitionResult, QueryChaincodeDefinitionsResult, QueryInstalledChaincodesResult,
    },
    protos::{
        ChaincodeAction, ChannelQueryResponse, ProcessedTransaction, ProposalResponsePayload, Response,
        StaticCollectionConfig, TxValidationCode,
    },
    rwset::TxReadWriteSet,
};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{Call, expect, sign_envelope},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn readiness(
    org: &Organization,
    definition: &Definition<'_>,
) -> Result<CheckCommitReadinessResult, Box<dyn std::error::Error>> {
    let args = CheckCommitReadinessArgs {
        sequence: definition.sequence,
        name: definition.name.to_owned(),
        version: definition.version.to_owned(),
        validation_parameter: definition.policy_bytes(),
        collections: definition.collections(),
        init_required: definition.init_required,
        ..Default::default()
    };
    let answer = evaluate(org, &org.user, &function("CheckCommitReadiness", args.encode_to_vec())).await?;
    Ok(CheckCommitReadinessResult::decode(&*answer.payload)?)
}

fn response(answer: fabric_protos::protos::ProposalResponse) -> Response {
    answer.response.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages_are_for_administrators_of_the_peer() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let id = fixture.install(&chaincode, "conf_1.0").await?;
    let org1 = fixture.org(1);
    let bytes = package("conf_1.0", &chaincode.address.to_string());
    let install = InstallChaincodeArgs { chaincode_install_package: bytes }.encode_to_vec();
    // C134
    let answer = response(lifecycle(org1, &org1.admin, "", "InstallChaincode", install.clone()).await?);
    assert_eq!(answer.status, 500);
    assert!(answer.message.contains(&format!("chaincode already successfully installed (package ID '{id}')")));
    // C135
    let denied = "Failed to authorize invocation due to failed ACL check";
    for (signer, name, args) in [
        (&org1.user, "InstallChaincode", install.clone()),
        (&org1.user, "QueryInstalledChaincodes", Vec::new()),
        (&org1.peer, "QueryInstalledChaincodes", Vec::new()),
    ] {
        let answer = response(lifecycle(org1, signer, "", name, args).await?);
        assert_eq!(answer.status, 500, "{name}");
        assert!(answer.message.starts_with(denied), "{name}: {}", answer.message);
    }
    let refused = lifecycle(org1, &fixture.org(2).admin, "", "InstallChaincode", install).await;
    expect("other organization", refused, Code::Unknown, "access denied: channel [] creator org unknown");
    let approve = function("ApproveChaincodeDefinitionForMyOrg", Definition::new("conf", None).approve_args(&id));
    let answer = response(propose(org1, &org1.user, &approve).await?);
    assert!(answer.message.starts_with(denied), "{}", answer.message);
    let broken = InstallChaincodeArgs { chaincode_install_package: b"nonsense".to_vec() }.encode_to_vec();
    let answer = response(lifecycle(org1, &org1.admin, "", "InstallChaincode", broken).await?);
    assert!(
        answer.message.starts_with(
            "failed to invoke backing implementation of 'InstallChaincode': could not parse as a chaincode install package"
        ),
        "{}",
        answer.message
    );
    let answer = response(lifecycle(org1, &org1.admin, "", "QueryInstalledChaincodes", Vec::new()).await?);
    let installed = QueryInstalledChaincodesResult::decode(&*answer.payload)?.installed_chaincodes;
    assert_eq!((installed.len(), installed[0].package_id.as_str()), (1, id.as_str()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_that_nobody_could_validate_is_not_approved() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let args = Definition::new("conf", Some(ANY_ORG)).approve_args("");
    let args = ApproveChaincodeDefinitionForMyOrgArgs::decode(&*args)?;
    let args = ApproveChaincodeDefinitionForMyOrgArgs { validation_plugin: "other".into(), ..args };
    let approve = function("ApproveChaincodeDefinitionForMyOrg", args.encode_to_vec());
    let answer = response(propose(org1, &org1.admin, &approve).await?);
    let text = "validation plugin other does not exist here, and peers without it would stop";
    assert!(answer.status == 500 && answer.message.ends_with(text), "{}", answer.message);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_is_approved_step_by_step() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let id = fixture.install(&chaincode, "conf_1.0").await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let definition = Definition::new("conf", Some(ANY_ORG));
    let approve = async |org: &Organization, definition: &Definition<'_>| fixture.approve(org, definition, &id).await;
    // C148
    let query = QueryChaincodeDefinitionArgs { name: "conf".into() }.encode_to_vec();
    let answer = response(propose(org1, &org1.user, &function("QueryChaincodeDefinition", query.clone())).await?);
    assert_eq!((answer.status, answer.message.as_str()), (404, "namespace conf is not defined"));
    // C136
    let second = Definition { sequence: 2, ..Definition::new("conf", Some(ANY_ORG)) };
    let text = "failed to invoke backing implementation of 'ApproveChaincodeDefinitionForMyOrg': requested sequence 2 is larger than the next available sequence number 1";
    expect("C136", approve(org1, &second).await, Code::Aborted, text);
    // C147
    for (name, version, text) in [
        ("a b", "1.0", "Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics"),
        ("conf", "1/0", "Versions can only consist of alphanumerics, '_', '-', '+', and '.'"),
        ("qscc", "1.0", "chaincode name 'qscc' is the name of a system chaincode"),
    ] {
        let bad = Definition { version, ..Definition::new(name, None) };
        expect("C147", approve(org1, &bad).await, Code::Aborted, text);
    }
    // C137
    assert_eq!(approve(org1, &definition).await?, TxValidationCode::Valid);
    let text = "attempted to redefine uncommitted sequence (1) for namespace conf with unchanged content";
    expect("C137", approve(org1, &definition).await, Code::Aborted, text);
    let other = Definition { version: "1.1", ..Definition::new("conf", Some(ANY_ORG)) };
    assert_eq!(approve(org1, &other).await?, TxValidationCode::Valid);
    assert_eq!(approve(org1, &definition).await?, TxValidationCode::Valid);
    // C138
    let found = readiness(org1, &definition).await?;
    assert_eq!((found.approvals["Org1MSP"], found.approvals["Org2MSP"]), (true, false));
    let other_policy = Definition::new("conf", Some("OR('Org1MSP.peer')"));
    let found = readiness(org1, &other_policy).await?;
    assert!(!found.approvals["Org1MSP"]);
    assert_eq!(found.mismatches["Org1MSP"].items, ["ValidationInfo"]);
    // C139
    let commit = function("CommitChaincodeDefinition", definition.commit_args());
    let code = submit_with(org1, &org1.user, &commit, &["Org1MSP"]).await?;
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    let answer = submit_with(org1, &org1.user, &commit, &["Org1MSP", "Org2MSP"]).await;
    expect("C139", answer, Code::Aborted, "chaincode definition not agreed to by this org (Org2MSP)");
    // C140
    assert_eq!(approve(org2, &definition).await?, TxValidationCode::Valid);
    let code = submit_with(org1, &org1.user, &commit, &["Org1MSP", "Org2MSP"]).await?;
    assert_eq!(code, TxValidationCode::Valid);
    // C141, C142
    let text = "requested sequence is 1, but new definition must be sequence 2";
    expect("C141", submit_with(org1, &org1.user, &commit, &["Org1MSP", "Org2MSP"]).await, Code::Aborted, text);
    let text = "attempted to redefine the current committed sequence (1) for namespace conf";
    expect("C142", approve(org1, &definition).await, Code::Aborted, text);
    let text = "with different parameters: expected Version '1.0' does not match passed Version '1.1'";
    expect("C142", approve(org1, &other).await, Code::Aborted, text);
    let answer = evaluate(org1, &org1.user, &function("QueryChaincodeDefinition", query)).await?;
    let defined = QueryChaincodeDefinitionResult::decode(&*answer.payload)?;
    assert_eq!((defined.sequence, defined.version.as_str()), (1, "1.0"));
    assert_eq!((defined.approvals["Org2MSP"], defined.approvals["Org3MSP"]), (true, false));
    let answer = evaluate(org1, &org1.user, &function("QueryChaincodeDefinitions", Vec::new())).await?;
    let all = QueryChaincodeDefinitionsResult::decode(&*answer.payload)?.chaincode_definitions;
    assert_eq!((all.len(), all[0].name.as_str()), (1, "conf"));
    let args = QueryApprovedChaincodeDefinitionArgs { name: "conf".into(), sequence: 0 }.encode_to_vec();
    let answer = response(propose(org1, &org1.admin, &function("QueryApprovedChaincodeDefinition", args)).await?);
    let approved = QueryApprovedChaincodeDefinitionResult::decode(&*answer.payload)?;
    assert_eq!((approved.sequence, approved.version.as_str()), (1, "1.0"));
    // C143: the third organization has not approved, then approves late and serves.
    let echo = Call::new(CHANNEL, "conf", &["echo", "hi"]);
    let org3 = fixture.org(3);
    let answer = response(propose(org3, &org3.user, &echo).await?);
    assert_eq!(
        answer.message,
        "make sure the chaincode conf has been successfully defined on channel conf and try again: chaincode definition for 'conf' at sequence 1 on channel 'conf' has not yet been approved by this org"
    );
    let answer = response(propose(org3, &org3.user, &Call::new(CHANNEL, "nocc", &["echo"])).await?);
    assert!(answer.message.ends_with("chaincode nocc not found"), "{}", answer.message);
    assert_eq!(evaluate(org3, &org3.user, &echo).await?.payload, b"hi", "another organization's peer answers");
    assert_eq!(fixture.approve(org3, &definition, "absent:00").await?, TxValidationCode::Valid);
    let answer = response(propose(org3, &org3.user, &echo).await?);
    let text = "chaincode definition for 'conf' exists, but chaincode is not installed";
    assert!(answer.message.ends_with(text), "{}", answer.message);
    assert_eq!(fixture.approve(org3, &definition, &id).await?, TxValidationCode::Valid);
    assert_eq!(response(propose(org3, &org3.user, &echo).await?).payload, b"hi");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_invalidates_what_was_endorsed_before() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let id = fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let org1 = fixture.org(1);
    // C144
    let (envelope, tx_id) = endorse(org1, &org1.user, &Call::new(CHANNEL, "conf", &["put", "k", "v"]), &[]).await?;
    let second = Definition { sequence: 2, ..Definition::new("conf", Some(ANY_ORG)) };
    for organization in &fixture.organizations {
        fixture.approve(organization, &second, &id).await?;
    }
    assert_eq!(fixture.commit(&second).await?, TxValidationCode::Valid);
    send(org1, sign_envelope(envelope, &org1.user), &tx_id).await?;
    assert_eq!(status_of(org1, &tx_id).await?.result(), TxValidationCode::MvccReadConflict);
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chaincode_that_must_be_initialised_is_once_for_each_version() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let first = Definition { init_required: true, ..Definition::new("conf", Some(ANY_ORG)) };
    let id = fixture.deploy(&chaincode, &first).await?;
    let org1 = fixture.org(1);
    let init = || Call::new(CHANNEL, "conf", &["init"]).init();
    // C145
    let early = evaluate(org1, &org1.user, &Call::new(CHANNEL, "conf", &["echo", "hi"])).await;
    let text =
        "invalid invocation: chaincode 'conf' has not been initialized for this version, must call as init first";
    expect("C145", early, Code::Aborted, text);
    assert_eq!(submit(org1, &init()).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    let text = "chaincode 'conf' is already initialized but called as init";
    expect("C145", endorse(org1, &org1.user, &init(), &[]).await, Code::Aborted, text);
    for (sequence, version, needs_init) in [(2, "1.0", false), (3, "2.0", true)] {
        let next = Definition { sequence, version, init_required: true, ..Definition::new("conf", Some(ANY_ORG)) };
        for organization in &fixture.organizations {
            fixture.approve(organization, &next, &id).await?;
        }
        assert_eq!(fixture.commit(&next).await?, TxValidationCode::Valid);
        assert_eq!(read(org1, &["echo", "hi"]).await.is_err(), needs_init, "{version}");
    }
    assert_eq!(submit(org1, &init()).await?, TxValidationCode::Valid);
    assert_eq!(read(org1, &["echo", "hi"]).await?, "hi");
    let plain = FakeChaincode::start().await?;
    fixture.deploy(&plain, &Definition::new("plain", Some(ANY_ORG))).await?;
    let answer = evaluate(org1, &org1.user, &Call::new(CHANNEL, "plain", &["init"]).init()).await;
    expect("C145", answer, Code::Aborted, "chaincode 'plain' does not require initialization but called as init");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn collections_can_grow_but_not_shrink_or_change() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let shared = || collection("A", "OR('Org1MSP.member','Org2MSP.member')");
    let first = Definition {
        collections: vec![StaticCollectionConfig { block_to_live: 3, ..shared() }],
        ..Definition::new("conf", Some(ANY_ORG))
    };
    let id = fixture.deploy(&chaincode, &first).await?;
    let org1 = fixture.org(1);
    let with = |collections| Definition { sequence: 2, collections, ..Definition::new("conf", Some(ANY_ORG)) };
    let kept = || StaticCollectionConfig { block_to_live: 3, ..shared() };
    // C146
    for (collections, text) in [
        (vec![], "the proposed collection config does not contain previously defined collections"),
        (
            vec![collection("B", "OR('Org1MSP.member')")],
            "existing collection [A] missing in the proposed collection configuration",
        ),
        (vec![shared()], "the BlockToLive in an existing collection [A] modified. Existing value [3]"),
        (
            vec![kept(), collection("B", "AND('Org1MSP.member','Org2MSP.member')")],
            "signature policy is not an OR concatenation, NOutOf 2",
        ),
        (vec![kept(), collection("_B", "OR('Org1MSP.member')")], "invalid collection name '_B'"),
        (
            vec![kept(), StaticCollectionConfig { required_peer_count: 5, ..collection("B", "OR('Org1MSP.member')") }],
            "maximum peer count (3) cannot be less than the required peer count (5)",
        ),
        (
            vec![kept(), collection("B", "OR('Org9MSP.member')")],
            "collection member 'Org9MSP' is not part of the channel",
        ),
        (vec![kept(), kept()], "found duplicate in collection configuration"),
    ] {
        let definition = with(collections);
        expect("C146", fixture.approve(org1, &definition, &id).await, Code::Aborted, text);
        expect("C146", fixture.commit(&definition).await, Code::Aborted, text);
    }
    let grown = with(vec![kept(), collection("B", "OR('Org1MSP.member')")]);
    for organization in &fixture.organizations {
        assert_eq!(fixture.approve(organization, &grown, &id).await?, TxValidationCode::Valid);
    }
    assert_eq!(fixture.commit(&grown).await?, TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_can_be_queried_through_system_chaincodes() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let org1 = fixture.org(1);
    let (envelope, id) = endorse(org1, &org1.user, &Call::new(CHANNEL, "conf", &["put", "k", "v"]), &[]).await?;
    send(org1, sign_envelope(envelope, &org1.user), &id).await?;
    let status = status_of(org1, &id).await?;
    let query = async |args: &[&str]| evaluate(org1, &org1.user, &Call::new(CHANNEL, "qscc", args)).await;
    let info = BlockchainInfo::decode(&*query(&["GetChainInfo", CHANNEL]).await?.payload)?;
    assert_eq!(info.height, status.block_number + 1);
    // C133
    let number = u64::MAX.to_string();
    let newest = Block::decode(&*query(&["GetBlockByNumber", CHANNEL, &number]).await?.payload)?;
    assert_eq!(newest.header.as_ref().map(|header| header.number), Some(status.block_number));
    let same = Block::decode(&*query(&["GetBlockByTxID", CHANNEL, &id]).await?.payload)?;
    assert_eq!(newest, same);
    let mut by_hash = Call::new(CHANNEL, "qscc", &["GetBlockByHash", CHANNEL]);
    by_hash.args.push(info.current_block_hash.clone());
    assert_eq!(Block::decode(&*evaluate(org1, &org1.user, &by_hash).await?.payload)?, newest);
    let transaction = ProcessedTransaction::decode(&*query(&["GetTransactionByID", CHANNEL, &id]).await?.payload)?;
    assert_eq!(transaction.validation_code, TxValidationCode::Valid as i32);
    for (args, text) in [
        (["GetBlockByNumber", CHANNEL, "9999"], "no such block number [9999] in index"),
        (["GetTransactionByID", CHANNEL, "x"], "no such transaction ID [x] in index"),
        (["GetBlockByNumber", "nochan", "0"], "Invalid chain ID, nochan"),
        (["GetBlockByNumber", CHANNEL, "-1"], "Failed to parse block number"),
        (["Nothing", CHANNEL, "0"], "Unmapped policy for qscc/Nothing"),
    ] {
        expect(args[0], query(&args).await, Code::Unknown, text);
    }
    let answer = evaluate(org1, &fixture.orderer_admin, &Call::new(CHANNEL, "qscc", &["GetChainInfo", CHANNEL])).await;
    expect("reader", answer, Code::Unknown, "access denied for [GetChainInfo][conf]");
    let channels = response(propose(org1, &org1.user, &Call::new("", "cscc", &["GetChannels"])).await?);
    let channels = ChannelQueryResponse::decode(&*channels.payload)?.channels;
    assert_eq!((channels.len(), channels[0].channel_id.as_str()), (1, CHANNEL));
    let config = evaluate(org1, &org1.user, &Call::new(CHANNEL, "cscc", &["GetConfigBlock", CHANNEL])).await?;
    assert_eq!(Block::decode(&*config.payload)?.header.map(|header| header.number), Some(0));
    Ok(())
}

/// Which public keys a proposal reads, with their namespaces, in the order of the read set.
async fn reads(org: &Organization, call: &Call<'_>) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let answer = propose(org, &org.admin, call).await?;
    let payload = ProposalResponsePayload::decode(&*answer.payload)?;
    let results = ChaincodeAction::decode(&*payload.extension)?.results;
    let mut found = Vec::new();
    for part in TxReadWriteSet::decode(&*results)?.ns_rwset {
        let reads = KvrwSet::decode(&*part.rwset)?.reads.into_iter();
        found.extend(reads.map(|read| format!("{} {}", part.namespace, read.key)));
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approvals_and_commits_record_what_they_looked_at_as_fabric_does() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let first = Definition::new("conf", Some(ANY_ORG));
    let approve = function("ApproveChaincodeDefinitionForMyOrg", first.approve_args(""));
    let undefined = ["_lifecycle namespaces/fields/conf/Sequence", "_lifecycle namespaces/metadata/conf", "lscc conf"];
    assert_eq!(reads(org1, &approve).await?, undefined);
    assert_eq!(fixture.approve(org1, &first, "").await?, TxValidationCode::Valid);
    let commit = function("CommitChaincodeDefinition", first.commit_args());
    assert_eq!(reads(org1, &commit).await?, undefined);
    fixture.define(&Definition { ..Definition::new("conf", Some(ANY_ORG)) }, "some:00").await?;
    let second = Definition { sequence: 2, ..Definition::new("conf", Some(ANY_ORG)) };
    let approve = function("ApproveChaincodeDefinitionForMyOrg", second.approve_args(""));
    let defined = ["fields/conf/Collections", "fields/conf/EndorsementInfo", "fields/conf/Sequence"];
    let defined: Vec<String> = defined
        .iter()
        .chain(&["fields/conf/ValidationInfo", "metadata/conf"])
        .map(|key| format!("_lifecycle namespaces/{key}"))
        .collect();
    assert_eq!(reads(org1, &approve).await?, defined);
    assert_eq!(fixture.approve(org1, &second, "").await?, TxValidationCode::Valid);
    assert_eq!(reads(org1, &function("CommitChaincodeDefinition", second.commit_args())).await?, defined);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_approvals_of_an_organization_are_listed() -> Outcome {
    let fixture = Fixture::start().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let listed = async |org: &Organization| -> Result<Vec<String>, Box<dyn std::error::Error>> {
        let args = QueryApprovedChaincodeDefinitionsArgs {}.encode_to_vec();
        let answer = response(propose(org, &org.admin, &function("QueryApprovedChaincodeDefinitions", args)).await?);
        assert_eq!(answer.status, 200, "{}", answer.message);
        let found = QueryApprovedChaincodeDefinitionsResult::decode(&*answer.payload)?.approved_chaincode_definitions;
        Ok(found.into_iter().map(|one| format!("{} {} {}", one.name, one.sequence, one.version)).collect())
    };
    assert!(listed(org1).await?.is_empty());
    let (one, other) = (Definition::new("one", Some(ANY_ORG)), Definition::new("other", Some(ANY_ORG)));
    fixture.define(&one, "some:00").await?;
    let upgrade = Definition { sequence: 2, version: "2.0", ..one };
    assert_eq!(fixture.approve(org1, &upgrade, "").await?, TxValidationCode::Valid);
    assert_eq!(fixture.approve(org1, &other, "").await?, TxValidationCode::Valid);
    assert_eq!(listed(org1).await?, ["one 1 1.0", "one 2 2.0", "other 1 1.0"]);
    assert_eq!(listed(org2).await?, ["one 1 1.0"]);
    // It is for administrators of the peer.
    let args = QueryApprovedChaincodeDefinitionsArgs {}.encode_to_vec();
    let refused = response(propose(org1, &org1.user, &function("QueryApprovedChaincodeDefinitions", args)).await?);
    let text = "The identity is not an admin under this MSP [Org1MSP]: The identity does not contain OU [ADMIN], MSP: [Org1MSP]]";
    assert!(refused.status == 500 && refused.message.ends_with(text), "{}", refused.message);
    Ok(())
}
