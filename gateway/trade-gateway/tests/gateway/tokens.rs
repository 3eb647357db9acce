//! The token endpoint as OAuth clients use it, and what they get wrong.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use fabric_cryptogen::{Authority, CertificateRequest, Issued, KeyAlgorithm};
use openssl::{ecdsa::EcdsaSig, hash::MessageDigest, pkey::PKey, sign::Signer};
use serde_json::{Value, json};
use trade_gateway::client::{Client, Response};

use crate::{
    TestResult,
    lists::Indexed,
    organizations::{CUSTOMS, EXPORTER, Gateway, IMPORTER, ISSUER, Organizations, REGULATOR, signer},
    writing::evidence,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

/// Header and claims of a client assertion, to be changed before it is signed.
#[derive(Clone)]
pub(crate) struct Assertion {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Assertion {
    pub(crate) fn of(msp_id: &str, identity: &Issued) -> Self {
        let algorithm = if identity.certificate.spki().len() > 100 { "ES384" } else { "ES256" };
        let mut id = [0; 16];
        openssl::rand::rand_bytes(&mut id).expect("randomness");
        // As of a client whose clock is ahead: what began before the gateway's start is refused.
        let issued = now() + 5;
        Self {
            header: json!({"alg": algorithm, "typ": "JWT", "x5c": [BASE64.encode(identity.certificate.der())]}),
            claims: json!({
                "iss": msp_id, "sub": msp_id, "aud": ISSUER, "jti": BASE64URL.encode(id), "iat": issued, "exp": issued + 30,
            }),
        }
    }

    pub(crate) fn sign(&self, identity: &Issued) -> String {
        signed(&self.header, &self.claims, &identity.key_pem)
    }
}

/// A JWS by ECDSA, whatever its header says.
fn signed(header: &Value, claims: &Value, key_pem: &[u8]) -> String {
    let signed = format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(claims.to_string()));
    let key = PKey::private_key_from_pem(key_pem).and_then(|key| key.ec_key()).expect("an elliptic key");
    let (digest, bytes) =
        if key.group().degree() == 384 { (MessageDigest::sha384(), 48) } else { (MessageDigest::sha256(), 32) };
    let digest = openssl::hash::hash(digest, signed.as_bytes()).expect("a digest");
    let signature = EcdsaSig::sign(&digest, &key).expect("a signature");
    let number = |number: &openssl::bn::BigNumRef| number.to_vec_padded(bytes).expect("it fits");
    format!("{signed}.{}", BASE64URL.encode([number(signature.r()), number(signature.s())].concat()))
}

pub(crate) fn ask(caller: &Client, form: &str) -> Result<Response, Box<dyn std::error::Error>> {
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    Ok(caller.send("POST", "/v1/oauth/token", &headers, form.as_bytes())?)
}

pub(crate) fn form_of(assertion: &str) -> String {
    format!("grant_type=client_credentials&client_assertion_type={JWT_BEARER}&client_assertion={assertion}")
}

/// What the endpoint answers to a connection that shows the certificate.
pub(crate) fn by_certificate(gateway: &Gateway, identity: &Issued) -> Result<Response, Box<dyn std::error::Error>> {
    ask(&gateway.caller(identity), "grant_type=client_credentials")
}

/// What the endpoint answers to an assertion, from the second after the gateway's start on.
pub(crate) fn by_assertion(
    gateway: &Gateway,
    make: impl Fn() -> String,
) -> Result<Response, Box<dyn std::error::Error>> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let response = ask(&gateway.anonymous(), &form_of(&make()))?;
        if response.json()?["code"] != "assertion_before_start" {
            return Ok(response);
        }
        assert!(response.status == 503 && response.headers.contains_key("retry-after"));
        assert!(Instant::now() < deadline, "the gateway does not come to take assertions");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn token_of(response: &Response) -> Result<String, Box<dyn std::error::Error>> {
    let body = response.json()?;
    Ok(body["access_token"].as_str().ok_or_else(|| format!("no token: {body}"))?.to_owned())
}

pub(crate) fn bearer_token(
    gateway: &Gateway,
    msp_id: &str,
    identity: &Issued,
) -> Result<String, Box<dyn std::error::Error>> {
    token_of(&by_assertion(gateway, || Assertion::of(msp_id, identity).sign(identity))?)
}

/// Sends a request with an access token.
pub(crate) fn with_token(
    caller: &Client,
    token: &str,
    method: &str,
    target: &str,
    body: Option<&Value>,
) -> Result<Response, Box<dyn std::error::Error>> {
    let authorization = format!("Bearer {token}");
    let headers =
        [("Authorization", authorization.as_str()), ("Content-Type", "application/json"), ("Idempotency-Key", "k1")];
    let body = body.map(Value::to_string).unwrap_or_default();
    Ok(caller.send(method, target, if body.is_empty() { &headers[..1] } else { &headers }, body.as_bytes())?)
}

pub(crate) fn code(response: &Response) -> Result<(u16, String), Box<dyn std::error::Error>> {
    Ok((response.status, response.json()?["code"].as_str().unwrap_or("accepted").to_owned()))
}

#[test]
fn a_token_is_given_as_the_standard_says() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let answer = by_certificate(&gateway, &identity)?;
    let body = answer.json()?;
    assert_eq!((answer.status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(600)));
    assert_eq!(body["scope"], "read write");
    assert_eq!((answer.headers["cache-control"].as_str(), answer.headers["pragma"].as_str()), ("no-store", "no-cache"));
    let token = token_of(&answer)?;
    let part = |at| -> Result<Value, Box<dyn std::error::Error>> {
        let part = token.split('.').nth(at).ok_or("three parts")?;
        Ok(serde_json::from_slice(&BASE64URL.decode(part)?)?)
    };
    let (header, claims) = (part(0)?, part(1)?);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("ES256"), &json!("at+jwt")));
    assert_eq!((&claims["iss"], &claims["client_id"]), (&json!(ISSUER), &json!(EXPORTER)));
    assert_eq!(claims["certificate_serial"], hex(identity.certificate.serial()));
    assert_eq!(claims["cnf"]["x5t#S256"], BASE64URL.encode(openssl::sha::sha256(identity.certificate.der())));
    let keys = gateway.anonymous().get("/v1/oauth/keys")?.json()?;
    assert_eq!(keys["keys"][0]["kid"], header["kid"]);
    assert!(keys["keys"][0].get("d").is_none(), "no private part");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_metadata_lead_to_the_endpoint_and_the_keys() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let metadata = gateway.anonymous().get("/.well-known/oauth-authorization-server")?.json()?;
    assert_eq!(metadata["issuer"], ISSUER);
    for (name, status) in [("jwks_uri", 200), ("token_endpoint", 405)] {
        let address = metadata[name].as_str().and_then(|text| text.strip_prefix(ISSUER)).ok_or(name)?;
        assert_eq!(gateway.anonymous().get(address)?.status, status, "{name}");
    }
    Ok(())
}

