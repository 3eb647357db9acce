//! Connections with and without certificates, between a real server and a real client on the loopback.

use std::{error::Error, future::poll_fn, sync::Arc, time::Duration};

use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use fabric_msp::transport::{
    ClientTls, ConnectionInfo, Gate, Patience, Places, ServerTls, TransportError, connect, connect_lazy, incoming,
    incoming_through, server,
};
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    protos::{
        ProposalResponse, Response as ChaincodeResponse, SignedProposal,
        endorser_client::EndorserClient,
        endorser_server::{Endorser, EndorserServer},
    },
};
use http_body_util::StreamBody;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};
use tokio_stream::StreamExt;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Bytes, Service, http},
    transport::Channel,
};

type Outcome = Result<(), Box<dyn Error>>;

const PATIENCE: Duration = Duration::from_secs(5);

/// Longer than any test.
const IDLE: Duration = Duration::from_secs(600);

/// The signature of a request whose answer takes a second.
const SLOW: &[u8] = b"slow";

/// Answers with the certificate that the caller showed.
struct Mirror;

#[tonic::async_trait]
impl Endorser for Mirror {
    async fn process_proposal(&self, request: Request<SignedProposal>) -> Result<Response<ProposalResponse>, Status> {
        if request.get_ref().signature == SLOW {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let info = request.extensions().get::<ConnectionInfo>().cloned().ok_or_else(|| Status::internal("no info"))?;
        let payload = info.certificate.map(|certificate| certificate.to_vec()).unwrap_or_default();
        let response = ChaincodeResponse { status: 200, payload, ..ChaincodeResponse::default() };
        Ok(Response::new(ProposalResponse { response: Some(response), ..ProposalResponse::default() }))
    }
}

/// A server that stops when it is dropped.
struct Running {
    address: String,
    _stop: oneshot::Sender<()>,
}

async fn start(tls: Option<&ServerTls>) -> Result<Running, Box<dyn Error>> {
    start_behind(tls, Gate::of_process()).await
}

async fn start_behind(tls: Option<&ServerTls>, gate: Arc<Gate>) -> Result<Running, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let connections = incoming_through(listener, tls, gate)?;
    let (stop, stopped) = oneshot::channel::<()>();
    let mirror = EndorserServer::new(Mirror).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let service = server().add_service(mirror);
    tokio::spawn(service.serve_with_incoming_shutdown(connections, async { drop(stopped.await) }));
    Ok(Running { address, _stop: stop })
}

/// A gate for so many guests, which must go when they have asked nothing for so long.
fn gate(guests: usize, idle: Duration) -> Arc<Gate> {
    let patience = Patience { first_request: idle, idle, ..Patience::default() };
    gate_with(guests, patience)
}

fn gate_with(guests: usize, patience: Patience) -> Arc<Gate> {
    let places = |all| Places { all, per_address: all };
    Gate::new(places(8), places(guests), patience)
}

struct Keys {
    authority: Authority,
    server: Issued,
    client: Issued,
}

fn keys() -> Result<Keys, Box<dyn Error>> {
    let authority = Authority::create(&CertificateRequest::authority("tlsca", "a.example"))?.0;
    let server = authority.issue(&CertificateRequest::tls("peer0", &["localhost", "127.0.0.1"]))?;
    let client = authority.issue(&CertificateRequest::tls("client", &[]))?;
    Ok(Keys { authority, server, client })
}

impl Keys {
    fn server(&self, clients_of: Option<&Authority>) -> ServerTls {
        ServerTls {
            cert_pem: self.server.certificate.pem().to_vec(),
            key_pem: self.server.key_pem.clone(),
            client_ca_pem: clients_of.map(|authority| authority.certificate().pem().to_vec()),
        }
    }

    fn client(&self, identity: Option<&Issued>) -> ClientTls {
        ClientTls {
            ca_pem: self.authority.certificate().pem().to_vec(),
            identity: identity.map(|issued| (issued.certificate.pem().to_vec(), issued.key_pem.clone())),
            server_name: None,
        }
    }
}

/// The certificate that the server saw.
async fn call(address: &str, tls: Option<&ClientTls>) -> Result<Vec<u8>, Box<dyn Error>> {
    let channel = connect(address, tls, PATIENCE).await?;
    let answer = EndorserClient::new(channel).process_proposal(SignedProposal::default()).await?;
    Ok(answer.into_inner().response.ok_or("no response")?.payload)
}

