//! Client assertions: a short text, signed with the key of a member's certificate, that says who asks for a token
//! (`private_key_jwt`: RFC 7523 §2.2, with the certificate in `x5c`, RFC 7515 §4.1.6).
//!
//! Certificates of `x5c` behind the first are read, and nothing is built on them: which authorities count for an
//! organization says its MSP.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_msp::certificate::Certificate;
use serde_json::Value;

use super::{
    jws::{Algorithm, Jws, JwsError},
    refusal::{OauthError, Refusal},
    replay::{Replays, Use},
};
use crate::{
    members::{Members, Principal},
    ways::{TokenKind, Way},
};

/// Longest time between an assertion's beginning and its end, in seconds.
const LIFE_SECONDS: u64 = 60;

/// How far a client's clock may be ahead, in seconds.
const AHEAD_SECONDS: u64 = 5;

/// Most certificates of `x5c`.
const CERTIFICATES_MAX: usize = 4;

/// Longest `jti`, in bytes.
const ID_BYTES_MAX: usize = 200;

/// What is wrong with an assertion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Flaw {
    #[error("the assertion cannot be read: {0}")]
    Malformed(JwsError),
    #[error("typ must be JWT or client-authentication+jwt where it is given")]
    Type,
    #[error("x5c must be a list of 1 to {CERTIFICATES_MAX} certificates, each in base64 of its DER form")]
    Chain,
    #[error("alg must be {0}, for the key of the first certificate in x5c")]
    Algorithm(&'static str),
    #[error("the signature is not one of the first certificate in x5c")]
    Signature,
    #[error("the connection shows another certificate than the first one in x5c")]
    OfAnother,
    #[error("iss and sub must be the MSP id of the certificate's organization")]
    Issuer,
    #[error("aud must be this gateway's issuer or its token endpoint, and nothing else")]
    Audience,
    #[error("{0}")]
    Time(&'static str),
    #[error("jti must have 1 to {ID_BYTES_MAX} visible ASCII characters")]
    Id,
    #[error("this assertion was used before")]
    Replayed,
}

impl Flaw {
    /// The stable name.
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::Type | Self::Id => "assertion_malformed",
            Self::Chain => "assertion_certificate",
            Self::Algorithm(_) => "assertion_algorithm",
            Self::Signature => "assertion_signature",
            Self::OfAnother => "assertion_of_another",
            Self::Issuer => "assertion_issuer",
            Self::Audience => "assertion_audience",
            Self::Time(_) => "assertion_time",
            Self::Replayed => "assertion_replayed",
        }
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        Self::of(OauthError::InvalidClient, flaw.to_string()).coded(flaw.code())
    }
}

/// An assertion whose signature is the member's; what it claims is not checked yet.
pub(super) struct Assertion {
    issuer: Option<String>,
    subject: Option<String>,
    audience: Vec<String>,
    id: Option<String>,
    issued: Option<u64>,
    begins: Option<u64>,
    ends: Option<u64>,
}

impl Assertion {
    /// Reads an assertion and finds out whose it is, by the rules for a certificate on a connection, which is none or
    /// the same one (`shown`, DER): on any other the token could not be used either.
    pub(super) fn read(
        text: &str,
        shown: Option<&[u8]>,
        members: &Members,
        now: u64,
    ) -> Result<(Principal, Self), Refusal> {
        let jws = Jws::parse(text).map_err(Flaw::Malformed)?;
        if jws.header.contains_key("typ") && !jws.header("typ").is_some_and(is_type) {
            return Err(Flaw::Type.into());
        }
        let certificate = first_of_chain(&jws)?;
        let mut principal =
            members.authenticate(Some(certificate.der()), now).map_err(|problem| Refusal::of_client(&problem))?;
        principal.way = Way { proxy: None, token: Some(TokenKind::Bearer) };
        let key = certificate.openssl_key().ok_or(Flaw::Signature)?;
        let algorithm = Algorithm::of(&key).ok_or(Flaw::Signature)?.name();
        if jws.header("alg") != Some(algorithm) {
            return Err(Flaw::Algorithm(algorithm).into());
        }
        if !jws.is_signed_by(&key) {
            return Err(Flaw::Signature.into());
        }
        if shown.is_some_and(|shown| shown != certificate.der()) {
            return Err(Flaw::OfAnother.into());
        }
        let owned = |name| jws.claim(name).map(str::to_owned);
        let assertion = Self {
            issuer: owned("iss"),
            subject: owned("sub"),
            audience: audience(&jws),
            id: owned("jti"),
            issued: jws.moment("iat"),
            begins: jws.moment("nbf"),
            ends: jws.moment("exp"),
        };
        Ok((principal, assertion))
    }

