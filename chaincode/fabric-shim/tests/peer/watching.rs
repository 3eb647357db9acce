//! What a server tells those who watch it: health over gRPC and HTTP, metrics over HTTP.

use std::{error::Error, net::SocketAddr, time::Duration};

use fabric_contract::{Contract, Failure, Router};
use fabric_msp::transport::connect;
use fabric_protos::{
    grpc::health::v1::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient},
    protos::chaincode_message::Type,
};
use fabric_shim::{ChaincodeServer, Limits, ServerHandle};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};
use tonic::{Code, transport::Channel};

use crate::{PACKAGE_ID, Test, eventually, fake_peer::FakePeer, within};

const PATIENCE: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Box<dyn Error>>;

async fn watched(limits: Limits) -> Outcome<(ServerHandle, SocketAddr)> {
    let contract = Contract::new("t")
        .evaluate("Get", |context, key: String| Ok::<_, fabric_contract::Fault>(context.get(&key)?.is_some()))
        .evaluate("Refuse", |_, _: String| Err::<(), _>(Failure::new(409, "refused", "Refused")))
        .evaluate("Fail", |_, _: String| Err::<(), _>(Failure::new(500, "failed", "Failed")));
    let router = Router::new("Test", "1").contract(contract);
    let builder = ChaincodeServer::builder(router).listen("127.0.0.1:0", PACKAGE_ID);
    let server = builder.operations("127.0.0.1:0").limits(limits).start().await?;
    let operations = server.operations_addr().ok_or("nothing is told")?;
    Ok((server, operations))
}

/// Status and body of an answer.
async fn ask(address: SocketAddr, method: &str, path: &str) -> Outcome<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    within(PATIENCE, stream.read_to_string(&mut answer)).await??;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no head")?;
    let status = head.split(' ').nth(1).ok_or("no status")?;
    Ok((status.parse()?, body.to_owned()))
}

async fn number(address: SocketAddr, name: &str) -> Outcome<f64> {
    let (status, text) = ask(address, "GET", "/metrics").await?;
    assert_eq!(status, 200);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.ok_or_else(|| format!("{name} is not in\n{text}"))?.parse()?)
}

/// Waits until a number is this: it is counted just after the answer has left.
async fn becomes(address: SocketAddr, name: &str, expected: f64) -> Test {
    let end = Instant::now() + PATIENCE;
    loop {
        let now = number(address, name).await?;
        if now == expected {
            return Ok(());
        }
        assert!(now < expected && Instant::now() < end, "{name} is {now} and not {expected}");
    }
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn health(address: SocketAddr) -> Outcome<HealthClient<Channel>> {
    Ok(HealthClient::new(connect(&address.to_string(), None, PATIENCE).await?))
}

#[tokio::test]
async fn grpc_health_is_told_on_the_peers_port_until_the_stop() -> Test {
    let (server, _) = watched(Limits::default()).await?;
    let mut client = health(server.local_addr()).await?;
    for service in ["", "protos.Chaincode"] {
        let answer = client.check(about(service)).await?.into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = client.check(about("protos.Endorser")).await.expect_err("a service that is not here");
    assert_eq!(unknown.code(), Code::NotFound);
    let mut watch = client.watch(about("protos.Chaincode")).await?.into_inner();
    assert_eq!(watch.message().await?.map(|answer| answer.status()), Some(ServingStatus::Serving));
    let stopping = tokio::spawn(server.shutdown());
    let told = within(PATIENCE, watch.message()).await??;
    assert_eq!(told.map(|answer| answer.status()), Some(ServingStatus::NotServing));
    within(PATIENCE, stopping).await??;
    Ok(())
}

#[tokio::test]
async fn http_health_is_told_while_a_stopping_server_drains() -> Test {
    let (server, operations) = watched(Limits::default()).await?;
    assert_eq!(ask(operations, "GET", "/healthz").await?, (200, "{\"status\":\"OK\"}\n".to_owned()));
    assert_eq!(ask(operations, "POST", "/healthz").await?.0, 405);
    assert_eq!(ask(operations, "GET", "/").await?.0, 404);
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    peer.begin("tx", &["t:Get", "k"]).await?;
    let request = peer.expect(Type::GetState).await?;
    let stopping = tokio::spawn(server.shutdown());
    // The stop begins at some moment after it was asked for.
    let unwell = loop {
        let (status, body) = ask(operations, "GET", "/healthz").await?;
        if status != 200 {
            break (status, body);
        }
    };
    assert_eq!(unwell.0, 503);
    assert!(unwell.1.contains("\"component\":\"chaincode\""), "{}", unwell.1);
    peer.respond(&request, Vec::new()).await?;
    peer.outcome("tx").await?;
    within(PATIENCE, stopping).await??;
    assert!(TcpStream::connect(operations).await.is_err(), "the port is free again");
    Ok(())
}

#[tokio::test]
async fn transactions_are_counted_by_how_they_end() -> Test {
    let deadline = Duration::from_millis(100);
    let (server, operations) = watched(Limits { deadline, ..Limits::default() }).await?;
    let labelled = |name: &str, label: &str, value: &str| format!("chaincode_server_{name}{{{label}=\"{value}\"}}");
    let ended = |outcome: &str| labelled("transactions_total", "outcome", outcome);
    for outcome in ["done", "refused", "failed", "overdue", "turned_away", "cancelled"] {
        assert_eq!(number(operations, &ended(outcome)).await?, 0.0, "{outcome} is told from the start");
    }
    let mut peer = FakePeer::ready(server.local_addr()).await?;
    for (tx_id, function, outcome) in
        [("1", "t:Refuse", "refused"), ("2", "t:Fail", "failed"), ("3", "t:Unheard", "refused")]
    {
        let before = number(operations, &ended(outcome)).await?;
        peer.begin(tx_id, &[function, "x"]).await?;
        peer.outcome(tx_id).await?;
        becomes(operations, &ended(outcome), before + 1.0).await?;
    }
    peer.begin("late", &["t:Get", "k"]).await?;
    peer.expect(Type::GetState).await?;
    assert_eq!(peer.outcome("late").await?, (500, "deadline_exceeded".to_owned()));
    becomes(operations, &ended("overdue"), 1.0).await?;
    assert_eq!(number(operations, &labelled("registered_streams", "package_id", PACKAGE_ID)).await?, 1.0);
    becomes(operations, "chaincode_server_transaction_seconds_count", 4.0).await?;
    let sum = number(operations, "chaincode_server_transaction_seconds_sum").await?;
    assert!(sum >= 0.1, "{sum} s hold the whole time of the late one");
    peer.begin("left", &["t:Get", "k"]).await?;
    peer.expect(Type::GetState).await?;
    drop(peer);
    eventually("the stream is over", || server.status().listeners[0].streams == 0).await;
    let cut = [number(operations, &ended("cancelled")).await?, number(operations, &ended("overdue")).await?];
    assert_eq!(cut[0] + cut[1], 2.0, "counted once, by what came first: {cut:?}");
    assert_eq!(number(operations, "chaincode_server_in_flight_transactions").await?, 0.0);
    Ok(())
}
