//! Writes with a managed identity: what goes to Fabric, what comes back, what is kept.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    TestResult,
    double::{Double, refusal, status, verdict},
    organizations::{CUSTOMS, EXPORTER, IMPORTER, Organizations, REGULATOR},
};

/// A blinding factor that stands out: 32 little-endian bytes of a canonical scalar.
pub(crate) const CANARY: &str = "d1d2d3d4d5d6d7d8c1c2c3c4c5c6c7c8b1b2b3b4b5b6b7b8a1a2a3a4a5a6a708";

/// A commitment and a proof of the right form; the gateway does not verify them.
fn proved() -> (String, String) {
    let vectors: Value = serde_json::from_str(include_str!("../../../../chaincode/trade-proofs/tests/vectors/v1.json"))
        .expect("committed vectors are JSON");
    let text = |pointer: &str| vectors.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("/proofs/0/commitments/0"), text("/proofs/0/proof"))
}

pub(crate) fn invoice(buyer: &str) -> Value {
    json!({
        "invoice_id": "INV-1", "buyer": buyer, "currency": "EUR", "issued_on": "2026-01-02",
        "total_commitment": proved().0,
    })
}

/// What opens the total of an invoice.
pub(crate) fn opening() -> Value {
    json!({ "private": {"value_minor": "987654321012", "blinding": CANARY} })
}

/// Lets the ledger answer that the invoice is for this buyer.
pub(crate) fn answer_invoice(double: &Double, buyer: &str) {
    let invoice = json!({"invoice_id": "ExporterMSP/INV-1", "buyer": buyer}).to_string().into_bytes();
    double.script().evaluations.insert("payment:ReadInvoice".to_owned(), Ok(invoice));
}

pub(crate) fn evidence() -> Value {
    json!({
        "sha256": "00".repeat(32), "kind": "document", "media_type": "application/pdf",
        "captured_at": "2026-01-02T03:04:05Z", "tool": "scanner 1",
    })
}

#[test]
fn a_write_is_signed_by_the_managed_identity_and_committed() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let response = exporter.post("/v1/evidence", "k1", &evidence())?;
    let operation = response.json()?;
    assert_eq!(response.status, 201, "{operation}");
    assert_eq!((&operation["state"], &operation["block_number"]), (&"committed".into(), &7.into()));
    assert_eq!(operation["result"], json!({"answer": 42}));
    let id = operation["transaction_id"].as_str().ok_or("an id")?;
    assert_eq!(response.headers["location"], format!("/v1/operations/{id}"));
    assert_eq!(gateway.double.steps(), ["propose", "endorse", "submit", "outcome"]);
    assert_eq!(gateway.double.recorded()[0].creator, organizations.managed_certificate(EXPORTER));
    assert_eq!(exporter.get(&format!("/v1/operations/{id}"))?.json()?, operation);
    Ok(())
}

#[test]
fn private_input_travels_as_transient_data_to_its_two_organizations_only() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    answer_invoice(&gateway.double, IMPORTER);
    let response = exporter.post("/v1/invoices/ExporterMSP/INV-1/opening", "k1", &opening())?;
    assert_eq!(response.status, 201, "{}", String::from_utf8_lossy(&response.body));
    let calls: Vec<_> = gateway.double.recorded().into_iter().filter_map(|step| step.call).collect();
    assert_eq!(calls[0].argument.as_deref(), Some(br#"{"invoice_id":"ExporterMSP/INV-1"}"#.as_slice()));
    let call = calls[1].clone();
    assert_eq!(
        (call.function.as_str(), &call.endorsing[..]),
        ("payment:ShareInvoiceOpening", &[EXPORTER, IMPORTER].map(str::to_owned)[..])
    );
    let argument = String::from_utf8(call.argument.ok_or("an argument")?)?;
    assert!(!argument.contains(CANARY) && !argument.contains("private"), "{argument}");
    let private: Value = serde_json::from_slice(&call.private.ok_or("private input")?)?;
    assert_eq!(private["blinding"], CANARY);

    for (number, stranger) in ["NobodyMSP", REGULATOR].into_iter().enumerate() {
        answer_invoice(&gateway.double, stranger);
        let refused = exporter.post("/v1/invoices/ExporterMSP/INV-1/opening", &format!("to-{number}"), &opening())?;
        assert_eq!(
            (refused.status, refused.json()?["code"].as_str()),
            (422, Some("organization_unknown")),
            "{stranger}"
        );
    }
    Ok(())
}

/// Any other organization's peer, that of the gateway's own certificate too, could name its organization as the
/// receiver.
#[test]
fn the_callers_own_peer_is_asked_who_receives_private_input() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let importer = gateway.caller(&organizations.member(IMPORTER));
    answer_invoice(&gateway.double, EXPORTER);
    let response = importer.post("/v1/invoices/-/INV-1/opening", "k1", &opening())?;
    assert_eq!(response.status, 202, "{}", String::from_utf8_lossy(&response.body));
    let asked: Vec<_> = gateway.double.recorded().into_iter().filter(|step| step.step == "evaluate").collect();
    assert_eq!(asked.iter().map(|step| step.peer_of.as_str()).collect::<Vec<_>>(), [IMPORTER]);
    Ok(())
}

