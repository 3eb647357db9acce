//! OAuth 2 for callers whose programs know nothing but client credentials (RFC 6749 §4.4): who shows a member's
//! certificate, or signs with its key, gets a short access token that stands for the certificate.
//!
//! A client proves itself by the TLS connection (RFC 8705) and gets a token that is bound to it, or by an assertion
//! signed with the certificate's key (`private_key_jwt`, RFC 7523) and gets a bearer token. There are no secrets, no
//! registration and no refresh tokens. Whatever way a request came, its certificate is judged anew each time: a
//! token is never worth more than the certificate is.

mod asking;
mod assertion;
mod jws;
mod keys;
mod metadata;
mod refusal;
mod replay;
mod token;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{PoisonError, RwLock},
};

use serde_json::Value;

pub use self::keys::TokenKeysError;
pub(crate) use self::{
    asking::{Asking, client_form},
    metadata::{KEYS_PATH, METADATA_PATH, TOKEN_PATH},
    refusal::{OauthError, Refusal, RefusalBody},
    token::TokenBody,
};
use self::{
    assertion::Assertion,
    keys::Keys,
    metadata::{CLIENT_CREDENTIALS, JWT_BEARER, token_endpoint},
    replay::Replays,
};
use crate::{
    members::{Members, Principal},
    problem::{Problem, ProblemCode},
    settings::{OauthSettings, Role},
    ways::{Scope, TokenKind},
};

/// The token endpoint of one gateway, and what reads its tokens.
pub(crate) struct Oauth {
    settings: OauthSettings,
    keys: Keys,
    replays: Replays,
    /// Seconds since 1970.
    started: u64,
    off_channel: RwLock<BTreeSet<String>>,
}

/// A request for a token (RFC 6749 §4.4.2, RFC 7521 §4.2). Parameters that are not known are not looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenRequest {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    assertion_type: Option<String>,
    assertion: Option<String>,
}

impl TokenRequest {
    /// Reads the parameters of a form. Those without a value count as left out (RFC 6749 §3.2), but for `scope`: of the
    /// two answers to a scope that is left out (§3.3), who asks for none in so many words gets the refusal.
    ///
    /// # Errors
    /// One is repeated.
    pub(crate) fn of(parameters: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut request = Self::default();
        for (name, value) in parameters {
            let place = match name.as_str() {
                "grant_type" => &mut request.grant_type,
                "scope" => &mut request.scope,
                "client_id" => &mut request.client_id,
                "client_assertion_type" => &mut request.assertion_type,
                "client_assertion" => &mut request.assertion,
                _ => continue,
            };
            if value.is_empty() && name != "scope" {
                continue;
            }
            if place.replace(value).is_some() {
                return Err(Refusal::request(format!("{name} is given more than once")));
            }
        }
        Ok(request)
    }
}

impl Oauth {
    /// The endpoint of a gateway that starts at `now`, with its keys in `folder`.
    ///
    /// # Errors
    /// The keys cannot be used.
    pub(crate) fn open(settings: &OauthSettings, folder: &Path, now: u64) -> Result<Self, TokenKeysError> {
        let keys = Keys::open(folder, settings.key_days, settings.token_seconds, now)?;
        let (replays, off_channel) = (Replays::default(), RwLock::default());
        Ok(Self { settings: settings.clone(), keys, replays, started: now, off_channel })
    }

