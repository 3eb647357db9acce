//! The signer beside an enterprise system: plain requests in, and nothing signed but what they mean.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_cryptogen::Issued;
use fabric_msp::{hash::sha256, private, signer::Signer};
use openssl::{hash::MessageDigest, pkey::PKey, sign::Signer as Signing256};
use serde_json::{Value, json};
use trade_gateway::signer::{self, GatewaySettings, KeySettings, RunningSigner, SignerSettings, SignerStartError};

use crate::{
    TestResult, fabric, middle,
    organizations::{EXPORTER, Gateway, IMPORTER, Organizations, signer as key_of},
    writing::{evidence, opening},
};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

const POLICY: &str = r"
functions:
  - name: evidence:Deposit
    limits: [{ field: /size_bytes, most: '1000000000' }]
  - name: item:ReadAlarm
  - name: payment:ShareInvoiceOpening
    limits: [{ field: /private/value_minor, most: '1' }]
";

const ALARM: &str = "/v1/alarms/0123456789abcdef0123456789abcdef";

/// A deposit whose size the policy can judge.
pub(crate) fn sized() -> Value {
    let mut deposit = evidence();
    deposit["size_bytes"] = json!(1_000);
    deposit
}

/// A signer before a gateway, and the runtime that carries it.
pub(crate) struct Signing {
    running: Option<RunningSigner>,
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
}

impl Signing {
    pub(crate) fn start(settings: &SignerSettings) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let running = runtime.block_on(async { signer::start(settings) })?;
        let address = running.address();
        Ok(Self { running: Some(running), runtime, address })
    }

    /// Status and body of the answer to a request with these headers.
    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("a head")?;
        let status = head.get(9..12).ok_or("a status")?.parse()?;
        Ok((status, serde_json::from_str(body).unwrap_or_default()))
    }

    /// As a caller that knows the secret.
    pub(crate) fn call(
        &self,
        method: &str,
        target: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        let secret = format!("Bearer {SECRET}");
        let headers =
            [("Authorization", secret.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", "k1")];
        self.send(method, target, &headers, &body.map(Value::to_string).unwrap_or_default())
    }
}

impl Drop for Signing {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }
}

pub(crate) fn settings(
    organizations: &Organizations,
    gateway: &Gateway,
    msp_id: &str,
    identity: &Issued,
) -> Result<SignerSettings, Box<dyn std::error::Error>> {
    let write = |name: &str, content: &[u8]| -> Result<_, std::io::Error> {
        let path = organizations.path(name);
        private::create(&path)?.write_all(content)?;
        Ok(path)
    };
    Ok(SignerSettings {
        listen: "127.0.0.1:0".to_owned(),
        secret_file: write("signer.secret", format!("{SECRET}\n").as_bytes())?,
        gateway: GatewaySettings {
            address: gateway.address().to_string(),
            server_name: Some("localhost".to_owned()),
            tls_ca: write("gateway-ca.pem", &gateway.tls_authority)?,
            issuer: None,
        },
        channel: "trade".to_owned(),
        chaincode: "entrepot".to_owned(),
        msp_id: msp_id.to_owned(),
        certificate: write("erp.pem", identity.certificate.pem())?,
        key: KeySettings { file: Some(write("erp.key", &identity.key_pem)?), pkcs11: None },
        endorsers: Vec::new(),
        policy: write("policy.yaml", POLICY.as_bytes())?,
    })
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["code"].as_str().unwrap_or("accepted"))
}

#[test]
fn an_enterprise_system_writes_and_reads_without_a_key_of_its_own() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    for msp_id in [IMPORTER, EXPORTER] {
        let identity = organizations.member(msp_id);
        let signing = Signing::start(&settings(&organizations, &network.gateway, msp_id, &identity)?)?;
        let written = signing.call("POST", "/v1/evidence", Some(&sized()))?;
        assert_eq!((written.0, &written.1["state"]), (201, &json!("committed")), "{written:?}");
        let again = signing.call("POST", "/v1/evidence", Some(&sized()))?;
        assert_eq!(again, written, "a retry with the same key has the same answer");
        assert_eq!(signing.call("GET", ALARM, None)?, (200, json!({"answer": 42})));
        let whoami = signing.call("GET", "/v1/whoami", None)?;
        assert_eq!((whoami.0, &whoami.1["msp_id"]), (200, &json!(msp_id)), "handed on as the organization's");
    }
    Ok(())
}

