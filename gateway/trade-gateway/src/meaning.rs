//! What a request means, and signatures for the steps that a gateway prepares for it: none before the prepared bytes
//! were compared with what is meant ([`fabric_client::Intent`]). Who signs like this need not trust the gateway with
//! its word.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_client::{CheckedProposal, Intent, IntentError, Timestamp};
use fabric_msp::{
    msp::MspManager,
    signer::{SignError, Signer},
};
use serde_json::json;
use trade_model::transaction::PRIVATE;

use crate::{
    answer::{SigningStage, SigningStep},
    client::{CallFailure, Client, Response},
    problem::Problem,
    request::{self, Arguments, Parts},
    routes::{self, Route, Transaction},
    settings::{Limits, PAGE_MAX},
};

/// Who signs, and for which ledger.
#[derive(Clone, Copy)]
pub struct Signatory<'a> {
    /// The key.
    pub signer: &'a dyn Signer,
    /// The channel.
    pub channel: &'a str,
    /// The chaincode.
    pub chaincode: &'a str,
    /// The organizations whose endorsements are verified; without, endorsements are left for the ledger to judge.
    pub endorsers: Option<&'a MspManager>,
}

/// Why a step was not signed.
#[derive(Debug, thiserror::Error)]
pub enum NotSigned {
    /// The request is none that takes a signature, as this program knows the gateway's routes.
    #[error("the gateway asks for a signature, and this program knows no transaction for the request")]
    NoTransaction,
    /// The request cannot be read as one of its route.
    #[error("the gateway asks for a signature, and the request cannot be read here: {0}")]
    Request(String),
    /// The gateway has prepared something else.
    #[error("{0}")]
    Other(String),
    /// The key does not sign.
    #[error(transparent)]
    Key(#[from] SignError),
    /// The gateway does not answer.
    #[error(transparent)]
    Call(#[from] CallFailure),
}

/// A request as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// Path and query, percent-encoded.
    pub target: &'a str,
    /// The headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl Asked<'_> {
    fn header(&self, wanted: &str) -> Option<String> {
        let is_wanted = |(name, _): &&(&str, &str)| name.eq_ignore_ascii_case(wanted);
        self.headers.iter().find(is_wanted).map(|(_, value)| (*value).to_owned())
    }
}

impl Signatory<'_> {
    /// Signs the steps that `first`, the answer to a request, asks for, and gives back the outcome. An answer that asks
    /// for none is given back as it is. Blocks.
    ///
    /// # Errors
    /// What is prepared is not what the request means, the key does not sign, or the gateway does not answer.
    pub fn finish(&self, client: &Client, asked: &Asked<'_>, first: Response) -> Result<Response, NotSigned> {
        if step_of(&first).is_none() {
            return Ok(first);
        }
        let route = routes::at(asked.method, asked.target).ok_or(NotSigned::NoTransaction)?;
        let transaction = route.transaction().ok_or(NotSigned::NoTransaction)?;
        let unreadable = |problem: Problem| NotSigned::Request(problem.detail);
        let parts = Parts::of(route, asked.target, asked.body.to_vec()).map_err(unreadable)?;
        let (if_match, client_reference) = (asked.header("If-Match"), asked.header("Client-Reference"));
        let parts = Parts { if_match, client_reference, prefer: asked.header("Prefer"), ..parts };
        let arguments = request::arguments(route, transaction, &parts, &limits()).map_err(unreadable)?;
        self.meaning(route, transaction, &arguments, parts.prefer.as_deref())
            .follow(first, |method, target, headers, body| {
                client.send(method, target, headers, body).map_err(NotSigned::from)
            })
    }

    /// What a request means.
    pub(crate) fn meaning<'a>(
        &'a self,
        route: &Route,
        transaction: &Transaction,
        arguments: &Arguments,
        prefer: Option<&'a str>,
    ) -> Meaning<'a> {
        let private = arguments.private.as_ref().map(|private| (PRIVATE.to_owned(), private.to_string().into_bytes()));
        let intent = Intent {
            channel: self.channel.to_owned(),
            chaincode: self.chaincode.to_owned(),
            creator: self.signer.creator().to_vec(),
            arguments: [transaction.name.as_bytes().to_vec(), arguments.bytes()]
                .into_iter()
                .chain(arguments.beside.to_argument())
                .collect(),
            transient: private.into_iter().collect::<BTreeMap<_, _>>(),
        };
        Meaning { signatory: *self, function: transaction.name, is_write: route.is_write(), prefer, intent }
    }
}

