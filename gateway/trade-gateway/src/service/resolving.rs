//! Learning the outcome of an operation: from a transaction that is ready to be submitted to what stands in a block.
//!
//! The signed transaction is stored on disk before it is submitted. Whatever interrupts it afterwards is resolved by
//! submitting the identical bytes and asking for the outcome again.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{sync::OwnedSemaphorePermit, task::JoinSet};

use super::core::{Service, failed, log_failure, store_failed};
use crate::{
    answer::{Answer, OperationView},
    ledger::{Commit, Draft},
    members::Principal,
    preference::Preference,
    problem::{Problem, ProblemCode},
    routes::by_operation,
    store::{KeyDigest, Operation, State, StoreError, Turn},
    time::now,
};

/// First wait before identical bytes are submitted again; it doubles up to [`RESUBMIT_MAX`].
const RESUBMIT_FIRST: Duration = Duration::from_millis(250);
const RESUBMIT_MAX: Duration = Duration::from_secs(4);

/// Open operations that the background work tries at once, and in one round.
const RESOLVE_AT_ONCE: usize = 8;
const RESOLVE_BATCH: usize = 256;

/// Operations that are forgotten at once.
const FORGET_BATCH: usize = 256;

/// How long a question about an operation waits for its block.
pub(super) const ASK_WAIT: Duration = Duration::from_secs(1);

/// Least wait for the block of a transaction that the orderer has taken.
const ACCEPTED_WAIT_MIN: Duration = Duration::from_secs(3);

/// An endorsed transaction with what is known about it.
pub(super) struct Prepared {
    /// The operation id of the route.
    pub(super) operation: &'static str,
    /// The caller's MSP id.
    pub(super) msp_id: String,
    /// What was signed.
    pub(super) transaction: Draft,
    /// The creator's signature.
    pub(super) signature: Vec<u8>,
    /// The contract's answer.
    pub(super) result: Value,
    /// The idempotency key that led here.
    pub(super) key: Option<KeyDigest>,
}

impl Service {
    /// Signs, stores and submits a transaction, then waits for its outcome. An error means that it was not stored and
    /// so not submitted; every outcome afterwards is an answer, and the store has dealt with the key.
    pub(super) async fn commit(
        self: &Arc<Self>,
        prepared: Prepared,
        preference: Preference,
    ) -> Result<Answer, Problem> {
        let Prepared { operation, msp_id, transaction, signature, result, key } = prepared;
        let signed = self.ledger.attach_signature(&msp_id, &transaction, &signature).map_err(|error| failed(&error))?;
        let wait = preference.wait(self.commit_wait());
        let place = wait.is_zero().then(|| self.unattended(&msp_id)).transpose()?;
        let operation = Operation {
            state: if wait.is_zero() { State::Accepted } else { State::Submitted },
            signed: Some(hex::encode(&signed)),
            key: key.map(|key| key.to_hex()),
            ..Operation::submitted(transaction.transaction_id, msp_id, operation, result, now())
        };
        let Some(active) = self.activate(&operation.transaction_id) else {
            return Err(Problem::of(ProblemCode::OperationRunning).retry_after(1));
        };
        // Forcing to disk takes milliseconds in which this thread could not answer others.
        tokio::task::block_in_place(|| self.store.record_submission(&operation))
            .map_err(|error| store_failed(&error))?;
        if let Some(place) = place {
            drop(active);
            tokio::spawn(Arc::clone(self).hand_over(operation.transaction_id.clone(), place));
            return Ok(preference.applied(operation_answer(&operation)));
        }
        let resolved = self.resolve(operation, &signed, wait, true).await;
        Ok(preference.applied(operation_answer(&resolved)))
    }

    fn commit_wait(&self) -> Duration {
        Duration::from_millis(self.limits().commit_wait_ms)
    }

    /// A place for one more operation of an organization for which nobody waits.
    fn unattended(&self, msp_id: &str) -> Result<OwnedSemaphorePermit, Problem> {
        let place = self.unattended.get(msp_id).and_then(|places| Arc::clone(places).try_acquire_owned().ok());
        place.ok_or_else(|| {
            let detail = "The organization has too many operations for which nobody waits. Nothing was written.";
            Problem::of(ProblemCode::GatewayBusy).with_detail(detail).retry_after(5)
        })
    }

