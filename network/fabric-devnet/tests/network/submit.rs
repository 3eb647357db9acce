//! Submitting, commit status and events: cases C009, C047 to C060, C118 to C125, and conflicts across blocks.

use std::time::Duration;

use fabric_cryptogen::UserRequest;
use fabric_msp::signer::{Signer, SigningIdentity};
use fabric_protos::{
    common::Envelope,
    gateway::{ChaincodeEventsRequest, SignedCommitStatusRequest, SubmitRequest},
    orderer::{SeekNewest, SeekOldest, SeekPosition, SeekSpecified, seek_position},
    protos::TxValidationCode,
};
use tonic::{Code, Status, Streaming};

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call, expect, sign_envelope},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";

async fn started() -> Result<(Fixture, FakeChaincode), Box<dyn std::error::Error>> {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    Ok((fixture, chaincode))
}

fn put<'a>(key: &str, value: &str) -> Call<'a> {
    Call::new(CHANNEL, "conf", &["put", key, value])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_orderer_takes_only_what_a_writer_signed() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    // C047, C048
    let answer = org1.gateway.clone().submit(SubmitRequest::default()).await;
    expect("C047", answer, Code::InvalidArgument, "a prepared transaction is required");
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v"), &[]).await?;
    let answer = send(org1, envelope.clone(), &id).await;
    expect("C048", answer, Code::InvalidArgument, "prepared transaction must be signed");
    // C009
    let request = SubmitRequest {
        channel_id: "nochan".into(),
        prepared_transaction: Some(sign_envelope(envelope.clone(), &org1.user)),
        ..Default::default()
    };
    let text = "failed to get config for channel [nochan]";
    expect("C009", org1.gateway.clone().submit(request).await, Code::FailedPrecondition, text);
    // C049, C050
    let text = "received unsuccessful response from orderer: status=FORBIDDEN";
    expect("C049", send(org1, sign_envelope(envelope.clone(), &org2.user), &id).await, Code::Aborted, text);
    let garbage = Envelope { signature: vec![1, 2, 3], ..envelope.clone() };
    expect("C050", send(org1, garbage, &id).await, Code::Aborted, text);
    // C051
    let value = "x".repeat(1024 * 1024);
    let (large, large_id) = endorse(org1, &org1.user, &put("large", &value), &[]).await?;
    let answer = send(org1, sign_envelope(large, &org1.user), &large_id).await;
    expect("C051", answer, Code::Aborted, "exceeds maximum allowed 1048576 bytes");
    // C052
    let signed = sign_envelope(envelope, &org1.user);
    send(org1, signed.clone(), &id).await?;
    send(org1, signed.clone(), &id).await?;
    let first = status_of(org1, &id).await?;
    assert_eq!(first.result(), TxValidationCode::Valid);
    send(org1, signed, &id).await?;
    assert_eq!(submit(org1, &put("k2", "v")).await?, TxValidationCode::Valid);
    assert_eq!(status_of(org1, &id).await?, first);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_read_is_a_conflict_and_stays_one() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let org1 = fixture.org(1);
    assert_eq!(submit(org1, &put("m", "0")).await?, TxValidationCode::Valid);
    // C053, C082
    let (stale, id) = endorse(org1, &org1.user, &Call::new(CHANNEL, "conf", &["getput", "m", "1"]), &[]).await?;
    assert_eq!(submit(org1, &put("m", "2")).await?, TxValidationCode::Valid);
    let stale = sign_envelope(stale, &org1.user);
    send(org1, stale.clone(), &id).await?;
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::MvccReadConflict);
    send(org1, stale, &id).await?;
    assert_eq!(submit(org1, &put("other", "v")).await?, TxValidationCode::Valid);
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::MvccReadConflict);
    // C061: what a status says can be read at once, on every gateway.
    assert_eq!(read(org1, &["get", "m"]).await?, "2");
    assert_eq!(read(fixture.org(2), &["get", "m"]).await?, "2");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commit_status_is_for_readers_of_the_channel() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let (org1, org3) = (fixture.org(1), fixture.org(3));
    let (envelope, id) = endorse(org1, &org1.user, &put("k", "v"), &[]).await?;
    // The status is waited for before the transaction is sent.
    let waiting = tokio::spawn({
        let request = client::commit_status(CHANNEL, &id, &org1.user);
        let mut gateway = org1.gateway.clone();
        async move { gateway.commit_status(request).await }
    });
    tokio::task::yield_now().await;
    send(org1, sign_envelope(envelope, &org1.user), &id).await?;
    let status = waiting.await??.into_inner();
    assert_eq!(status.result(), TxValidationCode::Valid);
    assert!(status.block_number > 0);
    let ask_within = async |request: SignedCommitStatusRequest, millis: u64| {
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_millis(millis));
        org1.gateway.clone().commit_status(request).await
    };
    let ask = async |request| ask_within(request, 10_000).await;
    // C054 to C057
    let answer = ask_within(client::commit_status(CHANNEL, "00", &org1.user), 300).await;
    expect("C054", answer, Code::DeadlineExceeded, "context deadline exceeded");
    let answer = ask(client::commit_status(CHANNEL, "", &org1.user)).await;
    expect("C055", answer, Code::InvalidArgument, "transaction ID should not be empty");
    let answer = ask(SignedCommitStatusRequest::default()).await;
    expect("C056", answer, Code::InvalidArgument, "a commit status request is required");
    let answer = ask(client::commit_status("nochan", &id, &org1.user)).await;
    expect("C057", answer, Code::PermissionDenied, "Failed to get policy manager for channel [nochan]");
    let answer = ask(client::commit_status("", &id, &org1.user)).await;
    expect("no channel", answer, Code::InvalidArgument, "no channel ID provided");
    // C058 to C060
    for signer in [&org3.user, &org3.peer] {
        assert_eq!(ask(client::commit_status(CHANNEL, &id, signer)).await?.into_inner(), status);
    }
    let answer = ask(client::commit_status(CHANNEL, &id, &fixture.orderer_admin)).await;
    expect("C059", answer, Code::PermissionDenied, "/Channel/Application/Readers");
    let mut forged = client::commit_status(CHANNEL, &id, &org1.user);
    forged.signature = org3.user.sign(&forged.request)?;
    expect("forged", ask(forged).await, Code::PermissionDenied, "/Channel/Application/Readers");
    let request = UserRequest::client("Expired")
        .valid(fabric_cryptogen::validity_start(), fabric_cryptogen::validity_start() + 60);
    let home = fabric_cryptogen::issue_user(&org1.folder, &request)?;
    let expired = SigningIdentity::from_msp_directory("Org1MSP", &home.join("msp"))?;
    assert_eq!(ask(client::commit_status(CHANNEL, &id, &expired)).await?.into_inner(), status);
    Ok(())
}

