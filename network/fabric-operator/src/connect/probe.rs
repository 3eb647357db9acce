//! Whether a peer is there and shows the certificate that was promised, asked below gRPC so that each reason is told
//! apart: a name that does not resolve, a closed port, another authority, another name, an expired certificate.

use std::{io, pin::Pin, time::Duration};

use anyhow::{Context, Result};
use fabric_msp::transport::use_identity;
use openssl::{
    asn1::Asn1TimeRef,
    ssl::{SslConnector, SslMethod, SslVerifyMode},
    x509::{X509, X509NameRef, X509Ref, X509VerifyResult, store::X509StoreBuilder},
};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_openssl::SslStream;

use super::{
    finding::{Report, Step},
    peer::{Peer, Shown},
};

/// How long a connection, and then a handshake, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// What OpenSSL calls a certificate that another name stands in.
const HOSTNAME_MISMATCH: i32 = 62;
const IP_ADDRESS_MISMATCH: i32 = 64;
/// What it calls certificates whose time is over or has not come.
const NOT_YET_VALID: i32 = 9;
const EXPIRED: i32 = 10;

/// Puts down whether a peer is reached and shows the right certificate; true when it is worth while to call it.
pub(super) async fn probe(peer: &Peer, report: &mut Report) -> bool {
    let Some(stream) = reach(peer, report).await else { return false };
    match &peer.tls_ca {
        Some(authorities) => check_tls(peer, authorities, stream, report).await,
        None => without_tls(peer, stream, report).await,
    }
}

async fn reach(peer: &Peer, report: &mut Report) -> Option<TcpStream> {
    let address = &peer.address;
    let connected = timeout(PATIENCE, async {
        let found: Vec<_> = lookup_host((address.host(), address.port())).await.map_err(Unreached::Name)?.collect();
        TcpStream::connect(found.as_slice()).await.map_err(Unreached::Connection)
    });
    let (found, advice) = match connected.await {
        Ok(Ok(stream)) => {
            report.held(Step::Reachable, &peer.name, format!("{address} takes connections"));
            return Some(stream);
        }
        Ok(Err(Unreached::Name(cause))) => (
            format!("the name {} is not known here: {cause}", address.host()),
            "Put the host into this machine's DNS or /etc/hosts, or give an address that is known here and, where the \
             certificate carries the other name, that name as server_name (profile: ssl-target-name-override).",
        ),
        Ok(Err(Unreached::Connection(cause))) => (
            format!("{address} does not take connections: {cause}"),
            "Look whether the peer runs, whether its peer.listenAddress and a published port of its container lead \
             there, and whether a firewall is between.",
        ),
        Err(_) => (
            format!("{address} has not answered within {} s", PATIENCE.as_secs()),
            "A firewall that drops packets does this: the operator of the peer lets this machine through.",
        ),
    };
    report.failed(Step::Reachable, &peer.name, found, advice);
    None
}

enum Unreached {
    Name(io::Error),
    Connection(io::Error),
}

async fn check_tls(peer: &Peer, authorities: &[u8], stream: TcpStream, report: &mut Report) -> bool {
    let about = &peer.name;
    let shown = match handshake(peer.expected_name(), authorities, peer.client.as_ref(), stream).await {
        Ok(shown) => shown,
        Err(error) => {
            let advice = format!(
                "Look whether the peer speaks TLS at all (CORE_PEER_TLS_ENABLED=true; without it the profile's url is \
                 grpc:// and there is no tls_ca), and whether this is the peer's port and not that of its operations. {}",
                peer.client_advice()
            );
            report.failed(Step::Tls, about, format!("no TLS comes about: {error:#}"), &advice);
            return false;
        }
    };
    let Seen { certificate, verdict } = shown;
    let (subject, issuer) = (name_of(certificate.subject_name()), name_of(certificate.issuer_name()));
    let (found, advice) = match verdict.as_raw() {
        0 => {
            let until = date(certificate.not_after());
            report.held(Step::Tls, about, format!("{subject}, issued by {issuer}, valid until {until}"));
            return true;
        }
        HOSTNAME_MISMATCH | IP_ADDRESS_MISMATCH => (
            format!(
                "the certificate of {subject} does not carry the name {}, but {}",
                peer.expected_name(),
                names(&certificate)
            ),
            "Give one of these names as server_name (profile: grpcOptions.ssl-target-name-override), or call the peer \
             by one of them.",
        ),
        EXPIRED | NOT_YET_VALID => (
            format!(
                "a certificate is outside of its time ({}); the peer's is valid from {} to {}",
                verdict.error_string(),
                date(certificate.not_before()),
                date(certificate.not_after())
            ),
            "The peer's operator renews its TLS certificate; look at this machine's clock, too.",
        ),
        _ => (
            format!(
                "the certificate of {subject} was issued by {issuer}, which is not among the trusted: {} ({})",
                trusted(authorities),
                verdict.error_string()
            ),
            "Give the TLS authority of the peer's organization: tlsca/tlsca.DOMAIN-cert.pem of its crypto material, or \
             tlscacerts of its MSP folder. Its identity authority (ca/) is another one.",
        ),
    };
    report.failed(Step::Tls, about, found, advice);
    false
}

