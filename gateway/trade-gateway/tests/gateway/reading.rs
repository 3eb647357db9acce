//! Reads, health, the public page and bank statements.

use std::io::{BufRead, Read, Write};

use crate::{
    TestResult,
    double::{Double, refusal, status},
    organizations::{EXPORTER, Organizations, REGULATOR},
};

const SCAN: &str = r#"{"item_id":"https://id.gs1.org/01/09506000134352/21/A1","recorded":true,"life":"active",
    "conflict_found":true,"conflicts":[{"code":"second_commissioning","text":"Commissioned <twice>"}],
    "reports":[],"known":[],"not_known":[]}"#;

#[test]
fn a_read_is_evaluated_as_the_organizations_managed_identity() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let answer = br#"{"item_id":"https://id.gs1.org/01/09506000134352/21/A1"}"#.to_vec();
    gateway.double.script().evaluations.insert("item:ReadItem".to_owned(), Ok(answer.clone()));
    let regulator = gateway.caller(&organizations.member(REGULATOR));
    let response = regulator.get("/v1/items/https%3A%2F%2Fid.gs1.org%2F01%2F09506000134352%2F21%2FA1")?;
    assert_eq!((response.status, response.body), (200, answer));
    let recorded = gateway.double.recorded();
    let call = recorded[0].call.as_ref().ok_or("a proposal")?;
    assert_eq!(call.function, "item:ReadItem");
    assert_eq!(call.argument.as_deref(), Some(br#"{"item":"https://id.gs1.org/01/09506000134352/21/A1"}"#.as_slice()));
    assert_eq!(recorded[0].creator, organizations.managed_certificate(REGULATOR));
    assert_eq!(gateway.double.steps(), ["propose", "evaluate"]);
    Ok(())
}

#[test]
fn what_the_ledger_says_becomes_a_problem() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let limit = "too many requests for /gateway.Gateway, exceeding concurrency limit (500)";
    let rows = [
        (refusal(404, "item.unknown"), 404, "item.unknown", false),
        (refusal(500, "panicked"), 502, "contract_failure", false),
        (status(9, "access denied: channel [trade]"), 403, "fabric_access_denied", false),
        (status(14, "connection refused"), 503, "network_unavailable", true),
        (status(2, limit), 503, "network_busy", true),
        (status(2, "transport error"), 503, "network_unavailable", true),
        (status(4, "late"), 504, "timeout_evaluate", true),
        (status(2, "what"), 502, "network_failure", false),
    ];
    for (cause, expected_status, code, retryable) in rows {
        gateway.double.script().evaluations.insert("item:ReadAlarm".to_owned(), Err(cause));
        let response = caller.get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
        let problem = response.json()?;
        assert_eq!((response.status, problem["code"].as_str()), (expected_status, Some(code)));
        assert_eq!((&problem["retryable"], &problem["stage"]), (&retryable.into(), &"evaluate".into()), "{code}");
        assert_eq!(problem["transaction_id"].as_str().map(str::len), Some(64));
        assert_eq!(response.headers.contains_key("retry-after"), expected_status == 503, "{code}");
    }
    Ok(())
}

#[test]
fn an_answer_that_is_not_json_is_not_passed_on() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway.double.script().evaluations.insert("item:ReadAlarm".to_owned(), Ok(b"<html>".to_vec()));
    let response =
        gateway.caller(&organizations.member(EXPORTER)).get("/v1/alarms/0123456789abcdef0123456789abcdef")?;
    assert_eq!((response.status, response.json()?["code"].as_str()), (502, Some("contract_failure")));
    Ok(())
}

