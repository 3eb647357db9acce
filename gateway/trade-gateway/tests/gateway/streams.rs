//! Streams of events: what a client reads, where it goes on, and what ends it.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use fabric_cryptogen::{Authority, CertificateRequest};
use openssl::ssl::SslStream;
use serde_json::Value;
use trade_gateway::client::Client;

use crate::{
    TestResult,
    double::Double,
    lists::{ALL, Indexed, filled, invoice},
    organizations::{CUSTOMS, EXPORTER, IMPORTER, Organizations},
    tokens::now,
    ways::client_cert,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open stream, and what it has brought.
struct Stream {
    connection: SslStream<TcpStream>,
    text: String,
}

impl Stream {
    fn open(caller: &Client, target: &str, headers: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut connection = caller.connect()?;
        connection.get_ref().set_read_timeout(Some(PATIENCE))?;
        write!(connection, "GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{headers}\r\n")?;
        let mut stream = Self { connection, text: String::new() };
        let begun = stream.until("\r\n\r\n")?;
        stream.text = begun.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
        Ok(stream)
    }

    /// Reads until this text has come, but not for ever, though signs of life come; gives back all that has come until
    /// now, and forgets it.
    fn until(&mut self, text: &str) -> Result<String, Box<dyn std::error::Error>> {
        let (mut part, deadline) = ([0; 4_096], Instant::now() + PATIENCE);
        while !self.text.contains(text) {
            if Instant::now() > deadline {
                return Err(format!("{text:?} did not come, but {:?}", self.text).into());
            }
            match self.connection.read(&mut part)? {
                0 => return Err(format!("the stream ended before {text:?}: {}", self.text).into()),
                read => self.text.push_str(std::str::from_utf8(&part[..read])?),
            }
        }
        Ok(std::mem::take(&mut self.text))
    }

    /// Reads until the answer is complete.
    fn read_to_its_end(&mut self) -> Result<String, Box<dyn std::error::Error>> {
        self.until("\r\n0\r\n\r\n")
    }
}

fn ids(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.strip_prefix("id: ")).collect()
}

fn invoice_block(indexed: &mut Indexed, day: u32) -> TestResult {
    indexed.block(&[], vec![vec![invoice(4, &format!("2027-01-{day:02}"))]])
}

#[test]
fn events_come_as_they_are_committed_and_a_client_goes_on_where_it_was() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &ALL)?;
    let mut stream = Stream::open(&gateway.caller(&organizations.member(IMPORTER)), "/v1/events", "")?;
    let told = stream.until("id: 1-6")? + &stream.until("\n\n")?;
    assert_eq!(ids(&told), ["1-0", "1-1", "1-2", "1-3", "1-4", "1-5", "1-6"]);
    let data = told.lines().find_map(|line| line.strip_prefix("data: ")).ok_or("data")?;
    let event: Value = serde_json::from_str(data)?;
    assert_eq!((&event["id"], &event["name"], &event["creator"]), (&"1-0".into(), &"test.0".into(), &EXPORTER.into()));
    invoice_block(&mut indexed, 1)?;
    assert_eq!(ids(&stream.until("id: 2-0")?), ["2-0"]);
    drop(stream);
    invoice_block(&mut indexed, 2)?;
    // The client asks for the same address again, and says with the header how far it got.
    let mut again = Stream::open(
        &gateway.caller(&organizations.member(IMPORTER)),
        "/v1/events?after=1-6",
        "Last-Event-ID: 2-0\r\n",
    )?;
    assert_eq!(ids(&again.until("id: 3-0")?), ["3-0"]);
    Ok(())
}

#[test]
fn a_stream_brings_what_was_asked_for() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &ALL)?;
    let mut chosen =
        Stream::open(&gateway.caller(&organizations.member(IMPORTER)), "/v1/events?name=test.5&name=test.2", "")?;
    assert_eq!(ids(&chosen.until("id: 1-5")?), ["1-2", "1-5"]);
    let mut new =
        Stream::open(&gateway.caller(&organizations.member(IMPORTER)), "/v1/events?after=latest&name=test.*", "")?;
    invoice_block(&mut indexed, 1)?;
    assert_eq!(ids(&new.until("id: 2-0")?), ["2-0"]);
    let page = gateway.caller(&organizations.member(IMPORTER));
    let page = |target: &str| -> Result<Value, Box<dyn std::error::Error>> { Ok(page.get(target)?.json()?) };
    let of = |events: &Value| events["events"].as_array().map(Vec::len);
    assert_eq!(of(&page("/v1/events?name=test.5&name=test.2")?), Some(2));
    assert_eq!(of(&page("/v1/events?name=test.*")?), Some(8));
    let latest = page("/v1/events?after=latest")?;
    let next = latest["next"].as_str().ok_or("a place to go on from")?;
    assert_eq!(of(&latest), Some(0));
    invoice_block(&mut indexed, 2)?;
    assert_eq!(of(&page(&format!("/v1/events?after={next}"))?), Some(1));
    Ok(())
}

