//! Several channels: who may join, what is apart and what is shared, and what a restart finds.

use fabric_devnet::{JoinError, Network};
use fabric_protos::{
    common::{Block, BlockchainInfo},
    lifecycle::QueryInstalledChaincodesResult,
    protos::{ChannelQueryResponse, DeliverResponse, TxValidationCode, deliver_client::DeliverClient},
};
use prost::Message;
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call, expect},
    fixture::*,
};

const SIDE: &str = "side";
const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

fn network(fixture: &Fixture) -> Result<&Network, &'static str> {
    fixture.network.as_ref().ok_or("not running")
}

/// A network with a second channel of the first two organizations, which have joined it.
async fn started() -> Result<(Fixture, Block), Box<dyn std::error::Error>> {
    let fixture = Fixture::start().await?;
    let block = fixture.block_of(SIDE, &[1, 2])?;
    for number in [1, 2] {
        let org = fixture.org(number);
        let answer = join_peer(org, &org.admin, &block).await?;
        assert_eq!((answer.status, answer.message.as_str()), (200, ""));
    }
    network(&fixture)?.join_orderer(&block.encode_to_vec()).await?;
    Ok((fixture, block))
}

/// Defines a chaincode on the second channel, as the first two organizations see it.
async fn define(fixture: &Fixture, name: &str, package_id: &str) -> Outcome {
    let definition = Definition { channel: SIDE, ..Definition::new(name, Some(ANY_ORG)) };
    for number in [1, 2] {
        assert_eq!(fixture.approve(fixture.org(number), &definition, package_id).await?, TxValidationCode::Valid);
    }
    let mut call = Call::new(SIDE, "_lifecycle", &["CommitChaincodeDefinition"]);
    call.args.push(definition.commit_args());
    let org1 = fixture.org(1);
    assert_eq!(submit_with(org1, &org1.user, &call, &["Org1MSP", "Org2MSP"]).await?, TxValidationCode::Valid);
    Ok(())
}

async fn get(organization: &Organization, channel: &str, key: &str) -> Result<String, tonic::Status> {
    let answer = evaluate(organization, &organization.user, &Call::new(channel, "conf", &["get", key])).await?;
    Ok(String::from_utf8_lossy(&answer.payload).into_owned())
}

async fn joined(organization: &Organization) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let answer = propose(organization, &organization.user, &Call::new("", "cscc", &["GetChannels"])).await?;
    let found = ChannelQueryResponse::decode(&*answer.response.unwrap_or_default().payload)?;
    Ok(found.channels.into_iter().map(|channel| channel.channel_id).collect())
}

