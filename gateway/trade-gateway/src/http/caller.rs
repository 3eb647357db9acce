//! Finds out who calls: by the certificate of the connection, or by an access token.
//!
//! An access token is never silently passed over: who sends one acts by it, or not at all.

use actix_web::{HttpRequest, http::header};

use super::state::State;
use crate::{
    answer::Answer,
    doors::peer_certificate,
    members::Principal,
    problem::{Problem, ProblemCode},
    time::now,
};

/// The scheme of access tokens (RFC 6750), in lower case.
const BEARER: &str = "bearer";

/// The certificate that the request's connection shows, DER.
pub(super) fn shown(request: &HttpRequest) -> Option<&[u8]> {
    peer_certificate(request)
}

/// Who calls.
///
/// # Errors
/// Not a member, by certificate or by token.
pub(super) fn caller(request: &HttpRequest, state: &State) -> Result<Principal, Problem> {
    match token(request)? {
        None => by_certificate(request, state),
        Some(token) => {
            let none = || Problem::of(ProblemCode::TokenInvalid).with_detail("This gateway gives no access tokens.");
            let oauth = state.service.oauth().ok_or_else(none)?;
            oauth.principal(state.service.members(), token, shown(request), now())
        }
    }
}

/// Whose certificate the connection shows.
///
/// # Errors
/// None, or no member's.
pub(super) fn by_certificate(request: &HttpRequest, state: &State) -> Result<Principal, Problem> {
    state.service.members().authenticate(shown(request), now())
}

/// The access token of a request (RFC 6750 §2.1). Other schemes are nobody's business here: a proxy before this gateway
/// may have one.
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