#[test]
fn a_gateway_without_the_section_gives_no_tokens_and_takes_none() -> TestResult {
    let organizations = Organizations::new();
    let token = token_of(&by_certificate(&organizations.gateway(), &organizations.member(EXPORTER))?)?;
    let mut settings = organizations.settings();
    settings.oauth = None;
    let double = std::sync::Arc::new(crate::double::Double::default());
    let gateway = organizations.start(settings, std::sync::Arc::clone(&double) as _, double);
    let caller = gateway.caller(&organizations.member(EXPORTER));
    assert_eq!(code(&ask(&caller, "grant_type=client_credentials")?)?, (404, "route_unknown".to_owned()));
    assert_eq!(caller.get("/v1/oauth/keys")?.status, 404);
    assert_eq!(caller.get("/.well-known/oauth-authorization-server")?.status, 404);
    let answer = with_token(&caller, &token, "GET", "/v1/whoami", None)?;
    assert_eq!(code(&answer)?, (401, "token_invalid".to_owned()), "a token is never passed over");
    Ok(())
}

#[test]
fn every_wrong_request_has_its_error() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let caller = gateway.caller(&organizations.member(EXPORTER));
    let many = format!("grant_type=client_credentials{}", "&x=y".repeat(40));
    let rows = [
        ("", 400, "invalid_request"),
        ("grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("grant_type=client_credentials&scope=admin", 400, "invalid_scope"),
        ("grant_type=client_credentials&scope=", 400, "invalid_scope"),
        ("grant_type=", 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=&client_assertion_type=&client_assertion=", 200, "accepted"),
        ("grant_type=&grant_type=client_credentials", 200, "accepted"),
        ("grant_type=client_credentials&client_id=ImporterMSP", 401, "invalid_client"),
        ("grant_type=client_credentials&client_assertion=x", 400, "invalid_request"),
        ("grant_type=client_credentials&client_assertion_type=x&client_assertion=x", 400, "invalid_request"),
        ("grant_type=client%zz", 400, "invalid_request"),
        (many.as_str(), 400, "invalid_request"),
        ("grant_type=client_credentials&client_id=ExporterMSP&client_secret=s&resource=x", 200, "accepted"),
    ];
    for (form, status, error) in rows {
        let answer = ask(&caller, form)?;
        let body = answer.json()?;
        assert_eq!((answer.status, body["error"].as_str().unwrap_or("accepted")), (status, error), "{form}: {body}");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    let long = format!("grant_type={}", "x".repeat(20_000));
    assert_eq!(code(&ask(&caller, &long)?)?, (413, "body_too_large".to_owned()));
    let json = caller.send("POST", "/v1/oauth/token", &[("Content-Type", "application/json")], b"{}")?;
    assert_eq!(code(&json)?, (415, "media_type_unsupported".to_owned()));
    let stranger = ask(&gateway.anonymous(), "grant_type=client_credentials")?;
    assert_eq!(code(&stranger)?, (401, "certificate_missing".to_owned()));
    assert_eq!(stranger.json()?["error"], "invalid_client");
    assert!(stranger.headers["www-authenticate"].starts_with("Bearer realm="));
    Ok(())
}

/// What, an assertion of the identity or another's, and the code with which it is refused.
type Rows = Vec<(&'static str, String, &'static str)>;

/// An assertion of the identity that was changed before it was signed.
pub(crate) fn changed(identity: &Issued, change: impl FnOnce(&mut Assertion)) -> String {
    let mut assertion = Assertion::of(EXPORTER, identity);
    change(&mut assertion);
    assertion.sign(identity)
}

fn wrong_claims(identity: &Issued) -> Rows {
    let claim = |name: &str, value: Value| changed(identity, |one| one.claims[name] = value);
    let time = |from: u64, until: u64| {
        changed(identity, |one| (one.claims["iat"], one.claims["exp"]) = (json!(from), json!(until)))
    };
    let moment = now();
    vec![
        ("another organization", claim("iss", json!(IMPORTER)), "assertion_issuer"),
        ("another subject", claim("sub", json!(IMPORTER)), "assertion_issuer"),
        ("another audience", claim("aud", json!("https://elsewhere.example")), "assertion_audience"),
        ("no audience", claim("aud", Value::Null), "assertion_audience"),
        ("two audiences", claim("aud", json!([ISSUER, "https://elsewhere.example"])), "assertion_audience"),
        ("expired", time(moment - 60, moment - 1), "assertion_time"),
        ("too long", time(moment, moment + 61), "assertion_time"),
        ("of the future", time(moment + 100, moment + 130), "assertion_time"),
        ("not yet", claim("nbf", json!(moment + 100)), "assertion_time"),
        ("no end", claim("exp", Value::Null), "assertion_time"),
    ]
}

fn wrong_heads(identity: &Issued) -> Rows {
    let head = |name: &str, value: Value| changed(identity, |one| one.header[name] = value);
    let one = Assertion::of(EXPORTER, identity).header["x5c"][0].clone();
    vec![
        ("no JWT", "x".to_owned(), "assertion_malformed"),
        ("another curve's algorithm", head("alg", json!("ES384")), "assertion_algorithm"),
        ("no alg", head("alg", Value::Null), "assertion_algorithm"),
        ("crit", head("crit", json!(["exp"])), "assertion_malformed"),
        ("an access token's type", head("typ", json!("at+jwt")), "assertion_malformed"),
        ("no certificate", head("x5c", Value::Null), "assertion_certificate"),
        ("no certificates", head("x5c", json!([])), "assertion_certificate"),
        ("too many certificates", head("x5c", json!([one, one, one, one, one])), "assertion_certificate"),
        ("base64url certificate", head("x5c", json!(["_-_-"])), "assertion_certificate"),
        ("a certificate behind that is none", head("x5c", json!([one, "AAAA"])), "assertion_certificate"),
    ]
}

fn wrong_signatures(identity: &Issued, other: &Issued) -> Result<Rows, Box<dyn std::error::Error>> {
    let good = Assertion::of(EXPORTER, identity);
    let part = |value: &Value| BASE64URL.encode(value.to_string());
    let with = |algorithm: &str| {
        let header = json!({"alg": algorithm, "x5c": good.header["x5c"]});
        format!("{}.{}", part(&header), part(&good.claims))
    };
    let text = with("HS256");
    let key = PKey::hmac(identity.certificate.spki())?;
    let seal = Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(text.as_bytes())?;
    let mut brought = good.clone();
    brought.header["jwk"] = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
    let (stranger, _) = Authority::create(&CertificateRequest::authority("ca", EXPORTER))?;
    let foreign = stranger.issue(&CertificateRequest::identity("erp", &["client"]))?;
    Ok(vec![
        ("alg none", format!("{}.", with("none")), "assertion_algorithm"),
        ("HS256 under the public key", format!("{text}.{}", BASE64URL.encode(seal)), "assertion_algorithm"),
        ("another's key", good.sign(other), "assertion_signature"),
        ("a key in the header", brought.sign(other), "assertion_signature"),
        ("a stranger", Assertion::of(EXPORTER, &foreign).sign(&foreign), "certificate_unknown_authority"),
    ])
}

#[test]
fn every_wrong_assertion_has_its_name() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (identity, other) = (organizations.member(EXPORTER), organizations.member(EXPORTER));
    let rows = [wrong_claims(&identity), wrong_heads(&identity), wrong_signatures(&identity, &other)?].concat();
    for (what, assertion, expected) in rows {
        let answer = ask(&gateway.anonymous(), &form_of(&assertion))?;
        assert_eq!(code(&answer)?, (401, expected.to_owned()), "{what}");
        assert_eq!(answer.json()?["error"], "invalid_client", "{what}");
    }
    for (what, id) in [("no id", Value::Null), ("an empty id", json!("")), ("a long id", json!("x".repeat(201)))] {
        let answer = by_assertion(&gateway, || changed(&identity, |one| one.claims["jti"] = id.clone()))?;
        assert_eq!(code(&answer)?, (401, "assertion_malformed".to_owned()), "{what}");
    }
    Ok(())
}

#[test]
fn an_assertion_is_good_once_and_by_every_good_form() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    bearer_token(&gateway, EXPORTER, &identity)?;
    let text = Assertion::of(EXPORTER, &identity).sign(&identity);
    assert_eq!(ask(&gateway.anonymous(), &form_of(&text))?.status, 200);
    assert_eq!(code(&ask(&gateway.anonymous(), &form_of(&text))?)?, (401, "assertion_replayed".to_owned()));
    let large =
        CertificateRequest { algorithm: KeyAlgorithm::EcdsaP384, ..CertificateRequest::identity("erp", &["client"]) };
    let large = organizations.issue(EXPORTER, &large);
    assert_eq!(ask(&gateway.anonymous(), &form_of(&Assertion::of(EXPORTER, &large).sign(&large)))?.status, 200);
    for audience in [json!([ISSUER]), json!(format!("{ISSUER}/v1/oauth/token"))] {
        let mut assertion = Assertion::of(EXPORTER, &identity);
        assertion.claims["aud"] = audience;
        assert_eq!(ask(&gateway.anonymous(), &form_of(&assertion.sign(&identity)))?.status, 200);
    }
    let mut assertion = Assertion::of(EXPORTER, &identity);
    let authority = organizations.authority(EXPORTER).certificate();
    assertion.header["x5c"] = json!([assertion.header["x5c"][0], BASE64.encode(authority.der())]);
    assert_eq!(ask(&gateway.anonymous(), &form_of(&assertion.sign(&identity)))?.status, 200, "with its authority");
    Ok(())
}

