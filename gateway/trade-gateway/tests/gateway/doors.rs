//! Attacks on the gateway's connections by callers who are not known, and by members. Each is seen to fail, and to
//! succeed where the guard is away.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use openssl::ssl::SslStream;
use trade_gateway::client::Client;

use crate::{
    TestResult,
    double::Double,
    organizations::{EXPORTER, Gateway, Organizations},
};

type Stream = SslStream<TcpStream>;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const WHOAMI: &str = "GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A caller with a self-signed certificate, which every stranger can make.
fn self_signed() -> Issued {
    let request = CertificateRequest::identity("nobody", &["client"]);
    let (authority, _) = Authority::create(&CertificateRequest::authority("own", "nobody")).expect("an authority");
    authority.issue(&request).expect("a certificate")
}

/// Reads one answer with its body.
fn answer(stream: &mut Stream) -> io::Result<String> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length:").and_then(|length| length.trim().parse::<usize>().ok())
            });
            if length.is_some_and(|length| body.len() >= length) {
                return Ok(text);
            }
        }
        match stream.read(&mut part)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&part[..read]),
        }
    }
}

/// Everything until the connection ends, however it ends.
fn until_the_end(stream: &mut Stream) -> String {
    let (mut bytes, mut part) = (Vec::new(), [0; 4_096]);
    while let Ok(read) = stream.read(&mut part) {
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&part[..read]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a byte now and then until the connection has ended, at most `most` of them; how many it took. A connection
/// that goes on has answered nothing meanwhile.
fn drip(stream: &mut Stream, byte: &[u8], most: usize) -> usize {
    let short = Duration::from_millis(50);
    stream.get_ref().set_read_timeout(Some(short)).expect("a socket");
    for sent in 0..most {
        if stream.write_all(byte).and_then(|()| stream.flush()).is_err() {
            return sent;
        }
        match stream.read(&mut [0; 512]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(read) if read > 0 => {}
            _ => return sent,
        }
    }
    stream.get_ref().set_read_timeout(Some(PATIENCE)).expect("a socket");
    most
}

/// As many drips as take longer than any patience.
const ENDLESS: usize = 1_200;

fn slow_heads(deadline_ms: u64) -> (Organizations, Gateway) {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.header_deadline_ms = deadline_ms);
    (organizations, gateway)
}

#[test]
fn a_certificate_of_the_callers_own_making_gets_one_answer_and_no_connection() -> TestResult {
    let (organizations, gateway) = slow_heads(30_000);
    let mut stream = gateway.caller(&self_signed()).connect()?;
    stream.write_all(WHOAMI.as_bytes())?;
    let answered = until_the_end(&mut stream);
    assert!(answered.starts_with("HTTP/1.1 401"), "{answered}");
    assert!(answered.to_ascii_lowercase().contains("connection: close"), "{answered}");
    // The control: a member's connection stays.
    let mut stream = gateway.caller(&organizations.member(EXPORTER)).connect()?;
    for _ in 0..3 {
        stream.write_all(WHOAMI.as_bytes())?;
        assert!(answer(&mut stream)?.starts_with("HTTP/1.1 200"));
    }
    Ok(())
}

#[test]
fn a_second_head_that_drips_is_cut_off() -> TestResult {
    let dripped = |deadline_ms, most| -> Result<(usize, Stream, Organizations, Gateway), Box<dyn std::error::Error>> {
        let (organizations, gateway) = slow_heads(deadline_ms);
        let mut stream = gateway.caller(&organizations.member(EXPORTER)).connect()?;
        stream.write_all(WHOAMI.as_bytes())?;
        assert!(answer(&mut stream)?.starts_with("HTTP/1.1 200"));
        stream.write_all(b"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")?;
        let sent = drip(&mut stream, b"x", most);
        Ok((sent, stream, organizations, gateway))
    };
    let (sent, _stream, _organizations, _gateway) = dripped(500, ENDLESS)?;
    assert!(sent < ENDLESS, "the second head has no deadline");
    // The control: with a longer deadline the same number of drips, and the head is answered.
    let (more, mut stream, _organizations, _gateway) = dripped(60_000, sent + 10)?;
    assert_eq!(more, sent + 10);
    stream.write_all(b"\r\n\r\n")?;
    assert!(answer(&mut stream)?.starts_with("HTTP/1.1 200"));
    Ok(())
}

#[test]
fn a_head_that_begins_behind_another_request_is_cut_off() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| limits.idle_deadline_ms = 500);
    let mut stream = gateway.caller(&organizations.member(EXPORTER)).connect()?;
    stream.write_all(format!("{WHOAMI}GET /v1/who").as_bytes())?;
    let answered = until_the_end(&mut stream);
    assert_eq!(answered.matches("HTTP/1.1 ").count(), 1, "{answered}");
    Ok(())
}