/// What a signer says for a request: HMAC-SHA256 of who asks for what, under the digest of its secret.
fn reference(msp_id: &str, operation: &str, key: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = Vec::new();
    for part in [msp_id, "", operation, key] {
        text.extend((part.len() as u64).to_be_bytes());
        text.extend(part.as_bytes());
    }
    let secret = PKey::hmac(&sha256(SECRET.as_bytes()))?;
    Ok(hex::encode(Signing256::new(MessageDigest::sha256(), &secret)?.sign_oneshot_to_vec(&text)?))
}

/// The transaction that waits for its signature after a signer has ended that had signed its proposal.
fn half_signed(gateway: &Gateway, identity: &Issued, key: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let caller = gateway.caller(identity);
    let reference = reference(IMPORTER, "depositEvidence", key)?;
    let headers =
        [("Content-Type", "application/json"), ("Idempotency-Key", key), ("Client-Reference", reference.as_str())];
    let sent = sized().to_string();
    let step = caller.send("POST", "/v1/evidence?signing=caller", &headers, sent.as_bytes())?.json()?;
    let input = BASE64.decode(step["signing_input"].as_str().ok_or("an input")?)?;
    let body = json!({"signature": BASE64.encode(key_of(IMPORTER, identity).sign(&input)?)}).to_string();
    let target = format!("/v1/signing/{}/proposal", step["transaction_id"].as_str().ok_or("an id")?);
    let step = caller.send("PUT", &target, &[("Content-Type", "application/json")], body.as_bytes())?.json()?;
    assert_eq!(step["stage"], "transaction");
    Ok(step)
}

/// What a caller of a signer gets that stands before a gateway which changes what the honest one answers.
fn through(
    organizations: &Organizations,
    gateway: &Gateway,
    identity: &Issued,
    change: impl Fn(&str, Value) -> Value + Send + 'static,
) -> Result<(u16, Value), Box<dyn std::error::Error>> {
    let mut settings = settings(organizations, gateway, IMPORTER, identity)?;
    let middle = middle::start(&organizations.server_keys(), gateway.caller(identity), change)?;
    settings.gateway.address = middle.to_string();
    Signing::start(&settings)?.call("POST", "/v1/evidence", Some(&sized()))
}

#[test]
fn the_transaction_of_another_proposal_of_the_same_call_gets_no_signature() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let identity = organizations.member(IMPORTER);
    let earlier = half_signed(&network.gateway, &identity, "k0")?;
    let swapped = move |path: &str, answer| if path.ends_with("/proposal") { earlier.clone() } else { answer };
    let answer = through(&organizations, &network.gateway, &identity, swapped)?;
    assert_eq!(code(&answer), (502, "prepared_other"), "{answer:?}");
    let detail = answer.1["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("The transaction was not signed: the headers are not those of the proposal"), "{detail}");
    Ok(())
}

#[test]
fn a_signer_that_goes_on_is_shown_that_it_has_signed_the_proposal() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let identity = organizations.member(IMPORTER);
    half_signed(&network.gateway, &identity, "k1")?;
    let foreign = BASE64.encode(key_of(IMPORTER, &identity).sign(b"another proposal")?);
    for forged in [Value::Null, json!("*"), json!("AAAA"), json!(foreign)] {
        let change = move |_: &str, mut answer: Value| {
            answer["proposal_signature"] = forged.clone();
            answer
        };
        let answer = through(&organizations, &network.gateway, &identity, change)?;
        assert_eq!(code(&answer), (502, "prepared_other"), "{answer:?}");
        let detail = answer.1["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("this signer has not signed"), "{detail}");
    }
    assert_eq!(through(&organizations, &network.gateway, &identity, |_, answer| answer)?.0, 201, "the control");
    Ok(())
}

