//! Callers who do not wait: `Prefer`, the list of operations, and cancelling.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trade_gateway::client::{Client, Response};

use crate::{
    TestResult,
    double::Double,
    organizations::{CUSTOMS, EXPORTER, IMPORTER, Organizations, signer},
    writing::evidence,
};

fn deposit(caller: &Client, key: &str, prefer: &str) -> Result<Response, Box<dyn std::error::Error>> {
    let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Prefer", prefer)];
    Ok(caller.send("POST", "/v1/evidence", &headers, evidence().to_string().as_bytes())?)
}

fn id(answer: &Response) -> Result<String, Box<dyn std::error::Error>> {
    Ok(answer.json()?["transaction_id"].as_str().ok_or("an id")?.to_owned())
}

fn cancel(caller: &Client, id: &str) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let answer = caller.send("DELETE", &format!("/v1/operations/{id}"), &[], b"")?;
    Ok((answer.status, answer.json().unwrap_or_default()["code"].clone()))
}

/// Asks until an operation is in a state.
fn until(caller: &Client, id: &str, state: &str) -> TestResult {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let found = caller.get(&format!("/v1/operations/{id}"))?.json()?["state"].clone();
        if found == state {
            return Ok(());
        }
        assert!(Instant::now() < deadline, "{id} is {found}, not {state}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn who_prefers_not_to_wait_is_answered_before_the_orderer() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    gateway.double.script().hold_submissions = true;
    let answer = deposit(&caller, "k1", "respond-async")?;
    assert_eq!((answer.status, answer.json()?["state"].as_str()), (202, Some("accepted")));
    assert_eq!(answer.headers["preference-applied"], "respond-async");
    let operation = id(&answer)?;
    assert_eq!(answer.headers["location"], format!("/v1/operations/{operation}"));
    let again = deposit(&caller, "k1", "respond-async")?;
    assert_eq!((again.status, id(&again)?), (202, operation.clone()), "a retry is the same operation");
    gateway.double.script().hold_submissions = false;
    until(&caller, &operation, "committed")?;
    let done = deposit(&caller, "k1", "respond-async")?;
    assert_eq!((done.status, id(&done)?), (201, operation));
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "submit").count(), 1);
    Ok(())
}

#[test]
fn a_refusal_is_told_to_who_does_not_wait() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway.double.script().endorsements.push_back(crate::double::refusal(422, "evidence.some_rule"));
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(deposit(&caller, "k1", "respond-async")?.status, 422);
    Ok(())
}

#[test]
fn the_wait_is_bounded_by_who_prefers_it() -> TestResult {
    let organizations = Organizations::new();
    let double = Double::default();
    double.script().outcomes.extend((0..3).map(|_| Ok(None)));
    // Far longer than a test may take.
    let gateway = organizations.gateway_with(double, |limits| limits.commit_wait_ms = 600_000);
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let answer = deposit(&caller, "k1", "wait=1")?;
    assert_eq!((answer.status, answer.headers["preference-applied"].as_str()), (202, "wait=1"));
    Ok(())
}

#[test]
fn what_waits_for_its_turn_can_be_cancelled_and_what_the_orderer_has_cannot() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.hand_overs = 1);
    let caller = gateway.caller(&organizations.member(EXPORTER));
    gateway.double.script().hold_submissions = true;
    let first = id(&deposit(&caller, "k1", "respond-async")?)?;
    until(&caller, &first, "submitted")?;
    let second = id(&deposit(&caller, "k2", "respond-async")?)?;
    assert_eq!(cancel(&caller, &first)?, (409, json!("operation_handed_over")));
    let stranger = gateway.caller(&organizations.member(CUSTOMS));
    assert_eq!(cancel(&stranger, &second)?, (404, json!("operation_unknown")));
    assert_eq!(cancel(&caller, &second)?, (204, Value::Null));
    assert_eq!(cancel(&caller, &second)?, (204, Value::Null), "twice is once");
    gateway.double.script().hold_submissions = false;
    until(&caller, &first, "committed")?;
    until(&caller, &second, "cancelled")?;
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "submit").count(), 1);
    // Nothing was written, so the key is free for a new try.
    let again = deposit(&caller, "k2", "wait=5")?;
    assert_eq!(again.status, 201);
    assert_ne!(id(&again)?, second);
    Ok(())
}

#[test]
fn an_organization_has_its_share_of_operations_for_which_nobody_waits() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.hand_overs = 1);
    let [caller, other] = [EXPORTER, CUSTOMS].map(|msp_id| gateway.caller(&organizations.member(msp_id)));
    gateway.double.script().hold_submissions = true;
    let mut ids = Vec::new();
    for key in ["k1", "k2", "k3", "k4"] {
        ids.push(id(&deposit(&caller, key, "respond-async")?)?);
    }
    let refused = deposit(&caller, "k5", "respond-async")?;
    assert_eq!((refused.status, &refused.json()?["code"]), (503, &json!("gateway_busy")));
    assert_eq!(deposit(&other, "k1", "respond-async")?.status, 202);
    gateway.double.script().hold_submissions = false;
    ids.iter().try_for_each(|id| until(&caller, id, "committed"))?;
    // A place is free a moment after its outcome is told, and so is the key.
    let deadline = Instant::now() + Duration::from_secs(10);
    while deposit(&caller, "k5", "respond-async")?.status != 202 {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[test]
fn a_transaction_that_waits_for_a_signature_can_be_cancelled_by_who_is_to_sign() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(IMPORTER);
    let caller = gateway.caller(&identity);
    let step = deposit(&caller, "k1", "wait=5")?;
    let operation = id(&step)?;
    let colleague = gateway.caller(
        &organizations.issue(IMPORTER, &fabric_cryptogen::CertificateRequest::identity("colleague", &["client"])),
    );
    assert_eq!(cancel(&colleague, &operation)?, (404, json!("operation_unknown")));
    assert_eq!(cancel(&caller, &operation)?, (204, Value::Null));
    let refused = caller.sign(step, &signer(IMPORTER, &identity))?;
    assert_eq!((refused.status, &refused.json()?["code"]), (404, &json!("signing_unknown")));
    let again = deposit(&caller, "k1", "wait=5")?;
    assert_ne!(id(&again)?, operation, "the key is free for a new proposal");
    Ok(())
}

#[test]
fn an_organization_lists_its_own_operations() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let mut ids = Vec::new();
    for key in ["k1", "k2", "k3"] {
        ids.push(id(&deposit(&caller, key, "wait=5")?)?);
    }
    assert_eq!(deposit(&gateway.caller(&organizations.member(CUSTOMS)), "k1", "wait=5")?.status, 201);
    let (mut found, mut target) = (Vec::new(), "/v1/operations?limit=2&state=committed".to_owned());
    loop {
        let page = caller.get(&target)?.json()?;
        let rows = page["operations"].as_array().ok_or("rows")?;
        assert!(rows.len() <= 2 && rows.iter().all(|row| row["operation"] == "depositEvidence"), "{page}");
        found.extend(rows.iter().filter_map(|row| row["transaction_id"].as_str().map(str::to_owned)));
        let Some(next) = page["next"].as_str() else { break };
        target = format!("/v1/operations?limit=2&state=committed&after={next}");
    }
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
    assert_eq!(caller.get("/v1/operations?state=refused")?.json()?, json!({"operations": []}));
    for query in ["state=sent", "after=x", "colour=red"] {
        let refused = caller.get(&format!("/v1/operations?{query}"))?;
        assert_eq!((refused.status, &refused.json()?["code"]), (422, &json!("parameter_invalid")), "{query}");
    }
    Ok(())
}
