//! The orderer's channel participation API over HTTP, by hand over OpenSSL as `osnadmin` would speak to it.

use std::{
    error::Error,
    io::{Read, Write},
    net::TcpStream,
};

use fabric_protos::common::Block;
use openssl::ssl::{SslConnector, SslFiletype, SslMethod};
use prost::Message;

use crate::fixture::*;

const URL: &str = "/participation/v1/channels";
const FORM: &str = "Content-Type: multipart/form-data; boundary=XX\r\n";

/// An answer: status, headers, body.
type Answer = (u16, String, String);

/// Where to ask, and with which certificate.
#[derive(Clone)]
struct Admin {
    address: String,
    folder: std::path::PathBuf,
    with_certificate: bool,
}

impl Admin {
    fn of(fixture: &Fixture) -> Result<Self, Box<dyn Error>> {
        let network = fixture.network.as_ref().ok_or("not running")?;
        let address = network.orderer_admin_address().ok_or("no admin address")?.to_owned();
        let tls_cert = fixture.options()?.orderer.tls_cert;
        let folder = tls_cert.parent().ok_or("no folder")?.to_owned();
        Ok(Self { address, folder, with_certificate: true })
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let (admin, request) = (self.clone(), {
            let length = body.len();
            let head = format!(
                "{method} {path} HTTP/1.1\r\nHost: orderer\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
            );
            [head.as_bytes(), body].concat()
        });
        let answered = tokio::task::spawn_blocking(move || admin.exchange(&request).map_err(|cause| cause.to_string()));
        Ok(answered.await??)
    }

    fn exchange(&self, request: &[u8]) -> Result<Answer, Box<dyn Error>> {
        let mut connector = SslConnector::builder(SslMethod::tls_client())?;
        connector.set_ca_file(self.folder.join("ca.crt"))?;
        if self.with_certificate {
            connector.set_certificate_file(self.folder.join("server.crt"), SslFiletype::PEM)?;
            connector.set_private_key_file(self.folder.join("server.key"), SslFiletype::PEM)?;
        }
        let mut stream = connector.build().connect("localhost", TcpStream::connect(&self.address)?)?;
        stream.write_all(request)?;
        let mut answer = Vec::new();
        // Some ends of connections come without the closing alert.
        let ended = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            return Err(format!("no answer: {ended:?}").into());
        };
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok((status, head.to_lowercase(), body.to_owned()))
    }

    async fn join(&self, block: &Block) -> Result<Answer, Box<dyn Error>> {
        self.ask("POST", URL, FORM, &form(&block.encode_to_vec())).await
    }
}