#[test]
fn webhooks_are_read_through_a_signer_and_changed_at_the_gateway_only() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let signing = Signing::start(&settings(&organizations, &gateway, IMPORTER, &organizations.member(IMPORTER))?)?;
    let webhook = json!({"url": "https://erp.example/hooks", "events": ["item.*"]});
    for (method, target, body) in [
        ("PUT", "/v1/webhooks/erp", Some(&webhook)),
        ("DELETE", "/v1/webhooks/erp", None),
        ("POST", "/v1/webhooks/erp/secret", None),
        ("POST", "/v1/webhooks/erp/replay", Some(&json!({}))),
    ] {
        assert_eq!(code(&signing.call(method, target, body)?), (404, "route_unknown"), "{method} {target}");
    }
    // The gateway's own answer: its index is not filled here.
    let listed = signing.call("GET", "/v1/webhooks", None)?;
    assert_ne!(code(&listed).1, "route_unknown", "{listed:?}");
    Ok(())
}

#[test]
fn a_retry_goes_on_where_the_gateway_is() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let identity = organizations.member(IMPORTER);
    let step = half_signed(&network.gateway, &identity, "k1")?;
    let signing = Signing::start(&settings(&organizations, &network.gateway, IMPORTER, &identity)?)?;
    let written = signing.call("POST", "/v1/evidence", Some(&sized()))?;
    assert_eq!((written.0, &written.1["transaction_id"]), (201, &step["transaction_id"]), "{written:?}");
    Ok(())
}

#[test]
fn without_the_secret_nothing_is_asked_of_the_gateway() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let signing = Signing::start(&settings(&organizations, &gateway, IMPORTER, &organizations.member(IMPORTER))?)?;
    let wrong = format!("Bearer {}", SECRET.replace('0', "1"));
    let (longer, shorter, basic) =
        (format!("Bearer {SECRET}x"), format!("Bearer {}", &SECRET[1..]), format!("Basic {SECRET}"));
    for authorization in ["", "Bearer", "Bearer ", wrong.as_str(), &longer, &shorter, &basic, SECRET] {
        for target in ["/v1/whoami", ALARM, "/v1/local/commit", "/nothing"] {
            let answer = signing.send("GET", target, &[("Authorization", authorization)], "")?;
            assert_eq!(code(&answer), (401, "secret_missing"), "{authorization:?} {target}");
        }
    }
    assert_eq!(code(&signing.send("GET", "/v1/whoami", &[], "")?), (401, "secret_missing"));
    assert!(gateway.double.steps().is_empty());
    for target in ["/v1/signing/x/proposal", "/v1/oauth/token", "/nothing", "/openapi.json"] {
        assert_eq!(code(&signing.call("PUT", target, Some(&json!({})))?), (404, "route_unknown"), "{target}");
    }
    Ok(())
}

#[test]
fn what_the_policy_does_not_allow_is_not_even_prepared() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let signing = Signing::start(&settings(&organizations, &gateway, IMPORTER, &organizations.member(IMPORTER))?)?;
    let mut large = sized();
    large["size_bytes"] = json!(1_000_000_001_u64);
    let rows = [
        ("POST", "/v1/evidence", large, "above_limit"),
        ("POST", "/v1/invoices/ImporterMSP/INV-1/opening", opening(), "above_limit"),
        ("POST", "/v1/product-assignments/ExporterMSP/accept", json!({}), "function_not_allowed"),
        ("GET", "/v1/items/urn%3Ax%3A1", Value::Null, "function_not_allowed"),
    ];
    for (method, target, body, expected) in rows {
        let answer = signing.call(method, target, Some(&body).filter(|body| !body.is_null()))?;
        assert_eq!(code(&answer), (403, expected), "{target}: {}", answer.1);
    }
    let malformed = signing.call("POST", "/v1/evidence", Some(&json!({"colour": "red"})))?;
    assert_eq!(code(&malformed), (400, "request.malformed"));
    assert!(gateway.double.steps().is_empty());
    Ok(())
}

