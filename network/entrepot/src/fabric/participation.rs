//! The orderer's channel participation API, as far as joining a channel needs it.
//!
//! One request by hand over OpenSSL: a multipart form with the genesis block. A whole HTTP client would bring more code
//! than this one exchange is worth.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use openssl::ssl::{SslConnector, SslFiletype, SslMethod};

use crate::endpoint::Endpoint;

const PATIENCE: Duration = Duration::from_secs(30);
const BOUNDARY: &str = "entrepot-channel-participation";
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Files with which to reach an orderer's admin endpoint.
pub struct AdminTls<'a> {
    /// The client's certificate.
    pub certificate: &'a Path,
    /// The client's key.
    pub key: &'a Path,
    /// The authority of the orderer's certificate.
    pub authority: &'a Path,
}

/// Joins the orderer to the channel of this genesis block. Having joined before is no error.
///
/// # Errors
/// The orderer cannot be reached, or refuses.
pub fn join(admin: &Endpoint, tls: &AdminTls<'_>, genesis_block: &[u8]) -> Result<()> {
    let (status, body) = post(admin, tls, genesis_block).with_context(|| format!("joining the orderer at {admin}"))?;
    match status {
        201 => Ok(()),
        405 if body.contains("already exists") => Ok(()),
        _ => bail!("the orderer at {admin} refused to join the channel: {status} {body}"),
    }
}

fn post(admin: &Endpoint, tls: &AdminTls<'_>, genesis_block: &[u8]) -> Result<(u16, String)> {
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_ca_file(tls.authority)?;
    connector.set_certificate_file(tls.certificate, SslFiletype::PEM)?;
    connector.set_private_key_file(tls.key, SslFiletype::PEM)?;
    let mut addresses = (admin.host(), admin.port()).to_socket_addrs()?;
    let address = addresses.next().with_context(|| format!("{admin} has no address"))?;
    let tcp = TcpStream::connect_timeout(&address, PATIENCE)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    let mut stream = connector.build().connect(admin.host(), tcp)?;

    let mut form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"config-block\"; filename=\"config.block\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(genesis_block);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    let head = format!(
        "POST /participation/v1/channels HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(&form)?;

    let mut answer = Vec::new();
    // Some servers end the connection without the closing alert; what arrived before is the answer all the same.
    if let Err(error) = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)
        && answer.is_empty()
    {
        return Err(error).context("no answer");
    }
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(answer: &str) -> Result<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("the answer has no status")?;
    Ok((status, body.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_read_from_the_answer() -> Result<()> {
        assert_eq!(parse("HTTP/1.1 201 Created\r\nContent-Type: x\r\n\r\n{}")?, (201, "{}".to_owned()));
        assert!(parse("nonsense").is_err());
        Ok(())
    }
}