/// A peer that is called without TLS must not expect it.
async fn without_tls(peer: &Peer, stream: TcpStream, report: &mut Report) -> bool {
    let about = &peer.name;
    if let Ok(Seen { certificate, .. }) = handshake(peer.address.host(), b"", None, stream).await {
        let issuer = name_of(certificate.issuer_name());
        let found = format!("the peer speaks TLS with a certificate issued by {issuer}, and no authority was given");
        let advice = "Give that authority's certificate as tls_ca (profile: url grpcs:// and tlsCACerts).";
        report.failed(Step::Tls, about, found, advice);
        return false;
    }
    let found = "the peer is called without TLS";
    let advice = "Nobody proves to be this peer, and everybody on the way reads along. The gateway calls such a peer on \
                  its own machine only (127.0.0.1); switch on CORE_PEER_TLS_ENABLED for all else.";
    report.open(Step::Tls, about, found, advice);
    true
}

/// What a server shows, and what OpenSSL thinks of it.
struct Seen {
    certificate: X509,
    verdict: X509VerifyResult,
}

/// A handshake that goes on whatever the certificate is, so that it can be told.
async fn handshake(name: &str, authorities: &[u8], client: Option<&Shown>, stream: TcpStream) -> Result<Seen> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    let mut store = X509StoreBuilder::new()?;
    for authority in X509::stack_from_pem(authorities).context("the given authority is no PEM certificate")? {
        store.add_cert(authority)?;
    }
    builder.set_cert_store(store.build());
    builder.set_verify(SslVerifyMode::NONE);
    builder.set_alpn_protos(b"\x02h2")?;
    if let Some(Shown { certificate, key }) = client {
        use_identity(&mut builder, certificate, key)?;
    }
    let ssl = builder.build().configure()?.into_ssl(name).with_context(|| format!("{name} is no host name"))?;
    let mut stream = SslStream::new(ssl, stream)?;
    let done = timeout(PATIENCE, Pin::new(&mut stream).connect()).await;
    done.with_context(|| format!("no handshake within {} s", PATIENCE.as_secs()))??;
    let certificate = stream.ssl().peer_certificate().context("the server shows no certificate")?;
    Ok(Seen { certificate, verdict: stream.ssl().verify_result() })
}

fn name_of(name: &X509NameRef) -> String {
    let texts = name.entries().filter_map(|entry| entry.data().to_string().ok());
    let texts: Vec<String> = texts.map(|text| printable(&text)).collect();
    if texts.is_empty() { "a name without text".to_owned() } else { texts.join(", ") }
}

/// The names for which a certificate stands, at most eight.
fn names(certificate: &X509Ref) -> String {
    let mut found = Vec::new();
    for name in certificate.subject_alt_names().into_iter().flatten().take(8) {
        match (name.dnsname(), name.ipaddress()) {
            (Some(host), _) => found.push(printable(host)),
            (None, Some(&[a, b, c, d])) => found.push(format!("{a}.{b}.{c}.{d}")),
            _ => {}
        }
    }
    if found.is_empty() { "none".to_owned() } else { found.join(", ") }
}

