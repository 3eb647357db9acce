//! Files that a running gateway reads again: what counts at once, what waits for another start, and what is broken.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use openssl::ssl::SslStream;
use serde_json::json;
use trade_gateway::settings::Settings;

use crate::{
    TestResult,
    double::Double,
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations, write},
    ways::client_cert,
    writing::evidence,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway whose settings come from a file.
fn with_file(organizations: &Organizations) -> Result<Gateway, Box<dyn std::error::Error>> {
    change(organizations, &organizations.settings())?;
    let double = Arc::new(Double::default());
    let settings = Settings::load(&organizations.path("gateway.yaml"))?;
    Ok(organizations.start(settings, Arc::clone(&double) as _, double))
}

/// Writes other settings.
fn change(organizations: &Organizations, settings: &Settings) -> TestResult {
    Ok(fs::write(organizations.path("gateway.yaml"), serde_norway::to_string(settings)?)?)
}

/// Asks again until it is so.
fn until(what: &str, mut is_so: impl FnMut() -> Result<bool, Box<dyn std::error::Error>>) -> TestResult {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        if Instant::now() > deadline {
            return Err(what.into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether a line of `/metrics` begins so.
fn metric(gateway: &Gateway, line: &str) -> Result<bool, Box<dyn std::error::Error>> {
    Ok(metrics(gateway)?.lines().any(|one| one.starts_with(line)))
}

/// Whether it was counted that this could not be read again.
fn failed(gateway: &Gateway, what: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let begin = format!("entrepot_gateway_reload_failures_total{{what=\"{what}\"}} ");
    Ok(metrics(gateway)?.lines().filter_map(|line| line.strip_prefix(&begin)).any(|count| count != "0"))
}

pub(crate) fn metrics(gateway: &Gateway) -> Result<String, Box<dyn std::error::Error>> {
    let mut stream = TcpStream::connect(gateway.admin_address())?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

/// SHA-256 of the certificate that the listener shows.
fn shown(gateway: &Gateway) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let stream = gateway.anonymous().connect()?;
    Ok(openssl::sha::sha256(&stream.ssl().peer_certificate().ok_or("a certificate")?.to_der()?).to_vec())
}

/// Asks who calls, on a connection that stays open. Gives back the status.
fn whoami(open: &mut SslStream<TcpStream>, headers: &str) -> Result<u16, Box<dyn std::error::Error>> {
    write!(open, "GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n")?;
    let mut answer = Vec::new();
    // Whole answers: the body ends with the object.
    while !answer.ends_with(b"}") {
        let mut part = [0; 4_096];
        let read = open.read(&mut part)?;
        if read == 0 {
            return Err("the connection ended".into());
        }
        answer.extend_from_slice(&part[..read]);
    }
    Ok(String::from_utf8_lossy(&answer).get(9..12).ok_or("a status")?.parse()?)
}

#[test]
fn a_new_certificate_is_shown_and_a_broken_one_is_not() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let before = shown(&gateway)?;
    // The new certificate lies there already, its key not yet.
    let (certificate, key) = organizations.server_keys();
    write(&organizations.path("server.crt"), &certificate);
    gateway.reload();
    until("a failure is counted", || failed(&gateway, "tls"))?;
    assert_eq!(shown(&gateway)?, before);
    fs::remove_file(organizations.path("server.key"))?;
    write(&organizations.path("server.key"), &key);
    gateway.reload();
    until("the new certificate is shown", || Ok(shown(&gateway)? != before))?;
    let der = openssl::x509::X509::from_pem(&certificate)?.to_der()?;
    assert_eq!(shown(&gateway)?, openssl::sha::sha256(&der));
    assert_eq!(caller.get("/v1/whoami")?.status, 200, "members are known as before");
    Ok(())
}

#[test]
fn a_proxy_that_is_listed_no_more_is_none_on_its_open_connection_either() -> TestResult {
    let organizations = Organizations::new();
    let gateway = with_file(&organizations)?;
    let field = client_cert(&organizations.member(IMPORTER));
    let mut open = gateway.caller(&organizations.proxy).connect()?;
    let mut on_open = || whoami(&mut open, &format!("Client-Cert: {field}\r\n"));
    let on_new = || -> Result<u16, Box<dyn std::error::Error>> {
        let proxy = gateway.caller(&organizations.proxy);
        Ok(proxy.send("GET", "/v1/whoami", &[("Client-Cert", field.as_str())], b"")?.status)
    };
    assert_eq!((on_open()?, on_new()?), (200, 200));
    let mut settings = organizations.settings();
    let listed = std::mem::take(&mut settings.proxies);
    change(&organizations, &settings)?;
    gateway.reload();
    until("the proxy is none on new connections", || Ok(on_new()? == 403))?;
    assert_eq!(on_open()?, 403);
    settings.proxies = listed;
    change(&organizations, &settings)?;
    gateway.reload();
    until("the proxy is one again", || Ok(on_new()? == 200))?;
    Ok(())
}

#[test]
fn a_member_that_becomes_a_proxy_is_a_member_no_more_on_its_open_connection_either() -> TestResult {
    let organizations = Organizations::new();
    let gateway = with_file(&organizations)?;
    let (member, client) = (organizations.member(EXPORTER), client_cert(&organizations.member(IMPORTER)));
    let mut open = gateway.caller(&member).connect()?;
    assert_eq!(whoami(&mut open, "")?, 200);
    let mut settings = organizations.settings();
    settings.proxies[0].certificate_sha256 = Some(hex::encode(member.certificate.sha256()));
    change(&organizations, &settings)?;
    gateway.reload();
    until("it is a proxy on new connections", || Ok(gateway.caller(&member).get("/v1/whoami")?.status == 401))?;
    assert_eq!(whoami(&mut open, &format!("Client-Cert: {client}\r\n"))?, 200);
    assert_eq!(whoami(&mut open, "")?, 401);
    Ok(())
}

#[test]
fn limits_count_at_once_and_the_rest_is_told_to_wait() -> TestResult {
    let organizations = Organizations::new();
    let gateway = with_file(&organizations)?;
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let mut number = 0;
    let mut deposit = || -> Result<u16, Box<dyn std::error::Error>> {
        number += 1;
        Ok(caller.post("/v1/evidence", &format!("k{number}"), &evidence())?.status)
    };
    assert_eq!(deposit()?, 201);
    let mut settings = organizations.settings();
    settings.limits.json_body_bytes = 10;
    change(&organizations, &settings)?;
    gateway.reload();
    until("the limit counts", || Ok(deposit()? == 413))?;
    assert!(metric(&gateway, "entrepot_gateway_settings_waiting 0")?);
    fs::write(organizations.path("gateway.yaml"), "limits: {")?;
    gateway.reload();
    until("a failure is counted", || failed(&gateway, "settings"))?;
    assert_eq!(deposit()?, 413, "what was there before stays");
    settings = organizations.settings();
    settings.channel = "other".to_owned();
    change(&organizations, &settings)?;
    gateway.reload();
    until("the former limit counts again", || Ok(deposit()? == 201))?;
    assert!(metric(&gateway, "entrepot_gateway_settings_waiting 1")?);
    Ok(())
}

#[test]
fn the_age_of_revocation_lists_is_told() -> TestResult {
    let organizations = Organizations::new();
    organizations.revoke(EXPORTER, &[]);
    let gateway = organizations.gateway();
    let text = metrics(&gateway)?;
    let number = |name: &str, msp_id: &str| {
        let begin = format!("entrepot_gateway_{name}{{organization=\"{msp_id}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&begin)).and_then(|number| number.parse::<f64>().ok())
    };
    // Lists of these tests begin somewhat before now and end years later.
    assert!(number("revocation_list_age_days", EXPORTER).is_some_and(|days| (0.0..2.0).contains(&days)), "{text}");
    assert!(number("revocation_list_due_days", EXPORTER).is_some_and(|days| days > 300.0), "{text}");
    assert_eq!(number("revocation_list_age_days", IMPORTER), None, "it has no list");
    fs::remove_file(organizations.path(EXPORTER).join("msp/crls/crl.pem"))?;
    gateway.reload();
    until("the list is gone", || Ok(!metric(&gateway, "entrepot_gateway_revocation_list_age_days{")?))
}

#[test]
fn a_revocation_counts_as_soon_as_it_is_asked_for() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let caller = gateway.caller(&identity);
    assert_eq!(caller.get("/v1/whoami")?.status, 200);
    organizations.revoke(EXPORTER, &[&identity]);
    gateway.reload();
    until("it is revoked", || Ok(caller.get("/v1/whoami")?.json()?["code"] == json!("certificate_revoked")))?;
    Ok(())
}
