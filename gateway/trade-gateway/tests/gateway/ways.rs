//! Every way in ends in the same principal, and a certificate that is worth nothing is worth nothing by every way.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_cryptogen::{Authority, CertificateRequest, Issued, KeyAlgorithm, Purpose};
use serde_json::{Value, json};
use trade_gateway::client::{Client, Response};

use crate::{
    TestResult,
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, Organizations, REGULATOR},
    tokens::{
        Assertion, ask, bearer_token, by_assertion, by_certificate, changed, code, form_of, now, token_of, with_token,
    },
};

/// A way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The certificate on the connection.
    Connection,
    /// A token that is bound to the certificate, on a connection that shows it.
    BoundToken,
    /// A token for an assertion, on a connection without a certificate.
    BearerToken,
    /// The certificate in a listed proxy's `Client-Cert`.
    Proxy,
    /// A token that is bound to the certificate, got and used through a listed proxy.
    ProxyToken,
}

const WAYS: [Way; 5] = [Way::Connection, Way::BoundToken, Way::BearerToken, Way::Proxy, Way::ProxyToken];

/// What the audit log says of them.
const WRITTEN: [&str; 5] = ["", "token", "bearer", "proxy:edge", "proxy:edge token"];

/// A certificate as a proxy writes it (RFC 9440 §2.2).
pub(crate) fn client_cert(identity: &Issued) -> String {
    format!(":{}:", BASE64.encode(identity.certificate.der()))
}

/// What a caller holds after it came in by its way: nothing more, or a token.
type Ticket = Option<String>;

/// Comes in; the answer is the refusal.
fn enter(
    organizations: &Organizations,
    gateway: &Gateway,
    way: Way,
    msp_id: &str,
    identity: &Issued,
) -> Result<Result<Ticket, Response>, Box<dyn std::error::Error>> {
    let answer = match way {
        Way::Connection | Way::Proxy => return Ok(Ok(None)),
        Way::ProxyToken => {
            let (proxy, field) = (gateway.caller(&organizations.proxy), client_cert(identity));
            let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Client-Cert", field.as_str())];
            proxy.send("POST", "/v1/oauth/token", &form, b"grant_type=client_credentials")?
        }
        Way::BoundToken => by_certificate(gateway, identity)?,
        Way::BearerToken => by_assertion(gateway, || Assertion::of(msp_id, identity).sign(identity))?,
    };
    if answer.status == 200 { Ok(Ok(Some(token_of(&answer)?))) } else { Ok(Err(answer)) }
}

fn whoami(
    organizations: &Organizations,
    gateway: &Gateway,
    way: Way,
    identity: &Issued,
    ticket: &Ticket,
) -> Result<Response, Box<dyn std::error::Error>> {
    let caller = match way {
        Way::Connection | Way::BoundToken => gateway.caller(identity),
        Way::BearerToken => gateway.anonymous(),
        Way::Proxy | Way::ProxyToken => gateway.caller(&organizations.proxy),
    };
    let (field, authorization) = (client_cert(identity), ticket.as_ref().map(|token| format!("Bearer {token}")));
    let mut headers = Vec::new();
    if matches!(way, Way::Proxy | Way::ProxyToken) {
        headers.push(("Client-Cert", field.as_str()));
    }
    headers.extend(authorization.as_deref().map(|value| ("Authorization", value)));
    Ok(caller.send("GET", "/v1/whoami", &headers, b"")?)
}

/// The code with which a caller is refused at the door or behind it.
fn verdict(
    organizations: &Organizations,
    gateway: &Gateway,
    way: Way,
    msp_id: &str,
    identity: &Issued,
) -> Result<String, Box<dyn std::error::Error>> {
    let answer = match enter(organizations, gateway, way, msp_id, identity)? {
        Ok(ticket) => whoami(organizations, gateway, way, identity, &ticket)?,
        Err(refused) => refused,
    };
    Ok(answer.json()?["code"].as_str().unwrap_or("accepted").to_owned())
}

