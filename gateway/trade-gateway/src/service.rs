//! What the routes do: reads here, writes in `writing`, callers who sign in `external`. HTTP is not known here.

mod backoff;
mod external;
mod writing;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use fabric_msp::{hash::sha256, signer::Signer};
use serde_json::Value;
use trade_standards::iso20022::{CamtError, CamtLimits, parse_camt_with};

use crate::{
    answer::{Answer, EntriesOfStatement, Identity},
    consumer,
    ledger::{Call, Cause, CreatorIdentity, Draft, Ledger, LedgerError},
    members::{Members, Principal},
    openapi,
    problem::{Problem, ProblemCode},
    request::{self, Arguments, Parts},
    routes::{Access, Action, Route, Transaction},
    settings::{Custody, Role, Settings},
    signing::Sessions,
    store::{Store, StoreError},
    time::rfc3339,
};

/// How long an answer about readiness is reused, so that asking often costs the network nothing.
const READINESS_FRESH: Duration = Duration::from_secs(2);

/// The gateway without its HTTP surface.
pub(crate) struct Service {
    settings: Settings,
    members: Members,
    ledger: Arc<dyn Ledger>,
    store: Store,
    sessions: Sessions,
    /// Operations that a request or the background work is settling now.
    active: Mutex<BTreeSet<String>>,
    backoff: backoff::Backoff,
    readiness: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Service {
    /// A service; operations left open by a crash wait for [`Service::settle_open`].
    #[must_use]
    pub(crate) fn new(settings: Settings, members: Members, ledger: Arc<dyn Ledger>, store: Store) -> Self {
        let sessions = Sessions::new(settings.limits.signing_sessions);
        let (active, backoff) = (Mutex::default(), backoff::Backoff::default());
        let readiness = tokio::sync::Mutex::new(None);
        Self { settings, members, ledger, store, sessions, active, backoff, readiness }
    }

    /// The settings.
    #[must_use]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The organizations.
    #[must_use]
    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// Decides whether the caller may use the route, and what role it has.
    ///
    /// # Errors
    /// The route needs an identity and there is none, or the role is not on the route's list.
    pub(crate) fn authorise(&self, route: &Route, principal: Option<&Principal>) -> Result<(), Problem> {
        let Some(principal) = principal else {
            return match route.access {
                Access::Public => Ok(()),
                Access::Members(_) => Err(Problem::of(ProblemCode::CertificateMissing)),
            };
        };
        if route.access.permits(principal.role) {
            return Ok(());
        }
        Err(Problem::of(ProblemCode::RoleNotPermitted).with_detail(format!(
            "{} is not open to the role {}.",
            route.operation,
            principal.role.as_str()
        )))
    }

    /// Answers an authorised request.
    pub(crate) async fn answer(&self, route: &'static Route, principal: Option<&Principal>, parts: &Parts) -> Answer {
        match self.try_answer(route, principal, parts).await {
            Ok(answer) => answer,
            Err(problem) => problem.into(),
        }
    }

    async fn try_answer(
        &self,
        route: &'static Route,
        principal: Option<&Principal>,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let caller = || principal.ok_or_else(|| Problem::of(ProblemCode::CertificateMissing));
        if route.transaction().is_none() {
            no_query(parts)?;
        }
        match &route.action {
            Action::Health => Ok(Answer::json(200, &serde_json::json!({"status": "alive"}))),
            Action::Ready => Ok(self.readiness().await),
            Action::OpenApi => Ok(Answer::json_bytes(200, openapi::document_bytes().to_vec())),
            Action::ConsumerPage => self.consumer_page(parts).await,
            Action::Whoami => Ok(Answer::json(200, &self.whoami(caller()?))),
            Action::Operation => self.operation(caller()?, path(parts, "id")).await,
            Action::SignProposal => self.sign_proposal(caller()?, parts).await,
            Action::SignTransaction => self.sign_transaction(caller()?, parts).await,
            Action::BankStatement => self.bank_statement(&parts.body),
            Action::Evaluate(transaction) => self.evaluate(route, transaction, caller()?, parts).await,
            Action::Submit(transaction) => self.submit(route, transaction, caller()?, parts).await,
        }
    }

    fn whoami(&self, principal: &Principal) -> Identity {
        let certificate = &principal.certificate;
        let seconds = |moment: i64| rfc3339(u64::try_from(moment).unwrap_or(0));
        let member = self.members.member(&principal.msp_id);
        let signer = member.and_then(|member| member.signer());
        let creator = signer.as_ref().map_or(certificate, |signer| signer.certificate());
        Identity {
            msp_id: principal.msp_id.clone(),
            role: principal.role,
            certificate_role: principal.certificate_role.to_owned(),
            subject: principal.subject(),
            issuer: certificate.issuer().to_string(),
            organizational_units: certificate.ous().to_vec(),
            attributes: certificate.attributes().clone(),
            client_id: certificate.client_id(),
            certificate_sha256: principal.certificate_sha256(),
            not_before: seconds(certificate.not_before()),
            not_after: seconds(certificate.not_after()),
            custody: member.map_or(Custody::External, |member| member.settings.custody),
            creator: creator.subject().to_string(),
            creator_key_sha256: hex::encode(creator.spki_sha256()),
            channel: self.settings.channel.clone(),
            chaincode: self.settings.chaincode.clone(),
        }
    }

    /// Whether the store can be used and Fabric answers an evaluation. A contract's refusal is an answer.
    async fn readiness(&self) -> Answer {
        if !self.store.is_usable() {
            return Problem::of(ProblemCode::StoreUnavailable).retry_after(5).into();
        }
        let mut known = self.readiness.lock().await;
        let ready = match *known {
            Some((when, ready)) if when.elapsed() < READINESS_FRESH => ready,
            _ => {
                let ready = self.service_evaluates("governance:Participants", None).await;
                let ready = match ready {
                    Ok(_) => true,
                    Err(error) => matches!(error.cause, Cause::Contract { status, .. } if status < 500),
                };
                *known = Some((Instant::now(), ready));
                ready
            }
        };
        if ready {
            // Which organization it is stands in the log only: its revoked members need not know.
            let membership = if self.members.is_stale() { "stale" } else { "current" };
            return Answer::json(200, &serde_json::json!({"status": "ready", "membership": membership}));
        }
        Problem::of(ProblemCode::NetworkUnavailable).retry_after(5).into()
    }

    async fn consumer_page(&self, parts: &Parts) -> Result<Answer, Problem> {
        let code = consumer::Code::parse(path(parts, "gtin"), path(parts, "serial"))?;
        let argument = serde_json::json!({"item": code.digital_link()});
        let answer = self.service_evaluates("item:Scan", Some(to_bytes(&argument))).await;
        let bytes = answer.map_err(|error| {
            log_failure(&error);
            // The public page tells nothing about the network behind it.
            let problem = Problem::from_ledger(&error);
            Problem { endorsers: Vec::new(), transaction_id: None, stage: None, ..problem }
        })?;
        consumer::answer(&code, bytes, parts.wants_html)
    }

    async fn service_evaluates(&self, function: &str, argument: Option<Vec<u8>>) -> Result<Vec<u8>, LedgerError> {
        let call = Call { function: function.to_owned(), argument, private: None, endorsing: Vec::new() };
        let signer = self.members.service();
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call)?;
        let signature = sign(signer.as_ref(), &draft)?;
        self.ledger.evaluate(signer.msp_id(), &draft, &signature).await
    }

