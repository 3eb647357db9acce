//! The second level of idempotency: what the contract knows when the gateway's store does not.

use std::sync::Arc;

use fabric_cryptogen::{CertificateRequest, Issued};
use serde_json::{Value, json};
use trade_gateway::ledger::Done;
use trade_model::{
    Transaction as _,
    common::{Beside, Digest256},
    evidence::Deposit,
};

use crate::{
    TestResult,
    double::{Double, Trouble},
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations},
    writing::evidence,
};

/// What was said beside the last request that was proposed.
fn reference(gateway: &Gateway) -> Option<Digest256> {
    let recorded = gateway.double.recorded();
    recorded.iter().rev().find_map(|step| step.call.clone()).and_then(|call| call.beside.client_reference)
}

/// A gateway that is started again; its store was lost in between.
fn without_store(
    organizations: &Organizations,
    gateway: Gateway,
    double: &Arc<Double>,
) -> Result<Gateway, Box<dyn std::error::Error>> {
    gateway.stop();
    std::fs::remove_file(organizations.settings().data_dir.join("operations.redb"))?;
    Ok(organizations.start(
        organizations.settings(),
        Arc::clone(double) as Arc<dyn trade_gateway::ledger::Ledger>,
        Arc::clone(double),
    ))
}

/// What a contract says whose reference was used by a transaction.
fn already_done(by: &str) -> Trouble {
    let field = json!({"name": trade_model::DONE_BY, "detail": by});
    let message = json!({"code": "condition.already_done", "title": "t", "detail": "d", "fields": [field]});
    Trouble::Refusal { status: 409, message: message.to_string() }
}

/// What a transaction that deposits the evidence has done, under a reference.
fn done(msp_id: &str, reference: Digest256, operation: &Value) -> Done {
    let beside = Beside { client_reference: Some(reference), ..Beside::default() };
    let arguments = [Deposit::NAME.into(), evidence().to_string().into_bytes()].into_iter();
    Done {
        msp_id: msp_id.to_owned(),
        arguments: arguments.chain(beside.to_argument()).collect(),
        result: operation["result"].to_string().into_bytes(),
    }
}

#[test]
fn a_write_that_the_store_has_lost_is_answered_as_it_was() -> TestResult {
    let organizations = Organizations::new();
    let double = Arc::new(Double::default());
    let gateway = organizations.start(
        organizations.settings(),
        Arc::clone(&double) as Arc<dyn trade_gateway::ledger::Ledger>,
        Arc::clone(&double),
    );
    let identity = organizations.member(EXPORTER);
    let first = gateway.caller(&identity).post("/v1/evidence", "k1", &evidence())?;
    let (first_reference, operation) = (reference(&gateway), first.json()?);
    let id = operation["transaction_id"].as_str().ok_or("an id")?.to_owned();
    let gateway = without_store(&organizations, gateway, &double)?;

    let done = done(EXPORTER, first_reference.clone().ok_or("a reference")?, &operation);
    gateway.double.script().done.insert(id.clone(), done.clone());
    gateway.double.script().endorsements.push_back(already_done(&id));
    let caller = gateway.caller(&identity);
    let second = caller.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(reference(&gateway), first_reference);
    let stable = |answer: &Value| {
        ["transaction_id", "operation", "state", "validation", "block_number", "result"]
            .map(|name| answer[name].clone())
    };
    assert_eq!((second.status, stable(&second.json()?)), (first.status, stable(&operation)));
    let before = gateway.double.steps().len();
    assert_eq!(stable(&caller.post("/v1/evidence", "k1", &evidence())?.json()?), stable(&operation));
    assert_eq!(gateway.double.steps().len(), before, "the store knows it again");

    // Another request under the key is not taken for this one.
    let gateway = without_store(&organizations, gateway, &double)?;
    gateway.double.script().endorsements.push_back(already_done(&id));
    let mut other = evidence();
    other["tool"] = "scanner 2".into();
    let refused = gateway.caller(&identity).post("/v1/evidence", "k1", &other)?;
    assert_eq!((refused.status, &refused.json()?["code"]), (422, &json!("idempotency_key_reused")));
    Ok(())
}

