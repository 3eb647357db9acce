//! Limits that members share: places of the REST gateway that two organizations fill together, and bodies that never
//! end.
//!
//! Half of the places is kept for the organizations, the same for each, and a request takes its turn when its body is
//! complete. The control is the organizations that attack: their own places do run out.

use anyhow::{Context, Result, ensure};
use trade_tests::raw_tls::{Connection, Identity, handshake, slow_body};

use super::small_gateway::{self, SmallGateway, identity};
use crate::harness::{establish, everywhere};

const WHOAMI: &str = "GET /v1/whoami HTTP/1.1\r\nHost: gateway\r\n\r\n";

/// The organizations that attack, and the users whose certificates they have.
const ATTACKERS: [&str; 2] = ["ImporterMSP", "LogisticsMSP"];
const USERS: [&str; 2] = ["User1", "Admin"];

/// Connections of members, of which one certificate may have a quarter.
const CONNECTIONS: usize = 40;

/// Requests that are worked on at once.
const REQUESTS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_organizations_lock_no_other_one_out() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let gateway = small_gateway::start(system, |limits| {
            (limits.connections, limits.unauthenticated_connections) = (CONNECTIONS + 24, 24);
            limits.requests = REQUESTS;
            (limits.requests_per_organization, limits.requests_per_certificate) = (REQUESTS / 2, REQUESTS / 4);
        })
        .await?;
        let honest = gateway.caller(system, "ExporterMSP")?;
        let (mut held, mut refused) = (Vec::new(), 0);
        for (msp_id, user) in ATTACKERS.into_iter().flat_map(|msp_id| USERS.map(|user| (msp_id, user))) {
            let (connections, is_refused) = fill(&gateway, &identity(system, msp_id, user)?)?;
            held.push(connections);
            refused += usize::from(is_refused);
        }
        let count: usize = held.iter().map(Vec::len).sum();
        ensure!(count >= REQUESTS, "{count} bodies that never end");
        honest.get("/v1/members").await?.accepted().context("beside all connections of two organizations")?;
        ensure!(refused == ATTACKERS.len() * USERS.len(), "control: the places of those who attack run out");
        gateway.running.stop().await;
    }
    Ok(())
}

/// Takes all connections that a certificate may have, each with a request whose body never ends. Whether one more was
/// refused.
fn fill(gateway: &SmallGateway, identity: &Identity) -> Result<(Vec<Connection>, bool)> {
    let address = gateway.running.address();
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS / 4 {
        connections.push(slow_body(handshake(address, Some(identity))?, 1_000)?);
    }
    let is_refused = handshake(address, Some(identity))?.asks(WHOAMI)?.contains("gateway_busy");
    Ok((connections, is_refused))
}