/// The height of a channel, asked with a proposal for the first channel, on which everybody is.
async fn height(organization: &Organization, channel: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let call = Call::new(channel, "qscc", &["GetChainInfo", channel]);
    let answer = propose(organization, &organization.user, &call).await?.response.unwrap_or_default();
    if answer.status != 200 {
        return Err(answer.message.into());
    }
    Ok(BlockchainInfo::decode(&*answer.payload)?.height)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_keep_state_and_definitions_apart_and_share_packages_and_chaincode() -> Outcome {
    let (fixture, _block) = started().await?;
    let chaincode = FakeChaincode::start().await?;
    let package_id = fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let (org1, org2, org3) = (fixture.org(1), fixture.org(2), fixture.org(3));
    let undefined = get(org1, SIDE, "k").await;
    expect(
        "before",
        undefined,
        Code::FailedPrecondition,
        "no peers available to evaluate chaincode conf in channel side",
    );
    define(&fixture, "conf", &package_id).await?;
    for (channel, value) in [(CHANNEL, "here"), (SIDE, "there")] {
        assert_eq!(submit(org1, &Call::new(channel, "conf", &["put", "k", value])).await?, TxValidationCode::Valid);
    }
    assert_eq!((get(org2, CHANNEL, "k").await?, get(org2, SIDE, "k").await?), ("here".into(), "there".into()));
    let mut call = Call::new("", "_lifecycle", &["QueryInstalledChaincodes"]);
    call.args.push(Vec::new());
    let answer = propose(org1, &org1.admin, &call).await?.response.unwrap_or_default();
    let installed = QueryInstalledChaincodesResult::decode(&*answer.payload)?.installed_chaincodes;
    let channels: Vec<&String> = installed.iter().flat_map(|package| package.references.keys()).collect();
    assert_eq!(channels, [CHANNEL, SIDE]);
    // Org3 is not on the second channel, and says so as a peer does that never heard of it.
    expect("Org3", get(org3, SIDE, "k").await, Code::Unavailable, "failed to get config for channel [side]");
    assert_eq!((joined(org1).await?, joined(org3).await?), (vec![CHANNEL.into(), SIDE.into()], vec![CHANNEL.into()]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chaincode_reads_another_channel_and_writes_nothing_there() -> Outcome {
    let (fixture, _block) = started().await?;
    let chaincode = FakeChaincode::start().await?;
    let package_id = fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    define(&fixture, "conf", &package_id).await?;
    let org1 = fixture.org(1);
    assert_eq!(submit(org1, &Call::new(SIDE, "conf", &["put", "k", "there"])).await?, TxValidationCode::Valid);
    let across = |args: &[&str]| Call::new(CHANNEL, "conf", &[&["c2c", "conf/side"], args].concat());
    let answer = evaluate(org1, &org1.user, &across(&["get", "k"])).await?;
    assert!(answer.payload.ends_with(b"there"), "{answer:?}");
    assert_eq!(submit(org1, &across(&["put", "k", "changed"])).await?, TxValidationCode::Valid);
    assert_eq!((get(org1, SIDE, "k").await?, get(org1, CHANNEL, "k").await?), ("there".into(), String::new()));
    // Members of the first channel alone are refused by the second one's rules, and by peers that are not on it.
    let org3 = fixture.org(3);
    let stranger = evaluate(org3, &org3.user, &across(&["get", "k"])).await;
    let refused = stranger.map(|answer| format!("{} {}", answer.status, answer.message));
    assert!(format!("{refused:?}").contains("Failed to get policy manager for channel [side]"), "{refused:?}");
    let on_org1 = evaluate_on(org1, &org3.user, &across(&["get", "k"]), &["Org1MSP"]).await;
    let refused = on_org1.map(|answer| format!("{} {}", answer.status, answer.message));
    assert!(format!("{refused:?}").contains("Failed evaluating policy on signed data"), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joining_is_for_administrators_once_and_with_a_genesis_block() -> Outcome {
    let fixture = Fixture::start().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let block = fixture.block_of(SIDE, &[1])?;
    let first = fixture.block_of(CHANNEL, &[1, 2, 3])?;
    let mut later = block.clone();
    later.header.as_mut().ok_or("no header")?.number = 7;
    let empty = Block::default();
    let table = [
        ("user", join_peer(org1, &org1.user, &block).await?, "access denied for [JoinChain][side]: ["),
        (
            "other's admin",
            join_peer(org1, &org1.admin, &empty).await?,
            "\"JoinChain\" request failed to extract channel id from the block due to [failed to retrieve channel id - block is empty]",
        ),
        (
            "known name",
            join_peer(org1, &org1.admin, &first).await?,
            "cannot create ledger from genesis block: ledger [conf] already exists with state [ACTIVE]",
        ),
        (
            "later",
            join_peer(org1, &org1.admin, &later).await?,
            "cannot create ledger from genesis block: block number should have been 0 but was 7",
        ),
    ];
    for (case, answer, text) in table {
        assert!(answer.status == 500 && answer.message.contains(text), "{case}: {answer:?}");
    }
    assert_eq!(join_peer(org1, &org1.admin, &block).await?.status, 200);
    let again = join_peer(org1, &org1.admin, &block).await?;
    assert_eq!(
        again.message,
        "cannot create ledger from genesis block: ledger [side] already exists with state [ACTIVE]"
    );
    // Nobody asks whether the organization is a member.
    assert_eq!(join_peer(org2, &org2.admin, &block).await?.status, 200);
    assert_eq!(joined(org2).await?, [CHANNEL, SIDE]);
    let network = network(&fixture)?;
    assert!(matches!(network.join_orderer(b"nonsense").await, Err(JoinError::Block(_))));
    assert!(matches!(network.join_peer("Org9MSP", &block.encode_to_vec()), Err(JoinError::NoPeer(_))));
    network.join_orderer(&block.encode_to_vec()).await?;
    assert!(matches!(network.join_orderer(&block.encode_to_vec()).await, Err(JoinError::Ordered(_))));
    let heights: Vec<_> = network.channels().into_iter().map(|status| (status.name, status.height)).collect();
    assert_eq!(heights, [(CHANNEL.to_owned(), 1), (SIDE.to_owned(), 1)]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_whose_channel_nobody_orders_stands_at_the_genesis_block() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let block = fixture.block_of(SIDE, &[1, 2])?;
    assert_eq!(join_peer(org1, &org1.admin, &block).await?.status, 200);
    assert_eq!(height(org1, SIDE).await?, 1);
    let mut call = Call::new(SIDE, "_lifecycle", &["ApproveChaincodeDefinitionForMyOrg"]);
    call.args.push(Definition::new("conf", Some(ANY_ORG)).approve_args(""));
    let refused = submit_with(org1, &org1.admin, &call, &["Org1MSP"]).await;
    expect("nobody orders", refused, Code::Aborted, "status=BAD_REQUEST, info=channel does not exist");
    network(&fixture)?.join_orderer(&block.encode_to_vec()).await?;
    assert_eq!(submit_with(org1, &org1.admin, &call, &["Org1MSP"]).await?, TxValidationCode::Valid);
    assert_eq!(height(org1, SIDE).await?, 2);
    // One who comes late has all blocks at once.
    let org2 = fixture.org(2);
    assert_eq!(join_peer(org2, &org2.admin, &block).await?.status, 200);
    assert_eq!(height(org2, SIDE).await?, 2);
    // An orderer that has left takes nothing, and goes on where it was when it comes back.
    assert!(network(&fixture)?.leave_orderer(SIDE).await?);
    assert!(!network(&fixture)?.leave_orderer(SIDE).await?);
    call.args[1] = Definition { sequence: 1, version: "2", ..Definition::new("conf", Some(ANY_ORG)) }.approve_args("");
    let refused = submit_with(org1, &org1.admin, &call, &["Org1MSP"]).await;
    expect("the orderer left", refused, Code::Aborted, "channel does not exist");
    assert_eq!(network(&fixture)?.join_orderer(&block.encode_to_vec()).await?.height, 2);
    assert_eq!(submit_with(org1, &org1.admin, &call, &["Org1MSP"]).await?, TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_of_a_stranger_joins_and_gets_no_blocks() -> Outcome {
    let (mut fixture, block) = started().await?;
    let mut call = Call::new(SIDE, "_lifecycle", &["ApproveChaincodeDefinitionForMyOrg"]);
    call.args.push(Definition::new("conf", Some(ANY_ORG)).approve_args(""));
    let org1 = fixture.org(1);
    assert_eq!(submit_with(org1, &org1.admin, &call, &["Org1MSP"]).await?, TxValidationCode::Valid);
    let org3 = fixture.org(3);
    assert_eq!(join_peer(org3, &org3.admin, &block).await?.status, 200);
    // Its own people are strangers to the channel; a member may ask it, and sees that it has only the genesis block.
    let as_member = async |fixture: &Fixture| -> Result<u64, Box<dyn std::error::Error>> {
        let call = Call::new(SIDE, "qscc", &["GetChainInfo", SIDE]);
        let answer = propose(fixture.org(3), &fixture.org(1).user, &call).await?.response.unwrap_or_default();
        Ok(BlockchainInfo::decode(&*answer.payload)?.height)
    };
    assert_eq!((as_member(&fixture).await?, height(fixture.org(1), SIDE).await?), (1, 2));
    fixture.restart().await?;
    assert_eq!((as_member(&fixture).await?, height(fixture.org(1), SIDE).await?), (1, 2));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_joined_at_run_time_are_there_after_a_restart() -> Outcome {
    let (mut fixture, _block) = started().await?;
    let chaincode = FakeChaincode::start().await?;
    let package_id = fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    define(&fixture, "conf", &package_id).await?;
    let put = |value: &'static str| Call::new(SIDE, "conf", &["put", "k", value]);
    assert_eq!(submit(fixture.org(1), &put("before")).await?, TxValidationCode::Valid);
    fixture.restart().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    assert_eq!(get(org2, SIDE, "k").await?, "before");
    assert_eq!(submit(org1, &put("after")).await?, TxValidationCode::Valid);
    assert_eq!(
        (joined(org2).await?, joined(fixture.org(3)).await?),
        (vec![CHANNEL.into(), SIDE.into()], vec![CHANNEL.into()])
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_channel_is_refused_by_each_service_in_its_own_words() -> Outcome {
    let fixture = Fixture::start().await?;
    let org1 = fixture.org(1);
    let answer = propose(org1, &org1.user, &Call::new(SIDE, "conf", &["get", "k"])).await?.response.unwrap_or_default();
    assert_eq!((answer.status, answer.message.as_str()), (500, "channel 'side' not found"));
    for (chaincode, args, text) in [
        ("qscc", ["GetChainInfo", SIDE], "Invalid chain ID, side"),
        (
            "cscc",
            ["GetConfigBlock", SIDE],
            "access denied for [GetConfigBlock][side]: Failed to get policy manager for channel [side]",
        ),
        ("cscc", ["GetChannelConfig", ""], "empty channel name provided"),
    ] {
        let answer =
            propose(org1, &org1.user, &Call::new(CHANNEL, chaincode, &args)).await?.response.unwrap_or_default();
        assert_eq!((answer.status, answer.message.as_str()), (500, text));
    }
    let mut deliver = DeliverClient::new(org1.connection.clone());
    let seek = tokio_stream::iter([client::seek_from(SIDE, 0, &org1.user)]);
    let answer = deliver.deliver(seek).await?.into_inner().message().await?;
    let not_found = fabric_protos::protos::deliver_response::Type::Status(404);
    assert_eq!(answer, Some(DeliverResponse { r#type: Some(not_found) }));
    Ok(())
}
