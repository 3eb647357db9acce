//! What the routes do: evaluate, submit, sign, settle. HTTP is not known here.
//!
//! A write goes: key taken, proposal made and signed, endorsed, sealed, stored on disk, handed to the orderer, outcome
//! waited for. Whatever interrupts it before "stored" leaves no trace on the ledger; whatever interrupts it afterwards is
//! settled by handing over the identical bytes and asking for the outcome again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_msp::{hash::sha256, signer::Signer};
use serde_json::Value;
use trade_model::iso20022::{CamtError, CamtLimits, parse_camt_with};

use crate::{
    answer::{Answer, EntriesOfStatement, Identity, OperationView, SignatureBody, SigningStage, SigningStep},
    consumer,
    ledger::{Call, Cause, Commit, CreatorIdentity, Draft, Endorsed, Ledger, LedgerError},
    members::{Members, Principal},
    openapi,
    problem::Problem,
    request::{self, Arguments, Parts},
    routes::{Action, Route, Transaction, by_operation},
    settings::{Custody, Role, Settings},
    signing::{Session, Sessions},
    store::{Begin, KeyDigest, Operation, State, Store, StoreError},
    time::{now, rfc3339},
};

/// Longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// First wait before identical bytes are handed over again; it doubles up to [`RESUBMIT_MAX`].
const RESUBMIT_FIRST: Duration = Duration::from_millis(250);
const RESUBMIT_MAX: Duration = Duration::from_secs(4);

/// Least wait for the block of a transaction that the orderer has taken.
const ACCEPTED_WAIT_MIN: Duration = Duration::from_secs(3);

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
    readiness: tokio::sync::Mutex<Option<(Instant, bool)>>,
}

impl Service {
    /// A service; operations left open by a crash wait for [`Service::settle_open`].
    #[must_use]
    pub(crate) fn new(settings: Settings, members: Members, ledger: Arc<dyn Ledger>, store: Store) -> Self {
        let sessions = Sessions::new(settings.limits.signing_sessions);
        let (active, readiness) = (Mutex::default(), tokio::sync::Mutex::new(None));
        Self { settings, members, ledger, store, sessions, active, readiness }
    }

