//! Writes: one idempotency key, one transaction, one outcome.
//!
//! A write goes: key taken, proposal made and signed, endorsed, signed again, stored on disk, submitted to the orderer,
//! outcome waited for. Whatever interrupts it before "stored" leaves no trace on the ledger.

use trade_model::common::Beside;

use super::{
    core::{Service, creator_of, failed, result_value, sign, store_failed},
    external,
};
use crate::{
    answer::Answer,
    ledger::{Call, Endorsed},
    members::Principal,
    problem::{Problem, ProblemCode},
    request::{self, Parts},
    routes::{Route, Transaction},
    store::{Begin, KeyDigest},
    time::now,
};

/// Longest idempotency key, in bytes.
const KEY_BYTES_MAX: usize = 200;

impl Service {
    pub(super) async fn submit(
        &self,
        route: &'static Route,
        transaction: &Transaction,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let idempotency_key = idempotency_key(parts)?;
        let arguments = request::arguments(route, transaction, parts, &self.limits())?;
        let call = self.call(transaction, principal, &arguments).await?;
        let key = self.store.key(&principal.msp_id, &principal.subject(), route.operation, idempotency_key);
        let digest = self.store.request_digest(&parts.target, &parts.body);
        match self.store.begin(&key, &digest, now()).map_err(|error| store_failed(&error))? {
            Begin::New => {}
            Begin::OtherBody => {
                return Err(Problem::of(ProblemCode::IdempotencyKeyReused));
            }
            Begin::Known(operation) => return self.known_answer(*operation).await,
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
        let Some(signer) = self.signer(principal, caller_signs)? else {
            return self.open_session(route, principal, call, Some(key.clone()));
        };
        let beside = Beside { operator: self.vouch(signer.as_ref(), principal), ..call.beside.clone() };
        let call = Call { beside, ..call.clone() };
        let draft = self.ledger.propose(&creator_of(signer.as_ref()), &call).map_err(|error| failed(&error))?;
        let signature = sign(signer.as_ref(), &draft).map_err(|error| failed(&error))?;
        let msp_id = &principal.msp_id;
        let endorsed = self.ledger.endorse(msp_id, &draft, &signature).await.map_err(|error| failed(&error))?;
        let Endorsed { transaction, result } = endorsed;
        let signature = sign(signer.as_ref(), &transaction).map_err(|error| failed(&error))?;
        let result = result_value(&transaction.transaction_id, &result)?;
        self.commit(route.operation, msp_id, &transaction, &signature, result, Some(key.clone())).await
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
