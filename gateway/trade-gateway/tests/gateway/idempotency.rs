//! One key, one effect.

use std::time::{Duration, Instant};

use crate::{
    TestResult,
    double::{Double, refusal, status},
    organizations::{CUSTOMS, EXPORTER, Organizations},
    writing::evidence,
};

#[test]
fn two_keys_of_one_request_are_refused() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let body = evidence().to_string();
    let send = |keys: &[&str]| {
        let keys = keys.iter().map(|key| ("Idempotency-Key", *key));
        let headers: Vec<_> = [("Content-Type", "application/json")].into_iter().chain(keys).collect();
        caller.send("POST", "/v1/evidence", &headers, body.as_bytes())
    };
    for keys in [["k1", "k2"], ["k1", "k1"]] {
        let refused = send(&keys)?;
        assert_eq!((refused.status, refused.json()?["code"].as_str()), (400, Some("idempotency_key_malformed")));
    }
    assert!(gateway.double.steps().is_empty());
    // The control: one of them is enough.
    assert_eq!(send(&["k1"])?.status, 201);
    Ok(())
}

#[test]
fn the_same_request_is_answered_again_without_a_second_transaction() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let exporter = gateway.caller(&identity);
    let first = exporter.post("/v1/evidence", "k1", &evidence())?;
    let second = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "propose").count(), 1);

    let mut other = evidence();
    other["tool"] = "scanner 2".into();
    let reused = exporter.post("/v1/evidence", "k1", &other)?;
    assert_eq!((reused.status, reused.json()?["code"].as_str()), (422, Some("idempotency_key_reused")));
    Ok(())
}

#[test]
fn keys_are_required_and_have_a_form() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let json = ("Content-Type", "application/json");
    let body = evidence().to_string();
    let missing = exporter.send("POST", "/v1/evidence", &[json], body.as_bytes())?;
    assert_eq!((missing.status, missing.json()?["code"].as_str()), (400, Some("idempotency_key_missing")));
    for key in ["", "with space", &"x".repeat(201)] {
        let response = exporter.post("/v1/evidence", key, &evidence())?;
        assert_eq!(response.json()?["code"], "idempotency_key_malformed", "{key:?}");
    }
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn a_key_belongs_to_one_caller_and_one_route() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let callers = [gateway.caller(&organizations.member(EXPORTER)), gateway.caller(&organizations.member(CUSTOMS))];
    for caller in &callers {
        assert_eq!(caller.post("/v1/evidence", "k1", &evidence())?.status, 201);
        let offer = serde_json::json!({"transfer_id": "o", "items": ["urn:x:1"], "to": CUSTOMS, "condition": "dry"});
        assert_eq!(caller.post("/v1/custody-transfers", "k1", &offer)?.status, 201);
    }
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "submit").count(), 4);
    Ok(())
}

#[test]
fn a_request_in_work_is_not_begun_a_second_time() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    gateway.double.script().hold = true;
    let (caller, body) = (gateway.caller(&identity), evidence());
    let working = std::thread::spawn(move || caller.post("/v1/evidence", "k1", &body).map(|response| response.status));
    let deadline = Instant::now() + Duration::from_secs(5);
    while !gateway.double.steps().contains(&"endorse") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let second = gateway.caller(&identity).post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((second.status, second.json()?["code"].as_str()), (409, Some("idempotency_key_running")));
    gateway.double.script().hold = false;
    assert_eq!(working.join().map_err(|_| "the caller panicked")??, 201);
    Ok(())
}

#[test]
fn of_many_equal_requests_at_once_one_becomes_a_transaction() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..24)
            .map(|_| {
                let caller = gateway.caller(&identity);
                scope.spawn(move || caller.post("/v1/evidence", "k1", &evidence()).map(|response| response.status))
            })
            .collect();
        callers.into_iter().filter_map(|caller| caller.join().ok()?.ok()).collect()
    });
    assert_eq!(statuses.len(), 24);
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "propose").count(), 1);
    Ok(())
}

#[test]
fn a_caller_who_hangs_up_finds_the_outcome_under_its_key() -> TestResult {
    use std::io::Write;
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    gateway.double.script().hold = true;
    let body = evidence().to_string();
    let mut stream = gateway.caller(&identity).connect()?;
    write!(
        stream,
        "POST /v1/evidence HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nIdempotency-Key: k1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let deadline = Instant::now() + Duration::from_secs(5);
    while !gateway.double.steps().contains(&"endorse") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let begun = decisions(&organizations)?.pop().ok_or("a line")?;
    assert_eq!((&begun["outcome"], &begun["function"]), (&"begun".into(), &"evidence:Deposit".into()));
    drop(stream);
    gateway.double.script().hold = false;
    let caller = gateway.caller(&identity);
    loop {
        let response = caller.post("/v1/evidence", "k1", &evidence())?;
        if response.status == 201 {
            break;
        }
        assert_eq!(response.status, 409);
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "propose").count(), 1);
    gateway.stop();
    let committed = decisions(&organizations)?.into_iter().filter(|decision| decision["status"] == 201);
    assert_eq!(committed.count(), 2, "the write itself and the question about it");
    Ok(())
}