#[test]
fn an_assertion_that_was_used_before_a_restart_is_not_good_after_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    bearer_token(&gateway, EXPORTER, &identity)?;
    let text = Assertion::of(EXPORTER, &identity).sign(&identity);
    assert_eq!(ask(&gateway.anonymous(), &form_of(&text))?.status, 200);
    gateway.stop();
    let gateway = organizations.gateway();
    assert_eq!(code(&ask(&gateway.anonymous(), &form_of(&text))?)?, (503, "assertion_before_start".to_owned()));
    Ok(())
}

#[test]
fn forged_access_tokens_are_refused_by_name() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let identity = organizations.member(EXPORTER);
    let token = bearer_token(&gateway, EXPORTER, &identity)?;
    let parts: Vec<&str> = token.split('.').collect();
    let header: Value = serde_json::from_slice(&BASE64URL.decode(parts[0])?)?;
    let claims: Value = serde_json::from_slice(&BASE64URL.decode(parts[1])?)?;
    let jwk = gateway.anonymous().get("/v1/oauth/keys")?.json()?["keys"][0].clone();
    let part = |value: &Value| BASE64URL.encode(value.to_string());
    let with = |name: &str, value: Value| {
        let mut changed = header.clone();
        changed[name] = value;
        changed
    };
    let sealed = |key: &[u8]| -> Result<String, openssl::error::ErrorStack> {
        let text = format!("{}.{}", part(&with("alg", json!("HS256"))), parts[1]);
        let seal =
            Signer::new(MessageDigest::sha256(), PKey::hmac(key)?.as_ref())?.sign_oneshot_to_vec(text.as_bytes())?;
        Ok(format!("{text}.{}", BASE64URL.encode(seal)))
    };
    let mut others = claims.clone();
    others["client_id"] = json!(IMPORTER);
    let own_key = |header: &Value| signed(header, &claims, &identity.key_pem);
    let rows = [
        ("nothing", String::new(), "token_malformed"),
        ("two parts", format!("{}.{}", parts[0], parts[1]), "token_malformed"),
        ("quoted", format!("\"{token}\""), "token_malformed"),
        ("alg none", format!("{}.{}.", part(&with("alg", json!("none"))), parts[1]), "token_invalid"),
        ("HS256 under x", sealed(&BASE64URL.decode(jwk["x"].as_str().unwrap_or_default())?)?, "token_invalid"),
        ("HS256 under the JWK", sealed(jwk.to_string().as_bytes())?, "token_invalid"),
        ("the caller's key under the gateway's kid", own_key(&header), "token_invalid"),
        ("the caller's key, brought along", own_key(&with("jwk", jwk.clone())), "token_invalid"),
        ("an unknown kid", own_key(&with("kid", json!("../../erp"))), "token_invalid"),
        ("no kid", own_key(&with("kid", Value::Null)), "token_invalid"),
        ("other claims", format!("{}.{}.{}", parts[0], part(&others), parts[2]), "token_invalid"),
        ("an assertion", Assertion::of(EXPORTER, &identity).sign(&identity), "token_invalid"),
    ];
    for (what, forged, expected) in rows {
        let answer = with_token(&gateway.anonymous(), &forged, "GET", "/v1/whoami", None)?;
        assert_eq!(code(&answer)?, (401, expected.to_owned()), "{what}");
        let challenge = &answer.headers["www-authenticate"];
        assert!(challenge.contains("error=\"invalid_token\""), "{what}: {challenge}");
    }
    let twice = format!("Bearer {token}");
    let headers = [("Authorization", twice.as_str()), ("authorization", twice.as_str())];
    let answer = gateway.anonymous().send("GET", "/v1/whoami", &headers, b"")?;
    assert_eq!(code(&answer)?, (401, "token_malformed".to_owned()));
    assert_eq!(with_token(&gateway.anonymous(), &token, "GET", "/v1/whoami", None)?.status, 200, "the control");
    Ok(())
}

