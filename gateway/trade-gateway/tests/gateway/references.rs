//! The second level of idempotency: what the contract knows when the gateway's store does not.

use std::sync::Arc;

use serde_json::{Value, json};
use trade_gateway::ledger::Done;
use trade_model::{Transaction as _, common::Digest256, evidence::Deposit};

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

    let done = Done {
        arguments: vec![Deposit::NAME.into(), evidence().to_string().into_bytes(), b"beside".to_vec()],
        result: operation["result"].to_string().into_bytes(),
    };
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
    // What cannot be read is refused as the contract does.
    gateway.double.script().done.clear();
    gateway.double.script().endorsements.push_back(already_done(&id));
    let refused = gateway.caller(&identity).post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((refused.status, &refused.json()?["code"]), (409, &json!("condition.already_done")));
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
    let send = |organization: &str, key: &str, text: &str| {
        let headers = [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Client-Reference", text)];
        let caller = gateway.caller(&organizations.member(organization));
        caller.send("POST", "/v1/evidence", &headers, body.as_bytes()).map(|answer| answer.status)
    };
    assert_eq!((send(EXPORTER, "k3", own.as_str())?, reference(&gateway)), (201, Some(own.clone())));
    assert_eq!((send(IMPORTER, "k3", own.as_str())?, reference(&gateway)), (202, Some(own.clone())));
    assert_eq!(send(EXPORTER, "k4", &own.as_str().to_uppercase())?, 400);
    // Who signs sees what it signs, so nothing is put in that it has not said.
    let importer = gateway.caller(&organizations.member(IMPORTER));
    assert_eq!((importer.post("/v1/evidence", "k5", &evidence())?.status, reference(&gateway)), (202, None));
    Ok(())
}
