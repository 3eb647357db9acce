//! Access tokens (RFC 9068): whom they stand for, for how long, and on which connections.
//!
//! A bound token names its certificate by digest (RFC 8705 §3.1) and is worth nothing without it. A bearer token
//! carries the certificate, because no connection shows it; so the gateway keeps nothing about tokens, and each use is
//! judged by what the certificate is worth then.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL},
};
use fabric_msp::hash::sha256;
use openssl::{
    error::ErrorStack,
    pkey::{PKey, Public},
    rand::rand_bytes,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::jws::Jws;
use crate::{
    members::{Members, Principal},
    problem::{Problem, ProblemCode},
    settings::OauthSettings,
    ways::{End, Scope, TokenKind},
};

/// What `typ` says of an access token, so that nothing else that these keys sign is ever taken for one.
pub(super) const TYPE: &str = "at+jwt";

/// How far ahead a token's beginning may lie after this machine's clock was set back, in seconds.
const AHEAD_SECONDS: u64 = 60;

/// The answer of the token endpoint (RFC 6749 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TokenBody {
    /// The token, for the header `Authorization: Bearer`.
    pub(crate) access_token: String,
    /// `Bearer`, for bound tokens as well (RFC 8705 §3).
    pub(crate) token_type: String,
    /// How long it is valid, in seconds.
    pub(crate) expires_in: u64,
    /// What it lets its holder do.
    pub(crate) scope: String,
}

/// A token that this gateway has signed and that has not ended.
pub(super) struct Token {
    msp_id: String,
    scope: Scope,
    holder: Holder,
    /// Seconds since 1970.
    ends: u64,
}

enum Holder {
    /// Who shows the certificate with this digest.
    Bound([u8; 32]),
    /// Who has the token; this certificate, DER, says who that is.
    Bearer(Vec<u8>),
}

impl TokenBody {
    pub(super) fn new(access_token: String, expires_in: u64, scope: Scope) -> Self {
        Self { access_token, token_type: "Bearer".to_owned(), expires_in, scope: scope.as_str().to_owned() }
    }
}

/// The claims of a new token.
pub(super) fn claims(
    settings: &OauthSettings,
    principal: &Principal,
    kind: TokenKind,
    scope: Scope,
    now: u64,
) -> Result<Value, ErrorStack> {
    let mut id = [0; 16];
    rand_bytes(&mut id)?;
    let certificate = &principal.certificate;
    let mut claims = json!({
        "iss": settings.issuer,
        "aud": settings.issuer,
        "sub": principal.certificate_sha256(),
        "client_id": principal.msp_id,
        "iat": now,
        "exp": now.saturating_add(settings.token_seconds),
        "jti": BASE64URL.encode(id),
        "scope": scope.as_str(),
        "certificate_serial": hex::encode(certificate.serial()),
    });
    match kind {
        TokenKind::Bound => claims["cnf"] = json!({"x5t#S256": BASE64URL.encode(sha256(certificate.der()))}),
        TokenKind::Bearer => claims["certificate"] = json!(BASE64.encode(certificate.der())),
    }
    Ok(claims)
}

/// Reads a token that `issuer` has signed with one of the keys that `key` finds by their ids.
pub(super) fn read(
    text: &str,
    issuer: &str,
    key: impl FnOnce(&str) -> Option<PKey<Public>>,
    now: u64,
) -> Result<Token, Problem> {
    let jws = Jws::parse(text)
        .map_err(|error| Problem::of(ProblemCode::TokenMalformed).with_detail(format!("Of the token: {error}.")))?;
    // Whatever the header says of other keys (jwk, jku, x5u, x5c) is never looked at.
    let key = jws.header("kid").and_then(key).ok_or_else(|| invalid("No key of this gateway has the token's kid."))?;
    if jws.header("typ") != Some(TYPE) || !jws.is_signed_by(&key) {
        return Err(invalid("It is not signed by this gateway as an access token."));
    }
    let is_ours = |name| jws.claim(name) == Some(issuer);
    if !is_ours("iss") || !is_ours("aud") {
        return Err(invalid("It is not for this gateway."));
    }
    let (Some(issued), Some(ends)) = (jws.moment("iat"), jws.moment("exp")) else {
        return Err(invalid("It does not say when it ends."));
    };
    if ends <= now {
        return Err(Problem::of(ProblemCode::TokenExpired));
    }
    if issued > now.saturating_add(AHEAD_SECONDS) {
        return Err(invalid("It begins later."));
    }
    let (Some(msp_id), Some(scope)) = (jws.claim("client_id"), jws.claim("scope").and_then(Scope::parse)) else {
        return Err(invalid("It does not say whose it is and what for."));
    };
    let holder = holder(&jws).ok_or_else(|| invalid("It names no certificate."))?;
    Ok(Token { msp_id: msp_id.to_owned(), scope, holder, ends })
}

