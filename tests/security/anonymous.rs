//! An anonymous outage of the REST gateway: connections, handshakes and heads of strangers.
//!
//! A connection of a stranger ends with its first answer whatever else it has sent, and no number of them takes the
//! places of members. The controls: a member's connection goes on after an answer, and the places of strangers do run
//! out, so that a stranger finds none. The deadlines one by one are tested with the gateway (`trade-gateway`,
//! `tests/gateway/doors.rs`).

use anyhow::{Result, ensure};
use trade_tests::raw_tls::handshake;

use super::small_gateway::{self, identity};
use crate::harness::{establish, everywhere};

const MSP_ID: &str = "ExporterMSP";

const WHOAMI: &str = "GET /v1/whoami HTTP/1.1\r\nHost: gateway\r\n\r\n";

/// Connections of one address that strangers may have.
const STRANGERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn strangers_get_one_answer_and_no_place_of_a_member() -> Result<()> {
    for system in everywhere()? {
        establish(system).await?;
        let small = small_gateway::start(system, |limits| {
            limits.connections = 64;
            limits.unauthenticated_connections = 2 * STRANGERS;
            limits.connections_per_address = STRANGERS;
        })
        .await?;
        let gateway = small.running.address();

        let mut stranger = handshake(gateway, None)?;
        stranger.says(format!("{WHOAMI}{WHOAMI}{WHOAMI}").as_bytes())?;
        let answers = stranger.until_the_end()?;
        ensure!(answers.matches("HTTP/1.1 401").count() == 1 && answers.matches("HTTP/1.1").count() == 1, "{answers}");
        let mut member = handshake(gateway, Some(&identity(system, MSP_ID, "User1")?))?;
        for _ in 0..3 {
            let answer = member.asks(WHOAMI)?;
            ensure!(answer.starts_with("HTTP/1.1 200"), "control: a member's connection goes on: {answer}");
        }

        // Heads that never end, on more connections than strangers have places.
        let mut begun = Vec::new();
        for _ in 0..STRANGERS + 8 {
            let mut stranger = handshake(gateway, None)?;
            stranger.says(b"GET /v1/whoami HTTP/1.1\r\nX-")?;
            begun.push(stranger);
        }
        small.caller(system, MSP_ID)?.get("/v1/members").await?.accepted()?;
        let mut member = handshake(gateway, Some(&identity(system, "ImporterMSP", "User1")?))?;
        ensure!(member.asks(WHOAMI)?.starts_with("HTTP/1.1 200"));
        let first = begun.first_mut().map(|stranger| stranger.until_the_end()).transpose()?;
        ensure!(first.is_some_and(|answer| !answer.contains("200")), "control: the places of strangers run out");
        small.running.stop().await;
    }
    Ok(())
}