type Events = Streaming<fabric_protos::gateway::ChaincodeEventsResponse>;

async fn listen(
    org: &Organization,
    signer: &SigningIdentity,
    request: ChaincodeEventsRequest,
) -> Result<Events, Status> {
    let request = client::events(request, signer);
    Ok(org.gateway.clone().chaincode_events(request).await?.into_inner())
}

fn from(position: Option<seek_position::Type>, after: &str) -> ChaincodeEventsRequest {
    ChaincodeEventsRequest {
        channel_id: CHANNEL.to_owned(),
        chaincode_id: "conf".to_owned(),
        start_position: position.map(|r#type| SeekPosition { r#type: Some(r#type) }),
        after_transaction_id: after.to_owned(),
        ..Default::default()
    }
}

/// The next event's name.
async fn next(events: &mut Events) -> Result<String, Box<dyn std::error::Error>> {
    let response = tokio::time::timeout(Duration::from_secs(10), events.message()).await??.ok_or("the stream ended")?;
    Ok(response.events[0].event_name.clone())
}

/// Whether nothing comes within a moment.
async fn is_silent(events: &mut Events) -> bool {
    tokio::time::timeout(Duration::from_millis(400), events.message()).await.is_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_valid_transactions_reach_those_who_listen() -> Outcome {
    let (fixture, _chaincode) = started().await?;
    let org1 = fixture.org(1);
    let emit = async |args: &[&str]| -> Result<String, Box<dyn std::error::Error>> {
        let (envelope, id) = endorse(org1, &org1.user, &Call::new(CHANNEL, "conf", args), &[]).await?;
        send(org1, sign_envelope(envelope, &org1.user), &id).await?;
        status_of(org1, &id).await?;
        Ok(id)
    };
    let first = emit(&["event", "E1", "one"]).await?;
    let silent = emit(&["put", "k", "v"]).await?;
    emit(&["event", "E2", "two"]).await?;
    let start = || Some(seek_position::Type::Specified(SeekSpecified { number: 0 }));
    // C118
    let mut all = listen(org1, &org1.user, from(start(), "")).await?;
    let one = all.message().await?.ok_or("an event")?;
    assert_eq!((one.events[0].tx_id.as_str(), one.events[0].payload.as_slice()), (first.as_str(), &b"one"[..]));
    assert_eq!(one.block_number, status_of(org1, &first).await?.block_number);
    assert_eq!(next(&mut all).await?, "E2");
    // C119, C120
    assert_eq!(next(&mut listen(org1, &org1.user, from(start(), &first)).await?).await?, "E2");
    assert!(is_silent(&mut listen(org1, &org1.user, from(start(), &silent)).await?).await);
    // C121
    for position in [seek_position::Type::Oldest(SeekOldest {}), seek_position::Type::Newest(SeekNewest {})] {
        let answer = listen(org1, &org1.user, from(Some(position), "")).await;
        expect("C121", answer.map(drop), Code::InvalidArgument, "invalid start position type");
    }
    // C122, C125
    let mut later = listen(fixture.org(3), &fixture.org(3).user, from(None, "")).await?;
    emit(&["event", "E3", "three"]).await?;
    assert_eq!(next(&mut later).await?, "E3");
    let answer = listen(org1, &fixture.orderer_admin, from(None, "")).await;
    expect("C125", answer.map(drop), Code::PermissionDenied, "/Channel/Application/Readers");
    // C124
    let (stale, id) = endorse(org1, &org1.user, &Call::new(CHANNEL, "conf", &["getput", "k", "w"]), &[]).await?;
    emit(&["put", "k", "x"]).await?;
    send(org1, sign_envelope(stale, &org1.user), &id).await?;
    assert_eq!(status_of(org1, &id).await?.result(), TxValidationCode::MvccReadConflict);
    assert!(is_silent(&mut later).await);
    Ok(())
}