    /// The settings.
    #[must_use]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The organisations.
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
                crate::routes::Access::Public => Ok(()),
                crate::routes::Access::Members(_) => {
                    Err(Problem::new(401, "certificate_missing", "A client certificate is required"))
                }
            };
        };
        if route.access.permits(principal.role) {
            return Ok(());
        }
        Err(Problem::new(403, "role_not_permitted", "This role may not use this route").with_detail(format!(
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
        let caller =
            || principal.ok_or_else(|| Problem::new(401, "certificate_missing", "A client certificate is required"));
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
        let creator = member.and_then(|member| member.signer()).map_or(certificate, |signer| signer.certificate());
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

    /// Whether Fabric answers an evaluation. A contract's refusal is an answer.
    async fn readiness(&self) -> Answer {
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
            return Answer::json(200, &serde_json::json!({"status": "ready"}));
        }
        Problem::new(503, "network_unavailable", "Fabric does not answer").retry_after(5).into()
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
                Err(Problem::new(status, error.code(), "The bank statement cannot be read")
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

    async fn submit(
        &self,
        route: &'static Route,
        transaction: &Transaction,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let idempotency_key = idempotency_key(parts)?;
        let arguments = request::arguments(route, transaction, parts, &self.settings.limits)?;
        let call = self.call(transaction, principal, &arguments)?;
        let key = self.store.key(&principal.msp_id, &principal.subject(), route.operation, idempotency_key);
        let digest = self.store.request_digest(&parts.target, &parts.body);
        match self.store.begin(&key, &digest, now()).map_err(|error| store_failed(&error))? {
            Begin::New => {}
            Begin::OtherBody => {
                return Err(Problem::new(
                    422,
                    "idempotency_key_reused",
                    "The idempotency key was used for another request",
                ));
            }
            Begin::Known(operation) => return self.settled_answer(*operation).await,
            Begin::Running => {
                return match self.sessions.by_key(&key) {
                    Some(session) if session.certificate_sha256 == principal.certificate_sha256() => Ok(step(&session)),
                    _ => Err(Problem::new(409, "idempotency_key_running", "The same request is being worked on")
                        .retry_after(1)),
                };
            }
        }
        let started = self.start(route, principal, &call, arguments.caller_signs, &key).await;
        if started.is_err() {
            self.release(&key);
        }
        started
    }

    /// Runs a write whose key is taken. An error means that nothing can have been written.
    async fn start(
        &self,
        route: &'static Route,
        principal: &Principal,
        call: &Call,
        caller_signs: bool,
        key: &KeyDigest,
    ) -> Result<Answer, Problem> {
        let Some(signer) = self.signer(principal, caller_signs) else {
            return self.open_session(route, principal, call, Some(key.clone()));
        };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let msp_id = &principal.msp_id;
        let endorsed = self.ledger.endorse(msp_id, &draft, &signature).await.map_err(|error| failed(&error))?;
        let Endorsed { transaction, result } = endorsed;
        let signature = sign(signer.as_ref(), &transaction).map_err(|error| failed(&error))?;
        let result = result_value(&transaction.transaction_id, &result)?;
        self.commit(route.operation, msp_id, &transaction, &signature, result, Some(key.clone())).await
    }

    /// Seals, stores and hands over a transaction, then waits for its outcome. An error means that it was not stored and so
    /// not handed over; every outcome afterwards is an answer, and the store has dealt with the key.
    async fn commit(
        &self,
        operation: &'static str,
        msp_id: &str,
        transaction: &Draft,
        signature: &[u8],
        result: Value,
        key: Option<KeyDigest>,
    ) -> Result<Answer, Problem> {
        let sealed = self.ledger.seal(msp_id, transaction, signature).map_err(|error| failed(&error))?;
        let moment = now();
        let operation = Operation {
            transaction_id: transaction.transaction_id.clone(),
            msp_id: msp_id.to_owned(),
            operation: operation.to_owned(),
            state: State::Submitted,
            validation: None,
            validation_code: None,
            block_number: None,
            result,
            created_at: moment,
            updated_at: moment,
            sealed: Some(hex::encode(&sealed)),
            key: key.map(|key| key.to_hex()),
        };
        let Some(_active) = self.activate(&operation.transaction_id) else {
            return Err(Problem::new(409, "operation_running", "The operation is being worked on").retry_after(1));
        };
        // Forcing to disk takes milliseconds in which this thread could not answer others.
        tokio::task::block_in_place(|| self.store.submitted(&operation)).map_err(|error| store_failed(&error))?;
        let wait = Duration::from_millis(self.settings.limits.commit_wait_ms);
        let settled = self.settle(operation, &sealed, wait, true).await;
        Ok(operation_answer(&settled))
    }

    /// Hands over identical bytes until the outcome is known or `wait` is over, and stores what is known then.
    async fn settle(&self, mut operation: Operation, sealed: &[u8], wait: Duration, first: bool) -> Operation {
        let deadline = Instant::now() + wait;
        let mut pause = RESUBMIT_FIRST;
        let mut first = first;
        loop {
            let handed = self.ledger.submit(&operation.msp_id, &operation.transaction_id, sealed).await;
            let accepted = handed.is_ok();
            if let Err(error) = &handed {
                log_failure(error);
                // Only the first refusal is certain: an earlier handing-over of the same bytes may have been ordered.
                if first && refused_for_good(error) {
                    operation.validation = Some(Problem::from_ledger(error).code);
                    self.conclude(&mut operation, State::Refused, None);
                    return operation;
                }
            }
            first = false;
            let left = deadline.saturating_duration_since(Instant::now());
            // Half of what is left, so that the bytes are handed over again before the caller is told to ask later.
            let patience = if accepted { left.div_f32(2.0).max(ACCEPTED_WAIT_MIN).min(left) } else { pause.min(left) };
            let outcome = self.ledger.outcome(&operation.msp_id, &operation.transaction_id, patience).await;
            match outcome {
                Ok(Some(commit)) => {
                    let state = if commit.validation_code == 0 { State::Committed } else { State::Invalid };
                    self.conclude(&mut operation, state, Some(&commit));
                    return operation;
                }
                Ok(None) => {}
                Err(error) => {
                    log_failure(&error);
                    tokio::time::sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
                }
            }
            if Instant::now() >= deadline {
                self.conclude(&mut operation, State::Indeterminate, None);
                return operation;
            }
            pause = (pause * 2).min(RESUBMIT_MAX);
        }
    }

    fn conclude(&self, operation: &mut Operation, state: State, commit: Option<&Commit>) {
        operation.state = state;
        operation.updated_at = now();
        if let Some(commit) = commit {
            operation.validation = Some(commit.validation_name.clone());
            operation.validation_code = Some(commit.validation_code);
            operation.block_number = Some(commit.block_number);
        }
        if operation.is_settled() {
            operation.sealed = None;
        }
        if let Err(error) = self.store.settled(operation) {
            // The stored state is then still open, and the background work asks again.
            tracing::error!(fabric.transaction_id = %operation.transaction_id, "cannot store an outcome: {error}");
        }
    }

    /// The answer to a repeated request: the stored outcome, after one more try when it is not known.
    async fn settled_answer(&self, operation: Operation) -> Result<Answer, Problem> {
        if operation.is_settled() {
            return Ok(operation_answer(&operation));
        }
        let Some(_active) = self.activate(&operation.transaction_id) else {
            return Err(
                Problem::new(409, "idempotency_key_running", "The same request is being worked on").retry_after(1)
            );
        };
        let settled = self.settle_again(operation, Duration::from_millis(self.settings.limits.commit_wait_ms)).await;
        Ok(operation_answer(&settled))
    }

    async fn settle_again(&self, operation: Operation, wait: Duration) -> Operation {
        match operation.sealed.as_ref().and_then(|sealed| hex::decode(sealed).ok()) {
            Some(sealed) => self.settle(operation, &sealed, wait, false).await,
            None => operation,
        }
    }

    /// Tries to settle operations whose outcome is not known, for at most `wait` each.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn settle_open(&self, wait: Duration) -> Result<(), StoreError> {
        for operation in self.store.unsettled()? {
            let Some(_active) = self.activate(&operation.transaction_id) else { continue };
            // Read again: a request may have settled it in the meantime.
            if let Some(operation) = self.store.operation(&operation.transaction_id)?.filter(|one| !one.is_settled()) {
                let settled = self.settle_again(operation, wait).await;
                tracing::info!(
                    fabric.transaction_id = %settled.transaction_id,
                    state = ?settled.state,
                    "tried to settle an operation left open"
                );
            }
        }
        Ok(())
    }

    /// Gives back what is no longer needed: expired signing sessions, old operations.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn tidy(&self) -> Result<(), StoreError> {
        for key in self.sessions.expire(now()) {
            self.release(&key);
        }
        self.store.forget(now().saturating_sub(self.settings.limits.retention_seconds))?;
        Ok(())
    }

    async fn operation(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let unknown = || Problem::new(404, "operation_unknown", "Your organisation has no operation with this id");
        let found = self.store.operation(id).map_err(|error| store_failed(&error))?;
        let mut operation = found.filter(|operation| operation.msp_id == principal.msp_id).ok_or_else(unknown)?;
        if !operation.is_settled() && self.activate(id).is_some() {
            let outcome = self.ledger.outcome(&operation.msp_id, id, Duration::from_secs(1)).await;
            if let Ok(Some(commit)) = outcome {
                let state = if commit.validation_code == 0 { State::Committed } else { State::Invalid };
                self.conclude(&mut operation, state, Some(&commit));
            }
        }
        Ok(Answer::json(200, &OperationView::from(&operation)).of_transaction(id))
    }

    fn open_session(
        &self,
        route: &'static Route,
        principal: &Principal,
        call: &Call,
        key: Option<KeyDigest>,
    ) -> Result<Answer, Problem> {
        let creator =
            CreatorIdentity { msp_id: principal.msp_id.clone(), certificate_pem: principal.certificate.pem().to_vec() };
        let draft = self.ledger.propose(&creator, call).map_err(|error| failed(&error))?;
        let session = Session {
            operation: route.operation,
            msp_id: principal.msp_id.clone(),
            certificate_sha256: principal.certificate_sha256(),
            evaluates: !route.is_write(),
            stage: SigningStage::Proposal,
            draft,
            result: Value::Null,
            key,
            expires_at: now() + self.settings.limits.signing_seconds,
        };
        let answer = step(&session);
        self.sessions.open(session)?;
        Ok(answer)
    }

    async fn sign_proposal(&self, principal: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let (session, signature) = self.signed(principal, parts, SigningStage::Proposal)?;
        let id = session.draft.transaction_id.clone();
        if session.evaluates {
            let answer = self.ledger.evaluate(&session.msp_id, &session.draft, &signature).await;
            return match answer {
                Ok(bytes) => {
                    self.sessions.close(&id);
                    evaluated(&id, bytes)
                }
                Err(error) => Err(self.session_failed(session, &error)),
            };
        }
        match self.ledger.endorse(&session.msp_id, &session.draft, &signature).await {
            Ok(Endorsed { transaction, result }) => {
                let result = match result_value(&id, &result) {
                    Ok(result) => result,
                    Err(problem) => {
                        self.end(&session);
                        return Err(problem);
                    }
                };
                let session = Session { stage: SigningStage::Transaction, draft: transaction, result, ..session };
                let answer = step(&session);
                self.sessions.put_back(session);
                Ok(answer)
            }
            Err(error) => Err(self.session_failed(session, &error)),
        }
    }

    async fn sign_transaction(&self, principal: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let id = path(parts, "transaction_id");
        // A repeated signature after the answer was lost: the operation is known by its id.
        let known = self.store.operation(id).map_err(|error| store_failed(&error))?;
        if let Some(operation) = known.filter(|operation| operation.msp_id == principal.msp_id) {
            return self.settled_answer(operation).await;
        }
        let (session, signature) = self.signed(principal, parts, SigningStage::Transaction)?;
        let answer = self
            .commit(
                session.operation,
                &session.msp_id,
                &session.draft,
                &signature,
                session.result.clone(),
                session.key.clone(),
            )
            .await;
        match answer {
            Ok(answer) => {
                self.sessions.close(&session.draft.transaction_id);
                Ok(answer)
            }
            Err(problem) => {
                self.end(&session);
                Err(problem)
            }
        }
    }

    /// Takes the session and checks the signature in the body against the caller's certificate.
    fn signed(&self, principal: &Principal, parts: &Parts, stage: SigningStage) -> Result<(Session, Vec<u8>), Problem> {
        let body = request::body_object(&parts.body, &self.settings.limits)?;
        let body: SignatureBody = serde_json::from_value(Value::Object(body)).map_err(|error| {
            Problem::new(422, "validation_failed", "The request does not have the expected form")
                .with_detail(error.to_string())
        })?;
        let signature = BASE64.decode(body.signature.as_bytes()).map_err(|_| {
            Problem::new(422, "signature_malformed", "The signature is not base64")
                .with_field("/signature", "not base64")
        })?;
        let id = path(parts, "transaction_id");
        let session = self.sessions.take(id, &principal.certificate_sha256(), stage, now())?;
        let permitted = by_operation(session.operation).is_some_and(|route| route.access.permits(principal.role));
        let verified = principal.identity.verify(&session.draft.message, &signature);
        match verified {
            Ok(()) if permitted => Ok((session, signature)),
            Ok(()) => {
                self.end(&session);
                Err(Problem::new(403, "role_not_permitted", "This role may not use this route"))
            }
            Err(error) => {
                self.sessions.put_back(session);
                Err(Problem::new(422, "signature_invalid", "The signature is not one of the caller's certificate")
                    .with_detail(error.to_string())
                    .with_field("/signature", "must be ECDSA over SHA-256 of the signing input, DER, low S"))
            }
        }
    }

    /// A failure that may pass leaves the session open: the same signature can be handed in again.
    fn session_failed(&self, session: Session, error: &LedgerError) -> Problem {
        let problem = failed(error);
        if problem.retryable && problem.status >= 500 {
            self.sessions.put_back(session);
        } else {
            self.end(&session);
        }
        problem
    }

    /// Ends a session without effect.
    fn end(&self, session: &Session) {
        self.sessions.close(&session.draft.transaction_id);
        if let Some(key) = &session.key {
            self.release(key);
        }
    }

    fn call(&self, transaction: &Transaction, principal: &Principal, arguments: &Arguments) -> Result<Call, Problem> {
        let endorsing = match (&transaction.private, &arguments.private) {
            (Some(private), Some(_)) => {
                let known = |msp_id: &str| {
                    self.members.member(msp_id).is_some_and(|member| member.settings.role != Role::Regulator)
                };
                let request = arguments.argument.as_ref().unwrap_or(&Value::Null);
                private.endorsing.organisations(&principal.msp_id, request, &known, &self.members.authorities())?
            }
            _ => Vec::new(),
        };
        Ok(Call {
            function: transaction.name.to_owned(),
            argument: arguments.argument.as_ref().map(to_bytes),
            private: arguments.private.as_ref().map(to_bytes),
            endorsing,
        })
    }

    /// The managed identity of the caller's organisation, unless the caller signs.
    fn signer(&self, principal: &Principal, caller_signs: bool) -> Option<&Arc<dyn Signer>> {
        let member = self.members.member(&principal.msp_id)?;
        if caller_signs { None } else { member.signer() }
    }

    fn release(&self, key: &KeyDigest) {
        if let Err(error) = self.store.release(key) {
            tracing::error!("cannot give an idempotency key back: {error}");
        }
    }

    fn activate(&self, transaction_id: &str) -> Option<Active<'_>> {
        let new = self.active_set().insert(transaction_id.to_owned());
        new.then(|| Active { service: self, transaction_id: transaction_id.to_owned() })
    }

    fn active_set(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks an operation as being settled, as long as it lives.
struct Active<'a> {
    service: &'a Service,
    transaction_id: String,
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.service.active_set().remove(&self.transaction_id);
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
            Err(Problem::new(422, "parameter_invalid", "A parameter is not acceptable")
                .with_field(name, "is not known for this route"))
        }
    }
}