#[test]
fn another_gateways_token_is_not_taken() -> TestResult {
    let (here, elsewhere) = (Organizations::new(), Organizations::new());
    let token = token_of(&by_certificate(&elsewhere.gateway(), &elsewhere.member(EXPORTER))?)?;
    let gateway = here.gateway();
    let answer = with_token(&gateway.caller(&here.member(EXPORTER)), &token, "GET", "/v1/whoami", None)?;
    assert_eq!(code(&answer)?, (401, "token_invalid".to_owned()));
    Ok(())
}

#[test]
fn a_token_narrows_what_its_certificate_may_do_and_widens_nothing() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let exporter = organizations.member(EXPORTER);
    let caller = gateway.caller(&exporter);
    let reading = ask(&caller, "grant_type=client_credentials&scope=read")?;
    assert_eq!(reading.json()?["scope"], "read");
    let reading = token_of(&reading)?;
    assert_eq!(with_token(&caller, &reading, "GET", "/v1/whoami", None)?.status, 200);
    let refused = with_token(&caller, &reading, "POST", "/v1/evidence", Some(&evidence()))?;
    assert_eq!(code(&refused)?, (403, "scope_insufficient".to_owned()));
    assert!(refused.headers["www-authenticate"].contains("insufficient_scope"));
    assert!(gateway.double.steps().is_empty());
    let writing = token_of(&by_certificate(&gateway, &exporter)?)?;
    assert_eq!(with_token(&caller, &writing, "POST", "/v1/evidence", Some(&evidence()))?.status, 201);

    let regulator = gateway.caller(&organizations.member(REGULATOR));
    let answer = ask(&regulator, "grant_type=client_credentials&scope=write")?;
    assert_eq!(answer.json()?["error"], "invalid_scope");
    let answer = ask(&regulator, "grant_type=client_credentials")?;
    assert_eq!(answer.json()?["scope"], "read");
    let refused = with_token(&regulator, &token_of(&answer)?, "POST", "/v1/evidence", Some(&evidence()))?;
    assert_eq!(code(&refused)?, (403, "role_not_permitted".to_owned()));
    Ok(())
}

