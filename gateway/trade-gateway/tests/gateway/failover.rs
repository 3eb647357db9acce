//! A gateway before two peers of one organization: what the first cannot do the second does, and nothing is done twice.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use trade_gateway::settings::FurtherPeer;

use crate::{
    TestResult,
    fabric::{Peer, before, settings},
    organizations::{EXPORTER, Gateway, Organizations},
    writing::evidence,
};

/// A gateway before a first and a second peer.
struct Pair {
    first: Peer,
    second: Peer,
    gateway: Gateway,
    _runtime: Runtime,
}

fn pair(organizations: &Organizations) -> Result<Pair, Box<dyn std::error::Error>> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let first = Peer::default();
    let second = first.further();
    let mut settings = settings(organizations, first.serve(&runtime)?);
    settings.organizations[0].further_peers = vec![further(second.serve(&runtime)?.to_string())];
    let gateway = before(organizations, settings, &runtime)?;
    Ok(Pair { first, second, gateway, _runtime: runtime })
}

fn further(peer: String) -> FurtherPeer {
    FurtherPeer { peer, peer_tls_ca: None, peer_server_name: None, peer_tls_client: None, peer_operations: None }
}

/// What the administrative listener answers.
fn told(gateway: &Gateway, path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut stream = std::net::TcpStream::connect(gateway.admin_address())?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_submission_whose_fate_is_unknown_is_asked_for_at_the_next_peer_and_not_made_again() -> TestResult {
    let organizations = Organizations::new();
    let pair = pair(&organizations)?;
    pair.first.seen().goes_with_submission = true;
    let exporter = pair.gateway.caller(&organizations.member(EXPORTER));
    let written = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(written.status, 201, "{}", String::from_utf8_lossy(&written.body));
    let written = written.json()?;
    assert_eq!(written["state"], "committed");
    let id = written["transaction_id"].as_str().ok_or("no id")?.to_owned();
    assert_eq!(pair.second.seen().asked, [id.as_str()]);
    assert!(pair.second.seen().submitted.is_empty(), "the orderer has it already");
    assert_eq!(pair.first.seen().submitted[&id].len(), 1);

    // The same request again is the same transaction, though the peer that took it stays away.
    let again = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(again.json()?["transaction_id"], id.as_str());
    let another = exporter.post("/v1/evidence", "k2", &evidence())?.json()?;
    assert_eq!(another["state"], "committed");
    assert_eq!(pair.second.seen().submitted.len(), 1, "the second peer does all of it");
    Ok(())
}

#[test]
fn a_peer_that_is_gone_is_told_and_the_other_one_answers() -> TestResult {
    let organizations = Organizations::new();
    let pair = pair(&organizations)?;
    let exporter = pair.gateway.caller(&organizations.member(EXPORTER));
    pair.first.seen().away = true;
    let read = exporter.get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    assert_eq!((read.status, read.json()?), (200, json!({"answer": 42})));
    assert_eq!(pair.first.seen().calls.len(), 0);
    assert_eq!(pair.gateway.anonymous().get("/readyz")?.status, 200);

    pair.second.seen().away = true;
    let neither = exporter.get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    assert_eq!((neither.status, &neither.json()?["code"]), (503, &"network_unavailable".into()));
    Ok(())
}

#[test]
fn numbers_and_readiness_tell_which_peers_are_up() -> TestResult {
    let organizations = Organizations::new();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let serving = Peer::default();
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut settings = settings(&organizations, serving.serve(&runtime)?);
    let own = &mut settings.organizations[0];
    let peer = std::mem::replace(&mut own.peer, nowhere.to_string());
    own.further_peers = vec![further(peer)];
    let gateway = before(&organizations, settings, &runtime)?;
    let expected = [
        "entrepot_gateway_peer_up{organization=\"ExporterMSP\",peer=\"0\"} 0",
        "entrepot_gateway_peer_up{organization=\"ExporterMSP\",peer=\"1\"} 1",
        "entrepot_gateway_peer_up{organization=\"ImporterMSP\",peer=\"0\"} 1",
        "entrepot_gateway_peer_failovers_total{organization=\"ExporterMSP\"} 1",
        "entrepot_gateway_peer_failovers_total{organization=\"ImporterMSP\"} 0",
    ];
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let numbers = told(&gateway, "/metrics")?;
        if expected.iter().all(|line| numbers.lines().any(|one| one == *line)) {
            break;
        }
        assert!(Instant::now() < deadline, "{numbers}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ready = told(&gateway, "/readyz")?;
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    assert!(ready.contains(r#"{"organization":"ExporterMSP","up":[false,true]}"#), "{ready}");
    assert!(!ready.contains(&nowhere.to_string()), "{ready}");
    Ok(())
}