    fn bank_statement(&self, body: &[u8]) -> Result<Answer, Problem> {
        let limits = CamtLimits { bytes_max: self.settings.limits.statement_body_bytes, ..CamtLimits::default() };
        match parse_camt_with(body, &limits) {
            Ok(message) => Ok(Answer::json(200, &EntriesOfStatement::new(&message, hex::encode(sha256(body))))),
            Err(error) => {
                let status = match error {
                    CamtError::NotUtf8 | CamtError::Xml { .. } => 400,
                    CamtError::TooLarge { .. } => 413,
                    _ => 422,
                };
                Err(Problem::foreign(status, error.code(), "The bank statement cannot be read")
                    .with_detail(error.to_string()))
            }
        }
    }

    async fn evaluate(
        &self,
        route: &'static Route,
        transaction: &Transaction,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let arguments = request::arguments(route, transaction, parts, &self.settings.limits)?;
        let call = self.call(transaction, principal, &arguments)?;
        let Some(signer) = self.signer(principal, arguments.caller_signs) else {
            return self.open_session(route, principal, &call, None);
        };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let bytes =
            self.ledger.evaluate(&principal.msp_id, &draft, &signature).await.map_err(|error| failed(&error))?;
        evaluated(&draft.transaction_id, bytes)
    }