#[test]
fn the_public_page_answers_in_html_and_json_without_a_certificate() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway.double.script().evaluations.insert("item:Scan".to_owned(), Ok(SCAN.into()));
    let json = gateway.anonymous().get("/01/9506000134352/21/A1")?;
    assert_eq!((json.status, json.json()?["conflict_found"].as_bool()), (200, Some(true)));
    let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    let html = gateway.anonymous().send("GET", "/01/9506000134352/21/A1", &browser, b"")?;
    let page = String::from_utf8(html.body)?;
    assert!(
        html.headers["content-type"].starts_with("text/html") && page.contains("Commissioned &lt;twice&gt;"),
        "{page}"
    );
    assert!(html.headers["content-security-policy"].starts_with("default-src 'none'"));
    let call = gateway.double.recorded()[0].call.clone().ok_or("a proposal")?;
    assert_eq!(
        (call.function.as_str(), gateway.double.recorded()[0].creator.clone()),
        ("item:Scan", organizations.managed_certificate(EXPORTER))
    );
    let wrong = gateway.anonymous().get("/01/9506000134353/21/A1")?;
    assert_eq!(wrong.status, 422);
    Ok(())
}

#[test]
fn the_public_page_tells_nothing_about_the_network() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    gateway.double.script().evaluations.insert("item:Scan".to_owned(), Err(status(14, "peer0.exporter:7051 is down")));
    let response = gateway.anonymous().get("/01/9506000134352/21/A1")?;
    let problem = response.json()?;
    assert_eq!(
        (response.status, &problem["endorsers"], &problem["transaction_id"]),
        (503, &serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert!(!String::from_utf8_lossy(&response.body).contains("peer0"));
    Ok(())
}

#[test]
fn readiness_follows_fabric_and_health_does_not() -> TestResult {
    let organizations = Organizations::new();
    let double = Double::default();
    double.script().evaluations.insert("governance:ReadMembers".to_owned(), Err(status(14, "down")));
    let gateway = organizations.gateway_with(double, |_| {});
    assert_eq!(gateway.anonymous().get("/healthz")?.status, 200);
    assert_eq!(gateway.anonymous().get("/readyz")?.status, 503);
    drop(gateway);
    let double = Double::default();
    // Nobody has founded the channel yet: the contract refuses, so it answers.
    double
        .script()
        .evaluations
        .insert("governance:ReadMembers".to_owned(), Err(refusal(404, "governance.not_established")));
    let gateway = organizations.gateway_with(double, |_| {});
    assert_eq!(gateway.anonymous().get("/readyz")?.status, 200);
    Ok(())
}

#[test]
fn a_peer_that_says_that_it_is_not_well_makes_the_gateway_unready() -> TestResult {
    let full =
        "503 Service Unavailable\r\n\r\n{\"failed_checks\":[{\"component\":\"ledger.trade\",\"reason\":\"full\"}]}";
    for (answer, expected) in [
        ("200 OK\r\n\r\n{\"status\":\"OK\"}", 200),
        (full, 503),
        ("503 Service Unavailable\r\n\r\n", 503),
        // It evaluates, and does not say how it is.
        ("404 Not Found\r\n\r\n", 200),
    ] {
        let peer = std::net::TcpListener::bind("127.0.0.1:0")?;
        let organizations = Organizations::new();
        let mut settings = organizations.settings();
        settings.service.peer_operations = Some(peer.local_addr()?.to_string());
        let answering = std::thread::spawn(move || -> std::io::Result<()> {
            let (mut stream, _) = peer.accept()?;
            let mut request = std::io::BufReader::new(stream.try_clone()?).lines();
            while request.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
            write!(stream, "HTTP/1.1 {answer}")
        });
        let double = std::sync::Arc::new(Double::default());
        let ledger: std::sync::Arc<dyn trade_gateway::ledger::Ledger> = double.clone();
        let gateway = organizations.start(settings, ledger, double);
        let ready = gateway.anonymous().get("/readyz")?;
        assert_eq!(ready.status, expected, "{answer}");
        if expected == 503 {
            assert_eq!(ready.json()?["code"], "peer_unwell");
            // The reason is for those who run the gateway.
            assert!(!String::from_utf8_lossy(&ready.body).contains("ledger.trade"));
        }
        answering.join().map_err(|_| "the peer panicked")??;
    }
    Ok(())
}

#[test]
fn the_administrative_listener_tells_health_readiness_and_numbers_and_nothing_else() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let asked = |path: &str| -> Result<String, Box<dyn std::error::Error>> {
        let mut stream = std::net::TcpStream::connect(gateway.admin_address())?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    for (path, expected) in
        [("/healthz", "200"), ("/readyz", "200"), ("/metrics", "200"), ("/v1/whoami", "404"), ("/openapi.json", "404")]
    {
        let answer = asked(path)?;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{path}: {answer}");
    }
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!((caller.get("/v1/whoami")?.status, caller.get("/metrics")?.status), (200, 404));
    let numbers = asked("/metrics")?;
    for expected in [
        "entrepot_gateway_requests_total{operation=\"whoami\",status=\"200\"} 1",
        "entrepot_gateway_requests_total{operation=\"-\",status=\"404\"} 3",
        "entrepot_gateway_fabric_steps_total{step=\"evaluate\",outcome=\"ok\"} 1",
        "entrepot_gateway_webhooks{state=\"stopped\"} 0",
        "entrepot_gateway_certificate_days{whose=\"the listener\"} ",
    ] {
        assert!(numbers.contains(expected), "{expected} is not in {numbers}");
    }
    Ok(())
}

#[test]
fn a_bank_statement_is_read_and_nothing_is_written() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let bank = gateway.caller(&organizations.member(EXPORTER));
    let message = r#"<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.04">
        <BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-01-02T03:04:05</CreDtTm></GrpHdr>
        <Ntfctn><Id>N1</Id><CreDtTm>2026-01-02T03:04:05</CreDtTm><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>
        <Ntry><Amt Ccy="CHF">12.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-01-02</Dt></BookgDt>
        <AcctSvcrRef>R1</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>INV-1</EndToEndId></Refs><Amt Ccy="CHF">12.50</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"#;
    let xml = [("Content-Type", "application/xml")];
    let response = bank.send("POST", "/v1/bank-statements", &xml, message.as_bytes())?;
    let entries = response.json()?;
    assert_eq!(response.status, 200, "{entries}");
    let entry = &entries["statements"][0]["entries"][0];
    assert_eq!((&entry["amount_minor"], &entry["currency"]), (&"1250".into(), &"CHF".into()));
    assert_eq!(entry["payments"][0]["end_to_end_id"], "INV-1");
    assert_eq!(entries["statement_sha256"].as_str().map(str::len), Some(64));
    for (body, expected) in [("<Document/>", 422), ("<a", 400), ("", 400), ("{}", 400)] {
        let response = bank.send("POST", "/v1/bank-statements", &xml, body.as_bytes())?;
        assert_eq!(response.status, expected, "{body}: {}", String::from_utf8_lossy(&response.body));
    }
    let json = [("Content-Type", "application/json")];
    assert_eq!(bank.send("POST", "/v1/bank-statements", &json, message.as_bytes())?.status, 415);
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn real_bank_messages_are_read() -> TestResult {
    let Some(data) = shared_data::find("iso20022")? else { return Ok(()) };
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let bank = gateway.caller(&organizations.member(EXPORTER));
    let mut read = 0;
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            if path.is_dir() {
                folders.push(path);
            } else if name.contains("camt.054") || name.contains("camt054") {
                let message = std::fs::read(&path)?;
                let xml = [("Content-Type", "application/xml")];
                let response = bank.send("POST", "/v1/bank-statements", &xml, &message)?;
                assert_eq!(response.status, 200, "{}: {}", path.display(), String::from_utf8_lossy(&response.body));
                read += 1;
            }
        }
    }
    assert!(read > 0, "no camt.054 file was found");
    Ok(())
}