/// The limits by which requests are read before they are signed: how large a page may be is the gateway's to say.
pub(crate) fn limits() -> Limits {
    Limits { page: PAGE_MAX, ..Limits::default() }
}

/// The call that a request means, and who signs it.
pub(crate) struct Meaning<'a> {
    signatory: Signatory<'a>,
    function: &'static str,
    is_write: bool,
    /// What the caller prefers about waiting.
    prefer: Option<&'a str>,
    intent: Intent,
}

impl Meaning<'_> {
    /// Signs one step after another until an answer asks for no signature any more.
    pub(crate) fn follow<E: From<NotSigned>>(
        &self,
        mut response: Response,
        send: impl Fn(&str, &str, &[(&str, &str)], &[u8]) -> Result<Response, E>,
    ) -> Result<Response, E> {
        let (mut signed, mut proposal) = (BTreeSet::new(), None);
        while let Some(step) = step_of(&response) {
            let stage = step.stage.as_str();
            // Each is asked for once; a gateway that goes round is not followed.
            if !signed.insert(stage) || (step.stage == SigningStage::Transaction && !self.is_write) {
                return Err(NotSigned::Other("It asks for a signature that is not due.".to_owned()).into());
            }
            let (id, signature) = self.sign(&step, &mut proposal)?;
            let body = json!({"signature": BASE64.encode(signature)}).to_string();
            let prefer = self.prefer.map(|prefer| ("Prefer", prefer));
            let headers: Vec<_> = [("Content-Type", "application/json")].into_iter().chain(prefer).collect();
            response = send("PUT", &format!("/v1/signing/{id}/{stage}"), &headers, body.as_bytes())?;
        }
        Ok(response)
    }

    /// Verifies what a step prepares, and signs it. Gives back the transaction id and the signature. `proposal` is the
    /// one that was signed.
    fn sign(&self, step: &SigningStep, proposal: &mut Option<CheckedProposal>) -> Result<(String, Vec<u8>), NotSigned> {
        let (function, stage) = (self.function, step.stage.as_str());
        let (bytes, checked) = self.check(step, proposal.take()).map_err(|difference| {
            tracing::error!(contract.function = function, "the gateway has prepared something else: {difference}");
            NotSigned::Other(format!("The {stage} was not signed: {difference}."))
        })?;
        let id = proposal.insert(checked).transaction_id();
        let signature = self.signatory.signer.sign(&bytes)?;
        tracing::info!(fabric.transaction_id = id, contract.function = function, "signed the {stage} of {function}");
        Ok((id.to_owned(), signature))
    }

    /// The bytes that a step prepares, once they are a proposal that the request means, or the transaction of the one
    /// that this signer has signed: for this request, or for the same one before it.
    fn check(
        &self,
        step: &SigningStep,
        signed: Option<CheckedProposal>,
    ) -> Result<(Vec<u8>, CheckedProposal), Difference> {
        let bytes = BASE64.decode(&step.signing_input).map_err(|_| Difference::Encoding)?;
        let now = Timestamp::now();
        let proposal = match (step.stage, signed) {
            (SigningStage::Proposal, _) => self.intent.check_proposal(&bytes, now)?,
            (SigningStage::Transaction, Some(signed)) => signed,
            (SigningStage::Transaction, None) => {
                let made = self.intent.proposal_of(&bytes)?;
                let signature = step.proposal_signature.as_deref().and_then(|text| BASE64.decode(text).ok());
                let key = self.signatory.signer.certificate().public_key();
                if signature.is_none_or(|signature| key.verify(&made, &signature).is_err()) {
                    return Err(Difference::Unsigned);
                }
                self.intent.check_proposal(&made, now)?
            }
        };
        if step.stage == SigningStage::Transaction {
            proposal.check_transaction(&bytes, now, self.signatory.endorsers)?;
        }
        if proposal.transaction_id() == step.transaction_id { Ok((bytes, proposal)) } else { Err(Difference::Id) }
    }
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

/// Whether an answer asks the caller to sign.
#[must_use]
pub fn asks_for_signature(response: &Response) -> bool {
    step_of(response).is_some()
}

/// The step in an answer, if it is one.
fn step_of(response: &Response) -> Option<SigningStep> {
    (200..300).contains(&response.status).then(|| serde_json::from_slice(&response.body).ok()).flatten()
}