#[test]
fn a_bearer_signs_with_its_own_key_where_no_identity_signs_for_it() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (identity, thief) = (organizations.member(IMPORTER), organizations.member(IMPORTER));
    let token = bearer_token(&gateway, IMPORTER, &identity)?;
    let step = with_token(&gateway.anonymous(), &token, "POST", "/v1/evidence", Some(&evidence()))?.json()?;
    assert_eq!(step["stage"], "proposal", "{step}");
    let creator = gateway.double.recorded()[0].creator.clone();
    assert_eq!(creator, identity.certificate.pem(), "the creator is the certificate of the assertion");
    let sign = |step: &Value, by: &Issued| -> Result<Response, Box<dyn std::error::Error>> {
        let input = BASE64.decode(step["signing_input"].as_str().unwrap_or_default())?;
        let signature = fabric_msp::signer::Signer::sign(&signer(IMPORTER, by), &input)?;
        let target = format!(
            "/v1/signing/{}/{}",
            step["transaction_id"].as_str().unwrap_or(""),
            step["stage"].as_str().unwrap_or("")
        );
        with_token(&gateway.anonymous(), &token, "PUT", &target, Some(&json!({"signature": BASE64.encode(signature)})))
    };
    assert_eq!(code(&sign(&step, &thief)?)?, (422, "signature_invalid".to_owned()), "a token is not the key");
    let step = sign(&step, &identity)?.json()?;
    assert_eq!(step["stage"], "transaction", "{step}");
    assert_eq!(sign(&step, &identity)?.status, 201);
    Ok(())
}

