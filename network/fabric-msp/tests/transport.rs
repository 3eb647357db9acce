//! Connections with and without certificates, between a real server and a real client on the loopback.

use std::{error::Error, sync::Arc, time::Duration};

use fabric_cryptogen::{Authority, CertificateRequest, Issued};
use fabric_msp::transport::{
    ClientTls, ConnectionInfo, Gate, ServerTls, TransportError, connect, connect_lazy, incoming, incoming_through,
    server,
};
use fabric_protos::protos::{
    ProposalResponse, Response as ChaincodeResponse, SignedProposal,
    endorser_client::EndorserClient,
    endorser_server::{Endorser, EndorserServer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::oneshot,
};
use tonic::{Request, Response, Status};

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
    let service = server().add_service(EndorserServer::new(Mirror));
    tokio::spawn(service.serve_with_incoming_shutdown(connections, async { drop(stopped.await) }));
    Ok(Running { address, _stop: stop })
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
    let running = start_behind(Some(&keys.server(None)), Gate::new((8, 8), (8, 8), IDLE)).await?;
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
async fn one_address_cannot_hold_more_connections_than_it_may() -> Outcome {
    // The second row is the control: with more places the same client comes in.
    for (places, comes_in) in [(2, false), (3, true)] {
        let running = start_behind(None, Gate::new((8, 8), (places, places), IDLE)).await?;
        let mut held = Vec::new();
        for _ in 0..2 {
            let channel = connect(&running.address, None, PATIENCE).await?;
            EndorserClient::new(channel.clone()).process_proposal(SignedProposal::default()).await?;
            held.push(channel);
        }
        assert_eq!(call(&running.address, None).await.is_ok(), comes_in, "{places} places");
    }
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
    let running = start_behind(None, Gate::new((8, 8), (8, 8), Duration::from_millis(300))).await?;
    let channel = connect(&running.address, None, PATIENCE).await?;
    EndorserClient::new(channel.clone()).process_proposal(SignedProposal::default()).await?;
    tokio::time::timeout(Duration::from_secs(60), idles(&running.address)).await??;
    // A request that crosses the end of its connection may fail; the next one finds a new connection.
    let again = async {
        while EndorserClient::new(channel.clone()).process_proposal(SignedProposal::default()).await.is_err() {}
    };
    tokio::time::timeout(Duration::from_secs(60), again).await?;
    // The control: where more patience is had, the connection is open still.
    let patient = start_behind(None, Gate::new((8, 8), (8, 8), IDLE)).await?;
    assert!(tokio::time::timeout(Duration::from_secs(2), idles(&patient.address)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_request_that_takes_long_is_no_idle_connection() -> Outcome {
    let running = start_behind(None, Gate::new((8, 8), (8, 8), Duration::from_millis(100))).await?;
    let channel = connect(&running.address, None, PATIENCE).await?;
    let slow = SignedProposal { signature: SLOW.to_vec(), ..SignedProposal::default() };
    EndorserClient::new(channel).process_proposal(slow).await?;
    Ok(())
}