#[test]
fn no_private_value_stays_in_answers_or_on_disk() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    answer_invoice(&gateway.double, IMPORTER);
    gateway.double.script().endorsements.push_back(refusal(422, "payment.amount_invalid"));
    let path = "/v1/invoices/ExporterMSP/INV-1/opening";
    let refused = exporter.post(path, "k1", &opening())?;
    let mut malformed = opening();
    malformed["private"]["value_minor"] = json!(987_654_321_012_u64);
    let not_of_form = exporter.post(path, "k2", &malformed)?;
    let accepted = exporter.post(path, "k3", &opening())?;
    assert_eq!((refused.status, not_of_form.status, accepted.status), (422, 400, 201));
    let hits = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.contains(CANARY) || text.contains("987654321012")
    };
    for response in [refused, not_of_form, accepted] {
        assert!(!hits(&response.body), "{}", String::from_utf8_lossy(&response.body));
    }
    gateway.stop();
    let mut control = false;
    for entry in std::fs::read_dir(organizations.path("data"))? {
        let path = entry?.path();
        let content = std::fs::read(&path)?;
        assert!(!hits(&content), "{} holds a private value", path.display());
        control |= String::from_utf8_lossy(&content).contains("shareInvoiceOpening");
    }
    assert!(control, "the search looks into the wrong files");
    Ok(())
}

#[test]
fn a_refusal_or_an_invalid_transaction_is_a_problem_and_nothing_is_sent_twice() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    gateway.double.script().endorsements.push_back(refusal(409, "evidence.exists"));
    let refused = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((refused.status, refused.json()?["code"].as_str()), (409, Some("evidence.exists")));
    assert_eq!(gateway.double.steps(), ["propose", "endorse"]);
    for (code, name, expected, retryable) in [
        (11, "MVCC_READ_CONFLICT", (409, "ledger_conflict"), true),
        (12, "PHANTOM_READ_CONFLICT", (409, "ledger_conflict"), true),
        (10, "ENDORSEMENT_POLICY_FAILURE", (500, "invalidated_endorsement_policy_failure"), false),
    ] {
        gateway.double.script().outcomes.push_back(Ok(Some(verdict(code, name))));
        let invalid = exporter.post("/v1/evidence", "k2", &evidence())?;
        let problem = invalid.json()?;
        assert_eq!((invalid.status, problem["code"].as_str().unwrap_or("")), expected);
        assert_eq!((&problem["retryable"], &problem["stage"]), (&retryable.into(), &"commit".into()));
    }
    gateway
        .double
        .script()
        .submissions
        .push_back(Err(status(10, "unsuccessful response from orderer: status=FORBIDDEN")));
    let forbidden = exporter.post("/v1/evidence", "k3", &evidence())?;
    assert_eq!((forbidden.status, forbidden.json()?["code"].as_str()), (403, Some("fabric_access_denied")));
    gateway
        .double
        .script()
        .submissions
        .push_back(Err(status(10, "unsuccessful response from orderer: status=BAD_REQUEST")));
    let refused = exporter.post("/v1/evidence", "k4", &evidence())?;
    assert_eq!((refused.status, refused.json()?["code"].as_str()), (502, Some("network_failure")));
    assert_eq!(
        exporter.post("/v1/evidence", "k4", &evidence())?.status,
        201,
        "nothing was written, so the key is free"
    );
    Ok(())
}

#[test]
fn a_write_that_a_dying_peer_interrupts_may_be_sent_again_whatever_the_transport_calls_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    for (code, words) in [
        (2, "transport error"),
        (2, "h2 protocol error: http2 error"),
        (13, "Missing response message."),
        (1, "operation was canceled"),
        (14, "tcp connect error"),
        (9, "no peers available to endorse"),
    ] {
        gateway.double.script().endorsements.push_back(status(code, words));
        let interrupted = exporter.post("/v1/evidence", "k1", &evidence())?;
        let problem = interrupted.json()?;
        assert_eq!((interrupted.status, problem["code"].as_str()), (503, Some("network_unavailable")), "{words}");
        assert_eq!((&problem["retryable"], interrupted.headers.contains_key("retry-after")), (&true.into(), true));
    }
    assert_eq!(exporter.post("/v1/evidence", "k1", &evidence())?.status, 201);
    Ok(())
}