#[test]
fn tokens_of_an_organization_that_left_the_channel_count_no_more() -> TestResult {
    let organizations = Organizations::new();
    let gateway = organizations.gateway();
    let (importer, exporter) = (organizations.member(IMPORTER), organizations.member(EXPORTER));
    let token = bearer_token(&gateway, IMPORTER, &importer)?;
    let kept = token_of(&by_certificate(&gateway, &exporter)?)?;
    let mut indexed = Indexed::of(&organizations)?;
    indexed.block(&[EXPORTER, CUSTOMS, REGULATOR], Vec::new())?;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let answer = with_token(&gateway.anonymous(), &token, "GET", "/v1/whoami", None)?;
        if answer.status != 200 {
            assert_eq!(code(&answer)?, (401, "organization_off_channel".to_owned()));
            break;
        }
        assert!(Instant::now() < deadline, "the token still counts");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(code(&by_certificate(&gateway, &importer)?)?, (401, "organization_off_channel".to_owned()));
    assert_eq!(with_token(&gateway.caller(&exporter), &kept, "GET", "/v1/whoami", None)?.status, 200);
    gateway.stop();
    // The first request after a start, too.
    let answer = with_token(&organizations.gateway().anonymous(), &token, "GET", "/v1/whoami", None)?;
    assert_eq!(code(&answer)?, (401, "organization_off_channel".to_owned()));
    Ok(())
}
