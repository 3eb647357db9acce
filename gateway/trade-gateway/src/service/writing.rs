//! Writes: one idempotency key, one transaction, one outcome.
//!
//! A write goes: key taken, proposal made and signed, endorsed, signed again, stored on disk, submitted to the orderer,
//! outcome waited for. Whatever interrupts it before "stored" leaves no trace on the ledger.

use std::sync::Arc;

use trade_model::{
    DONE_BY,
    common::{Beside, Digest256},
};

use super::{
    core::{Service, creator_of, failed, log_failure, result_value, sign, store_failed},
    external,
    resolving::{ASK_WAIT, Prepared},
};
use crate::{
    answer::Answer,
    ledger::{Call, Commit, Done, Endorsed},
    members::Principal,
    preference::Preference,
    problem::{Problem, ProblemCode},
    references,
    request::{self, Parts},
    routes::{Route, Transaction},
    store::{Begin, KeyDigest, Operation, State},
    time::now,
};

/// Longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 200;

/// A write whose key is taken.
struct Begun {
    key: KeyDigest,
    /// What stands for it on the ledger where the gateway signs.
    reference: Digest256,
    caller_signs: bool,
    preference: Preference,
}

impl Service {
    pub(super) async fn submit(
        self: &Arc<Self>,
        route: &'static Route,
        transaction: &Transaction,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let idempotency_key = idempotency_key(parts)?;
        let arguments = request::arguments(route, transaction, parts, &self.limits())?;
        let call = self.call(transaction, principal, &arguments).await?;
        // What an import has sent is known, also when another person of the organization sends the file again.
        let subject = if parts.of_organization { String::new() } else { principal.subject() };
        let key = self.store.key(&principal.msp_id, &subject, route.operation, idempotency_key);
        let digest = self.store.request_digest(&parts.target, &parts.body);
        match self.store.begin(&key, &digest, now()).map_err(|error| store_failed(&error))? {
            Begin::New => {}
            Begin::OtherBody => {
                return Err(Problem::of(ProblemCode::IdempotencyKeyReused));
            }
            Begin::Known(operation) => return self.known_answer(*operation, parts.preference()).await,
            Begin::Running => {
                return match self.sessions.by_key(&key) {
                    Some(session) if session.certificate_sha256 == principal.certificate_sha256() => {
                        Ok(external::step(&session))
                    }
                    _ => Err(Problem::of(ProblemCode::IdempotencyKeyRunning).retry_after(1)),
                };
            }
        }
        let reference = match &arguments.beside.client_reference {
            Some(given) => references::of_given(&principal.msp_id, &subject, given),
            None => self.references.of(&principal.msp_id, &subject, route.operation, idempotency_key),
        };
        let begun = Begun { key, reference, caller_signs: arguments.caller_signs, preference: parts.preference() };
        let started = match self.start(route, principal, &call, &begun).await {
            Err(problem) => self.done_before(route, principal, &call, &begun, problem).await,
            started => started,
        };
        if started.is_err() {
            self.release(&begun.key);
        }
        started
    }

    /// The answer of the transaction that has done the request already, when the contract refuses it for that: the
    /// store has lost it, another key led to it, or another gateway has done it. The refusal, when that transaction
    /// cannot be read.
    async fn done_before(
        &self,
        route: &'static Route,
        principal: &Principal,
        call: &Call,
        begun: &Begun,
        problem: Problem,
    ) -> Result<Answer, Problem> {
        let Some(id) = done_by(&problem) else { return Err(problem) };
        let msp_id = &principal.msp_id;
        let Some((done, commit)) = self.read_done(msp_id, &id).await else { return Err(problem) };
        if !is_same(&done, msp_id, call, &begun.reference) {
            return Err(Problem::of(ProblemCode::IdempotencyKeyReused));
        }
        let known = self.store.operation(&id).map_err(|error| store_failed(&error))?;
        if let Some(known) = known.filter(|known| known.msp_id == *msp_id) {
            // Another key leads to it, and it gives back no more than that one when it is forgotten.
            self.release(&begun.key);
            return self.known_answer(known, begun.preference).await;
        }
        let operation = Operation {
            state: State::Committed,
            validation: Some(commit.validation_name),
            validation_code: Some(commit.validation_code),
            block_number: Some(commit.block_number),
            ..Operation::submitted(id.clone(), msp_id.clone(), route.operation, result_value(&id, &done.result)?, now())
        };
        let operation = Operation { key: Some(begun.key.to_hex()), ..operation };
        tokio::task::block_in_place(|| self.store.record_submission(&operation))
            .map_err(|error| store_failed(&error))?;
        tracing::info!(fabric.transaction_id = %id, "this transaction, which was not known here, has done the request");
        self.known_answer(operation, begun.preference).await
    }

    /// What a transaction has done, and its place; none when the organization's peer does not tell.
    async fn read_done(&self, msp_id: &str, id: &str) -> Option<(Done, Commit)> {
        let done = self.ledger.done(msp_id, id).await.inspect_err(log_failure).ok()??;
        let commit = self.ledger.outcome(msp_id, id, ASK_WAIT).await.inspect_err(log_failure).ok()??;
        Some((done, commit))
    }

    /// Runs a write whose key is taken. An error means that nothing can have been written.
    async fn start(
        self: &Arc<Self>,
        route: &'static Route,
        principal: &Principal,
        call: &Call,
        begun: &Begun,
    ) -> Result<Answer, Problem> {
        let Begun { key, reference, caller_signs, preference } = begun;
        let Some(signer) = self.signer(principal, *caller_signs)? else {
            return self.open_session(route, principal, call, Some(key.clone()), None);
        };
        let beside = Beside {
            operator: self.vouch(signer.as_ref(), principal),
            client_reference: Some(reference.clone()),
            ..call.beside.clone()
        };
        let call = Call { beside, ..call.clone() };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let msp_id = &principal.msp_id;
        let endorsed = self.ledger.endorse(msp_id, &draft, &signature).await.map_err(|error| failed(&error))?;
        let Endorsed { transaction, result } = endorsed;
        let signature = sign(signer.as_ref(), &transaction).map_err(|error| failed(&error))?;
        let result = result_value(&transaction.transaction_id, &result)?;
        let (msp_id, key) = (msp_id.clone(), Some(key.clone()));
        let prepared = Prepared { operation: route.operation, msp_id, transaction, signature, result, key };
        self.commit(prepared, *preference).await
    }
}

/// The transaction that has done the request, where a contract refuses to do it again.
fn done_by(problem: &Problem) -> Option<String> {
    let field = problem.fields.iter().find(|field| problem.status == 409 && field.name == DONE_BY)?;
    Some(field.detail.clone())
}

/// Whether a transaction is this call of the organization, under this reference: who endorses may name any other one.
fn is_same(done: &Done, msp_id: &str, call: &Call, reference: &Digest256) -> bool {
    let [function, argument, beside] = done.arguments.as_slice() else { return false };
    let beside = serde_json::from_slice::<Beside>(beside).ok();
    done.msp_id == msp_id
        && *function == call.function.as_bytes()
        && Some(argument) == call.argument.as_ref()
        && beside.is_some_and(|beside| beside.client_reference.as_ref() == Some(reference))
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
