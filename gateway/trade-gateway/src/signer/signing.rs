//! One request: the call that it means, what the gateway prepares for it, and the signatures.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_client::{CheckedProposal, Intent, IntentError, Timestamp};
use serde_json::json;
use trade_model::transaction::PRIVATE;

use super::{
    keys::Keys,
    login::Login,
    policy::Policy,
    refusal::{Refused, SignerCode},
    settings::SignerSettings,
};
use crate::{
    answer::{SigningStage, SigningStep},
    client::Response,
    problem::Problem,
    references::References,
    request::{self, Arguments, Parts},
    routes::{Route, Transaction},
    settings::{Limits, PAGE_MAX},
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

/// How what the gateway has prepared differs from what is meant.
#[derive(Debug, thiserror::Error)]
enum Difference {
    #[error("its bytes are not base64")]
    Encoding,
    #[error(transparent)]
    Intent(#[from] IntentError),
    #[error("this signer has not signed the transaction's proposal")]
    Unsigned,
    #[error("the transaction id is not the one in the prepared bytes")]
    Id,
}

impl Signing {
    pub(super) fn new(settings: &SignerSettings, keys: Keys, login: Login, policy: Policy) -> Self {
        let (channel, chaincode) = (settings.channel.clone(), settings.chaincode.clone());
        // How large a page may be is the gateway's to say.
        let limits = Limits { page: PAGE_MAX, ..Limits::default() };
        let references = References::with(&keys.secret).expect("HMAC takes any bytes as its key");
        Self { keys, login, policy, references, channel, chaincode, limits }
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
        parts: &Parts,
        media_type: &str,
    ) -> Result<Response, Problem> {
        let parts = &self.with_reference(route, parts);
        let arguments = request::arguments(route, transaction, parts, &self.limits)?;
        self.policy.check(transaction.name, !route.is_write(), &arguments)?;
        let intent = self.intent(transaction, &arguments);
        let target = signed_by_caller(&parts.target, arguments.caller_signs);
        let headers = handed_on(route, parts, media_type);
        let mut response = self.login.send(route.method.as_str(), &target, &headers, &parts.body)?;
        let (mut signed, mut proposal) = (BTreeSet::new(), None);
        while let Some(step) = step_of(&response) {
            // Each is asked for once; a gateway that goes round is not followed.
            if !signed.insert(step.stage.as_str()) || (step.stage == SigningStage::Transaction && !route.is_write()) {
                return Err(SignerCode::PreparedOther.because("It asks for a signature that is not due.").into());
            }
            response = self.hand_in(transaction.name, &intent, &step, &mut proposal, parts.prefer.as_deref())?;
        }
        Ok(response)
    }

    /// The request with what stands for it on the ledger, so that it is not done twice though the gateway be lost. The
    /// signer makes it of the idempotency key, with the secret between the enterprise system and itself.
    fn with_reference(&self, route: &Route, parts: &Parts) -> Parts {
        let mut parts = parts.clone();
        if let Some(key) = parts.idempotency_key.as_deref().filter(|_| parts.client_reference.is_none()) {
            let msp_id = self.keys.signer.msp_id();
            let reference = self.references.of(msp_id, "", route.operation, key);
            parts.client_reference = Some(reference.to_string());
        }
        parts
    }

    /// Verifies and signs what a step prepares, and hands the signature in. `proposal` is the one that was signed.
    fn hand_in(
        &self,
        function: &str,
        intent: &Intent,
        step: &SigningStep,
        proposal: &mut Option<CheckedProposal>,
        prefer: Option<&str>,
    ) -> Result<Response, Refused> {
        let stage = step.stage.as_str();
        let (bytes, checked) = self.check(intent, step, proposal.take()).map_err(|difference| {
            tracing::error!(contract.function = function, "the gateway has prepared something else: {difference}");
            SignerCode::PreparedOther.because(format!("The {stage} was not signed: {difference}."))
        })?;
        let id = proposal.insert(checked).transaction_id();
        let signature =
            self.keys.signer.sign(&bytes).map_err(|error| SignerCode::KeyFailed.because(error.to_string()))?;
        tracing::info!(fabric.transaction_id = id, contract.function = function, "signed the {stage} of {function}");
        let body = json!({"signature": BASE64.encode(signature)}).to_string();
        let headers: Vec<_> =
            [("Content-Type", "application/json")].into_iter().chain(prefer.map(|prefer| ("Prefer", prefer))).collect();
        self.login.send("PUT", &format!("/v1/signing/{id}/{stage}"), &headers, body.as_bytes())
    }

    /// The bytes that a step prepares, once they are a proposal that the request means, or the transaction of the one
    /// that this signer has signed: for this request, or for the same one before it.
    fn check(
        &self,
        intent: &Intent,
        step: &SigningStep,
        signed: Option<CheckedProposal>,
    ) -> Result<(Vec<u8>, CheckedProposal), Difference> {
        let bytes = BASE64.decode(&step.signing_input).map_err(|_| Difference::Encoding)?;
        let now = Timestamp::now();
        let proposal = match (step.stage, signed) {
            (SigningStage::Proposal, _) => intent.check_proposal(&bytes, now)?,
            (SigningStage::Transaction, Some(signed)) => signed,
            (SigningStage::Transaction, None) => {
                let made = intent.proposal_of(&bytes)?;
                let signature = step.proposal_signature.as_deref().and_then(|text| BASE64.decode(text).ok());
                let key = self.keys.signer.certificate().public_key();
                if signature.is_none_or(|signature| key.verify(&made, &signature).is_err()) {
                    return Err(Difference::Unsigned);
                }
                intent.check_proposal(&made, now)?
            }
        };
        if step.stage == SigningStage::Transaction {
            proposal.check_transaction(&bytes, now, self.keys.endorsers.as_ref())?;
        }
        if proposal.transaction_id() == step.transaction_id { Ok((bytes, proposal)) } else { Err(Difference::Id) }
    }

    /// The call that a request means.
    fn intent(&self, transaction: &Transaction, arguments: &Arguments) -> Intent {
        let private = arguments.private.as_ref().map(|private| (PRIVATE.to_owned(), private.to_string().into_bytes()));
        Intent {
            channel: self.channel.clone(),
            chaincode: self.chaincode.clone(),
            creator: self.keys.signer.creator().to_vec(),
            arguments: [transaction.name.as_bytes().to_vec(), arguments.bytes()]
                .into_iter()
                .chain(arguments.beside.to_argument())
                .collect(),
            transient: private.into_iter().collect::<BTreeMap<_, _>>(),
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

/// The step in an answer, if it is one.
fn step_of(response: &Response) -> Option<SigningStep> {
    (200..300).contains(&response.status).then(|| serde_json::from_slice(&response.body).ok()).flatten()
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
