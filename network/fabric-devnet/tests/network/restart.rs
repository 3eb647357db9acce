//! Stopping and starting: case C149, the lock, and how fast and small it all is.

use std::time::Duration;

use fabric_devnet::{JoinError, Network, NetworkError, Settings};
use fabric_protos::{
    gateway::ChaincodeEventsRequest,
    protos::{TxValidationCode, deliver_client::DeliverClient, deliver_response::Type},
};
use tokio_stream::StreamExt;

use crate::{chaincode::FakeChaincode, client::Call, fixture::*};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_a_restart() -> Outcome {
    let mut fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    let shared = collection("A", "OR('Org1MSP.member','Org2MSP.member')");
    let definition = Definition { collections: vec![shared], ..Definition::new("conf", Some(ANY_ORG)) };
    fixture.deploy(&chaincode, &definition).await?;
    let org1 = fixture.org(1);
    let call = |args: &[&str]| Call::new(CHANNEL, "conf", args).transient("value", b"secret");
    assert_eq!(submit(org1, &call(&["put", "k", "v1"])).await?, TxValidationCode::Valid);
    assert_eq!(submit(org1, &call(&["put", "k", "v2"])).await?, TxValidationCode::Valid);
    assert_eq!(submit(org1, &call(&["pput", "A", "p"])).await?, TxValidationCode::Valid);
    let (envelope, id) = endorse(org1, &org1.user, &call(&["put", "last", "v"]), &[]).await?;
    send(org1, crate::client::sign_envelope(envelope, &org1.user), &id).await?;
    let status = status_of(org1, &id).await?;
    // A stream that nobody ends must not hold up the shutdown.
    let request =
        ChaincodeEventsRequest { channel_id: CHANNEL.into(), chaincode_id: "conf".into(), ..Default::default() };
    let request = crate::client::events(request, &org1.user);
    let _events = org1.gateway.clone().chaincode_events(request).await?.into_inner();
    let mut deliver = DeliverClient::new(org1.connection.clone());
    let seek = tokio_stream::iter([crate::client::seek_from(CHANNEL, 0, &org1.user)]).chain(tokio_stream::pending());
    let mut blocks = deliver.deliver_filtered(seek).await?.into_inner();
    assert!(matches!(blocks.message().await?.and_then(|answer| answer.r#type), Some(Type::FilteredBlock(_))));
    // The streams would go on for ever.
    tokio::time::timeout(Duration::from_secs(60), fixture.restart()).await??;
    let org1 = fixture.org(1);
    assert_eq!(status_of(org1, &id).await?, status);
    assert_eq!(read(org1, &["get", "k"]).await?, "v2");
    assert_eq!(read(org1, &["history", "k"]).await?, "v2,v1");
    assert_eq!(read(fixture.org(2), &["pget", "A", "p"]).await?, "secret");
    let (envelope, next) = endorse(org1, &org1.user, &call(&["put", "k", "v3"]), &[]).await?;
    send(org1, crate::client::sign_envelope(envelope, &org1.user), &next).await?;
    assert_eq!(status_of(org1, &next).await?.block_number, status.block_number + 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_serves_one_network_at_a_time() -> Outcome {
    let fixture = Fixture::start().await?;
    let second = Network::start(fixture.options()?).await;
    assert!(matches!(second, Err(NetworkError::InUse(_))));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_that_cannot_work_are_refused() -> Outcome {
    let mut fixture = Fixture::start().await?;
    fixture.network.take().ok_or("not running")?.shutdown().await;
    let mut options = fixture.options()?;
    options.peers.push(options.peers[0].clone());
    assert!(matches!(Network::start(options).await, Err(NetworkError::RepeatedPeer(_))));
    let mut options = fixture.options()?;
    options.genesis_blocks = vec![vec![0xff; 10]];
    assert!(matches!(Network::start(options).await, Err(NetworkError::Join(JoinError::Block(_)))));
    let mut options = fixture.options()?;
    options.peers[1].listen = "nowhere".to_owned();
    assert!(matches!(Network::start(options).await, Err(NetworkError::Listen { .. })));
    // After each failure the folder is free again.
    let network = Network::start_with(fixture.options()?, Settings::default()).await?;
    network.shutdown().await;
    Ok(())
}

/// While nothing but clocks is waited for, a paused clock jumps to the end of the wait: it shows waits and no work, so
/// that the load of the machine counts for nothing.
#[tokio::test]
async fn starting_waits_for_nothing() -> Outcome {
    let mut fixture = Fixture::start().await?;
    fixture.network.take().ok_or("not running")?.shutdown().await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let network = Network::start(fixture.options()?).await?;
    let waited = began.elapsed();
    tokio::time::resume();
    network.shutdown().await;
    assert_eq!(waited, Duration::ZERO);
    Ok(())
}