#[test]
fn every_way_ends_in_the_same_principal_and_the_same_line_of_audit() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let mut identities = Vec::new();
    for msp_id in [EXPORTER, IMPORTER, CUSTOMS, REGULATOR] {
        let identity = organizations.member(msp_id);
        let mut seen: Vec<Value> = Vec::new();
        for way in WAYS {
            let ticket =
                enter(&organizations, &gateway, way, msp_id, &identity)?.map_err(|refused| format!("{refused:?}"))?;
            let answer = whoami(&organizations, &gateway, way, &identity, &ticket)?;
            assert_eq!(answer.status, 200, "{msp_id} by {way:?}");
            seen.push(answer.json()?);
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{msp_id}: {seen:?}");
        assert_eq!(seen[0]["msp_id"], msp_id);
        identities.push(identity);
    }
    gateway.stop();
    let log = std::fs::read_to_string(organizations.path("data").join("audit.jsonl"))?;
    let lines: Vec<Value> = log.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let lines: Vec<&Value> = lines.iter().filter(|line| find(line, "route") == Some("/v1/whoami")).collect();
    for ((lines, identity), msp_id) in
        lines.chunks(WAYS.len()).zip(&identities).zip([EXPORTER, IMPORTER, CUSTOMS, REGULATOR])
    {
        let ways: Vec<_> = lines.iter().map(|line| find(line, "way").unwrap_or_default()).collect();
        assert_eq!(ways, WRITTEN);
        let digest: String = identity.certificate.sha256().iter().map(|byte| format!("{byte:02x}")).collect();
        for line in lines {
            assert_eq!(find(line, "msp_id"), Some(msp_id));
            assert_eq!(find(line, "certificate_sha256"), find(lines[0], "certificate_sha256"));
            assert_eq!(find(line, "certificate_sha256").map(str::len), Some(digest.len()));
        }
    }
    organizations.audited();
    Ok(())
}

/// A text of a line of the audit log, wherever it stands.
fn find<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    match line {
        Value::Object(object) => {
            object.get(name).and_then(Value::as_str).or_else(|| object.values().find_map(|value| find(value, name)))
        }
        _ => None,
    }
}

#[test]
fn a_certificate_that_is_refused_is_refused_by_every_way_under_the_same_name() -> TestResult {
    let organizations = Organizations::new();
    let issue = |request: &CertificateRequest| organizations.issue(EXPORTER, request);
    let client = |units: &[&str]| CertificateRequest::identity("erp", units);
    let moment = i64::try_from(now())?;
    let valid =
        |not_before: i64, not_after: i64| issue(&CertificateRequest { not_before, not_after, ..client(&["client"]) });
    let revoked = issue(&client(&["client"]));
    organizations.revoke(EXPORTER, &[&revoked]);
    let (stranger, _) = Authority::create(&CertificateRequest::authority("ca", EXPORTER))?;
    let authority = CertificateRequest { purpose: Purpose::Authority(Some(0)), ..client(&["client"]) };
    let p384 = CertificateRequest { algorithm: KeyAlgorithm::EcdsaP384, ..client(&["client"]) };
    let hour = 3_600;
    let rows = [
        ("a client", issue(&client(&["client"])), "accepted"),
        ("an administrator", issue(&client(&["admin"])), "accepted"),
        ("P-384", issue(&p384), "accepted"),
        ("revoked", revoked, "certificate_revoked"),
        ("expired", valid(moment - 2 * hour, moment - hour), "certificate_expired"),
        ("not yet valid", valid(moment + hour, moment + 2 * hour), "certificate_not_yet_valid"),
        ("an authority", issue(&authority), "certificate_of_an_authority"),
        ("a peer", issue(&client(&["peer"])), "certificate_of_a_node"),
        ("two roles", issue(&client(&["client", "admin"])), "certificate_role_ambiguous"),
        ("a stranger", stranger.issue(&client(&["client"]))?, "certificate_unknown_authority"),
    ];
    let gateway = organizations.gateway();
    for (what, identity, expected) in &rows {
        for way in WAYS {
            assert_eq!(verdict(&organizations, &gateway, way, EXPORTER, identity)?, *expected, "{what} by {way:?}");
        }
    }
    let member = organizations.member(EXPORTER);
    assert_eq!(
        verdict(&organizations, &gateway, Way::BearerToken, IMPORTER, &member)?,
        "assertion_issuer",
        "another organization"
    );
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn a_certificate_that_is_revoked_later_takes_its_tokens_with_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let enter = |way| enter(&organizations, &gateway, way, EXPORTER, &identity);
    let tickets = WAYS.map(enter).into_iter().collect::<Result<Vec<_>, _>>()?;
    gateway.stop();
    // The same keys sign after a restart, so what refuses the tokens is the certificate.
    let gateway = organizations.gateway();
    for (way, ticket) in WAYS.iter().zip(&tickets) {
        let ticket = ticket.as_ref().map_err(|refused| format!("{refused:?}"))?;
        assert_eq!(whoami(&organizations, &gateway, *way, &identity, ticket)?.status, 200, "{way:?}");
    }
    gateway.stop();
    organizations.revoke(EXPORTER, &[&identity]);
    let gateway = organizations.gateway();
    for (way, ticket) in WAYS.iter().zip(&tickets) {
        let ticket = ticket.as_ref().map_err(|refused| format!("{refused:?}"))?;
        assert_eq!(
            whoami(&organizations, &gateway, *way, &identity, ticket)?.json()?["code"],
            "certificate_revoked",
            "{way:?}"
        );
    }
    Ok(())
}

