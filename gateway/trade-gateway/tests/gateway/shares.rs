//! What members could take from each other: turns, room for bodies, signing sessions.

use std::{
    io::{Read, Write},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use trade_gateway::client::CallFailure;

use crate::{
    TestResult,
    double::Double,
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations},
    writing::evidence,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn bodies_that_are_slow_to_arrive_take_nobodys_turn() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| {
        limits.body_deadline_ms = 60_000;
        (limits.requests, limits.requests_per_organization, limits.requests_per_certificate) = (4, 2, 2);
    });
    let mut slow = Vec::new();
    for user in [EXPORTER, IMPORTER] {
        let caller = gateway.caller(&organizations.member(user));
        for _ in 0..3 {
            let mut stream = caller.connect()?;
            write!(
                stream,
                "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n\
                 Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"
            )?;
            // The gateway waits for the body.
            let mut begun = [0; 25];
            stream.read_exact(&mut begun)?;
            assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");
            stream.write_all(b"{")?;
            slow.push(stream);
        }
    }
    for user in [EXPORTER, IMPORTER] {
        assert_eq!(gateway.caller(&organizations.member(user)).get("/v1/whoami")?.status, 200, "{user}");
    }
    drop(slow);
    Ok(())
}

/// Calls that are on their way.
type Calls = Vec<JoinHandle<Result<u16, CallFailure>>>;

/// Writes that stay in work until the double lets go of them.
fn in_work(
    gateway: &Gateway,
    organizations: &Organizations,
    count: usize,
) -> Result<(trade_gateway::client::Client, Calls), Box<dyn std::error::Error>> {
    gateway.double.script().hold = true;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let working = (0..count).map(|number| {
        let (caller, body) = (caller.clone(), evidence());
        std::thread::spawn(move || Ok(caller.post("/v1/evidence", &format!("k{number}"), &body)?.status))
    });
    let working = working.collect();
    let deadline = Instant::now() + PATIENCE;
    while gateway.double.steps().iter().filter(|step| **step == "endorse").count() < count {
        assert!(Instant::now() < deadline, "the writes are not in work");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok((caller, working))
}

#[test]
fn one_certificate_cannot_take_all_turns_of_its_organization() -> TestResult {
    // The second row is the control: without a bound of its own, the certificate takes them all.
    for (per_certificate, colleague) in [(2, 200), (3, 503)] {
        let organizations = Organizations::new();
        let gateway = organizations.gateway_with(Double::default(), |limits| {
            (limits.requests_per_organization, limits.requests_per_certificate) = (3, per_certificate);
        });
        let (greedy, working) = in_work(&gateway, &organizations, per_certificate)?;
        let shed = greedy.get("/v1/whoami")?;
        assert_eq!((shed.status, shed.json()?["code"].as_str()), (503, Some("gateway_busy")));
        assert_eq!(gateway.caller(&organizations.member(EXPORTER)).get("/v1/whoami")?.status, colleague);
        gateway.double.script().hold = false;
        for write in working {
            write.join().map_err(|_| "a caller panicked")??;
        }
    }
    Ok(())
}

#[test]
fn one_certificate_cannot_take_all_signing_sessions_of_its_organization() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.signing_sessions = 16);
    let open = |caller: &trade_gateway::client::Client, key: String| caller.post("/v1/evidence", &key, &evidence());
    let greedy = gateway.caller(&organizations.member(IMPORTER));
    let opened = (0..16).filter(|number| open(&greedy, format!("g{number}")).is_ok_and(|answer| answer.status == 202));
    assert_eq!(opened.count(), 4, "a quarter of all");
    let colleague = gateway.caller(&organizations.member(IMPORTER));
    assert_eq!(open(&colleague, "c".to_owned())?.status, 202);
    Ok(())
}
