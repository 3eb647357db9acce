//! Clients of the REST gateway that do not go on: connections, heads and bodies that are begun and kept, over a TLS
//! connection whose every byte is the test's own.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use openssl::{
    pkey::{PKey, Private},
    ssl::{Ssl, SslContext, SslMethod, SslStream, SslVerifyMode},
    x509::X509,
};
use tokio::{net::TcpSocket, runtime::Builder};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A certificate and its key.
#[derive(Clone)]
pub struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

impl Identity {
    /// From files in PEM.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self> {
        let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
        Ok(Self { certificate: X509::from_pem(&read(certificate)?)?, key: PKey::private_key_from_pem(&read(key)?)? })
    }
}

/// A TLS connection.
pub struct Connection(SslStream<TcpStream>);

/// Connects from an address of this machine, 127.0.0.1 and those behind it. Attacks come from other addresses than
/// members.
pub fn connect_from(from: Ipv4Addr, address: SocketAddr) -> Result<TcpStream> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        socket.connect(address).await?.into_std()
    })?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// Connects from this machine's own address, with a certificate or without; whose certificate the server has is not
/// looked at.
pub fn handshake(address: SocketAddr, identity: Option<&Identity>) -> Result<Connection> {
    handshake_on(TcpStream::connect(address)?, identity)
}

/// As [`handshake`], on a connection. Nobody is verified, so no authorities of the system are loaded: that would take
/// longer than the handshake, and the clients of an attack share the machine with the server.
pub fn handshake_on(stream: TcpStream, identity: Option<&Identity>) -> Result<Connection> {
    let mut context = SslContext::builder(SslMethod::tls_client())?;
    context.set_verify(SslVerifyMode::NONE);
    if let Some(Identity { certificate, key }) = identity {
        context.set_certificate(certificate)?;
        context.set_private_key(key)?;
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let connection = Ssl::new(&context.build())?.connect(stream);
    connection.map(Connection).map_err(|error| anyhow::anyhow!("the handshake: {error}"))
}

impl Connection {
    pub fn says(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.0.write_all(bytes)?)
    }

    /// Asks, and waits for the beginning of the answer, which it gives back.
    pub fn asks(&mut self, request: &str) -> Result<String> {
        self.says(request.as_bytes())?;
        let mut answer = [0; 2048];
        let length = self.0.read(&mut answer)?;
        ensure!(length > 0, "no answer");
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    }

    /// Reads until the server ends the connection.
    pub fn until_the_end(&mut self) -> Result<String> {
        let (mut all, mut part) = (Vec::new(), [0; 2048]);
        loop {
            match self.0.read(&mut part) {
                Ok(0) => break,
                Ok(length) => all.extend_from_slice(&part[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => bail!("the connection stays open"),
                Err(_) => break,
            }
        }
        Ok(String::from_utf8_lossy(&all).into_owned())
    }
}

/// A request of a member whose body never ends: its head, and so many bytes of the million that it announces.
pub fn slow_body(mut connection: Connection, bytes: usize) -> Result<Connection> {
    let head = "POST /v1/evidence HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n\
                Idempotency-Key: slow\r\nContent-Length: 1000000\r\n\r\n";
    connection.says(head.as_bytes())?;
    connection.says(&vec![b' '; bytes])?;
    Ok(connection)
}