fn form(content: &[u8]) -> Vec<u8> {
    let head = b"--XX\r\nContent-Disposition: form-data; name=\"config-block\"; filename=\"c.block\"\r\n\r\n";
    [head, content, b"\r\n--XX--\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_orderer_joins_shows_and_leaves_channels() -> Outcome {
    let mut fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    let block = fixture.block_of("side", &[1, 2])?;
    let (status, head, body) = admin.ask("GET", URL, "", b"").await?;
    let conf = r#"{"name":"conf","url":"/participation/v1/channels/conf"}"#;
    assert_eq!((status, body), (200, format!("{{\"systemChannel\":null,\"channels\":[{conf}]}}\n")));
    assert!(head.contains("cache-control: no-store") && head.contains("content-type: application/json"), "{head}");
    let (status, head, body) = admin.join(&block).await?;
    let side = "{\"name\":\"side\",\"url\":\"/participation/v1/channels/side\",\"consensusRelation\":\"consenter\",\"status\":\"active\",\"height\":1}\n";
    assert_eq!((status, body.as_str()), (201, side));
    assert!(head.contains("location: /participation/v1/channels/side"), "{head}");
    assert_eq!(admin.ask("GET", &format!("{URL}/side"), "", b"").await?.2, side);
    let (status, head, body) = admin.join(&block).await?;
    assert_eq!((status, body.as_str()), (405, "{\"error\":\"cannot join: channel already exists\"}\n"));
    assert!(head.contains("allow: get, delete"), "{head}");
    fixture.restart().await?;
    let admin = Admin::of(&fixture)?;
    assert_eq!(admin.ask("GET", &format!("{URL}/side"), "", b"").await?.0, 200);
    assert_eq!(admin.ask("DELETE", &format!("{URL}/side"), "", b"").await?.0, 204);
    let gone = "{\"error\":\"cannot remove: channel does not exist\"}\n";
    assert_eq!(admin.ask("DELETE", &format!("{URL}/side"), "", b"").await?.2, gone);
    assert_eq!(admin.ask("GET", &format!("{URL}/side"), "", b"").await?.0, 404);
    fixture.restart().await?;
    assert_eq!(Admin::of(&fixture)?.ask("GET", &format!("{URL}/side"), "", b"").await?.0, 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_first_block_of_a_channel_is_refused() -> Outcome {
    let fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    let block = fixture.block_of("side", &[1])?;
    let with = |change: fn(&mut Block)| {
        let mut changed = block.clone();
        change(&mut changed);
        form(&changed.encode_to_vec())
    };
    let foreign = channel_block("side", &[fixture.org(1).folder.clone()], |_, _| ());
    assert!(foreign.is_err(), "a channel without an orderer has no first block");
    let other_key = form(b"x").iter().map(|byte| if *byte == b'g' { b'h' } else { *byte }).collect();
    let table: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("type", "Content-Type: text/plain\r\n", form(b"x"), "unsupported Content-Type: [text/plain]"),
        (
            "boundary",
            "Content-Type: multipart/form-data\r\n",
            form(b"x"),
            "cannot read form from request body: multipart: boundary is empty",
        ),
        ("broken", FORM, b"--XX\r\n".to_vec(), "cannot read form from request body: multipart: NextPart: EOF"),
        (
            "large",
            FORM,
            form(&vec![0; 1024 * 1024]),
            "cannot read form from request body: multipart: NextPart: http: request body too large",
        ),
        ("key", FORM, other_key, "form does not contains part key: config-block"),
        ("bytes", FORM, form(b"\xff"), "cannot unmarshal file part config-block into a block: "),
        ("empty", FORM, form(b""), "invalid join block: block is not a config block"),
        (
            "metadata",
            FORM,
            with(|block| block.metadata = None),
            "invalid join block: invalid block: does not have metadata",
        ),
        (
            "hash",
            FORM,
            with(|block| block.data.get_or_insert_default().data[0].push(0)),
            "invalid join block: invalid block: Header.DataHash is different from Hash(block.Data)",
        ),
        (
            "later",
            FORM,
            with(|block| block.header.get_or_insert_default().number = 3),
            "cannot join: block number should have been 0 but was 3",
        ),
    ];
    for (case, headers, body, text) in table {
        let (status, _, body) = admin.ask("POST", URL, headers, &body).await?;
        assert!(status == 400 && body.starts_with(&format!("{{\"error\":\"{text}")), "{case}: {status} {body}");
    }
    for (method, path, headers, status) in [
        ("GET", format!("{URL}/Side"), "", 400),
        ("GET", format!("{URL}/side/blocks"), "", 404),
        ("GET", "/participation/v2".to_owned(), "", 404),
        ("GET", "/participation/v1/".to_owned(), "", 302),
        ("GET", URL.to_owned(), "Accept: text/html\r\n", 406),
        ("PATCH", URL.to_owned(), "", 405),
        ("POST", format!("{URL}/side"), "", 405),
    ] {
        assert_eq!(admin.ask(method, &path, headers, b"").await?.0, status, "{method} {path}");
    }
    assert_eq!(admin.ask("GET", URL, "Accept: text/html, */*\r\n", b"").await?.0, 200);
    let stranger = Admin { with_certificate: false, ..admin };
    assert!(stranger.ask("GET", URL, "", b"").await.is_err(), "nobody without a certificate is heard");
    Ok(())
}
