//! Bodies, heads and connections that no well-meaning caller sends.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use crate::{
    TestResult,
    double::Double,
    organizations::{EXPORTER, Organizations},
    writing::evidence,
};

const KEY: (&str, &str) = ("Idempotency-Key", "k");

#[test]
fn bodies_of_every_wrong_kind_are_refused_by_name_before_fabric() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let deep = format!("{{\"sha256\":{}", "[".repeat(200_000));
    let large = format!("{{\"tool\":\"{}\"}}", "x".repeat(1024 * 1024));
    let duplicate = evidence().to_string().replacen('{', "{\"tool\":\"a\",", 1);
    let mut unknown = evidence();
    unknown["colour"] = "red".into();
    let rows: [(&str, &str, u16, &str); 10] = [
        ("application/json", "{", 400, "json_malformed"),
        ("application/json", "", 400, "json_malformed"),
        ("application/json", "[]", 400, "json_malformed"),
        ("application/json", r#"{"size_bytes":1e400}"#, 400, "json_malformed"),
        ("application/json", &duplicate, 400, "json_malformed"),
        ("application/json", &deep, 400, "json_too_deep"),
        ("application/json", &large, 413, "body_too_large"),
        ("application/json", &unknown.to_string(), 400, "request.malformed"),
        ("text/plain", "{}", 415, "media_type_unsupported"),
        ("application/x-www-form-urlencoded", "a=b", 415, "media_type_unsupported"),
    ];
    for (media_type, body, status, code) in rows {
        let response = caller.send("POST", "/v1/evidence", &[("Content-Type", media_type), KEY], body.as_bytes())?;
        let shown: String = body.chars().take(60).collect();
        assert_eq!((response.status, response.json()?["code"].as_str()), (status, Some(code)), "{shown}");
    }
    let zipped = [("Content-Type", "application/json"), ("Content-Encoding", "gzip"), KEY];
    assert_eq!(caller.send("POST", "/v1/evidence", &zipped, b"\x1f\x8b")?.status, 415);
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn an_unknown_field_is_named() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let mut unknown = evidence();
    unknown["colour"] = "red".into();
    let problem = gateway.caller(&organizations.member(EXPORTER)).post("/v1/evidence", "k", &unknown)?.json()?;
    assert_eq!(problem["fields"][0]["name"], "/colour", "{problem}");
    Ok(())
}

#[test]
fn heads_are_bounded() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let filler = "x".repeat(20_000);
    assert_eq!(caller.send("GET", "/v1/whoami", &[("X-Filler", &filler)], b"")?.status, 431);
    assert_eq!(caller.get(&format!("/v1/alarms?item={}", "x".repeat(5_000)))?.status, 414);
    let many = (0..900).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    assert!(matches!(caller.get(&format!("/v1/alarms?{many}"))?.status, 414 | 422));
    for path in ["/v1/alarms/%00", "/v1/alarms/%zz", "/v1/alarms/%ff", "/v1/alarms/a%E2%80%AEb", "/v1/alarms/%0d%0aX"] {
        let status = caller.get(path)?.status;
        assert!(matches!(status, 400 | 422), "{path}: {status}");
    }
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn a_body_that_drips_is_cut_off() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.body_deadline_ms = 300);
    let mut stream = gateway.caller(&organizations.member(EXPORTER)).connect()?;
    write!(
        stream,
        "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\n{{"
    )?;
    let mut answer = [0; 1024];
    let read = stream.read(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer[..read]);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    Ok(())
}

#[test]
fn a_head_that_drips_is_cut_off() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.header_deadline_ms = 1_000);
    let mut stream = gateway.anonymous().connect()?;
    write!(stream, "GET /v1/whoami HTTP/1.1\r\nHost:")?;
    let mut answer = Vec::new();
    // The end of the stream, with or without an answer and a TLS farewell.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    Ok(())
}

#[test]
fn ambiguous_framing_is_refused() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let head = "POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n";
    for framing in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ] {
        let mut stream = gateway.caller(&identity).connect()?;
        stream.get_ref().set_read_timeout(Some(Duration::from_secs(3)))?;
        write!(stream, "{head}{framing}")?;
        let mut answer = [0; 512];
        let read = stream.read(&mut answer).unwrap_or(0);
        let answer = String::from_utf8_lossy(&answer[..read]);
        assert!(answer.starts_with("HTTP/1.1 400"), "{framing:?}: {answer}");
    }
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn a_busy_gateway_sheds_load_and_recovers() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.requests_per_organization = 1);
    let identity = organizations.member(EXPORTER);
    gateway.double.script().hold = true;
    let (caller, body) = (gateway.caller(&identity), evidence());
    let working = std::thread::spawn(move || caller.post("/v1/evidence", "k1", &body).map(|response| response.status));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !gateway.double.steps().contains(&"endorse") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    let shed = gateway.caller(&identity).get("/v1/whoami")?;
    assert_eq!((shed.status, shed.json()?["code"].as_str()), (503, Some("gateway_busy")));
    assert!(shed.headers.contains_key("retry-after"));
    let other = gateway.caller(&organizations.member(crate::organizations::REGULATOR)).get("/v1/whoami")?;
    assert_eq!(other.status, 200, "another organization is not affected");
    gateway.double.script().hold = false;
    assert_eq!(working.join().map_err(|_| "the caller panicked")??, 201);
    assert_eq!(gateway.caller(&identity).get("/v1/whoami")?.status, 200);
    Ok(())
}