#[test]
fn a_gateway_that_prepares_something_else_gets_no_signature() -> TestResult {
    let organizations = Organizations::new();
    let identity = organizations.member(IMPORTER);
    // What this gateway prepares is no proposal at all.
    let lying = organizations.gateway();
    let signing = Signing::start(&settings(&organizations, &lying, IMPORTER, &identity)?)?;
    assert_eq!(code(&signing.call("POST", "/v1/evidence", Some(&sized()))?), (502, "prepared_other"));
    assert_eq!(code(&signing.call("GET", ALARM, None)?), (502, "prepared_other"));
    assert_eq!(lying.double.steps(), ["propose", "propose"], "nothing was signed");
    drop((signing, lying));
    // And this one prepares for another channel or chaincode than is meant.
    let network = fabric::network(&organizations)?;
    let meant = settings(&organizations, &network.gateway, IMPORTER, &identity)?;
    for (channel, chaincode, named) in [("other", "entrepot", "the channel"), ("trade", "other", "the chaincode")] {
        let other = SignerSettings { channel: channel.to_owned(), chaincode: chaincode.to_owned(), ..meant.clone() };
        let answer = Signing::start(&other)?.call("POST", "/v1/evidence", Some(&sized()))?;
        assert_eq!(code(&answer), (502, "prepared_other"));
        let detail = answer.1["detail"].as_str().unwrap_or_default();
        assert!(detail.contains(named), "{detail}");
    }
    Ok(())
}

#[test]
fn endorsements_are_verified_where_the_endorsers_are_listed() -> TestResult {
    let organizations = Organizations::new();
    let network = fabric::network(&organizations)?;
    let mut settings = settings(&organizations, &network.gateway, IMPORTER, &organizations.member(IMPORTER))?;
    settings.endorsers = [EXPORTER, IMPORTER]
        .map(|msp_id| signer::EndorserSettings {
            msp_id: msp_id.to_owned(),
            msp_dir: organizations.path(msp_id).join("msp"),
        })
        .to_vec();
    // The peer of this test signs its endorsements with nothing.
    let answer = Signing::start(&settings)?.call("POST", "/v1/evidence", Some(&sized()))?;
    assert_eq!(code(&answer), (502, "prepared_other"), "{answer:?}");
    Ok(())
}

#[test]
fn a_gateway_that_does_not_answer_is_named() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let settings = settings(&organizations, &gateway, IMPORTER, &organizations.member(IMPORTER))?;
    gateway.stop();
    let answer = Signing::start(&settings)?.call("POST", "/v1/evidence", Some(&sized()))?;
    assert_eq!(code(&answer), (502, "gateway_unreachable"));
    assert_eq!(answer.1["retryable"], true);
    Ok(())
}

#[test]
fn a_signer_that_would_be_open_or_useless_does_not_start() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let good = settings(&organizations, &gateway, IMPORTER, &organizations.member(IMPORTER))?;
    let refused = |settings: &SignerSettings| -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let started: Result<RunningSigner, SignerStartError> = runtime.block_on(async { signer::start(settings) });
        started.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let open = SignerSettings { listen: "0.0.0.0:0".to_owned(), ..good.clone() };
    assert!(refused(&open).contains("loopback"), "{}", refused(&open));
    let short = organizations.path("short.secret");
    private::create(&short)?.write_all(b"0123")?;
    assert!(refused(&SignerSettings { secret_file: short, ..good.clone() }).contains("32 to 512"));
    let another = organizations.member(IMPORTER);
    fs::write(organizations.path("another.pem"), another.certificate.pem())?;
    let mismatched = SignerSettings { certificate: organizations.path("another.pem"), ..good.clone() };
    assert!(!refused(&mismatched).is_empty());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&good.secret_file, fs::Permissions::from_mode(0o644))?;
        assert!(refused(&good).contains("chmod 600"), "{}", refused(&good));
    }
    Ok(())
}
