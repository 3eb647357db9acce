//! The orderer's channel participation API over HTTP, by hand over OpenSSL as `osnadmin` would speak to it.

use std::{
    error::Error,
    io::{Read, Write},
    net::TcpStream,
};

use fabric_msp::transport::{self, ClientTls};
use fabric_protos::common::{Block, Envelope};
use openssl::ssl::{SslConnector, SslFiletype, SslMethod};
use prost::Message;
use tonic::{body::Body, codegen::Service};

use crate::{configuration, fixture::*};

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
        let (head, body) = self.ask_bytes(method, path, headers, body).await?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok((status, head, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The head in small letters, and the body.
    async fn ask_bytes(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Result<(String, Vec<u8>), Box<dyn Error>> {
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

    fn exchange(&self, request: &[u8]) -> Result<(String, Vec<u8>), Box<dyn Error>> {
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
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Err(format!("no answer: {ended:?}").into());
        };
        let body = answer.split_off(end + 4);
        Ok((String::from_utf8_lossy(&answer).to_lowercase(), body))
    }

    async fn join(&self, block: &Block) -> Result<Answer, Box<dyn Error>> {
        self.ask("POST", URL, FORM, &form(&block.encode_to_vec())).await
    }
}

fn form(content: &[u8]) -> Vec<u8> {
    form_with("config-block", content)
}

fn form_with(name: &str, content: &[u8]) -> Vec<u8> {
    let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"c.block\"\r\n\r\n");
    [head.as_bytes(), content, b"\r\n--XX--\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn blocks_are_fetched_by_name_and_by_number() -> Outcome {
    let fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    let at = |block: &str| format!("{URL}/conf/blocks/{block}");
    for block in ["oldest", "newest", "config", "0", "-1"] {
        let (head, body) = admin.ask_bytes("GET", &at(block), "", b"").await?;
        assert!(head.starts_with("http/1.1 200") && head.contains("cache-control: no-store"), "{block}: {head}");
        assert!(head.contains("content-type: application/octet-stream"), "{block}: {head}");
        let fetched = Block::decode(&*body)?;
        assert_eq!(fetched.header.map(|header| header.number), Some(0), "{block}");
        // What peers add is not the orderer's to give.
        let metadata = fetched.metadata.map(|metadata| metadata.metadata).unwrap_or_default();
        assert!(metadata[2].is_empty(), "{block}");
    }
    let table = [
        ("conf", "first", 400, "invalid block ID: 'first' not equal <newest|oldest|config|(number)>"),
        ("Conf", "0", 400, "invalid channel ID: 'Conf' contains illegal characters"),
        ("conf", "7", 404, "no such block number [7] in index"),
        ("conf", "-2", 404, "no such block number [18446744073709551614] in index"),
        ("side", "0", 404, "channel does not exist"),
    ];
    for (channel, block, status, text) in table {
        let (told, _, body) = admin.ask("GET", &format!("{URL}/{channel}/blocks/{block}"), "", b"").await?;
        assert_eq!((told, body), (status, format!("{{\"error\":\"{text}\"}}\n")), "{channel} {block}");
    }
    let (status, head, _) = admin.ask("DELETE", &at("0"), "", b"").await?;
    assert!(status == 405 && head.contains("allow: get\r\n"), "{head}");
    assert_eq!(admin.ask("GET", &at("0"), "Accept: application/octet-stream\r\n", b"").await?.0, 406);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_is_updated_through_the_orderer_itself() -> Outcome {
    let fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    let put = async |envelope: &Envelope| {
        let form = form_with("config-update-envelope", &envelope.encode_to_vec());
        admin.ask("PUT", URL, FORM, &form).await
    };
    let signed = configuration::update(&fixture, &[&fixture.orderer_admin], configuration::one_message_a_block).await?;
    let unsigned = configuration::update(&fixture, &[], configuration::one_message_a_block).await?;
    let (status, _, body) = put(&unsigned).await?;
    let refused = "{\"error\":\"cannot update: failed update config of channel conf: error applying config update to existing channel 'conf': error authorizing update: ";
    assert!(status == 400 && body.starts_with(refused), "{body}");
    let (status, _, body) = put(&Envelope::default()).await?;
    assert_eq!((status, body.as_str()), (400, "{\"error\":\"invalid config update envelope: bad header\"}\n"));
    let (status, head, body) = put(&signed).await?;
    assert!(status == 201 && head.contains("location: /participation/v1/channels/conf"), "{status} {head}");
    assert!(body.starts_with("{\"name\":\"conf\",\"url\":\"/participation/v1/channels/conf\","), "{body}");
    let changed = async {
        while configuration::config(&fixture).await?.sequence != 1 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Ok::<(), Box<dyn Error>>(())
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), changed).await??;
    // The same once more was made from an old configuration.
    assert_eq!(put(&signed).await?.0, 400);
    fixture.network.as_ref().ok_or("not running")?.leave_orderer(CHANNEL).await?;
    let gone = "{\"error\":\"cannot update: channel does not exist\"}\n";
    let (status, head, body) = put(&signed).await?;
    assert!(status == 405 && body == gone && !head.contains("allow:"), "{status} {head} {body}");
    Ok(())
}

/// What gorilla's router on Go's server answers to methods and types that a resource does not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn methods_and_types_are_refused_as_fabric_does() -> Outcome {
    let fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    for method in ["PUT", "POST"] {
        let (status, _, body) = admin.ask(method, URL, "", b"").await?;
        assert_eq!((status, body.as_str()), (400, "{\"error\":\"unsupported Content-Type: []\"}\n"), "{method}");
        // The type of the request comes before the type of the answer.
        let both = "Accept: text/html\r\nContent-Type: text/plain\r\n";
        let (status, _, body) = admin.ask(method, URL, both, b"").await?;
        assert_eq!((status, body.as_str()), (400, "{\"error\":\"unsupported Content-Type: [text/plain]\"}\n"));
        assert_eq!(admin.ask(method, URL, &format!("Accept: text/html\r\n{FORM}"), b"").await?.0, 406);
    }
    let (status, head, body) = admin.ask("PATCH", URL, "", b"").await?;
    assert_eq!((status, body.as_str()), (405, "{\"error\":\"invalid request method: PATCH\"}\n"));
    assert!(head.contains("allow: get, post, put\r\n"), "{head}");
    let allowed = [
        (URL.to_owned(), "allow: get, post, put"),
        (format!("{URL}/conf"), "allow: get, delete"),
        (format!("{URL}/conf/blocks/0"), "allow: get"),
    ];
    for (path, allow) in &allowed {
        let (status, head, body) = admin.ask("HEAD", path, "", b"").await?;
        assert_eq!((status, body.as_str()), (405, ""), "{path}");
        assert!(head.contains(&format!("{allow}\r\n")) && head.contains("content-length: 41"), "{path}: {head}");
    }
    assert_eq!(admin.ask("HEAD", "/participation/v1/", "", b"").await?.0, 405);
    // A body would break a stream of HTTP/2.
    let read = |name: &str| std::fs::read(admin.folder.join(name));
    let identity = Some((read("server.crt")?, read("server.key")?));
    let tls = ClientTls { ca_pem: read("ca.crt")?, identity, ..ClientTls::default() };
    let mut connection = transport::connect(&admin.address, Some(&tls), std::time::Duration::from_secs(60)).await?;
    for _ in 0..2 {
        let request = tonic::codegen::http::Request::builder().method("HEAD").uri(URL).body(Body::empty())?;
        std::future::poll_fn(|context| connection.poll_ready(context)).await?;
        let answer = connection.call(request).await?;
        assert_eq!(answer.status(), 405);
        let body = http_body_util::BodyExt::collect(answer.into_body()).await?.to_bytes();
        assert!(body.is_empty(), "{body:?}");
    }
    Ok(())
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
async fn what_is_no_genesis_block_of_a_channel_is_refused() -> Outcome {
    let fixture = Fixture::start().await?;
    let admin = Admin::of(&fixture)?;
    let block = fixture.block_of("side", &[1])?;
    let with = |change: fn(&mut Block)| {
        let mut changed = block.clone();
        change(&mut changed);
        form(&changed.encode_to_vec())
    };
    let foreign = channel_block("side", &[fixture.org(1).folder.clone()], |_, _| ());
    assert!(foreign.is_err(), "a channel without an orderer has no genesis block");
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
        ("POST", format!("{URL}/side"), "", 405),
    ] {
        assert_eq!(admin.ask(method, &path, headers, b"").await?.0, status, "{method} {path}");
    }
    assert_eq!(admin.ask("GET", URL, "Accept: text/html, */*\r\n", b"").await?.0, 200);
    let stranger = Admin { with_certificate: false, ..admin };
    assert!(stranger.ask("GET", URL, "", b"").await.is_err(), "nobody without a certificate is heard");
    Ok(())
}