    fn call(&self, transaction: &Transaction, principal: &Principal, arguments: &Arguments) -> Result<Call, Problem> {
        let endorsing = match (&transaction.private, &arguments.private) {
            (Some(private), Some(_)) => {
                let known = |msp_id: &str| {
                    self.members.member(msp_id).is_some_and(|member| member.settings.role != Role::Regulator)
                };
                let request = arguments.argument.as_ref().unwrap_or(&Value::Null);
                private.endorsing.organizations(&principal.msp_id, request, &known, &self.members.authorities())?
            }
            _ => Vec::new(),
        };
        Ok(Call {
            function: transaction.name.to_owned(),
            argument: arguments.bytes(),
            private: arguments.private.as_ref().map(to_bytes),
            endorsing,
        })
    }

    /// The managed identity of the caller's organization, unless the caller signs.
    fn signer(&self, principal: &Principal, caller_signs: bool) -> Option<Arc<dyn Signer>> {
        let member = self.members.member(&principal.msp_id)?;
        if caller_signs { None } else { member.signer() }
    }
}

fn path<'a>(parts: &'a Parts, name: &str) -> &'a str {
    parts.path.get(name).map(String::as_str).unwrap_or_default()
}

/// Routes of the gateway itself take no query.
fn no_query(parts: &Parts) -> Result<(), Problem> {
    match parts.query.first() {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().take(64).filter(|character| !character.is_control()).collect();
            Err(Problem::of(ProblemCode::ParameterInvalid).with_field(name, "is not known for this route"))
        }
    }
}

fn to_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn creator_of(signer: &dyn Signer) -> CreatorIdentity {
    CreatorIdentity { msp_id: signer.msp_id().to_owned(), certificate_pem: signer.certificate().pem().to_vec() }
}

fn sign(signer: &dyn Signer, draft: &Draft) -> Result<Vec<u8>, LedgerError> {
    signer.sign(&draft.message).map_err(|error| LedgerError {
        step: crate::ledger::Step::Propose,
        transaction_id: draft.transaction_id.clone(),
        cause: Cause::Local(error.to_string()),
        advice: fabric_client::Advice::SameProposal,
        endorsers: Vec::new(),
    })
}

/// A contract's answer as it is; all contracts answer in JSON.
fn evaluated(transaction_id: &str, bytes: Vec<u8>) -> Result<Answer, Problem> {
    result_value(transaction_id, &bytes)?;
    Ok(Answer::json_bytes(200, bytes).of_transaction(transaction_id))
}

fn result_value(transaction_id: &str, bytes: &[u8]) -> Result<Value, Problem> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|_| {
        tracing::error!(fabric.transaction_id = %transaction_id, "the contract's answer is not JSON");
        Problem::of(ProblemCode::ContractFailure).with_detail("Its answer is not JSON.")
    })
}

fn failed(error: &LedgerError) -> Problem {
    log_failure(error);
    Problem::from_ledger(error)
}

/// The network's words about itself belong into the log. A contract's refusal is the caller's business only.
fn log_failure(error: &LedgerError) {
    let step = error.step.as_str();
    match &error.cause {
        Cause::Contract { status, .. } if *status < 500 => {
            tracing::debug!(fabric.transaction_id = %error.transaction_id, fabric.step = step, "refused with {status}");
        }
        cause => {
            tracing::warn!(fabric.transaction_id = %error.transaction_id, fabric.step = step, "step failed: {cause}");
        }
    }
}

fn store_failed(error: &StoreError) -> Problem {
    tracing::error!("{error}");
    Problem::of(ProblemCode::StoreUnavailable).retry_after(10)
}