#[test]
fn after_a_definite_refusal_of_what_may_be_ordered_nothing_is_sent_and_only_asked() -> TestResult {
    let organizations = Organizations::new();
    let double = Double::default();
    {
        let mut script = double.script();
        script.submissions.push_back(Err(status(14, "the answer was lost")));
        script.submissions.extend((0..100).map(|_| Err(status(10, "orderer: status=BAD_REQUEST"))));
        script.outcomes.extend((0..12).map(|_| Ok(None)));
    }
    let gateway = organizations.gateway_with(double, |limits| limits.commit_wait_ms = 1_000);
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let first = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((first.status, &first.json()?["state"]), (202, &"indeterminate".into()));
    let deadline = Instant::now() + Duration::from_secs(30);
    let committed = loop {
        let again = exporter.post("/v1/evidence", "k1", &evidence())?;
        if again.status == 201 {
            break again.json()?;
        }
        assert!(matches!(again.status, 202 | 409), "{}", String::from_utf8_lossy(&again.body));
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(committed["transaction_id"], first.json()?["transaction_id"]);
    let steps = gateway.double.steps();
    assert_eq!(steps.iter().filter(|step| **step == "submit").count(), 2, "{steps:?}");
    Ok(())
}

#[test]
fn open_operations_are_resolved_side_by_side_and_asked_about_before_they_are_sent() -> TestResult {
    let organizations = Organizations::new();
    let identity = organizations.member(EXPORTER);
    let double = Double::default();
    double.script().outcomes.extend((0..1_000).map(|_| Ok(None)));
    let gateway = organizations.gateway_with(double, |limits| limits.commit_wait_ms = 1);
    let caller = gateway.caller(&identity);
    for number in 0..12 {
        assert_eq!(caller.post("/v1/evidence", &format!("k{number}"), &evidence())?.status, 202);
    }
    gateway.stop();

    let double = Double::default();
    // Every operation's question waits; one after the other they would need twelve times as long.
    double.script().outcomes.extend((0..12).map(|_| Ok(None)));
    let started = Instant::now();
    let gateway = organizations.gateway_with(double, |_| {});
    let deadline = started + Duration::from_secs(12);
    while gateway.double.steps().iter().filter(|step| **step == "outcome").count() < 24 {
        assert!(Instant::now() < deadline, "{:?}", gateway.double.steps());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(gateway.double.steps().first(), Some(&"outcome"));
    Ok(())
}

/// What stands in the audit log.
fn decisions(organizations: &Organizations) -> Result<Vec<serde_json::Value>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(organizations.path("data").join("audit.jsonl"))?;
    let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
    Ok(lines.map(|line| line.map(|line| line["decision"].clone())).collect::<Result<_, _>>()?)
}

#[test]
fn a_key_without_effect_is_free_again() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    gateway.double.script().endorsements.push_back(refusal(404, "evidence.subject_unknown"));
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 404);
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 201, "the cause is gone and the retry is new");
    Ok(())
}

#[test]
fn after_a_crash_the_key_leads_to_the_transaction_that_was_submitted() -> TestResult {
    let organizations = Organizations::new();
    let identity = organizations.member(EXPORTER);
    let double = Double::default();
    double.script().outcomes.extend((0..1_000).map(|_| Ok(None)));
    let gateway = organizations.gateway_with(double, |_| {});
    let before = gateway.caller(&identity).post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(before.status, 202);
    let submitted =
        gateway.double.recorded().iter().find(|one| one.step == "submit").ok_or("a submission")?.submitted.clone();
    gateway.stop();

    let gateway = organizations.gateway();
    let caller = gateway.caller(&identity);
    let deadline = Instant::now() + Duration::from_secs(10);
    let after = loop {
        let after = caller.post("/v1/evidence", "k1", &evidence())?;
        if after.status == 201 {
            break after;
        }
        assert!(matches!(after.status, 202 | 409), "{}", String::from_utf8_lossy(&after.body));
        assert!(Instant::now() < deadline);
    };
    assert_eq!(after.json()?["transaction_id"], before.json()?["transaction_id"]);
    let recorded = gateway.double.recorded();
    assert!(recorded.iter().all(|one| one.step != "propose"), "a new transaction was made");
    assert!(recorded.iter().filter(|one| one.step == "submit").all(|one| one.submitted == submitted));
    Ok(())
}
