//! Faults to order: each is switched on, felt by clients, and switched off again (and case C150).

use std::time::{Duration, Instant};

use fabric_devnet::{JoinError, Network, Settings, chaincode::ChaincodeOptions, faults::CrashPoint};
use fabric_msp::transport::{self, ClientTls};
use fabric_protos::{gateway::gateway_client::GatewayClient, protos::TxValidationCode};
use tonic::Code;

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call, expect, sign_envelope},
    fixture::*,
    operations,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";
/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
const TWO_ORGS: &str = "OutOf(2,'Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn started(policy: &str) -> Result<(Fixture, FakeChaincode), Box<dyn std::error::Error>> {
    started_with(policy, Settings::default()).await
}

async fn started_with(
    policy: &str,
    settings: Settings,
) -> Result<(Fixture, FakeChaincode), Box<dyn std::error::Error>> {
    let fixture = Fixture::start_with(settings).await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(policy))).await?;
    Ok((fixture, chaincode))
}

fn network(fixture: &Fixture) -> Result<&Network, &'static str> {
    fixture.network.as_ref().ok_or("not running")
}

fn put<'a>(key: &str, value: &str) -> Call<'a> {
    Call::new(CHANNEL, "conf", &["put", key, value])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_peer_is_gone_for_clients_and_gateways_and_comes_back() -> Outcome {
    let (fixture, _chaincode) = started(TWO_ORGS).await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let faults = network(&fixture)?.peer_faults("Org2MSP").ok_or("no peer")?;
    faults.drop_out();
    // What the client makes of it depends on whether it has noticed that its connection ended.
    assert!(read(org2, &["get", "k"]).await.is_err());
    // The others endorse in its place; a client that insists on it is told.
    assert_eq!(submit(org1, &put("k", "v")).await?, TxValidationCode::Valid);
    let insisting = endorse(org1, &org1.user, &put("k", "w"), &["Org1MSP", "Org2MSP"]).await;
    let status = insisting.expect_err("Org2 is away");
    assert_eq!(status.code(), Code::Aborted);
    let details = client::details(&status);
    assert!(details.iter().any(|one| one.msp_id == "Org2MSP" && one.message.contains("code = Unavailable")));
    faults.come_back();
    let tls =
        ClientTls { ca_pem: std::fs::read(org2.folder.node("peer0").join("tls/ca.crt"))?, ..ClientTls::default() };
    let address = network(&fixture)?.peer_address("Org2MSP").ok_or("no address")?;
    let connection = transport::connect(address, Some(&tls), Duration::from_secs(5)).await?;
    let request = client::commit_status(CHANNEL, "unknown", &org1.user);
    let mut request = tonic::Request::new(request);
    request.set_timeout(Duration::from_millis(200));
    let waits = GatewayClient::new(connection).commit_status(request).await;
    assert!(waits.is_err_and(|status| status.code() != Code::Unavailable));
    endorse(org1, &org1.user, &put("k", "w"), &["Org1MSP", "Org2MSP"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_refuses_is_replaced_where_the_policy_allows() -> Outcome {
    let (fixture, _chaincode) = started(TWO_ORGS).await?;
    let org1 = fixture.org(1);
    let faults = network(&fixture)?.peer_faults("Org3MSP").ok_or("no peer")?;
    faults.refuse_endorsement("out of order");
    let answer = propose(fixture.org(3), &org1.user, &put("k", "v")).await?.response.unwrap_or_default();
    assert_eq!((answer.status, answer.message.as_str()), (500, "out of order"));
    let refused = endorse(org1, &org1.user, &put("k", "v"), &["Org1MSP", "Org3MSP"]).await.expect_err("refused");
    assert_eq!(client::details(&refused)[0].message, "out of order");
    assert_eq!(submit(org1, &put("k", "v")).await?, TxValidationCode::Valid);
    faults.endorse_again();
    endorse(org1, &org1.user, &put("k", "w"), &["Org1MSP", "Org3MSP"]).await?;
    assert!(network(&fixture)?.peer_faults("Org9MSP").is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_orderer_takes_nothing_and_a_slow_one_takes_its_time() -> Outcome {
    let (fixture, _chaincode) = started(ANY_ORG).await?;
    let org1 = fixture.org(1);
    let faults = network(&fixture)?.orderer_faults();
    faults.stop();
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v"), &[]).await?;
    let envelope = sign_envelope(envelope, &org1.user);
    let answer = send(org1, envelope.clone(), &id).await;
    expect("stopped", answer, Code::Unavailable, "no orderers could successfully process transaction");
    // Reading needs no orderer.
    read(org1, &["get", "k"]).await?;
    faults.resume();
    send(org1, envelope, &id).await?;
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::Valid);

    faults.delay(Duration::from_millis(600));
    let (began, call) = (Instant::now(), put("k", "w"));
    assert_eq!(submit(org1, &call).await?, TxValidationCode::Valid);
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
    // What was taken before the orderer stops comes when it goes on.
    faults.delay(Duration::ZERO);
    faults.delay(Duration::from_secs(60));
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "x"), &[]).await?;
    send(org1, sign_envelope(envelope, &org1.user), &id).await?;
    faults.stop();
    faults.delay(Duration::ZERO);
    assert_eq!(read(org1, &["get", "k"]).await?, "w");
    faults.resume();
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_holds_up_a_shutdown() -> Outcome {
    let (mut fixture, _chaincode) = started(ANY_ORG).await?;
    let org1 = fixture.org(1);
    network(&fixture)?.orderer_faults().delay(Duration::from_secs(600));
    network(&fixture)?.peer_faults("Org2MSP").ok_or("no peer")?.partition()?;
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v"), &[]).await?;
    send(org1, sign_envelope(envelope, &org1.user), &id).await?;
    // Far less than the delay, and far more than any machine needs.
    tokio::time::timeout(PATIENCE, fixture.restart()).await??;
    // What had been taken was written, and nothing stays switched on.
    assert_eq!(status_of(fixture.org(2), &id).await?.result(), TxValidationCode::Valid);
    Ok(())
}

/// Asks again and again until the answer is yes.
async fn until(mut holds: impl AsyncFnMut() -> bool) -> Result<(), tokio::time::error::Elapsed> {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await
}

fn trouble(fixture: &Fixture) -> Option<String> {
    let channels = fixture.network.as_ref().map(Network::channels).unwrap_or_default();
    channels.into_iter().find_map(|channel| channel.trouble)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_to_clients_and_is_over_when_there_is_space() -> Outcome {
    let (fixture, _chaincode) = started(ANY_ORG).await?;
    let org1 = fixture.org(1);
    assert_eq!(submit(org1, &put("k", "v")).await?, TxValidationCode::Valid);
    let network = network(&fixture)?;
    network.orderer_faults().fill_disk();
    // The first one is taken, since nobody knows yet, and it is not lost.
    let (envelope, first) = endorse(org1, &org1.user, &put("k", "w"), &[]).await?;
    send(org1, sign_envelope(envelope, &org1.user), &first).await?;
    until(async || trouble(&fixture).is_some()).await?;
    let (envelope, next) = endorse(org1, &org1.user, &put("l", "w"), &[]).await?;
    let next_envelope = sign_envelope(envelope, &org1.user);
    let refused = send(org1, next_envelope.clone(), &next).await.expect_err("there is no space");
    assert_eq!(refused.code(), Code::Unavailable);
    let told = &client::details(&refused)[0].message;
    assert!(told.contains("status=SERVICE_UNAVAILABLE, info=channel conf cannot be written: "), "{told}");
    assert!(told.contains("ledger.redb"), "{told}");
    for node in ["OrdererMSP", "Org2MSP"] {
        let (status, body) = operations::ask(network, node, "/healthz").await?;
        assert!(status == 503 && body.contains("\"component\":\"ledger.conf\",\"reason\":"), "{node}: {body}");
    }
    let left = network.leave_orderer(CHANNEL).await;
    assert!(matches!(left, Err(JoinError::Unwritable(_))), "{left:?}");
    // What is there can be read.
    assert_eq!(read(org1, &["get", "k"]).await?, "v");
    network.orderer_faults().free_disk();
    assert_eq!(status_of(org1, &first).await?.result(), TxValidationCode::Valid);
    until(async || trouble(&fixture).is_none()).await?;
    send(org1, next_envelope, &next).await?;
    assert_eq!(status_of(org1, &next).await?.result(), TxValidationCode::Valid);
    assert_eq!(read(org1, &["get", "k"]).await?, "w");
    assert_eq!(operations::ask(network, "OrdererMSP", "/healthz").await?.0, 200);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_does_not_hold_up_a_shutdown() -> Outcome {
    let (mut fixture, _chaincode) = started(ANY_ORG).await?;
    let org1 = fixture.org(1);
    network(&fixture)?.orderer_faults().fill_disk();
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v"), &[]).await?;
    let envelope = sign_envelope(envelope, &org1.user);
    send(org1, envelope.clone(), &id).await?;
    until(async || trouble(&fixture).is_some()).await?;
    tokio::time::timeout(PATIENCE, fixture.restart()).await??;
    // The block was not written, as after a crash; the same bytes can be sent again.
    let org1 = fixture.org(1);
    assert_eq!(trouble(&fixture), None);
    send(org1, envelope, &id).await?;
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::Valid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partitioned_peer_lags_behind_until_it_is_healed() -> Outcome {
    let (fixture, _chaincode) = started(ANY_ORG).await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    assert_eq!(submit(org1, &put("k", "v1")).await?, TxValidationCode::Valid);
    let faults = network(&fixture)?.peer_faults("Org2MSP").ok_or("no peer")?;
    faults.partition()?;
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v2"), &[]).await?;
    send(org1, sign_envelope(envelope, &org1.user), &id).await?;
    let status = status_of(org1, &id).await?;
    assert_eq!(status.result(), TxValidationCode::Valid);
    assert_eq!(read(org1, &["get", "k"]).await?, "v2");
    assert_eq!(
        evaluate_on(org2, &org2.user, &Call::new(CHANNEL, "conf", &["get", "k"]), &["Org2MSP"]).await?.payload,
        b"v1"
    );
    assert_eq!(read(org2, &["history", "k"]).await?, "v1");
    let mut request = tonic::Request::new(client::commit_status(CHANNEL, &id, &org2.user));
    request.set_timeout(Duration::from_millis(300));
    assert!(org2.gateway.clone().commit_status(request).await.is_err(), "the status has not come to Org2");
    // What it reads is stale, and validation notices.
    let call = Call::new(CHANNEL, "conf", &["getput", "k", "v3"]);
    let (envelope, stale) = endorse(org2, &org2.user, &call, &["Org2MSP"]).await?;
    send(org2, sign_envelope(envelope, &org2.user), &stale).await?;
    assert_eq!(status_of(org1, &stale).await?.result(), TxValidationCode::MvccReadConflict);
    faults.heal();
    assert_eq!(status_of(org2, &id).await?, status);
    assert_eq!(read(org2, &["history", "k"]).await?, "v2,v1");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_chaincode_is_late_or_times_out() -> Outcome {
    let chaincode = ChaincodeOptions { execute_timeout: Duration::from_secs(2), ..ChaincodeOptions::default() };
    let (fixture, _chaincode) = started_with(ANY_ORG, Settings { chaincode, ..Settings::default() }).await?;
    let org1 = fixture.org(1);
    let faults = network(&fixture)?.peer_faults("Org1MSP").ok_or("no peer")?;
    faults.slow_chaincode(Duration::from_millis(300));
    let began = Instant::now();
    let own = ["Org1MSP"];
    let call = Call::new(CHANNEL, "conf", &["get", "k"]);
    evaluate_on(org1, &org1.user, &call, &own).await?;
    assert!(began.elapsed() >= Duration::from_millis(300));
    faults.slow_chaincode(Duration::from_secs(3600));
    let answer = evaluate_on(org1, &org1.user, &call, &own).await.expect_err("too late");
    assert!(client::text(&answer).contains("timeout"), "{}", client::text(&answer));
    faults.slow_chaincode(Duration::ZERO);
    evaluate_on(org1, &org1.user, &call, &own).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c150_after_a_crash_in_a_block_the_network_goes_on_where_the_blocks_end() -> Outcome {
    let (mut fixture, _chaincode) = started(ANY_ORG).await?;
    for (point, survives) in [(CrashPoint::BeforeBlock, false), (CrashPoint::AfterBlock, true)] {
        let org1 = fixture.org(1);
        let key = format!("{point:?}");
        network(&fixture)?.orderer_faults().crash(point);
        let (envelope, id) = endorse(org1, &org1.user, &put(&key, "v"), &[]).await?;
        let envelope = sign_envelope(envelope, &org1.user);
        send(org1, envelope.clone(), &id).await?;
        // The orderer takes nothing once it has died.
        until(async || send(org1, envelope.clone(), &id).await.is_err()).await?;
        fixture.restart().await?;
        let org1 = fixture.org(1);
        assert_eq!(read(org1, &["get", &key]).await? == "v", survives, "{point:?}");
        if !survives {
            send(org1, envelope, &id).await?;
        }
        assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::Valid);
        assert_eq!(read(org1, &["get", &key]).await?, "v");
    }
    Ok(())
}