    /// Whether it is for this gateway, and for now. `started` is when the gateway began to remember assertions.
    pub(super) fn check(
        &self,
        principal: &Principal,
        audiences: &[String],
        started: u64,
        now: u64,
    ) -> Result<(), Refusal> {
        let is_client = |name: &Option<String>| name.as_ref() == Some(&principal.msp_id);
        if !is_client(&self.issuer) || !is_client(&self.subject) {
            return Err(Flaw::Issuer.into());
        }
        // One audience: with several, another server that it names could use the assertion here.
        if !matches!(self.audience.as_slice(), [only] if audiences.contains(only)) {
            return Err(Flaw::Audience.into());
        }
        let (Some(issued), Some(ends)) = (self.issued, self.ends) else {
            return Err(Flaw::Time("iat and exp must be numbers of seconds since 1970").into());
        };
        let soonest = now.saturating_add(AHEAD_SECONDS);
        if issued > soonest || self.begins.is_some_and(|begins| begins > soonest) {
            return Err(Flaw::Time("iat or nbf lies ahead of this gateway's clock").into());
        }
        if ends <= now {
            return Err(Flaw::Time("exp has passed by this gateway's clock").into());
        }
        if ends.saturating_sub(issued) > LIFE_SECONDS {
            return Err(Flaw::Time("exp must be at most 60 seconds after iat").into());
        }
        // What was used before a restart is forgotten, and has begun before it, by a clock that may be ahead.
        let first = started.saturating_add(AHEAD_SECONDS);
        if issued <= first {
            return Err(Refusal::of(
                OauthError::TemporarilyUnavailable,
                "the assertion was made before this gateway started; make a new one",
            )
            .coded("assertion_before_start")
            .retry_after(first.saturating_sub(issued).saturating_add(1).min(2 * AHEAD_SECONDS)));
        }
        Ok(())
    }

    /// Uses it, which can be done once.
    pub(super) fn use_once(&self, principal: &Principal, replays: &Replays, now: u64) -> Result<(), Refusal> {
        let fits =
            |id: &&String| !id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_graphic());
        let id = self.id.as_ref().filter(fits).ok_or(Flaw::Id)?;
        let certificate = principal.identity.certificate().sha256();
        match replays.enter(&principal.msp_id, certificate, id, self.ends.unwrap_or(now), now) {
            Use::First => Ok(()),
            Use::Repeated => Err(Flaw::Replayed.into()),
            Use::Full => Err(Refusal::of(
                OauthError::TemporarilyUnavailable,
                "too many assertions of this certificate or organization within a minute",
            )
            .coded("assertions_full")
            .retry_after(LIFE_SECONDS)),
        }
    }
}

fn is_type(text: &str) -> bool {
    text.eq_ignore_ascii_case("JWT") || text.eq_ignore_ascii_case("client-authentication+jwt")
}

fn first_of_chain(jws: &Jws<'_>) -> Result<Certificate, Refusal> {
    let chain = jws.header.get("x5c").and_then(Value::as_array).ok_or(Flaw::Chain)?;
    if chain.len() > CERTIFICATES_MAX {
        return Err(Flaw::Chain.into());
    }
    let read = |one: &Value| {
        let der = BASE64.decode(one.as_str()?).ok()?;
        Certificate::from_der(&der).ok()
    };
    let certificates = chain.iter().map(read).collect::<Option<Vec<_>>>().ok_or(Flaw::Chain)?;
    certificates.into_iter().next().ok_or_else(|| Flaw::Chain.into())
}

/// A text or a list of texts (RFC 7519 §4.1.3); whatever else stands there is nobody.
fn audience(jws: &Jws<'_>) -> Vec<String> {
    match jws.claims.get("aud") {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(several)) => several.iter().map(|one| one.as_str().unwrap_or_default().to_owned()).collect(),
        _ => Vec::new(),
    }
}
