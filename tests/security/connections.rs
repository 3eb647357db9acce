//! Half-open and idle connections, requests that are only opened, and messages that never end, at peers, orderer and
//! chaincode server.
//!
//! What a stranger opens takes no place of members, and ends. The control is what the same number of requests does when
//! each of them is complete, which takes a member's key: they fill the peer's gateway service. The gate's bounds on
//! connections are tested where they can be made small (`fabric-msp`, `tests/transport.rs`).

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use entrepot::demo::rest::Caller;
use fabric_client::Gateway;
use fabric_msp::signer::Signer;
use fabric_protos::gateway::{CommitStatusRequest, SignedCommitStatusRequest, gateway_client::GatewayClient};
use prost::Message;
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpStream, time::timeout};
use tonic::Code;
use trade_model::{Transaction as _, governance::ReadMembers};
use trade_tests::stranger::{Ends, Stranger};

use crate::harness::{System, establish, everywhere, start};

/// Requests that a peer's gateway service works on at one time.
const GATEWAY_REQUESTS: usize = 500;

/// Streams that one connection may have.
const STREAMS: usize = 500;

/// Longer than anything is waited for that a server must end.
const PATIENCE: Duration = Duration::from_secs(120);

const MSP_ID: &str = "ExporterMSP";

/// Opens as many requests on each of some connections as one may have, and waits until all have arrived.
async fn flood(
    address: &str,
    authority: &Path,
    method: &str,
    connections: usize,
) -> Result<(Vec<Stranger>, Vec<Ends>)> {
    let (mut strangers, mut opened) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let stranger = Stranger::connect(address, authority).await?;
        for _ in 0..STREAMS {
            opened.push(stranger.open(method, b"").await?);
        }
        ensure!(stranger.is_served().await?, "a connection with open requests is served");
        strangers.push(stranger);
    }
    Ok((strangers, opened))
}