impl Token {
    /// Whom it stands for, when the connection shows this certificate (DER), or none.
    pub(super) fn principal(&self, members: &Members, shown: Option<&[u8]>, now: u64) -> Result<Principal, Problem> {
        let others = |detail| Problem::of(ProblemCode::TokenOfAnother).with_detail(detail);
        let (certificate, kind) = match (&self.holder, shown) {
            (Holder::Bound(digest), Some(shown)) if sha256(shown) == *digest => (shown, TokenKind::Bound),
            (Holder::Bound(_), Some(_)) => return Err(others("It is bound to another certificate.")),
            (Holder::Bound(_), None) => {
                return Err(others("It is bound to a certificate, and the connection shows none."));
            }
            (Holder::Bearer(own), Some(shown)) if own != shown => {
                return Err(others("The connection shows another certificate than the token's."));
            }
            (Holder::Bearer(own), _) => (own.as_slice(), TokenKind::Bearer),
        };
        let mut principal = members.authenticate(Some(certificate), now)?;
        if principal.msp_id != self.msp_id {
            return Err(invalid("Its certificate belongs to another organization now."));
        }
        principal.way.token = Some(kind);
        principal.scope = self.scope;
        principal.end_by(End { at: self.ends, problem: ProblemCode::TokenExpired });
        Ok(principal)
    }
}

fn holder(jws: &Jws<'_>) -> Option<Holder> {
    match (jws.claims.get("cnf"), jws.claim("certificate")) {
        (Some(bound), None) => {
            let digest = BASE64URL.decode(bound.get("x5t#S256")?.as_str()?).ok()?;
            Some(Holder::Bound(digest.try_into().ok()?))
        }
        (None, Some(certificate)) => Some(Holder::Bearer(BASE64.decode(certificate).ok()?)),
        _ => None,
    }
}

fn invalid(detail: &str) -> Problem {
    Problem::of(ProblemCode::TokenInvalid).with_detail(detail)
}

#[cfg(test)]
mod tests {
    use super::{super::keys::Keys, *};

    const ISSUER: &str = "https://gateway.example";

    /// The code with which a token with these claims is refused at second 1000, or none.
    fn verdict(keys: &Keys, change: impl FnOnce(&mut Value)) -> Result<Option<String>, ErrorStack> {
        let mut claims = json!({
            "iss": ISSUER, "aud": ISSUER, "client_id": "AMSP", "iat": 900, "exp": 1_500, "scope": "read", "certificate": "AAAA",
        });
        change(&mut claims);
        let token = keys.sign(TYPE, &claims)?;
        Ok(read(&token, ISSUER, |id| keys.key(id), 1_000).err().map(|problem| problem.code))
    }

    #[test]
    fn a_token_counts_from_its_beginning_to_its_end_and_for_its_gateway() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let keys = Keys::open(folder.path(), 30, 600, 0)?;
        assert_eq!(verdict(&keys, |_| {})?, None);
        assert_eq!(verdict(&keys, |claims| claims["exp"] = json!(1_001))?, None);
        assert_eq!(verdict(&keys, |claims| claims["exp"] = json!(1_000))?.as_deref(), Some("token_expired"));
        for (name, value) in [
            ("exp", Value::Null),
            ("iat", json!(1_061)),
            ("iss", json!("https://elsewhere.example")),
            ("aud", json!("https://elsewhere.example")),
            ("scope", json!("admin")),
            ("client_id", Value::Null),
            ("cnf", json!({"x5t#S256": "AAAA"})),
            ("certificate", Value::Null),
        ] {
            let refused = verdict(&keys, |claims| claims[name] = value.clone())?;
            assert_eq!(refused.as_deref(), Some("token_invalid"), "{name}");
        }
        Ok(())
    }

    #[test]
    fn a_key_of_before_reads_its_tokens_and_the_new_one_signs() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let keys = Keys::open(folder.path(), 1, 600, 0)?;
        let claims = json!({
            "iss": ISSUER, "aud": ISSUER, "client_id": "AMSP", "iat": 86_000, "exp": 86_600, "scope": "read",
            "certificate": "AAAA",
        });
        let before = keys.sign(TYPE, &claims)?;
        keys.rotate(86_400)?;
        let after = keys.sign(TYPE, &claims)?;
        assert_ne!(before.split('.').next(), after.split('.').next(), "another kid");
        for token in [&before, &after] {
            assert!(read(token, ISSUER, |id| keys.key(id), 86_500).is_ok());
        }
        Ok(())
    }
}
