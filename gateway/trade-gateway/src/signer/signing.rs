//! One request: the call that it means, what the gateway prepares for it, and the signatures.

use super::{
    keys::Keys,
    login::Login,
    policy::Policy,
    refusal::{Refused, SignerCode},
    settings::SignerSettings,
};
use crate::{
    client::Response,
    meaning::{self, NotSigned, Signatory},
    problem::Problem,
    references::References,
    request::{self, Parts},
    routes::{Route, Transaction},
    settings::Limits,
};

/// What signs.
pub(super) struct Signing {
    keys: Keys,
    login: Login,
    policy: Policy,
    references: References,
    channel: String,
    chaincode: String,
    limits: Limits,
}

impl Signing {
    pub(super) fn new(settings: &SignerSettings, keys: Keys, login: Login, policy: Policy) -> Self {
        let (channel, chaincode) = (settings.channel.clone(), settings.chaincode.clone());
        let references = References::with(&keys.secret);
        Self { keys, login, policy, references, channel, chaincode, limits: meaning::limits() }
    }

    /// The bounds of requests, as a gateway has them by default.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// SHA-256 of the secret.
    pub(super) fn secret(&self) -> &[u8; 32] {
        &self.keys.secret
    }

    /// Hands a request on that needs no signature. Blocks.
    pub(super) fn hand_on(&self, route: &Route, parts: &Parts, media_type: &str) -> Result<Response, Problem> {
        let headers = handed_on(route, parts, media_type);
        Ok(self.login.send(route.method.as_str(), &parts.target, &headers, &parts.body)?)
    }

    /// Has a request prepared, signs what it means, and gives back the outcome. Blocks.
    pub(super) fn sign(
        &self,
        route: &Route,
        transaction: &Transaction,
        parts: Parts,
        media_type: &str,
    ) -> Result<Response, Problem> {
        let parts = &self.with_reference(route, parts);
        let arguments = request::arguments(route, transaction, parts, &self.limits)?;
        self.policy.check(transaction.name, !route.is_write(), &arguments)?;
        let signatory = Signatory {
            signer: self.keys.signer.as_ref(),
            channel: &self.channel,
            chaincode: &self.chaincode,
            endorsers: self.keys.endorsers.as_ref(),
        };
        let meaning = signatory.meaning(route, transaction, &arguments, parts.prefer.as_deref());
        let target = signed_by_caller(&parts.target, arguments.caller_signs);
        let headers = handed_on(route, parts, media_type);
        let first = self.login.send(route.method.as_str(), &target, &headers, &parts.body)?;
        let send = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]| {
            self.login.send(method, target, headers, body)
        };
        Ok(meaning.follow::<Refused>(first, send)?)
    }

    /// The request with what stands for it on the ledger, so that it is not done twice though the gateway be lost. The
    /// signer makes it of the idempotency key, with the secret between the enterprise system and itself.
    fn with_reference(&self, route: &Route, mut parts: Parts) -> Parts {
        if let Some(key) = parts.idempotency_key.as_deref().filter(|_| parts.client_reference.is_none()) {
            let msp_id = self.keys.signer.msp_id();
            let reference = self.references.of(msp_id, "", route.operation, key);
            parts.client_reference = Some(reference.to_string());
        }
        parts
    }
}

impl From<NotSigned> for Refused {
    fn from(cause: NotSigned) -> Self {
        match cause {
            NotSigned::Other(reason) => SignerCode::PreparedOther.because(reason),
            NotSigned::NoTransaction | NotSigned::Request(_) => SignerCode::PreparedOther.because(cause.to_string()),
            NotSigned::Key(error) => SignerCode::KeyFailed.because(error.to_string()),
            NotSigned::Call(error) => SignerCode::GatewayUnreachable.because(error.to_string()),
        }
    }
}

/// The headers of a request that are the gateway's business.
fn handed_on<'a>(route: &Route, parts: &'a Parts, media_type: &'a str) -> Vec<(&'static str, &'a str)> {
    let sent = [
        ("Content-Type", Some(media_type).filter(|_| route.has_body())),
        ("Idempotency-Key", parts.idempotency_key.as_deref()),
        ("Client-Reference", parts.client_reference.as_deref()),
        ("If-Match", parts.if_match.as_deref()),
        ("If-None-Match", parts.if_none_match.as_deref()),
        ("Prefer", parts.prefer.as_deref()),
    ];
    sent.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The target with what asks the gateway to let the caller sign.
fn signed_by_caller(target: &str, is_asked: bool) -> String {
    match (is_asked, target.contains('?')) {
        (true, _) => target.to_owned(),
        (false, true) => format!("{target}&signing=caller"),
        (false, false) => format!("{target}?signing=caller"),
    }
}

#[cfg(test)]
mod tests {
    use super::signed_by_caller;

    #[test]
    fn the_caller_signs_whatever_the_target_says() {
        assert_eq!(signed_by_caller("/v1/items/a", false), "/v1/items/a?signing=caller");
        assert_eq!(signed_by_caller("/v1/items/a?limit=1", false), "/v1/items/a?limit=1&signing=caller");
        assert_eq!(signed_by_caller("/v1/items/a?signing=caller", true), "/v1/items/a?signing=caller");
    }
}