#[test]
fn a_gateway_that_is_full_is_alive_and_tells_whether_it_is_ready() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.requests = 1);
    gateway.double.script().hold = true;
    let (caller, body) = (gateway.caller(&organizations.member(EXPORTER)), evidence());
    let working = std::thread::spawn(move || caller.post("/v1/evidence", "k1", &body).map(|response| response.status));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !gateway.double.steps().contains(&"endorse") {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(gateway.anonymous().get("/openapi.json")?.status, 503);
    assert_eq!(gateway.anonymous().get("/healthz")?.status, 200);
    assert_eq!(gateway.anonymous().get("/readyz")?.status, 200);
    gateway.double.script().hold = false;
    assert_eq!(working.join().map_err(|_| "the caller panicked")??, 201);
    Ok(())
}

#[test]
fn a_connection_without_a_certificate_ends_with_its_first_answer() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    for (caller, closes) in [(gateway.anonymous(), true), (gateway.caller(&identity), false)] {
        for target in ["/healthz", "/nothing", "/v1/whoami"] {
            let mut stream = caller.connect()?;
            write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
            let mut answer = Vec::new();
            while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
                let mut part = [0; 4_096];
                let read = stream.read(&mut part)?;
                assert_ne!(read, 0);
                answer.extend_from_slice(&part[..read]);
            }
            let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
            assert_eq!(answer.contains("connection: close"), closes, "{target}: {answer}");
        }
    }
    Ok(())
}

#[test]
fn what_is_refused_again_and_again_does_not_fill_the_audit_log() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let stranger = Organizations::new().member(EXPORTER);
    let nobodies = [gateway.anonymous(), gateway.caller(&stranger)];
    for number in 0..20 {
        assert_eq!(nobodies[number % 2].get(&format!("/nothing/{number}"))?.status, 404);
    }
    let identity = organizations.member(EXPORTER);
    let member = gateway.caller(&identity);
    for number in 0..20 {
        assert_eq!(member.get(&format!("/nothing/{number}"))?.status, 404);
        // The control: what members are allowed has a line each.
        assert_eq!(member.get("/v1/whoami")?.status, 200);
    }
    gateway.stop();
    let path = organizations.path("data").join("audit.jsonl");
    assert_eq!(organizations.audited().lines, 2 + 20 + 2);
    let text = std::fs::read_to_string(&path)?;
    let last: Vec<serde_json::Value> = text.lines().skip(22).map(serde_json::from_str).collect::<Result<_, _>>()?;
    let [of_strangers, of_member] = last.as_slice() else { return Err("two counts at the end".into()) };
    let (of_strangers, of_member) = (&of_strangers["decision"], &of_member["decision"]);
    for decision in [of_strangers, of_member] {
        assert_eq!((&decision["status"], &decision["count"]), (&404.into(), &19.into()));
    }
    assert_eq!((&of_strangers["address"], &of_strangers["certificate_sha256"]), (&"127.0.0.1".into(), &().into()));
    assert_eq!((&of_member["address"], &of_member["msp_id"]), (&().into(), &EXPORTER.into()));
    Ok(())
}

#[test]
fn plain_http_and_old_tls_are_not_spoken() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let stream = gateway.anonymous().connect()?;
    let address = stream.get_ref().peer_addr()?;
    assert!(matches!(stream.ssl().version_str(), "TLSv1.2" | "TLSv1.3"));
    drop(stream);
    let mut plain = std::net::TcpStream::connect(address)?;
    plain.set_read_timeout(Some(Duration::from_secs(6)))?;
    plain.write_all(b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\n\r\n")?;
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
    let mut builder = openssl::ssl::SslConnector::builder(openssl::ssl::SslMethod::tls_client())?;
    builder.set_verify(openssl::ssl::SslVerifyMode::NONE);
    builder.set_min_proto_version(None)?;
    builder.set_max_proto_version(Some(openssl::ssl::SslVersion::TLS1_1))?;
    builder.set_cipher_list("ALL:@SECLEVEL=0")?;
    let old = builder.build().connect("localhost", std::net::TcpStream::connect(address)?);
    assert!(old.is_err(), "TLS 1.1 was accepted");
    Ok(())
}
