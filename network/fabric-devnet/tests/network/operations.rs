//! What nodes tell those who watch them: health over gRPC and HTTP, and metrics under Fabric's names.

use std::{error::Error, time::Duration};

use fabric_devnet::Network;
use fabric_msp::transport::{self, ClientTls};
use fabric_protos::{
    grpc::health::v1::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient},
    protos::{TxValidationCode, deliver_client::DeliverClient},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_stream::StreamExt;
use tonic::{Code, transport::Channel};

use crate::{
    chaincode::FakeChaincode,
    client::{self, Call, sign_envelope},
    fixture::*,
};

const ANY_ORG: &str = "OR('Org1MSP.peer','Org2MSP.peer','Org3MSP.peer')";
/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Status and body of an answer of a node's operations endpoint.
pub async fn ask(network: &Network, node: &str, path: &str) -> Result<(u16, String), Box<dyn Error>> {
    let address = match node {
        "OrdererMSP" => network.orderer_operations_address(),
        peer => network.peer_operations_address(peer),
    };
    let address = address.ok_or("no address")?;
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no end of the head")?;
    Ok((head.split(' ').nth(1).ok_or("no status")?.parse()?, body.to_owned()))
}

/// A number of a node.
async fn number(network: &Network, node: &str, series: &str) -> Result<f64, Box<dyn Error>> {
    let (_, text) = ask(network, node, "/metrics").await?;
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    Ok(found.ok_or_else(|| format!("{series} is not in\n{text}"))?.parse()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_has_an_operations_endpoint() -> Outcome {
    let fixture = Fixture::start().await?;
    let network = fixture.network.as_ref().ok_or("not running")?;
    for node in ["OrdererMSP", "Org1MSP", "Org2MSP", "Org3MSP"] {
        let (status, body) = ask(network, node, "/healthz").await?;
        assert!(status == 200 && body.starts_with("{\"status\":\"OK\""), "{node}: {body}");
        let (status, body) = ask(network, node, "/metrics").await?;
        assert!(status == 200 && body.contains("ledger_blockchain_height{channel=\"conf\"} 1\n"), "{node}: {body}");
        assert_eq!(ask(network, node, "/nowhere").await?.0, 404);
    }
    assert_eq!(network.peer_operations_address("Org9MSP"), None);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nodes_do_is_counted_under_fabrics_names() -> Outcome {
    let fixture = Fixture::start().await?;
    let chaincode = FakeChaincode::start().await?;
    fixture.deploy(&chaincode, &Definition::new("conf", Some(ANY_ORG))).await?;
    let (org1, org2) = (fixture.org(1), fixture.org(2));
    let network = fixture.network.as_ref().ok_or("not running")?;
    let put = Call::new(CHANNEL, "conf", &["put", "k", "v"]);
    assert_eq!(submit(org1, &put).await?, TxValidationCode::Valid);
    let (envelope, id) = endorse(org1, &org1.user, &put, &[]).await?;
    send(org1, sign_envelope(envelope, &org2.user), &id).await.expect_err("signed by another");

    let processed = |status: &str| {
        format!("broadcast_processed_count{{channel=\"conf\",type=\"ENDORSER_TRANSACTION\",status=\"{status}\"}}")
    };
    // Three approvals and the commit of the definition come before.
    assert_eq!(number(network, "OrdererMSP", &processed("SUCCESS")).await?, 5.0);
    assert_eq!(number(network, "OrdererMSP", &processed("FORBIDDEN")).await?, 1.0);
    let (_, told) = ask(network, "OrdererMSP", "/metrics").await?;
    let steps = ["broadcast_validate_duration_count{", "broadcast_enqueue_duration_count{"];
    let refused = steps.map(|name| told.lines().any(|line| line.starts_with(name) && line.contains("FORBIDDEN")));
    assert_eq!(refused, [true, false], "what is refused is looked at and gets no place: {told}");
    let height = number(network, "Org1MSP", "ledger_blockchain_height{channel=\"conf\"}").await?;
    let cut = number(network, "OrdererMSP", "blockcutter_block_fill_duration_count{channel=\"conf\"}").await?;
    let stored = number(network, "Org1MSP", "ledger_block_processing_time_count{channel=\"conf\"}").await?;
    assert_eq!((cut, stored), (height - 1.0, height - 1.0), "all blocks but the first");
    let valid = "ledger_transaction_count{channel=\"conf\",transaction_type=\"ENDORSER_TRANSACTION\",\
                 chaincode=\"conf:1.0\",validation_code=\"VALID\"}";
    assert_eq!(number(network, "Org2MSP", valid).await?, 1.0, "peers of a channel share its ledger");

    let before = number(network, "Org1MSP", "endorser_proposals_received").await?;
    let good = number(network, "Org1MSP", "endorser_successful_proposals").await?;
    let spoilt = Call::new(CHANNEL, "conf", &["get", "k"]).spoilt(|header| header.epoch = 1);
    propose(org1, &org1.user, &spoilt).await.expect_err("an epoch");
    propose(org1, &org1.user, &Call::new(CHANNEL, "conf", &["get", "k"])).await?;
    assert_eq!(number(network, "Org1MSP", "endorser_proposals_received").await?, before + 2.0);
    assert_eq!(number(network, "Org1MSP", "endorser_successful_proposals").await?, good + 1.0);
    assert_eq!(number(network, "Org1MSP", "endorser_proposal_validation_failures").await?, 1.0);

    let seek = tokio_stream::iter([client::seek_from(CHANNEL, 0, &org1.user)]).chain(tokio_stream::pending());
    let mut blocks = DeliverClient::new(org1.connection.clone()).deliver_filtered(seek).await?.into_inner();
    assert!(blocks.message().await?.is_some());
    let filtered =
        |name: &str| format!("deliver_{name}{{channel=\"conf\",filtered=\"true\",data_type=\"filtered_block\"}}");
    assert_eq!(number(network, "Org1MSP", &filtered("requests_received")).await?, 1.0);
    assert!(number(network, "Org1MSP", &filtered("blocks_sent")).await? >= 1.0);
    Ok(())
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_health_is_told_by_peers_and_orderer_until_they_stop() -> Outcome {
    let mut fixture = Fixture::start().await?;
    let orderer = fixture.options()?.orderer;
    let network = fixture.network.take().ok_or("not running")?;
    let tls = ClientTls { ca_pem: std::fs::read(orderer.tls_cert.with_file_name("ca.crt"))?, ..ClientTls::default() };
    let ordering = transport::connect(network.orderer_address(), Some(&tls), PATIENCE).await?;
    let nodes: [(Channel, &[&str]); 2] = [
        (
            fixture.org(1).connection.clone(),
            &["", "protos.Endorser", "gateway.Gateway", "discovery.Discovery", "protos.Deliver"],
        ),
        (ordering, &["", "orderer.AtomicBroadcast"]),
    ];
    let mut watches = Vec::new();
    for (connection, services) in nodes {
        let mut health = HealthClient::new(connection);
        for service in services {
            let told = health.check(about(service)).await?.into_inner().status();
            assert_eq!(told, ServingStatus::Serving, "{service}");
        }
        let unknown = health.check(about("protos.ChaincodeSupport")).await.expect_err("not offered");
        assert_eq!(unknown.code(), Code::NotFound);
        let mut watch = health.watch(about("")).await?.into_inner();
        assert_eq!(watch.message().await?.map(|told| told.status()), Some(ServingStatus::Serving));
        watches.push(watch);
    }
    tokio::time::timeout(PATIENCE, network.shutdown()).await?;
    for watch in &mut watches {
        assert_eq!(watch.message().await?.map(|told| told.status()), Some(ServingStatus::NotServing));
    }
    Ok(())
}