#[test]
fn the_transaction_that_an_endorser_names_is_judged_before_it_answers() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let operation = json!({"result": {"answer": 42}});
    let refused = |named: Option<Done>| -> Result<(u16, Value), Box<dyn std::error::Error>> {
        gateway.double.script().done = named.map(|named| ("named".to_owned(), named)).into_iter().collect();
        gateway.double.script().endorsements.push_back(already_done("named"));
        let answer = caller.post("/v1/evidence", "k1", &evidence())?;
        Ok((answer.status, answer.json()?["code"].clone()))
    };
    // What the peer does not know is refused as the contract does.
    assert_eq!(refused(None)?, (409, json!("condition.already_done")));
    let own = reference(&gateway).ok_or("a reference")?;
    let right = done(EXPORTER, own.clone(), &operation);
    for other in [
        done(IMPORTER, own, &operation),
        done(EXPORTER, Digest256::of(b"another"), &operation),
        Done { arguments: right.arguments[..2].to_vec(), ..right.clone() },
    ] {
        assert_eq!(refused(Some(other.clone()))?, (422, json!("idempotency_key_reused")), "{other:?}");
    }
    assert_eq!(refused(Some(right))?, (201, Value::Null));
    Ok(())
}

#[test]
fn two_keys_under_one_reference_are_one_write() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let (given, body) = (Digest256::of(b"the caller's own"), evidence().to_string());
    let send = |key: &str| {
        let headers =
            [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Client-Reference", given.as_str())];
        caller.send("POST", "/v1/evidence", &headers, body.as_bytes())
    };
    let first = send("k1")?;
    let id = first.json()?["transaction_id"].as_str().ok_or("an id")?.to_owned();
    let done = done(EXPORTER, reference(&gateway).ok_or("a reference")?, &first.json()?);
    gateway.double.script().done.insert(id.clone(), done);
    for _ in 0..2 {
        gateway.double.script().endorsements.push_back(already_done(&id));
        let second = send("k2")?;
        assert_eq!((second.status, second.json()?), (first.status, first.json()?));
    }
    // The second key was not kept: another request may have it.
    assert_eq!(caller.post("/v1/evidence", "k2", &evidence())?.status, 201);
    assert_eq!(gateway.double.steps().iter().filter(|step| **step == "submit").count(), 2);
    Ok(())
}

#[test]
fn a_reference_is_the_gateways_or_the_callers() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 201);
    let made = reference(&gateway).ok_or("a reference")?;
    assert_eq!(exporter.post("/v1/evidence", "k2", &evidence())?.status, 201);
    assert_ne!(reference(&gateway), Some(made));
    let own = Digest256::of(b"the caller's own");
    let body = evidence().to_string();
    let send = |identity: &Issued, key: &str, text: &str| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Client-Reference", text)];
        let sent = gateway.caller(identity).send("POST", "/v1/evidence", &headers, body.as_bytes());
        sent.map(|answer| (answer.status, reference(&gateway)))
    };
    let person = organizations.member(EXPORTER);
    let colleague = organizations.issue(EXPORTER, &CertificateRequest::identity("colleague", &["client"]));
    let (status, sent) = send(&person, "k3", own.as_str())?;
    // The gateway signs for both of them, and everybody can read what it sends.
    let sent = sent.filter(|sent| *sent != own).ok_or("one that is made of the caller's")?;
    assert_eq!((status, send(&person, "k4", own.as_str())?), (201, (201, Some(sent.clone()))));
    for (key, taken) in [("k5", &own), ("k6", &sent)] {
        let (status, others) = send(&colleague, key, taken.as_str())?;
        assert!(status == 201 && others.as_ref().is_some_and(|others| ![&own, &sent].contains(&others)), "{others:?}");
    }
    assert_eq!(send(&organizations.member(IMPORTER), "k3", own.as_str())?, (202, Some(own.clone())));
    assert_eq!(send(&person, "k4", &own.as_str().to_uppercase())?.0, 400);
    // Who signs sees what it signs, so nothing is put in that it has not said.
    let importer = gateway.caller(&organizations.member(IMPORTER));
    assert_eq!((importer.post("/v1/evidence", "k5", &evidence())?.status, reference(&gateway)), (202, None));
    Ok(())
}