#[test]
fn an_unknown_outcome_is_a_state_and_is_resolved_later_with_identical_bytes() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    {
        let mut script = gateway.double.script();
        script.submissions.push_back(Err(status(14, "connection lost")));
        script.outcomes.extend((0..100).map(|_| Ok(None)));
    }
    let response = exporter.post("/v1/evidence", "k1", &evidence())?;
    let operation = response.json()?;
    assert_eq!((response.status, &operation["state"]), (202, &"indeterminate".into()));
    let id = operation["transaction_id"].as_str().ok_or("an id")?.to_owned();
    let stranger = gateway.caller(&organizations.member(CUSTOMS));
    assert_eq!(stranger.get(&format!("/v1/operations/{id}"))?.json()?["code"], "operation_unknown");

    gateway.double.script().outcomes.clear();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let operation = exporter.get(&format!("/v1/operations/{id}"))?.json()?;
        if operation["state"] == "committed" {
            break;
        }
        assert!(Instant::now() < deadline, "{operation}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let again = exporter.post("/v1/evidence", "k1", &evidence())?;
    assert_eq!((again.status, again.json()?["transaction_id"].as_str()), (201, Some(id.as_str())));
    let recorded = gateway.double.recorded();
    let submitted: std::collections::BTreeSet<_> =
        recorded.iter().filter(|one| one.step == "submit").map(|one| one.submitted.clone()).collect();
    assert_eq!(submitted.len(), 1, "only identical bytes may be submitted again");
    assert_eq!(recorded.iter().filter(|one| one.step == "propose").count(), 1);
    Ok(())
}

#[test]
fn a_transaction_that_no_block_shows_is_submitted_again_within_the_wait() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.commit_wait_ms = 7_000);
    gateway.double.script().outcomes.push_back(Ok(None));
    let written = gateway.caller(&organizations.member(EXPORTER)).post("/v1/evidence", "k1", &evidence())?;
    assert_eq!(written.status, 201);
    assert_eq!(gateway.double.steps(), ["propose", "endorse", "submit", "outcome", "submit", "outcome"]);
    Ok(())
}

#[test]
fn real_epcis_documents_pass_the_gateway_as_they_are() -> TestResult {
    let Some(data) = shared_data::find("epcis/documents")? else { return Ok(()) };
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = gateway.caller(&organizations.member(EXPORTER));
    let mut captured = 0;
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let document = std::fs::read(&path)?;
            if !matches!(path.extension().and_then(|extension| extension.to_str()), Some("json" | "jsonld")) {
                continue;
            }
            let key = format!("k{captured}");
            let headers = [("Content-Type", "application/ld+json"), ("Idempotency-Key", key.as_str())];
            let response = exporter.send("POST", "/v1/captures", &headers, &document)?;
            assert_eq!(response.status, 201, "{}: {}", path.display(), String::from_utf8_lossy(&response.body));
            let call = gateway.double.recorded().iter().rev().find_map(|one| one.call.clone()).ok_or("a call")?;
            let argument: Value = serde_json::from_slice(&call.argument.ok_or("an argument")?)?;
            assert_eq!(argument["document"], serde_json::from_slice::<Value>(&document)?, "{}", path.display());
            captured += 1;
        }
    }
    assert!(captured > 0, "no EPCIS document was found");
    Ok(())
}

#[test]
fn every_decision_is_in_the_audit_log_and_its_chain_holds() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway.caller(&organizations.member(EXPORTER)).post("/v1/invoices", "k1", &invoice(IMPORTER))?;
    gateway.caller(&organizations.member(REGULATOR)).post("/v1/evidence", "k2", &evidence())?;
    gateway.caller(&organizations.member(REGULATOR)).get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    gateway.anonymous().get("/v1/whoami")?;
    gateway.anonymous().get("/v1/alarms/a%202")?;
    gateway.caller(&organizations.member(CUSTOMS)).get("/v1/nothing")?;
    gateway.caller(&organizations.member(CUSTOMS)).send(
        "DELETE",
        "/v1/alarms/0123456789abcdef0123456789abcdef",
        &[],
        b"",
    )?;
    gateway.stop();
    let path = organizations.path("data").join("audit.jsonl");
    assert_eq!(organizations.audited().lines, 8);
    let text = std::fs::read_to_string(&path)?;
    let outcomes: Vec<String> = text
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("lines are JSON");
            let decision = &line["decision"];
            let [msp_id, function, resource, status, outcome] =
                ["msp_id", "function", "resource", "status", "outcome"].map(|name| &decision[name]);
            format!("{msp_id} {function} {resource} {status} {outcome}")
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            r#""ExporterMSP" "payment:IssueInvoice" "" 0 "begun""#,
            r#""ExporterMSP" "payment:IssueInvoice" "" 201 "allowed""#,
            r#""RegulatorMSP" "evidence:Deposit" "" 403 "role_not_permitted""#,
            r#""RegulatorMSP" "item:ReadAlarm" "0123456789abcdef0123456789abcdef" 200 "allowed""#,
            r#"null null "" 401 "certificate_missing""#,
            r#"null "item:ReadAlarm" "a 2" 401 "certificate_missing""#,
            r#""CustomsMSP" null "/v1/nothing" 404 "route_unknown""#,
            r#""CustomsMSP" null "/v1/alarms/0123456789abcdef0123456789abcdef" 405 "method_not_allowed""#,
        ]
    );
    assert!(!text.contains(CANARY) && !text.contains("commitment"), "{text}");
    Ok(())
}
