//! The audit log as auditors read it, and its heads on their way to the ledger.

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use trade_gateway::{
    audit::{AuditHead, AuditLog, Decision, HEADS_FILE, LOG_FILE, read_heads},
    client::Client,
    settings::{AuditSettings, Custody, Settings},
};
use trade_model::{
    Transaction as _,
    evidence::{Deposit, VerifyEvidence},
};

use crate::{
    TestResult,
    double::{Double, status},
    operators::person,
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations},
    reload::metrics,
    writing::evidence,
};

type Tried<T> = Result<T, Box<dyn std::error::Error>>;

/// The lines of a page by their methods, routes and outcomes, and where the next one is.
fn lines(caller: &Client, query: &str) -> Tried<(Vec<String>, Option<String>)> {
    let answer = caller.get(&format!("/v1/audit?{query}"))?;
    let page = answer.json()?;
    assert_eq!(answer.status, 200, "{query}: {page}");
    let next = page["next"].as_str().map(str::to_owned);
    assert_eq!(answer.headers.contains_key("link"), next.is_some(), "{query}");
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or("?").to_owned();
    let told = |line: &Value| format!("{} {} {}", text(line, "method"), text(line, "route"), text(line, "outcome"));
    Ok((page["lines"].as_array().into_iter().flatten().map(told).collect(), next))
}

#[test]
fn auditors_of_the_gateways_own_organization_read_the_log_page_by_page() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let clerk = gateway.caller(&organizations.member(EXPORTER));
    let written = clerk.post("/v1/evidence", "a1", &evidence())?;
    assert_eq!(written.status, 201);
    gateway.caller(&organizations.member(IMPORTER)).get("/v1/whoami")?;
    let auditor = gateway.caller(&person(&organizations, EXPORTER, "auditor", Some("auditor")));

    let deposit = "organization=ExporterMSP&route=/v1/evidence";
    let both = ["POST /v1/evidence allowed".to_owned(), "POST /v1/evidence begun".to_owned()];
    assert_eq!(lines(&auditor, deposit)?.0, both);
    let (first, next) = lines(&auditor, &format!("{deposit}&limit=1"))?;
    let (second, _) = lines(&auditor, &format!("{deposit}&limit=1&after={}", next.ok_or("a second page")?))?;
    assert_eq!([first, second].concat(), both);
    let id = written.json()?["transaction_id"].as_str().ok_or("an id")?.to_owned();
    assert_eq!(lines(&auditor, &format!("transaction_id={id}"))?.0, both[..1]);
    let day = "from=2026-01-01T00:00:00Z&to=2126-01-01T00:00:00%2B02:00";
    assert_eq!(lines(&auditor, &format!("{day}&subject=erp&status=200"))?.0, ["GET /v1/whoami allowed"]);
    assert_eq!(lines(&auditor, "to=2026-01-01T00:00:00Z")?.0, [""; 0]);
    // Who reads the log stands there as well.
    assert!(lines(&auditor, "subject=auditor")?.0.contains(&"GET /v1/audit allowed".to_owned()));

    let code = |caller: &Client, query: &str| -> Tried<(u16, Value)> {
        let answer = caller.get(&format!("/v1/audit{query}"))?;
        Ok((answer.status, answer.json()?["code"].clone()))
    };
    let refused = |status: u16, code: &str| (status, json!(code));
    let foreign = gateway.caller(&person(&organizations, IMPORTER, "auditor", Some("auditor")));
    assert_eq!(code(&clerk, "")?, refused(403, "duty_missing"));
    assert_eq!(code(&foreign, "")?, refused(403, "audit_foreign"));
    for query in ["?after=x", "?after=1-", "?from=yesterday", "?status=x", "?limit=0", "?colour=red", "?to=1&to=2"] {
        assert_eq!(code(&auditor, query)?, refused(422, "parameter_invalid"), "{query}");
    }
    // A line that was changed is not shown as one that was written.
    let path = organizations.path("data").join(LOG_FILE);
    let text = fs::read_to_string(&path)?;
    fs::write(&path, text.replacen("begun", "begin", 1))?;
    assert_eq!(code(&auditor, "")?, refused(500, "audit_altered"));
    Ok(())
}

/// A gateway whose log has lines of two days that have ended, and their heads.
fn gateway_of(
    organizations: &Organizations,
    double: Double,
    change: impl FnOnce(&mut Settings),
) -> Tried<(Gateway, Vec<AuditHead>)> {
    let data = organizations.path("data");
    fs::create_dir_all(&data)?;
    let log = AuditLog::open(&data, &AuditSettings::default())?;
    for day in ["2026-03-01", "2026-03-02"] {
        log.append(&Decision { time: format!("{day}T10:00:00Z"), ..Decision::default() })?;
    }
    log.tend("2026-03-03T00:00:00Z")?;
    drop(log);
    let mut settings = organizations.settings();
    change(&mut settings);
    let double = Arc::new(double);
    let gateway = organizations.start(settings, Arc::clone(&double) as Arc<_>, double);
    Ok((gateway, read_heads(&data.join(HEADS_FILE))?))
}