#[test]
fn what_cannot_be_streamed_is_refused_before_the_stream_begins() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &[EXPORTER, IMPORTER])?;
    let status = |member: &str, target: &str, headers: &str| -> Result<String, Box<dyn std::error::Error>> {
        let answer = Stream::open(&gateway.caller(&organizations.member(member)), target, headers);
        let mut answer = answer?;
        let body = answer.until("\"code\":\"")?;
        Ok(body.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned())
    };
    for (target, headers) in [
        ("/v1/events?after=x", ""),
        ("/v1/events", "Last-Event-ID: 1\r\n"),
        ("/v1/events?name=TEST", ""),
        ("/v1/events?name=*", ""),
        ("/v1/events?limit=3", ""),
        ("/v1/events?colour=red", ""),
    ] {
        assert_eq!(status(IMPORTER, target, headers)?, "parameter_invalid", "{target} {headers}");
    }
    assert_eq!(status(CUSTOMS, "/v1/events", "")?, "fabric_access_denied");
    assert_eq!(gateway.anonymous().get("/v1/events")?.status, 401);
    Ok(())
}

#[test]
fn one_certificate_holds_a_quarter_of_the_streams_and_gives_them_back() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.streams = 8);
    let mut indexed = Indexed::of(&organizations)?;
    indexed.block(&ALL, Vec::new())?;
    let importer = gateway.caller(&organizations.member(IMPORTER));
    let open = || Stream::open(&importer, "/v1/events", "");
    let mut streams = vec![open()?, open()?];
    assert!(streams.iter_mut().all(|stream| stream.until("retry: ").is_ok()));
    assert!(open()?.until("gateway_busy").is_ok());
    // Others are not kept out.
    assert!(Stream::open(&gateway.caller(&organizations.member(CUSTOMS)), "/v1/events", "")?.until("retry: ").is_ok());
    drop(streams);
    let deadline = Instant::now() + PATIENCE;
    while open()?.until("retry: ").is_err() {
        assert!(Instant::now() < deadline, "a stream that was closed is counted for ever");
    }
    Ok(())
}

#[test]
fn who_may_not_read_any_more_is_told_and_the_stream_ends() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, mut indexed) = filled(&organizations, &ALL)?;
    let mut stream = Stream::open(&gateway.caller(&organizations.member(IMPORTER)), "/v1/events?after=latest", "")?;
    indexed.block(&[EXPORTER, CUSTOMS], Vec::new())?;
    let end = stream.read_to_its_end()?;
    assert!(end.contains("event: end\ndata: {\"code\":\"fabric_access_denied\""), "{end}");
    Ok(())
}

#[test]
fn a_stream_ends_with_the_certificate_of_the_proxy_on_whose_word_it_began() -> TestResult {
    let organizations = Organizations::new();
    let mut settings = organizations.settings();
    let request = CertificateRequest::tls("edge", &["edge"]);
    (settings.proxies[0].certificate_sha256, settings.proxies[0].authority) =
        (None, Some(organizations.write_tls_authority()));
    settings.proxies[0].subject = Some(organizations.proxy.certificate.subject().to_string());
    let double = Arc::new(Double::default());
    let gateway = organizations.start(settings, Arc::clone(&double) as _, double);
    let mut indexed = Indexed::of(&organizations)?;
    indexed.block(&ALL, Vec::new())?;
    let header = format!("Client-Cert: {}\r\n", client_cert(&organizations.member(IMPORTER)));
    let lasting = organizations.server(&request);
    let mut control = Stream::open(&gateway.caller(&lasting), "/v1/events?after=latest", &header)?;
    control.until("retry: ")?;
    let ending = organizations.server(&CertificateRequest { not_after: i64::try_from(now())? + 8, ..request });
    let mut stream = Stream::open(&gateway.caller(&ending), "/v1/events?after=latest", &header)?;
    let end = stream.read_to_its_end()?;
    assert!(end.contains("event: end\ndata: {\"code\":\"client_cert_refused\""), "{end}");
    assert!(control.until(":\n\n").is_ok(), "the other proxy's goes on");
    Ok(())
}

#[test]
fn a_stream_ends_when_its_certificate_comes_to_be_another_organizations() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &ALL)?;
    let mut stream = Stream::open(&gateway.caller(&organizations.member(EXPORTER)), "/v1/events?after=latest", "")?;
    stream.until("retry: ")?;
    // The exporter gets another authority, and then the importer the one that the exporter had.
    let (fresh, _) = Authority::create(&CertificateRequest::authority("ca", EXPORTER))?;
    let ca = |msp_id: &str| organizations.path(msp_id).join("msp/cacerts/ca.pem");
    fs::write(ca(EXPORTER), fresh.certificate().pem())?;
    fs::write(ca(IMPORTER), organizations.authority(EXPORTER).certificate().pem())?;
    gateway.reload();
    let end = stream.read_to_its_end()?;
    assert!(end.contains("event: end\ndata: {\"code\":\"certificate_untrusted\""), "{end}");
    Ok(())
}

#[test]
fn a_gateway_that_stops_waits_for_no_stream() -> TestResult {
    let organizations = Organizations::new();
    let (gateway, _indexed) = filled(&organizations, &ALL)?;
    let mut stream = Stream::open(&gateway.caller(&organizations.member(IMPORTER)), "/v1/events?after=latest", "")?;
    let began = Instant::now();
    drop(gateway);
    assert!(stream.until("The gateway stops.").is_ok());
    // A server that is stopped waits ten seconds for what is in work.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    Ok(())
}
