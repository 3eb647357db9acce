//! Finds out who calls: by the certificate of the connection, by the one that a listed proxy names, or by an access
//! token.
//!
//! On a route for members, neither a token nor `Client-Cert` is passed over: who sends one acts by it, or not at all.
//! At the token endpoint the same is true of `Client-Cert`. What is public is answered whatever is sent with it.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header};

use super::state::State;
use crate::{
    answer::Answer,
    doors::Link,
    members::Principal,
    problem::{Problem, ProblemCode},
    proxies::{Proxy, certificate_in},
    time::now,
    ways::End,
};

/// In what proxies name a client's certificate (RFC 9440).
const CLIENT_CERT: &str = "Client-Cert";
/// And the ones behind it.
const CLIENT_CERT_CHAIN: &str = "Client-Cert-Chain";

/// The scheme of access tokens (RFC 6750), in lower case.
const BEARER: &str = "bearer";

/// What shows whose request it is, beside a token. Found out once for each request.
#[derive(Default)]
pub(super) struct Shown {
    /// The client's certificate, DER.
    pub(super) certificate: Option<Arc<[u8]>>,
    /// The listed proxy on whose word.
    proxy: Option<Proxy>,
}

impl Shown {
    /// Notes on whose word it is taken who calls: that counts no longer than the proxy's own certificate.
    pub(super) fn note(&self, principal: &mut Principal) {
        let Some(proxy) = &self.proxy else { return };
        principal.way.proxy = Some(proxy.name.to_string());
        let at = u64::try_from(proxy.not_after).unwrap_or(0).saturating_add(1);
        principal.end_by(End { at, problem: ProblemCode::ClientCertRefused });
    }
}

/// The certificate that the request's connection shows, or that a listed proxy says its client has shown.
///
/// # Errors
/// `Client-Cert` comes from elsewhere than a listed proxy, or from one and is none.
pub(super) fn shown(request: &HttpRequest) -> Result<Shown, Problem> {
    let values = |name: &str| request.headers().get_all(name).map(|value| value.as_bytes());
    let link = Link::of(request);
    let Some(proxy) = link.and_then(|link| link.proxy(now())) else {
        if values(CLIENT_CERT).chain(values(CLIENT_CERT_CHAIN)).next().is_some() {
            return Err(Problem::of(ProblemCode::ClientCertRefused)
                .with_detail("This connection is not one of a proxy that the gateway's settings list."));
        }
        return Ok(Shown { certificate: link.and_then(Link::certificate).cloned(), proxy: None });
    };
    let certificate = certificate_in(values(CLIENT_CERT), values(CLIENT_CERT_CHAIN));
    let certificate =
        certificate.map_err(|error| Problem::of(ProblemCode::ClientCertMalformed).with_detail(format!("{error}.")))?;
    Ok(Shown { certificate: certificate.map(Arc::from), proxy: Some(proxy) })
}

/// Who calls.
///
/// # Errors
/// Not a member, by certificate or by token.
pub(super) fn caller(
    request: &HttpRequest,
    shown: &Result<Shown, Problem>,
    state: &State,
) -> Result<Principal, Problem> {
    let token = token(request)?;
    let none = || Problem::of(ProblemCode::TokenInvalid).with_detail("This gateway gives no access tokens.");
    let oauth = token.map(|token| Ok::<_, Problem>((token, state.service.oauth().ok_or_else(none)?))).transpose()?;
    let shown = shown.as_ref().map_err(Problem::clone)?;
    let (members, certificate) = (state.service.members(), shown.certificate.as_deref());
    let mut principal = match oauth {
        Some((token, oauth)) => oauth.principal(members, token, certificate, now())?,
        None => members.authenticate(certificate, now())?,
    };
    shown.note(&mut principal);
    Ok(principal)
}

/// The access token of a request (RFC 6750 §2.1). Other schemes are nobody's business here: a proxy before this
/// gateway may have one.
fn token(request: &HttpRequest) -> Result<Option<&str>, Problem> {
    let malformed = |detail| Problem::of(ProblemCode::TokenMalformed).with_detail(detail);
    let mut found = None;
    for value in request.headers().get_all(header::AUTHORIZATION) {
        let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        if !scheme.eq_ignore_ascii_case(BEARER.as_bytes()) {
            continue;
        }
        let text = value.to_str().ok().and_then(|text| text.get(BEARER.len()..)).map(str::trim_start);
        let text = text.filter(|text| !text.is_empty() && text.bytes().all(is_of_token));
        let text = text.ok_or_else(|| malformed("The header Authorization holds no token behind Bearer."))?;
        if found.replace(text).is_some() {
            return Err(malformed("Several access tokens are sent."));
        }
    }
    Ok(found)
}

/// The characters of a token without `=`, which none of ours has.
fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// Says with a refusal how a caller may show who it is (RFC 9110 §11.6.1, RFC 6750 §3).
pub(super) fn with_challenge(answer: Answer, state: &State) -> Answer {
    if state.service.oauth().is_none() {
        return answer;
    }
    let error = match (answer.status, answer.outcome.as_str()) {
        (401, outcome) if outcome.starts_with("token_") => ", error=\"invalid_token\"",
        (401, _) => "",
        (403, "scope_insufficient") => ", error=\"insufficient_scope\", scope=\"read write\"",
        _ => return answer,
    };
    answer.with_header("WWW-Authenticate", format!("Bearer realm=\"entrepot\"{error}"))
}