/// What the ledger says about a head: deposited by this member, or not at all.
fn known(by: Option<&str>) -> Double {
    let (digest, time) = ("0".repeat(64), "2026-03-03T00:00:01Z");
    let deposit = by.map(|by| {
        json!({
            "sha256": digest, "kind": "audit_head", "media_type": "application/json", "captured_at": time,
            "tool": "t", "subjects": [], "authenticated": true, "deposited": {
                "by": by, "at": time, "transaction_id": digest, "operator": {"certificate_sha256": digest},
            },
        })
    });
    let answer = json!({"deposited": deposit.is_some(), "sha256": digest, "deposits": Vec::from_iter(deposit)});
    let double = Double::default();
    double.script().evaluations.insert(VerifyEvidence::NAME.to_owned(), Ok(answer.to_string().into_bytes()));
    double
}

/// The deposits that were submitted, and by whose certificates.
fn deposits(gateway: &Gateway) -> Tried<Vec<(Value, Vec<u8>)>> {
    let mut deposits = Vec::new();
    for recorded in gateway.double.recorded() {
        let Some(call) = recorded.call.filter(|call| call.function == Deposit::NAME) else { continue };
        deposits.push((serde_json::from_slice(&call.argument.unwrap_or_default())?, recorded.creator));
    }
    Ok(deposits)
}

/// Waits until so many days are told as not anchored.
fn until_waiting(gateway: &Gateway, days: u32) -> TestResult {
    let deadline = Instant::now() + Duration::from_secs(30);
    let told = format!("\nentrepot_gateway_audit_days_not_anchored {days}\n");
    // The number is 0 before anything is known.
    while !(gateway.double.steps().contains(&"evaluate") && metrics(gateway)?.contains(&told)) {
        assert!(Instant::now() < deadline, "{}", metrics(gateway)?);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn the_heads_of_days_that_have_ended_are_deposited_in_their_order_and_once() -> TestResult {
    let organizations = Organizations::new();
    let double = known(None);
    double.script().endorsements.push_back(status(14, "no peer answers"));
    let (gateway, heads) = gateway_of(&organizations, double, |_| {})?;
    assert_eq!(heads.len(), 2);
    let count = |gateway: &Gateway, step: &str| gateway.double.steps().iter().filter(|one| **one == step).count();
    let deadline = Instant::now() + Duration::from_secs(30);
    while count(&gateway, "submit") < 2 {
        assert!(Instant::now() < deadline, "{:?}", gateway.double.steps());
        std::thread::sleep(Duration::from_millis(20));
    }
    until_waiting(&gateway, 0)?;
    // What failed was tried again; the next day waited for it.
    let expected =
        [&heads[0], &heads[0], &heads[1]].map(|head| (head.deposit(), organizations.managed_certificate(EXPORTER)));
    assert_eq!(deposits(&gateway)?, expected);
    gateway.stop();
    let log = fs::read_to_string(organizations.path("data").join(LOG_FILE))?;
    let of_day = |day: &str, outcome: &str| {
        let resource = format!("\"resource\":\"audit head {day}\"");
        log.lines().filter(|line| line.contains(&resource) && line.contains(outcome)).count()
    };
    assert_eq!((of_day("2026-03-01", "\"begun\""), of_day("2026-03-01", "\"allowed\"")), (2, 1), "{log}");
    assert_eq!((of_day("2026-03-02", "\"begun\""), of_day("2026-03-02", "\"allowed\"")), (1, 1), "{log}");
    Ok(())
}

#[test]
fn who_signs_itself_is_told_how_many_days_wait_and_what_the_ledger_has_does_not() -> TestResult {
    let organizations = Organizations::new();
    let external = |settings: &mut Settings| {
        let own = &mut settings.organizations[0];
        (own.custody, own.managed_identity) = (Custody::External, None);
    };
    let (gateway, _) = gateway_of(&organizations, known(None), external)?;
    until_waiting(&gateway, 2)?;
    gateway.stop();
    // Another member's deposit of the same digest is not the organization's word.
    for (by, days) in [(IMPORTER, 2), (EXPORTER, 0)] {
        let organizations = Organizations::new();
        let (gateway, _) = gateway_of(&organizations, known(Some(by)), external)?;
        until_waiting(&gateway, days)?;
        assert!(deposits(&gateway)?.is_empty(), "{by}");
    }
    Ok(())
}