    /// Who asks for a token: whose certificate the connection or its proxy shows (`shown`, DER), or whose key has
    /// signed an assertion, once everything that the assertion claims has been found to hold. A client proves itself
    /// in one way (RFC 6749 §2.3), so an assertion comes without a certificate, or with its own.
    ///
    /// # Errors
    /// The request or the client is not what it should be.
    pub(crate) fn client(
        &self,
        members: &Members,
        request: &TokenRequest,
        shown: Option<&[u8]>,
        now: u64,
    ) -> Result<Principal, Refusal> {
        match request.grant_type.as_deref() {
            Some(CLIENT_CREDENTIALS) => {}
            Some(_) => {
                return Err(Refusal::of(OauthError::UnsupportedGrantType, "only client_credentials is known here"));
            }
            None => return Err(Refusal::request("grant_type is missing")),
        }
        let (principal, assertion) = match (request.assertion_type.as_deref(), request.assertion.as_deref()) {
            (None, None) => {
                let principal = members.authenticate(shown, now);
                (principal.map_err(|problem| Refusal::of_client(&problem))?, None)
            }
            (Some(JWT_BEARER), Some(text)) => {
                let (principal, assertion) = Assertion::read(text, shown, members, now)?;
                (principal, Some(assertion))
            }
            (Some(JWT_BEARER), None) => return Err(Refusal::request("client_assertion is missing")),
            _ => return Err(Refusal::request(format!("client_assertion_type must be {JWT_BEARER}"))),
        };
        if request.client_id.as_ref().is_some_and(|id| *id != principal.msp_id) {
            return Err(Refusal::of(
                OauthError::InvalidClient,
                "client_id must be the MSP id of the certificate's organization",
            ));
        }
        if let Some(assertion) = assertion {
            let issuer = &self.settings.issuer;
            assertion.check(&principal, &[issuer.clone(), token_endpoint(issuer)], self.started, now)?;
            assertion.use_once(&principal, &self.replays, now)?;
        }
        Ok(principal)
    }

    /// A token for a client.
    ///
    /// # Errors
    /// What is asked for cannot be had.
    pub(crate) fn issue(&self, request: &TokenRequest, principal: &Principal, now: u64) -> Result<TokenBody, Refusal> {
        if self.is_off_channel(&principal.msp_id) {
            return Err(Refusal::of_client(&Problem::of(ProblemCode::OrganizationOffChannel)));
        }
        let kind = principal.way.token.unwrap_or(TokenKind::Bound);
        let scope = scope_of(request.scope.as_deref(), principal.role)?;
        let failed = |error| {
            tracing::error!("an access token cannot be signed: {error}");
            Refusal::of(OauthError::ServerError, "the gateway failed")
        };
        let claims = token::claims(&self.settings, principal, kind, scope, now).map_err(failed)?;
        Ok(TokenBody::new(self.keys.sign(token::TYPE, &claims).map_err(failed)?, self.settings.token_seconds, scope))
    }

    /// Whom a token stands for. `shown` is the certificate that the connection shows, DER.
    ///
    /// # Errors
    /// The token or its certificate is not valid now, or it is used on another's connection.
    pub(crate) fn principal(
        &self,
        members: &Members,
        text: &str,
        shown: Option<&[u8]>,
        now: u64,
    ) -> Result<Principal, Problem> {
        let token = token::read(text, &self.settings.issuer, |id| self.keys.key(id), now)?;
        let principal = token.principal(members, shown, now)?;
        if self.is_off_channel(&principal.msp_id) {
            return Err(Problem::of(ProblemCode::OrganizationOffChannel));
        }
        Ok(principal)
    }

    /// What the gateway tells about its authorization server (RFC 8414).
    pub(crate) fn metadata(&self) -> Value {
        metadata::document(&self.settings.issuer)
    }

    /// The public keys of the tokens (RFC 7517).
    pub(crate) fn public_keys(&self) -> Value {
        self.keys.public()
    }

    /// Puts another key in the place of one that has signed long enough.
    ///
    /// # Errors
    /// The file cannot be written; the former key goes on.
    pub(crate) fn rotate(&self, now: u64) -> Result<(), TokenKeysError> {
        self.keys.rotate(now)
    }

    /// Notes which organizations are not on the channel any more.
    pub(crate) fn note_off_channel(&self, organizations: BTreeSet<String>) {
        *self.off_channel.write().unwrap_or_else(PoisonError::into_inner) = organizations;
    }

    fn is_off_channel(&self, msp_id: &str) -> bool {
        self.off_channel.read().unwrap_or_else(PoisonError::into_inner).contains(msp_id)
    }
}

/// What a token lets its holder do: what was asked for, or all that the role lets it.
fn scope_of(asked: Option<&str>, role: Role) -> Result<Scope, Refusal> {
    let most = if role == Role::Regulator { Scope::Read } else { Scope::Write };
    let Some(asked) = asked else { return Ok(most) };
    match Scope::parse(asked) {
        Some(scope) if scope <= most => Ok(scope),
        Some(_) => Err(Refusal::of(OauthError::InvalidScope, "a regulator only reads")),
        None => Err(Refusal::of(OauthError::InvalidScope, "the scopes are read and write")),
    }
}
