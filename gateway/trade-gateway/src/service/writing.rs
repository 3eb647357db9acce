//! Writes: one idempotency key, one transaction, one outcome.
//!
//! A write goes: key taken, proposal made and signed, endorsed, sealed, stored on disk, handed to the orderer, outcome
//! waited for. Whatever interrupts it before "stored" leaves no trace on the ledger; whatever interrupts it afterwards is
//! settled by handing over the identical bytes and asking for the outcome again.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::JoinSet;

use super::{Service, creator_of, external, failed, log_failure, result_value, sign, store_failed};
use crate::{
    answer::{Answer, OperationView},
    ledger::{Call, Commit, Draft, Endorsed},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{self, Parts},
    routes::{Route, Transaction, by_operation},
    store::{Begin, KeyDigest, Operation, State, StoreError},
    time::now,
};

/// Longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// First wait before identical bytes are handed over again; it doubles up to [`RESUBMIT_MAX`].
const RESUBMIT_FIRST: Duration = Duration::from_millis(250);
const RESUBMIT_MAX: Duration = Duration::from_secs(4);

/// Open operations that the background work tries at once, and in one round.
const SETTLE_AT_ONCE: usize = 8;
const SETTLE_BATCH: usize = 256;

/// Operations that are forgotten at once.
const FORGET_BATCH: usize = 256;

/// How long a question about an operation waits for its block.
const ASK_WAIT: Duration = Duration::from_secs(1);

/// Least wait for the block of a transaction that the orderer has taken.
const ACCEPTED_WAIT_MIN: Duration = Duration::from_secs(3);

impl Service {
    pub(super) async fn submit(
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
                return Err(Problem::of(ProblemCode::IdempotencyKeyReused));
            }
            Begin::Known(operation) => return self.settled_answer(*operation).await,
            Begin::Running => {
                return match self.sessions.by_key(&key) {
                    Some(session) if session.certificate_sha256 == principal.certificate_sha256() => {
                        Ok(external::step(&session))
                    }
                    _ => Err(Problem::of(ProblemCode::IdempotencyKeyRunning).retry_after(1)),
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
    pub(super) async fn commit(
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
            refusal: None,
        };
        let Some(_active) = self.activate(&operation.transaction_id) else {
            return Err(Problem::of(ProblemCode::OperationRunning).retry_after(1));
        };
        // Forcing to disk takes milliseconds in which this thread could not answer others.
        tokio::task::block_in_place(|| self.store.submitted(&operation)).map_err(|error| store_failed(&error))?;
        let wait = Duration::from_millis(self.settings.limits.commit_wait_ms);
        let settled = self.settle(operation, &sealed, wait, true).await;
        Ok(operation_answer(&settled))
    }

    /// Hands over identical bytes until the outcome is known or `wait` is over, and stores what is known then. Bytes that
    /// were handed over before (`first` is false) may stand in a block, so their outcome is asked for first.
    async fn settle(&self, mut operation: Operation, sealed: &[u8], wait: Duration, first: bool) -> Operation {
        let deadline = Instant::now() + wait;
        let mut pause = RESUBMIT_FIRST;
        let (mut first, mut ask) = (first, !first);
        loop {
            let mut accepted = false;
            if !ask && operation.refusal.is_none() {
                match self.ledger.submit(&operation.msp_id, &operation.transaction_id, sealed).await {
                    Ok(()) => accepted = true,
                    Err(error) => {
                        log_failure(&error);
                        let refusal = error.is_final().then(|| Problem::from_ledger(&error).code);
                        // Only the first refusal is certain: an earlier handing-over of the same bytes may have been ordered.
                        if first && refusal.is_some() {
                            operation.validation = refusal;
                            self.conclude(&mut operation, State::Refused, None);
                            return operation;
                        }
                        operation.refusal = refusal;
                    }
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            // Half of what is left, so that the bytes are handed over again before the caller is told to ask later.
            let patience = match (accepted, &operation.refusal) {
                (true, _) => left.div_f32(2.0).max(ACCEPTED_WAIT_MIN).min(left),
                (false, Some(_)) => left,
                (false, None) => pause.min(left),
            };
            (first, ask) = (false, false);
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
            self.backoff.forget(&operation.transaction_id);
        }
        if let Err(error) = self.store.settled(operation) {
            // The stored state is then still open, and the background work asks again.
            tracing::error!(fabric.transaction_id = %operation.transaction_id, "cannot store an outcome: {error}");
        }
    }

    /// The answer to a repeated request: the stored outcome, after one more try when it is not known.
    pub(super) async fn settled_answer(&self, operation: Operation) -> Result<Answer, Problem> {
        if operation.is_settled() {
            return Ok(operation_answer(&operation));
        }
        let Some(_active) = self.activate(&operation.transaction_id) else {
            return Err(Problem::of(ProblemCode::IdempotencyKeyRunning).retry_after(1));
        };
        let operation = self.read_again(operation)?;
        if operation.is_settled() {
            return Ok(operation_answer(&operation));
        }
        let settled = self.settle_again(operation, Duration::from_millis(self.settings.limits.commit_wait_ms)).await;
        Ok(operation_answer(&settled))
    }

    async fn settle_again(&self, operation: Operation, wait: Duration) -> Operation {
        match operation.sealed.as_ref().and_then(|sealed| hex::decode(sealed).ok()) {
            Some(sealed) => self.settle(operation, &sealed, wait, false).await,
            None => operation,
        }
    }

    /// Tries to settle the operations whose outcome is not known and whose pause is over, for about `wait` each and
    /// [`SETTLE_AT_ONCE`] at a time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn settle_open(self: &Arc<Self>, wait: Duration) -> Result<(), StoreError> {
        let round = Instant::now();
        let due = |id: &str| self.backoff.is_due(id, round);
        let open = tokio::task::block_in_place(|| self.store.unsettled(SETTLE_BATCH, due))?;
        // A set ends its tasks when it is dropped, and so with the background work.
        let mut tasks = JoinSet::new();
        for operation in open {
            while tasks.len() >= SETTLE_AT_ONCE {
                tasks.join_next().await;
            }
            let service = Arc::clone(self);
            tasks.spawn(async move { service.settle_one(&operation.transaction_id, wait).await });
        }
        while tasks.join_next().await.is_some() {}
        Ok(())
    }

    async fn settle_one(&self, transaction_id: &str, wait: Duration) {
        let Some(_active) = self.activate(transaction_id) else { return };
        // Read again: a request may have settled it in the meantime.
        let operation = match self.store.operation(transaction_id) {
            Ok(Some(operation)) if !operation.is_settled() => operation,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(fabric.transaction_id = %transaction_id, "cannot read an open operation: {error}");
                return;
            }
        };
        let settled = self.settle_again(operation, wait).await;
        if !settled.is_settled() {
            self.backoff.tried(transaction_id, Instant::now());
        }
        tracing::info!(
            fabric.transaction_id = %transaction_id,
            state = ?settled.state,
            "tried to settle an operation left open"
        );
    }

    /// Gives back what is no longer needed: expired signing sessions, old operations.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn tidy(&self) -> Result<(), StoreError> {
        for key in self.sessions.expire(now()) {
            self.release(&key);
        }
        let before = now().saturating_sub(self.settings.limits.retention_seconds);
        // Writers wait while a batch is forgotten, and get their turn between two.
        while self.store.forget(before, FORGET_BATCH)? == FORGET_BATCH {}
        Ok(())
    }