#[test]
fn a_body_that_drips_behind_a_refusal_is_cut_off() -> TestResult {
    let (_organizations, gateway) = slow_heads(30_000);
    let head = "POST /v1/evidence HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let mut stream = gateway.caller(&self_signed()).connect()?;
    stream.write_all(head.as_bytes())?;
    assert!(answer(&mut stream)?.starts_with("HTTP/1.1 401"));
    assert!(drip(&mut stream, b"1\r\nx\r\n", ENDLESS) < ENDLESS, "the refused body has no end");
    Ok(())
}

#[test]
fn requests_behind_a_refused_one_are_not_answered() -> TestResult {
    let (organizations, gateway) = slow_heads(30_000);
    let five = WHOAMI.repeat(5);
    let mut stream = gateway.caller(&self_signed()).connect()?;
    stream.write_all(five.as_bytes())?;
    let answered = until_the_end(&mut stream);
    assert_eq!(answered.matches("HTTP/1.1 401").count(), 1, "{answered}");
    // The control: a member's are.
    let mut stream = gateway.caller(&organizations.member(EXPORTER)).connect()?;
    stream.write_all(WHOAMI.repeat(4).as_bytes())?;
    stream.write_all(WHOAMI.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes())?;
    assert_eq!(until_the_end(&mut stream).matches("HTTP/1.1 200").count(), 5);
    Ok(())
}

/// Connections that do nothing: half of them without a handshake.
fn idle_connections(gateway: &Client, address: SocketAddr, count: usize) -> Vec<(Option<Stream>, Option<TcpStream>)> {
    // One that is cut while it is being made is as good as another.
    let silent = || TcpStream::connect(address).ok();
    (0..count).map(|number| if number % 2 == 0 { (gateway.connect().ok(), None) } else { (None, silent()) }).collect()
}

#[test]
fn members_come_in_while_strangers_hold_all_the_connections_they_can() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| {
        limits.header_deadline_ms = 60_000;
        (limits.connections, limits.unauthenticated_connections, limits.connections_per_address) = (16, 8, 8);
    });
    let nobody = gateway.caller(&self_signed());
    let attack = idle_connections(&nobody, gateway.address(), 60);
    let member = gateway.caller(&organizations.member(EXPORTER));
    for _ in 0..5 {
        assert_eq!(member.get("/v1/whoami")?.status, 200);
    }
    drop(attack);
    Ok(())
}

/// The control of the test above: the same attack on the same library without the guard.
#[test]
fn without_places_the_same_attack_keeps_everybody_out() -> TestResult {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let _inside = runtime.enter();
    let server = HttpServer::new(|| App::new().default_service(web::to(HttpResponse::Ok)))
        .workers(1)
        .max_connections(8)
        .client_request_timeout(PATIENCE)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    let serving = runtime.spawn(server);
    let attack: Vec<TcpStream> = (0..9).map(|_| TcpStream::connect(address)).collect::<io::Result<_>>()?;
    let ask = || -> io::Result<usize> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.read(&mut [0; 512])
    };
    assert!(ask().is_err(), "the library alone withstood the attack");
    drop(attack);
    let deadline = Instant::now() + PATIENCE;
    while ask().is_err() {
        assert!(Instant::now() < deadline, "the server did not recover");
    }
    runtime.block_on(handle.stop(false));
    runtime.block_on(serving)??;
    Ok(())
}

#[test]
fn a_handshake_that_does_not_go_on_is_cut_off() -> TestResult {
    let (_organizations, gateway) = slow_heads(500);
    let mut stream = TcpStream::connect(gateway.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    // The beginning of a handshake message of 512 bytes.
    stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01])?;
    let mut answered = Vec::new();
    let ended = stream.read_to_end(&mut answered);
    let is_late = ended.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(!is_late && answered.is_empty(), "{answered:?}");
    Ok(())
}

#[test]
fn one_certificate_cannot_hold_all_of_its_organizations_connections() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway_with(Double::default(), |limits| {
        limits.idle_deadline_ms = 60_000;
        // Eight for members, four for one organization, two for one certificate.
        (limits.connections, limits.unauthenticated_connections) = (16, 8);
    });
    let greedy = gateway.caller(&organizations.member(EXPORTER));
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = greedy.connect()?;
        stream.write_all(WHOAMI.as_bytes())?;
        assert!(answer(&mut stream)?.starts_with("HTTP/1.1 200"));
        held.push(stream);
    }
    let busy = greedy.get("/v1/whoami")?;
    assert_eq!((busy.status, busy.json()?["code"].as_str()), (503, Some("gateway_busy")));
    for (method, target) in [("POST", "/v1/oauth/token"), ("GET", "/healthz"), ("GET", "/nothing"), ("PUT", "/healthz")]
    {
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = greedy.send(method, target, &form, b"grant_type=client_credentials")?;
        assert_eq!((answer.status, answer.json()?["code"].as_str()), (503, Some("gateway_busy")), "{target}");
    }
    assert_eq!(gateway.caller(&organizations.member(EXPORTER)).get("/v1/whoami")?.status, 200, "a colleague");
    drop(held);
    let deadline = Instant::now() + PATIENCE;
    while greedy.get("/v1/whoami")?.status != 200 {
        assert!(Instant::now() < deadline, "the places are not free again");
    }
    Ok(())
}
