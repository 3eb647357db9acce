//! A gateway that lies: it hands requests on to an honest one, as the caller for whom it stands, and changes what comes
//! back.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use openssl::ssl::SslAcceptor;
use serde_json::Value;
use trade_gateway::client::Client;

use crate::{
    TestResult,
    receiver::{acceptor, read},
};

/// Headers that are handed on.
const HANDED_ON: [&str; 3] = ["content-type", "idempotency-key", "client-reference"];

/// Begins to listen with these keys, PEM. `change` is given the path of each request, and the answer to it.
pub(crate) fn start(
    keys: &(Vec<u8>, Vec<u8>),
    honest: Client,
    change: impl Fn(&str, Value) -> Value + Send + 'static,
) -> Result<SocketAddr, Box<dyn std::error::Error>> {
    let acceptor = acceptor(keys)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        // One after the other: a signer waits for each answer.
        for stream in listener.incoming().map_while(Result::ok) {
            if let Err(error) = pass_on(&acceptor, stream, &honest, &change) {
                eprintln!("a request was not handed on: {error}");
            }
        }
    });
    Ok(address)
}

fn pass_on(
    acceptor: &SslAcceptor,
    stream: TcpStream,
    honest: &Client,
    change: impl Fn(&str, Value) -> Value,
) -> TestResult {
    let mut reader = BufReader::new(acceptor.accept(stream)?);
    let request = read(&mut reader).ok_or("no request")?;
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<_> = headers.filter(|(name, _)| HANDED_ON.contains(name)).collect();
    let answer = honest.send(&request.method, &request.path, &headers, &request.body)?;
    let body = change(&request.path, answer.json()?).to_string();
    let head =
        format!("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: {}", answer.status, body.len());
    write!(reader.get_mut(), "{head}\r\n\r\n{body}")?;
    Ok(())
}