#[tokio::test]
async fn a_loopback_needs_no_tls() -> Outcome {
    let running = start(None).await?;
    assert!(call(&running.address, None).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_client_trusts_the_servers_authority_and_no_other() -> Outcome {
    let (ours, theirs) = (keys()?, keys()?);
    let running = start(Some(&ours.server(None))).await?;
    assert!(call(&running.address, Some(&ours.client(None))).await?.is_empty());
    let refused = connect(&running.address, Some(&theirs.client(None)), PATIENCE).await;
    let Err(TransportError::Connect { cause, .. }) = refused else {
        return Err("the wrong authority was trusted".into());
    };
    assert!(cause.contains("certificate"), "{cause}");
    Ok(())
}

#[tokio::test]
async fn the_servers_name_must_fit() -> Outcome {
    let keys = keys()?;
    let running = start(Some(&keys.server(None))).await?;
    let named = |name: &str| ClientTls { server_name: Some(name.to_owned()), ..keys.client(None) };
    call(&running.address, Some(&named("localhost"))).await?;
    assert!(connect(&running.address, Some(&named("peer1.a.example")), PATIENCE).await.is_err());
    Ok(())
}

#[tokio::test]
async fn with_mutual_tls_the_server_sees_the_clients_certificate() -> Outcome {
    let keys = keys()?;
    let running = start(Some(&keys.server(Some(&keys.authority)))).await?;
    let seen = call(&running.address, Some(&keys.client(Some(&keys.client)))).await?;
    assert_eq!(seen, keys.client.certificate.der());
    Ok(())
}

#[tokio::test]
async fn an_enrolment_certificate_can_open_a_connection() -> Outcome {
    let keys = keys()?;
    let identities = Authority::create(&CertificateRequest::authority("ca", "a.example"))?.0;
    let user = identities.issue(&CertificateRequest::identity("User1@a.example", &["client"]))?;
    let running = start(Some(&keys.server(Some(&identities)))).await?;
    assert_eq!(call(&running.address, Some(&keys.client(Some(&user)))).await?, user.certificate.der());
    Ok(())
}

#[tokio::test]
async fn with_mutual_tls_no_certificate_and_a_foreign_one_are_refused() -> Outcome {
    let (ours, theirs) = (keys()?, keys()?);
    let running = start(Some(&ours.server(Some(&ours.authority)))).await?;
    // With TLS 1.3 a client learns of the refusal with its first call only.
    assert!(call(&running.address, Some(&ours.client(None))).await.is_err());
    assert!(call(&running.address, Some(&ours.client(Some(&theirs.client)))).await.is_err());
    call(&running.address, Some(&ours.client(Some(&ours.client)))).await?;
    Ok(())
}

#[tokio::test]
async fn a_silent_client_holds_up_nobody() -> Outcome {
    let keys = keys()?;
    let running = start(Some(&keys.server(None))).await?;
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(tokio::net::TcpStream::connect(&running.address).await?);
    }
    call(&running.address, Some(&keys.client(None))).await?;
    Ok(())
}

#[tokio::test]
async fn a_connection_that_is_ended_in_its_handshake_is_opened_again() -> Outcome {
    let keys = keys()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let client = keys.client(None);
    let calling = call(&address, Some(&client));
    let serving = async {
        // As a server does with a handshake that takes too long, and before it, in no more than two connections.
        for length in [1, 0] {
            let mut stream = listener.accept().await?.0;
            let mut hello = vec![0; length];
            stream.read_exact(&mut hello).await?;
        }
        let connections = incoming(listener, Some(&keys.server(None)))?;
        let service = server().add_service(EndorserServer::new(Mirror));
        tokio::spawn(service.serve_with_incoming(connections));
        Ok::<_, Box<dyn Error>>(())
    };
    let (called, served) = tokio::join!(calling, serving);
    served?;
    called?;
    Ok(())
}

#[tokio::test]
async fn a_server_that_ends_every_connection_is_named_as_the_one_who_does() -> Outcome {
    let keys = keys()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let ending = async {
        let mut taken = 0;
        loop {
            // Read to the end of the hello, so that the end is an orderly one and no reset.
            let mut stream = listener.accept().await?.0;
            taken += 1;
            let mut header = [0; 5];
            stream.read_exact(&mut header).await?;
            let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
            stream.read_exact(&mut hello).await?;
            drop(stream);
            if taken == 3 {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    let client = keys.client(None);
    let (connected, ended) = tokio::join!(connect(&address, Some(&client), PATIENCE), ending);
    ended?;
    let Err(TransportError::Connect { cause, .. }) = connected else { return Err("connected".into()) };
    assert!(cause.contains("TLS handshake failed: the server ended the connection after "), "{cause}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_speaks_plainly_to_tls_is_refused() -> Outcome {
    let keys = keys()?;
    let running = start(Some(&keys.server(None))).await?;
    assert!(call(&running.address, None).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_lazy_connection_is_made_with_the_first_call() -> Outcome {
    let keys = keys()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let channel = connect_lazy(&address, Some(&keys.client(None)), PATIENCE)?;
    let connections = incoming(listener, Some(&keys.server(None)))?;
    let service = server().add_service(EndorserServer::new(Mirror));
    tokio::spawn(service.serve_with_incoming(connections));
    EndorserClient::new(channel).process_proposal(SignedProposal::default()).await?;
    Ok(())
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_any_connection() -> Outcome {
    let keys = keys()?;
    for address in ["", "localhost", "localhost:", "local host:1", "localhost:1/path", "localhost:99999"] {
        let found = connect_lazy(address, None, PATIENCE);
        assert!(matches!(found, Err(TransportError::Address(_))), "{address}");
    }
    let mut client = keys.client(None);
    client.ca_pem = b"nothing".to_vec();
    assert!(matches!(connect_lazy("localhost:1", Some(&client), PATIENCE), Err(TransportError::NoCertificate(_))));
    let mut server_tls = keys.server(None);
    server_tls.key_pem = keys.client.key_pem.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    assert!(matches!(incoming(listener, Some(&server_tls)), Err(TransportError::Setup(_))));
    server_tls.key_pem = b"nothing".to_vec();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    assert!(matches!(incoming(listener, Some(&server_tls)), Err(TransportError::Key)));
    Ok(())
}

#[tokio::test]
async fn nobody_there_is_an_error_within_the_time_given() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    drop(listener);
    assert!(matches!(connect(&address, None, PATIENCE).await, Err(TransportError::Connect { .. })));
    // A listener that never answers the handshake.
    let keys = keys()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let found = connect(&address, Some(&keys.client(None)), Duration::from_millis(300)).await;
    assert!(matches!(found, Err(TransportError::Connect { .. })));
    Ok(())
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out_and_are_cut_off() -> Outcome {
    let keys = keys()?;
    let running = start_behind(Some(&keys.server(None)), gate(8, IDLE)).await?;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(tokio::net::TcpStream::connect(&running.address).await?);
    }
    for _ in 0..5 {
        call(&running.address, Some(&keys.client(None))).await?;
    }
    for mut stream in silent {
        let ended = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0; 64])).await?;
        assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_newcomer_takes_the_place_of_a_connection_that_asks_nothing_and_of_no_other() -> Outcome {
    let running = start_behind(None, gate(2, IDLE)).await?;
    let idle = tokio::spawn({
        let address = running.address.clone();
        async move { idles(&address).await.map_err(|error| error.to_string()) }
    });
    let busy = connect(&running.address, None, PATIENCE).await?;
    EndorserClient::new(busy.clone()).process_proposal(SignedProposal::default()).await?;
    let slow = SignedProposal { signature: SLOW.to_vec(), ..SignedProposal::default() };
    let working = tokio::spawn(async move { EndorserClient::new(busy).process_proposal(slow).await });
    call(&running.address, None).await?;
    tokio::time::timeout(Duration::from_secs(60), idle).await???;
    working.await??;
    Ok(())
}

/// Does what a client of HTTP/2 must do at the beginning and asks nothing, until the server ends the connection.
async fn idles(address: &str) -> Result<(), Box<dyn Error>> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    // The preface and empty settings.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
    let mut bytes = [0; 256];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_ends_and_its_client_connects_again() -> Outcome {
    let running = start_behind(None, gate(8, Duration::from_millis(300))).await?;
    let channel = connect(&running.address, None, PATIENCE).await?;
    EndorserClient::new(channel.clone()).process_proposal(SignedProposal::default()).await?;
    tokio::time::timeout(Duration::from_secs(60), idles(&running.address)).await??;
    // A request that crosses the end of its connection may fail; the next one finds a new connection.
    let again = async {
        while EndorserClient::new(channel.clone()).process_proposal(SignedProposal::default()).await.is_err() {}
    };
    tokio::time::timeout(Duration::from_secs(60), again).await?;
    // The control: where more patience is had, the connection is open still.
    let patient = start_behind(None, gate(8, IDLE)).await?;
    assert!(tokio::time::timeout(Duration::from_secs(2), idles(&patient.address)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_request_that_takes_long_is_no_idle_connection() -> Outcome {
    let running = start_behind(None, gate(8, Duration::from_millis(100))).await?;
    let channel = connect(&running.address, None, PATIENCE).await?;
    let slow = SignedProposal { signature: SLOW.to_vec(), ..SignedProposal::default() };
    EndorserClient::new(channel).process_proposal(slow).await?;
    Ok(())
}

/// Opens a request whose body begins with some bytes and never ends. Gives back the status of the answer's head.
async fn open(channel: &Channel, path: &str, begins: &[u8]) -> Result<Option<i32>, Box<dyn Error>> {
    let first = tokio_stream::once(Ok::<_, Status>(http_body::Frame::data(Bytes::copy_from_slice(begins))));
    let body = Body::new(StreamBody::new(first.chain(tokio_stream::pending())));
    let uri = format!("http://{path}");
    let request = http::Request::post(uri).header("content-type", "application/grpc").body(body)?;
    let mut channel = channel.clone();
    poll_fn(|context| channel.poll_ready(context)).await?;
    let answer = channel.call(request).await?;
    let status = answer.headers().get("grpc-status").and_then(|status| status.to_str().ok()?.parse().ok());
    Ok(status)
}

const PROCESS: &str = "peer/protos.Endorser/ProcessProposal";

#[tokio::test]
async fn a_request_whose_message_never_comes_ends_and_does_not_keep_its_connection() -> Outcome {
    let short = Duration::from_millis(300);
    let patience = Patience { message: short, first_request: 4 * short, idle: 4 * short };
    let running = start_behind(None, gate_with(8, patience)).await?;
    // Nothing, half a prefix, half a message, and a whole message that is not said to be the last.
    for begins in [&b""[..], b"\0\0\0", b"\0\0\0\x01\0abc", b"\0\0\0\0\0"] {
        let channel = connect(&running.address, None, PATIENCE).await?;
        let answer = tokio::time::timeout(Duration::from_secs(60), open(&channel, PROCESS, begins)).await??;
        assert_eq!(answer, Some(tonic::Code::DeadlineExceeded as i32), "{begins:?}");
    }
    // The control: with more patience they stay open.
    let patient = start_behind(None, gate(8, IDLE)).await?;
    let channel = connect(&patient.address, None, PATIENCE).await?;
    assert!(tokio::time::timeout(4 * short, open(&channel, PROCESS, b"\0\0\0")).await.is_err());
    // Open requests, one after the other, are nothing that is asked.
    let channel = connect(&running.address, None, PATIENCE).await?;
    let keeps_opening = async { while open(&channel, PROCESS, b"").await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(60), keeps_opening).await?;
    Ok(())
}

#[tokio::test]
async fn what_is_held_of_messages_that_do_not_end_is_bounded_and_small_ones_come_through() -> Outcome {
    let gate = gate(8, IDLE);
    let running = start_behind(None, Arc::clone(&gate)).await?;
    let mut flood = Vec::new();
    for _ in 0..4 {
        let channel = connect(&running.address, None, PATIENCE).await?;
        // 90 MiB are announced.
        flood.push(tokio::spawn(async move {
            open(&channel, PROCESS, b"\0\x05\xa0\0\0").await.map_err(|error| error.to_string())
        }));
    }
    let mut ended = Vec::new();
    while ended.len() < 2 {
        let (first, _, others) = futures_util::future::select_all(flood).await;
        ended.push(first??);
        flood = others;
    }
    assert_eq!(ended, [Some(tonic::Code::ResourceExhausted as i32); 2]);
    assert!(gate.arrivals().bytes() <= 256 * 1024 * 1024, "{}", gate.arrivals().bytes());
    assert!(gate.arrivals().bytes() >= 180 * 1024 * 1024, "{}", gate.arrivals().bytes());
    call(&running.address, None).await?;
    flood.iter().for_each(tokio::task::JoinHandle::abort);
    let emptied = async {
        while gate.arrivals().bytes() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), emptied).await?;
    Ok(())
}