fn idempotency_key(parts: &Parts) -> Result<&str, Problem> {
    let Some(key) = parts.idempotency_key.as_deref() else {
        return Err(Problem::new(400, "idempotency_key_missing", "The header Idempotency-Key is required")
            .with_detail("Make a new key for each new request and send it again with each retry."));
    };
    let usable = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if usable {
        return Ok(key);
    }
    Err(Problem::new(400, "idempotency_key_malformed", "The idempotency key is not acceptable")
        .with_detail(format!("It must be 1 to {KEY_BYTES_MAX} visible ASCII characters.")))
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
        endorsers: Vec::new(),
    })
}

fn step(session: &Session) -> Answer {
    let step = SigningStep {
        transaction_id: session.draft.transaction_id.clone(),
        stage: session.stage,
        signing_input: BASE64.encode(&session.draft.message),
        digest: hex::encode(sha256(&session.draft.message)),
        algorithm: "ecdsa-sha256".to_owned(),
        expires_at: rfc3339(session.expires_at),
        result: (session.stage == SigningStage::Transaction).then(|| session.result.clone()),
    };
    Answer::json(200, &step).of_transaction(&session.draft.transaction_id)
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
        Problem::new(502, "contract_failure", "The contract failed").with_detail("Its answer is not JSON.")
    })
}