fn trusted(authorities: &[u8]) -> String {
    let all = X509::stack_from_pem(authorities).unwrap_or_default();
    let names: Vec<String> = all.iter().take(8).map(|one| name_of(one.subject_name())).collect();
    names.join("; ")
}

fn date(time: &Asn1TimeRef) -> String {
    time.to_string()
}

/// A text of others without letters that move a terminal's cursor, and not longer than a name.
fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use openssl::{
        pkey::PKey,
        ssl::{SslAcceptor, SslFiletype, SslVersion},
        symm::Cipher,
    };

    use super::*;
    use crate::{
        connect::{TlsClient, finding::Verdict},
        consortium::DEFAULT_CRYPTO,
        generate,
        layout::write_atomically,
    };

    /// A server that asks for a client's certificate and takes this many connections. With TLS 1.2 the handshake
    /// itself fails without one.
    fn serve(tls: &std::path::Path, connections: usize) -> Result<std::net::SocketAddr> {
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
        builder.set_max_proto_version(Some(SslVersion::TLS1_2))?;
        builder.set_certificate_file(tls.join("server.crt"), SslFiletype::PEM)?;
        builder.set_private_key_file(tls.join("server.key"), SslFiletype::PEM)?;
        builder.set_ca_file(tls.join("ca.crt"))?;
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        let (acceptor, listener) = (builder.build(), TcpListener::bind("127.0.0.1:0")?);
        let address = listener.local_addr()?;
        std::thread::spawn(move || {
            for stream in listener.incoming().take(connections).flatten() {
                drop(acceptor.accept(stream));
            }
        });
        Ok(address)
    }

    #[tokio::test]
    async fn a_peer_that_asks_for_a_certificate_is_shown_one() -> Result<()> {
        let folder = tempfile::tempdir()?;
        generate::crypto_into(DEFAULT_CRYPTO, folder.path())?;
        let home = folder.path().join("peerOrganizations/bank.entrepot.example");
        let node = home.join("peers/peer0.bank.entrepot.example/tls");
        let user = home.join("users/User1@bank.entrepot.example/tls");
        let files = TlsClient { certificate: user.join("client.crt"), key: user.join("client.key") };
        let mut peer = Peer {
            name: "peer0".into(),
            address: serve(&node, 2)?.to_string().parse()?,
            tls_ca: Some(std::fs::read(node.join("ca.crt"))?),
            server_name: Some("peer0.bank.entrepot.example".into()),
            client: None,
            operations: None,
        };
        let mut report = Report::default();
        assert!(!probe(&peer, &mut report).await);
        let failed = report.findings.iter().find(|finding| finding.verdict == Verdict::Failed);
        let advice = failed.and_then(|finding| finding.advice.clone()).unwrap_or_default();
        assert!(advice.contains("--tls-client-cert"), "{report:?}");

        peer.client = Some(files.read()?);
        let mut report = Report::default();
        assert!(probe(&peer, &mut report).await, "{report:?}");
        let other = TlsClient { key: node.join("server.key"), ..files };
        assert!(format!("{:#}", other.read().expect_err("another key")).contains("is not the key of"));
        Ok(())
    }

    #[test]
    fn an_encrypted_key_is_refused_without_asking_for_its_passphrase() -> Result<()> {
        let folder = tempfile::tempdir()?;
        generate::crypto_into(DEFAULT_CRYPTO, folder.path())?;
        let home = folder.path().join("peerOrganizations/bank.entrepot.example");
        let user = home.join("users/User1@bank.entrepot.example/tls");
        let (plain, encrypted) = (std::fs::read(user.join("client.key"))?, folder.path().join("encrypted.key"));
        let key = PKey::private_key_from_pem(&plain)?;
        let pem = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"a passphrase")?;
        write_atomically(&encrypted, &pem)?;
        let files = TlsClient { certificate: user.join("client.crt"), key: encrypted };
        assert!(format!("{:#}", files.read().expect_err("encrypted")).contains("is no unencrypted key"));
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        assert!(use_identity(&mut builder, &std::fs::read(&files.certificate)?, &pem).is_err());
        Ok(())
    }
}