#[test]
fn a_certificate_that_expires_takes_its_tokens_with_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    // A certificate counts for a minute after its end.
    let end = i64::try_from(now())? - 57;
    let identity = organizations
        .issue(EXPORTER, &CertificateRequest { not_after: end, ..CertificateRequest::identity("erp", &["client"]) });
    let mut tickets = Vec::new();
    for way in WAYS {
        tickets.push(
            enter(&organizations, &gateway, way, EXPORTER, &identity)?.map_err(|refused| format!("{refused:?}"))?,
        );
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    for (way, ticket) in WAYS.iter().zip(&tickets) {
        loop {
            let answer = whoami(&organizations, &gateway, *way, &identity, ticket)?;
            if answer.status != 200 {
                assert_eq!(answer.json()?["code"], "certificate_expired", "{way:?}");
                break;
            }
            assert!(Instant::now() < deadline, "{way:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

#[test]
fn a_token_is_worth_nothing_on_another_connection() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (identity, colleague) = (organizations.member(EXPORTER), organizations.member(EXPORTER));
    let foreigner = organizations.member(REGULATOR);
    for way in [Way::BoundToken, Way::BearerToken] {
        let ticket =
            enter(&organizations, &gateway, way, EXPORTER, &identity)?.map_err(|refused| format!("{refused:?}"))?;
        let token = ticket.ok_or("a token")?;
        for (whose, caller) in [("colleague", gateway.caller(&colleague)), ("foreigner", gateway.caller(&foreigner))] {
            let answer = with_token(&caller, &token, "GET", "/v1/whoami", None)?;
            assert_eq!(
                (answer.status, answer.json()?["code"].as_str()),
                (401, Some("token_of_another")),
                "{whose}, {way:?}"
            );
        }
        let nobody = with_token(&gateway.anonymous(), &token, "GET", "/v1/whoami", None)?;
        let own = with_token(&gateway.caller(&identity), &token, "GET", "/v1/whoami", None)?;
        let expected = if way == Way::BoundToken { (401, 200) } else { (200, 200) };
        assert_eq!((nobody.status, own.status), expected, "{way:?}");
    }
    Ok(())
}

#[test]
fn a_token_of_one_way_is_bound_to_the_certificate_and_not_to_the_way() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (identity, colleague) = (organizations.member(EXPORTER), organizations.member(EXPORTER));
    let ticket = enter(&organizations, &gateway, Way::ProxyToken, EXPORTER, &identity)?;
    let ticket = ticket.map_err(|refused| format!("{refused:?}"))?;
    assert_eq!(whoami(&organizations, &gateway, Way::BoundToken, &identity, &ticket)?.status, 200);
    let others = whoami(&organizations, &gateway, Way::ProxyToken, &colleague, &ticket)?;
    assert_eq!(others.json()?["code"], "token_of_another");
    let proxys_own = gateway.caller(&organizations.proxy);
    let token = ticket.ok_or("a token")?;
    let answer = with_token(&proxys_own, &token, "GET", "/v1/whoami", None)?;
    assert_eq!(answer.json()?["code"], "token_of_another", "the proxy shows no client's certificate");
    Ok(())
}

#[test]
fn an_assertion_comes_without_a_certificate_or_with_its_own() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (identity, colleague) = (organizations.member(EXPORTER), organizations.member(EXPORTER));
    by_assertion(&gateway, || Assertion::of(EXPORTER, &identity).sign(&identity))?;
    let (own, others) = (client_cert(&identity), client_cert(&colleague));
    let (proxy, nobody) = (gateway.caller(&organizations.proxy), gateway.anonymous());
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let rows: [(&str, &Client, Headers<'_>, u16, &str); 8] = [
        ("no certificate", &nobody, &[], 200, ""),
        ("its own", &gateway.caller(&identity), &[], 200, ""),
        ("a colleague's", &gateway.caller(&colleague), &[], 401, "assertion_of_another"),
        ("a proxy's that names none", &proxy, &[], 200, ""),
        ("its own by a proxy", &proxy, &[("Client-Cert", &own)], 200, ""),
        ("a colleague's by a proxy", &proxy, &[("Client-Cert", &others)], 401, "assertion_of_another"),
        ("none by a proxy", &proxy, &[("Client-Cert", "x")], 401, "client_cert_malformed"),
        ("its own by nobody", &nobody, &[("Client-Cert", &own)], 401, "client_cert_refused"),
    ];
    for (what, caller, headers, status, expected) in rows {
        let form = form_of(&Assertion::of(EXPORTER, &identity).sign(&identity));
        let of_form: Headers<'_> = &[("Content-Type", "application/x-www-form-urlencoded")];
        let headers = [of_form, headers].concat();
        let answer = caller.send("POST", "/v1/oauth/token", &headers, form.as_bytes())?;
        assert_eq!((answer.status, answer.json()?["code"].as_str().unwrap_or("")), (status, expected), "{what}");
    }
    gateway.stop();
    let log = std::fs::read_to_string(organizations.path("data").join("audit.jsonl"))?;
    let lines: Vec<Value> = log.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let given = lines.iter().filter(|line| find(line, "msp_id") == Some(EXPORTER));
    let ways: Vec<_> = given.map(|line| find(line, "way").unwrap_or_default()).collect();
    assert_eq!(ways, ["bearer", "bearer", "bearer", "proxy:edge bearer", "proxy:edge bearer"]);
    Ok(())
}

#[test]
fn who_sends_a_members_assertion_wrongly_is_not_written_down_as_the_member() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    bearer_token(&gateway, EXPORTER, &identity)?;
    let claim = |name: &str, value: Value| changed(&identity, |one| one.claims[name] = value);
    let used = claim("sub", json!(EXPORTER));
    assert_eq!(ask(&gateway.anonymous(), &form_of(&used))?.status, 200);
    let others = format!("{}&client_id={IMPORTER}", form_of(&claim("sub", json!(EXPORTER))));
    for (form, expected) in [
        (form_of(&used), "assertion_replayed"),
        (form_of(&claim("aud", json!("https://elsewhere.example"))), "assertion_audience"),
        (form_of(&claim("exp", json!(now() - 1))), "assertion_time"),
        (form_of(&claim("iss", json!(IMPORTER))), "assertion_issuer"),
        (form_of(&claim("jti", json!(""))), "assertion_malformed"),
        (others, "invalid_client"),
    ] {
        assert_eq!(code(&ask(&gateway.anonymous(), &form)?)?, (401, expected.to_owned()));
    }
    gateway.stop();
    let log = std::fs::read_to_string(organizations.path("data").join("audit.jsonl"))?;
    let of_members = log.lines().filter(|line| line.contains("/v1/oauth/token") && line.contains(EXPORTER));
    let outcomes: Vec<bool> = of_members.map(|line| line.contains("\"status\":200")).collect();
    assert!(outcomes.len() >= 2 && outcomes.iter().all(|is_given| *is_given), "{log}");
    assert!(log.contains("assertion_replayed"), "and the refusals are written: {log}");
    Ok(())
}

#[test]
fn only_a_listed_proxy_says_whose_certificate_a_client_has_shown() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = organizations.member(EXPORTER);
    let field = client_cert(&exporter);
    let unlisted = organizations.issue(REGULATOR, &CertificateRequest::identity("edge", &["client"]));
    for (who, caller) in [
        ("nobody", gateway.anonymous()),
        ("a member", gateway.caller(&organizations.member(REGULATOR))),
        ("of the proxy's name", gateway.caller(&unlisted)),
        ("itself", gateway.caller(&exporter)),
    ] {
        for headers in [vec![("Client-Cert", field.as_str())], vec![("client-cert-chain", field.as_str())]] {
            let answer = caller.send("GET", "/v1/whoami", &headers, b"")?;
            assert_eq!((answer.status, answer.json()?["code"].as_str()), (403, Some("client_cert_refused")), "{who}");
        }
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Client-Cert", field.as_str())];
    let answer = gateway.anonymous().send("POST", "/v1/oauth/token", &form, b"grant_type=client_credentials")?;
    assert_eq!((answer.status, answer.json()?["code"].as_str()), (401, Some("client_cert_refused")));
    Ok(())
}

#[test]
fn a_proxy_is_nobody_by_itself_and_what_it_says_wrongly_is_refused_by_name() -> TestResult {
    let organizations = Organizations::new();
    let mut settings = organizations.settings();
    // Even a member's certificate makes a proxy and nothing else.
    let member = organizations.member(EXPORTER);
    settings.proxies[0].certificate_sha256 =
        Some(member.certificate.sha256().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"));
    let double = std::sync::Arc::new(crate::double::Double::default());
    let gateway = organizations.start(settings, std::sync::Arc::clone(&double) as _, double);
    let proxy = gateway.caller(&member);
    assert_eq!(proxy.get("/v1/whoami")?.json()?["code"], "certificate_missing");
    let good = client_cert(&organizations.member(IMPORTER));
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let rows: [(Headers<'_>, u16, &str); 6] = [
        (&[("Client-Cert", "")], 400, "client_cert_malformed"),
        (&[("Client-Cert", ":AAAA:")], 400, "client_cert_malformed"),
        (&[("Client-Cert", &good), ("Client-Cert", &good)], 400, "client_cert_malformed"),
        (&[("Client-Cert-Chain", &good)], 400, "client_cert_malformed"),
        (&[("Client-Cert", &good), ("Client-Cert-Chain", "x")], 400, "client_cert_malformed"),
        (&[("Client-Cert", &good), ("Client-Cert-Chain", &good)], 200, ""),
    ];
    for (headers, status, expected) in rows {
        let answer = proxy.send("GET", "/v1/whoami", headers, b"")?;
        assert_eq!((answer.status, answer.json()?["code"].as_str().unwrap_or("")), (status, expected), "{headers:?}");
    }
    Ok(())
}

#[test]
fn a_proxys_connection_stays_when_one_of_its_clients_is_refused() -> TestResult {
    use std::io::{Read, Write};
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let mut stream = gateway.caller(&organizations.proxy).connect()?;
    let fields = [client_cert(&organizations.member(EXPORTER)), client_cert(&organizations.member(REGULATOR))];
    let heads = [
        "\r\n".to_owned(),
        format!("Client-Cert: {}\r\n\r\n", fields[0]),
        "\r\n".to_owned(),
        format!("Client-Cert: {}\r\n\r\n", fields[1]),
    ];
    for (head, expected) in heads.iter().zip(["401", "200", "401", "200"]) {
        write!(stream, "GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\n{head}")?;
        let mut answer = Vec::new();
        // Whole answers: the body ends with the object.
        while !answer.ends_with(b"}") {
            let mut part = [0; 4_096];
            let read = stream.read(&mut part)?;
            assert_ne!(read, 0, "the connection ended");
            answer.extend_from_slice(&part[..read]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected}")), "{answer}");
    }
    Ok(())
}