fn operation_answer(operation: &Operation) -> Answer {
    let id = &operation.transaction_id;
    let view = OperationView::from(operation);
    let location = format!("/v1/operations/{id}");
    let success = by_operation(&operation.operation).map_or(200, |route| route.success);
    match operation.state {
        State::Committed => Answer::json(success, &view).with_header("Location", location).of_transaction(id),
        State::Submitted | State::Indeterminate => {
            let answer = Answer::json(202, &view).with_header("Location", location);
            answer.with_header("Retry-After", "5").of_transaction(id)
        }
        State::Refused => without_effect(operation, "submit", refused(operation.validation.as_deref())),
        State::Invalid => {
            let commit = Commit {
                validation_code: operation.validation_code.unwrap_or(-1),
                validation_name: operation.validation.clone().unwrap_or_default(),
                block_number: operation.block_number.unwrap_or(0),
            };
            without_effect(operation, "commit", Problem::invalidated(&commit))
        }
    }
}

fn without_effect(operation: &Operation, stage: &str, problem: Problem) -> Answer {
    let (id, stage) = (operation.transaction_id.clone(), stage.to_owned());
    Problem { transaction_id: Some(id), stage: Some(stage), ..problem }.into()
}

/// The orderer's refusal, by the code under which it was stored.
fn refused(code: Option<&str>) -> Problem {
    match code {
        Some("fabric_access_denied") => {
            Problem::new(403, "fabric_access_denied", "The channel's policies refuse this identity")
        }
        _ => Problem::new(502, "network_failure", "The network refused or failed")
            .with_detail("The orderer refused the transaction. Nothing was written."),
    }
}

/// Whether the orderer has refused, so that the transaction cannot come into a block by this handing-over.
fn refused_for_good(error: &LedgerError) -> bool {
    matches!(Problem::from_ledger(error).status, 403)
        || matches!(error.cause, Cause::Network { code: 3 | 9 | 10, .. } | Cause::Local(_))
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
    Problem::new(503, "store_unavailable", "The gateway cannot store operations now").retry_after(10)
}