/// Whether a member is answered now.
async fn is_answered(member: &Gateway, system: &System) -> Result<bool> {
    let contract = member.contract(&system.consortium.channel, &system.consortium.chaincode.name);
    match contract.transaction(ReadMembers::NAME).json(&json!({})).evaluate().await {
        Ok(_) => Ok(true),
        Err(error) if format!("{error:?}").contains("exceeding concurrency limit") => Ok(false),
        Err(error) => bail!("the member was answered {error:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_only_opened_take_no_place_and_end() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let network = start(folder.path(), None)?;
    let system = System::of(&network)?;
    establish(&system).await?;
    let member = system.fabric(MSP_ID, MSP_ID).await?;
    let peer = system.addresses.peer(MSP_ID)?.endpoint.to_string();
    let orderer = system.addresses.orderers.first().context("an orderer")?.endpoint.to_string();

    let peers = system.layout.tls_authority(system.domain(MSP_ID)?);
    let orderers = system.layout.orderer_tls_authority(&system.consortium.orderer.domain);
    let (_connections, opened) = flood(&peer, &peers, "gateway.Gateway/Evaluate", 3).await?;
    ensure!(opened.len() > 2 * GATEWAY_REQUESTS);
    ensure!(is_answered(&member, &system).await?, "requests without a message keep members out");
    let (_others, streams) = flood(&orderer, &orderers, "orderer.AtomicBroadcast/Broadcast", 6).await?;
    let caller = system.caller(MSP_ID)?;
    deposit(&caller, "beside open streams").await?;
    for request in opened {
        let ended = timeout(PATIENCE, request).await.context("a request without a message stays open")??;
        ensure!(ended == Some(Code::DeadlineExceeded), "{ended:?}");
    }
    for stream in streams {
        timeout(PATIENCE, stream).await.context("a stream without a message stays open")??;
    }

    // The control: as many complete requests do fill the service, which needs a member's key.
    let waiting = fill_with_complete_requests(&system).await?;
    let filled = async {
        while is_answered(&member, &system).await? {}
        Ok::<_, anyhow::Error>(())
    };
    timeout(PATIENCE, filled).await.context("control: complete requests of a member do not fill the service")??;
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    network.stop()
}

/// Has the gateway commit a deposit of evidence.
async fn deposit(caller: &Caller, what: &str) -> Result<()> {
    let deposit = fixtures::deposit(&format!("{what} {}", std::process::id()));
    caller.post("/v1/evidence", &fixtures::json(&deposit)).await?.accepted().map(drop)
}

/// Requests of a member for the status of a transaction that there is not: each waits until it is given up.
async fn fill_with_complete_requests(system: &System) -> Result<Vec<tokio::task::JoinHandle<()>>> {
    let identity = system.identity(MSP_ID, "User1")?;
    let request = CommitStatusRequest {
        channel_id: system.consortium.channel.clone(),
        transaction_id: "00".repeat(32),
        identity: identity.creator().to_vec(),
    }
    .encode_to_vec();
    let signature = identity.sign(&request)?;
    let signed = SignedCommitStatusRequest { request, signature };
    let authority = system.layout.tls_authority(system.domain(MSP_ID)?);
    let peer = system.addresses.peer(MSP_ID)?.endpoint.to_string();
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let channel = Stranger::connect(&peer, &authority).await?.into_channel();
        // More than fit, because a question in between takes one of the places.
        for _ in 0..GATEWAY_REQUESTS * 3 / 5 {
            let (mut client, signed) = (GatewayClient::new(channel.clone()), signed.clone());
            // What the server gives up on a busy machine is asked again.
            let asks = async move { while client.commit_status(signed.clone()).await.is_err() {} };
            waiting.push(tokio::spawn(asks));
        }
    }
    Ok(waiting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_never_end_are_given_up_and_small_ones_come_through() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let network = start(folder.path(), None)?;
    let system = System::of(&network)?;
    establish(&system).await?;
    let member = system.fabric(MSP_ID, MSP_ID).await?;
    let (peer, authority) =
        (system.addresses.peer(MSP_ID)?.endpoint.to_string(), system.layout.tls_authority(system.domain(MSP_ID)?));
    let mut ends = Vec::new();
    let mut connections = Vec::new();
    for _ in 0..6 {
        let stranger = Stranger::connect(&peer, &authority).await?;
        // 80 MiB are announced, a few bytes are sent.
        ends.push(stranger.open("protos.Endorser/ProcessProposal", b"\0\x05\0\0\0abc").await?);
        ensure!(stranger.is_served().await?);
        connections.push(stranger);
        ensure!(is_answered(&member, &system).await?);
    }
    let mut codes = Vec::new();
    for end in ends {
        codes.push(timeout(PATIENCE, end).await.context("a message that does not end is kept")??);
    }
    let of = |code| codes.iter().filter(|ended| **ended == Some(code)).count();
    // Three of 80 MiB fit into 256 MiB; these have their time, and the others make room.
    ensure!((of(Code::DeadlineExceeded), of(Code::ResourceExhausted)) == (3, 3), "{codes:?}");
    // The control: one alone is not refused for want of room, only for want of time.
    let alone = Stranger::connect(&peer, &authority).await?;
    let end = alone.open("protos.Endorser/ProcessProposal", b"\0\x05\0\0\0abc").await?;
    ensure!(timeout(PATIENCE, end).await?? == Some(Code::DeadlineExceeded));
    network.stop()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_connections_at_the_chaincode_and_the_gateway_keep_nobody_out() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let caller = system.caller(MSP_ID)?;
        let chaincode = system.addresses.chaincode.to_string();
        let gateway = system.addresses.gateway.to_string();
        let mut silent = Vec::new();
        for _ in 0..700 {
            silent.push(TcpStream::connect(&chaincode).await?);
            silent.push(TcpStream::connect(&gateway).await?);
        }
        deposit(&caller, "beside half-open connections").await?;
        for mut stream in silent {
            let ended = timeout(PATIENCE, stream.read(&mut [0; 64])).await.context("a silent client is kept")?;
            ensure!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
        }
    }
    Ok(())
}