    /// Hands an operation over for which nobody waits, when it is its turn. Its place is free then.
    async fn hand_over(self: Arc<Self>, transaction_id: String, _place: OwnedSemaphorePermit) {
        let mut stopping = self.stopping().subscribe();
        let handing_over = async {
            if let Ok(_turn) = self.hand_overs.acquire().await {
                self.resolve_one(&transaction_id, self.commit_wait(), true).await;
            }
        };
        // What is not handed over until then is after the next start.
        tokio::select! {
            () = handing_over => {}
            _ = stopping.wait_for(|stops| *stops) => {}
        }
    }

    /// Submits identical bytes until the outcome is known or `wait` is over, and stores what is known then. Bytes that
    /// were submitted before (`first` is false) may stand in a block, so their outcome is asked for first.
    async fn resolve(&self, mut operation: Operation, signed: &[u8], wait: Duration, first: bool) -> Operation {
        let deadline = Instant::now() + wait;
        let mut pause = RESUBMIT_FIRST;
        let (mut first, mut ask) = (first, !first);
        loop {
            let mut accepted = false;
            if !ask && operation.refusal.is_none() {
                match self.ledger.submit(&operation.msp_id, &operation.transaction_id, signed).await {
                    Ok(()) => accepted = true,
                    Err(error) => {
                        log_failure(&error);
                        let refusal = error.is_final().then(|| Problem::from_ledger(&error).code);
                        // Only the first refusal is certain: an earlier submission of the same bytes may have been
                        // ordered.
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
            // Half of what is left, so that the bytes are submitted again before the caller is told to ask later.
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
        if operation.is_concluded() {
            operation.signed = None;
            self.backoff.forget(&operation.transaction_id);
        }
        if let Err(error) = self.store.conclude(operation) {
            // The stored state is then still open, and the background work asks again.
            tracing::error!(fabric.transaction_id = %operation.transaction_id, "cannot store an outcome: {error}");
        }
    }

    /// The answer to a repeated request: the stored outcome, after one more try when it is not known.
    pub(super) async fn known_answer(&self, operation: Operation, preference: Preference) -> Result<Answer, Problem> {
        let wait = preference.wait(self.commit_wait());
        if operation.is_concluded() || wait.is_zero() {
            return Ok(preference.applied(operation_answer(&operation)));
        }
        let Some(_active) = self.activate(&operation.transaction_id) else {
            return Err(Problem::of(ProblemCode::IdempotencyKeyRunning).retry_after(1));
        };
        let operation = self.read_again(operation)?;
        if operation.is_concluded() {
            return Ok(preference.applied(operation_answer(&operation)));
        }
        let resolved = self.resolve_again(operation, wait).await;
        Ok(preference.applied(operation_answer(&resolved)))
    }

    async fn resolve_again(&self, operation: Operation, wait: Duration) -> Operation {
        if operation.state == State::Accepted {
            return self.resolve_accepted(operation, wait).await;
        }
        match operation.signed.as_ref().and_then(|signed| hex::decode(signed).ok()) {
            Some(signed) => self.resolve(operation, &signed, wait, false).await,
            None => operation,
        }
    }

    /// Hands over what was not handed over before, unless it is cancelled.
    async fn resolve_accepted(&self, operation: Operation, wait: Duration) -> Operation {
        let id = &operation.transaction_id;
        match tokio::task::block_in_place(|| self.store.take_turn(id, State::Submitted, now())) {
            Ok(Turn::Taken(taken)) => match taken.signed.as_ref().and_then(|signed| hex::decode(signed).ok()) {
                Some(signed) => self.resolve(*taken, &signed, wait, true).await,
                None => *taken,
            },
            Ok(Turn::Past(now)) => *now,
            Ok(Turn::Unknown) => operation,
            Err(error) => {
                tracing::error!(fabric.transaction_id = %id, "cannot note that an operation is handed over: {error}");
                operation
            }
        }
    }

    /// Tries to resolve the operations whose outcome is not known and whose pause is over, for about `wait` each and
    /// [`RESOLVE_AT_ONCE`] at a time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) async fn resolve_open(self: &Arc<Self>, wait: Duration) -> Result<(), StoreError> {
        let round = Instant::now();
        let due = |id: &str| self.backoff.is_due(id, round);
        let open = tokio::task::block_in_place(|| self.store.open_operations(RESOLVE_BATCH, due))?;
        // A set ends its tasks when it is dropped, and so with the background work.
        let mut tasks = JoinSet::new();
        for operation in open {
            while tasks.len() >= RESOLVE_AT_ONCE {
                tasks.join_next().await;
            }
            let service = Arc::clone(self);
            tasks.spawn(async move { service.resolve_one(&operation.transaction_id, wait, false).await });
        }
        while tasks.join_next().await.is_some() {}
        Ok(())
    }

    /// `has_place` says that it is its turn to be handed over, should it not be handed over yet.
    async fn resolve_one(&self, transaction_id: &str, wait: Duration, has_place: bool) {
        let Some(_active) = self.activate(transaction_id) else { return };
        // Read again: a request may have resolved it in the meantime.
        let operation = match self.store.operation(transaction_id) {
            Ok(Some(operation)) if !operation.is_concluded() => operation,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(fabric.transaction_id = %transaction_id, "cannot read an open operation: {error}");
                return;
            }
        };
        let waits = operation.state == State::Accepted && !has_place;
        let place = waits.then(|| self.hand_overs.try_acquire());
        if matches!(place, Some(Err(_))) {
            // So that many of these do not keep younger ones, which were submitted, from being asked for.
            self.backoff.tried(transaction_id, Instant::now());
            return;
        }
        let resolved = self.resolve_again(operation, wait).await;
        if !resolved.is_concluded() {
            self.backoff.tried(transaction_id, Instant::now());
        }
        tracing::info!(
            fabric.transaction_id = %transaction_id,
            state = ?resolved.state,
            "tried to resolve an operation left open"
        );
    }

    /// Gives back what is no longer needed: expired signing sessions, old operations.
    ///
    /// # Errors
    /// The store cannot be written.
    pub(crate) fn sweep_expired(&self) -> Result<(), StoreError> {
        for key in self.sessions.expire(now()) {
            self.release(&key);
        }
        let before = now().saturating_sub(self.limits().retention_seconds);
        // Writers wait while a batch is forgotten, and get their turn between two.
        while self.store.forget(before, FORGET_BATCH)? == FORGET_BATCH {}
        self.store.forget_imports(before)
    }

    pub(super) async fn operation(&self, principal: &Principal, id: &str) -> Result<Answer, Problem> {
        let unknown = || Problem::of(ProblemCode::OperationUnknown);
        let found = self.store.operation(id).map_err(|error| store_failed(&error))?;
        let mut operation = found.filter(|operation| operation.msp_id == principal.msp_id).ok_or_else(unknown)?;
        if !operation.is_concluded()
            && operation.state != State::Accepted
            && let Some(_active) = self.activate(id)
        {
            operation = self.read_again(operation)?;
            if !operation.is_concluded()
                && let Ok(Some(commit)) = self.ledger.outcome(&operation.msp_id, id, ASK_WAIT).await
            {
                let state = if commit.validation_code == 0 { State::Committed } else { State::Invalid };
                self.conclude(&mut operation, state, Some(&commit));
            }
        }
        Ok(self.tagged(Answer::json(200, &OperationView::from(&operation))).of_transaction(id))
    }

    /// The operation as it is stored now: its outcome may have been learnt before this task activated it.
    fn read_again(&self, operation: Operation) -> Result<Operation, Problem> {
        let stored = self.store.operation(&operation.transaction_id).map_err(|error| store_failed(&error))?;
        Ok(stored.unwrap_or(operation))
    }

    pub(super) fn release(&self, key: &KeyDigest) {
        if let Err(error) = self.store.release(key) {
            tracing::error!("cannot give an idempotency key back: {error}");
        }
    }

    /// Marks an operation as being resolved until the mark is dropped. `None` if another task is already resolving it.
    #[must_use]
    fn activate(&self, transaction_id: &str) -> Option<Active<'_>> {
        let new = self.active_set().insert(transaction_id.to_owned());
        new.then(|| Active { service: self, transaction_id: transaction_id.to_owned() })
    }

    fn active_set(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks an operation as being resolved, as long as it lives.
struct Active<'a> {
    service: &'a Service,
    transaction_id: String,
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.service.active_set().remove(&self.transaction_id);
    }
}

fn operation_answer(operation: &Operation) -> Answer {
    let id = &operation.transaction_id;
    let view = OperationView::from(operation);
    let location = format!("/v1/operations/{id}");
    let success = by_operation(&operation.operation).map_or(200, |route| route.success);
    match operation.state {
        State::Committed => Answer::json(success, &view).with_header("Location", location).of_transaction(id),
        State::Accepted | State::Submitted | State::Indeterminate => {
            let answer = Answer::json(202, &view).with_header("Location", location);
            answer.with_header("Retry-After", "5").of_transaction(id)
        }
        State::Cancelled => without_effect(operation, "submit", Problem::of(ProblemCode::OperationCancelled)),
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