    pub(super) async fn operation(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let unknown = || Problem::of(ProblemCode::OperationUnknown);
        let found = self.store.operation(id).map_err(|error| store_failed(&error))?;
        let mut operation = found.filter(|operation| operation.msp_id == principal.msp_id).ok_or_else(unknown)?;
        if !operation.is_settled()
            && let Some(_active) = self.activate(id)
        {
            operation = self.read_again(operation)?;
            if !operation.is_settled()
                && let Ok(Some(commit)) = self.ledger.outcome(&operation.msp_id, id, ASK_WAIT).await
            {
                let state = if commit.validation_code == 0 { State::Committed } else { State::Invalid };
                self.conclude(&mut operation, state, Some(&commit));
            }
        }
        Ok(Answer::json(200, &OperationView::from(&operation)).of_transaction(id))
    }

    /// The operation as it is stored now: it may have been settled before this task activated it.
    fn read_again(&self, operation: Operation) -> Result<Operation, Problem> {
        let stored = self.store.operation(&operation.transaction_id).map_err(|error| store_failed(&error))?;
        Ok(stored.unwrap_or(operation))
    }

    pub(super) fn release(&self, key: &KeyDigest) {
        if let Err(error) = self.store.release(key) {
            tracing::error!("cannot give an idempotency key back: {error}");
        }
    }

    /// Marks an operation as being settled until the mark is dropped; none when somebody else is at it.
    #[must_use]
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

fn idempotency_key(parts: &Parts) -> Result<&str, Problem> {
    let Some(key) = parts.idempotency_key.as_deref() else {
        return Err(Problem::of(ProblemCode::IdempotencyKeyMissing)
            .with_detail("Make a new key for each new request and send it again with each retry."));
    };
    let usable = (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if usable {
        return Ok(key);
    }
    Err(Problem::of(ProblemCode::IdempotencyKeyMalformed)
        .with_detail(format!("It must be 1 to {KEY_BYTES_MAX} visible ASCII characters.")))
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
        Some("fabric_access_denied") => Problem::of(ProblemCode::FabricAccessDenied),
        _ => Problem::of(ProblemCode::NetworkFailure)
            .with_detail("The orderer refused the transaction. Nothing was written."),
    }
}
