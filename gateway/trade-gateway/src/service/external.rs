//! Callers who sign: the gateway prepares bytes, checks each signature under the caller's certificate, and sends on
//! what verifies. It never signs here.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use fabric_msp::hash::sha256;
use serde_json::Value;
use trade_model::rejection;

use super::core::{Service, failed, path, result_value, store_failed};
use super::resolving::Prepared;
use crate::{
    answer::{Answer, SignatureBody, SigningStage, SigningStep},
    ledger::{Call, CreatorIdentity, Endorsed, LedgerError},
    members::Principal,
    problem::{Problem, ProblemCode},
    proof::Record,
    request::{self, Parts},
    routes::{Route, by_operation},
    signing::Session,
    store::KeyDigest,
    time::{now, rfc3339},
};

impl Service {
    pub(super) fn open_session(
        &self,
        route: &'static Route,
        principal: &Principal,
        call: &Call,
        key: Option<KeyDigest>,
        record: Option<Record>,
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
            proposal_signature: None,
            key,
            record,
            expires_at: now() + self.limits().signing_seconds,
        };
        let answer = step(&session);
        self.sessions.open(session)?;
        Ok(answer)
    }

    pub(super) async fn sign_proposal(&self, principal: &Principal, parts: &Parts) -> Result<Answer, Problem> {
        let (session, signature) = self.signed(principal, parts, SigningStage::Proposal)?;
        let id = session.draft.transaction_id.clone();
        if session.evaluates {
            let record = session.record.as_ref();
            return match self.read(&session.msp_id, &session.draft, &signature, record).await {
                Ok(read) => {
                    self.sessions.close(&id);
                    let transaction = by_operation(session.operation).and_then(Route::transaction);
                    let function = transaction.map_or("", |one| one.name);
                    self.answered(function, &session.msp_id, &id, read, record).await
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
                let (stage, proposal_signature) = (SigningStage::Transaction, Some(signature));
                let session = Session { stage, draft: transaction, result, proposal_signature, ..session };
                let answer = step(&session);
                self.sessions.put_back(session);
                Ok(answer)
            }
            Err(error) => Err(self.session_failed(session, &error)),
        }
    }

    pub(super) async fn sign_transaction(
        self: &Arc<Self>,
        principal: &Principal,
        parts: &Parts,
    ) -> Result<Answer, Problem> {
        let id = path(parts, "transaction_id");
        // A repeated signature after the answer was lost: the operation is known by its id.
        let known = self.store.operation(id).map_err(|error| store_failed(&error))?;
        if let Some(operation) = known.filter(|operation| operation.msp_id == principal.msp_id) {
            return self.known_answer(operation, parts.preference()).await;
        }
        let (session, signature) = self.signed(principal, parts, SigningStage::Transaction)?;
        let prepared = Prepared {
            operation: session.operation,
            msp_id: session.msp_id.clone(),
            transaction: session.draft.clone(),
            signature,
            result: session.result.clone(),
            key: session.key.clone(),
        };
        let answer = self.commit(prepared, parts.preference()).await;
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
        let body = request::body_object(&parts.body, &self.limits())?;
        let body: SignatureBody = rejection::read(Value::Object(body).to_string().as_bytes())
            .map_err(|rejection| Problem::refused(&rejection.into()))?;
        let signature = BASE64
            .decode(body.signature.as_bytes())
            .map_err(|_| Problem::of(ProblemCode::SignatureMalformed).with_field("/signature", "not base64"))?;
        let id = path(parts, "transaction_id");
        let session = self.sessions.take(id, &principal.certificate_sha256(), stage, now())?;
        let refused = by_operation(session.operation).map(|route| self.authorise(route, Some(principal)));
        let permitted = refused.unwrap_or_else(|| Err(Problem::of(ProblemCode::RoleNotPermitted)));
        let verified = principal.identity.verify(&session.draft.message, &signature);
        match verified {
            Ok(()) => match permitted {
                Ok(()) => Ok((session, signature)),
                Err(problem) => {
                    self.end(&session);
                    Err(problem)
                }
            },
            Err(error) => {
                self.sessions.put_back(session);
                Err(Problem::of(ProblemCode::SignatureInvalid)
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
}

pub(super) fn step(session: &Session) -> Answer {
    let step = SigningStep {
        transaction_id: session.draft.transaction_id.clone(),
        stage: session.stage,
        signing_input: BASE64.encode(&session.draft.message),
        digest: hex::encode(sha256(&session.draft.message)),
        algorithm: "ecdsa-sha256".to_owned(),
        expires_at: rfc3339(session.expires_at),
        result: (session.stage == SigningStage::Transaction).then(|| session.result.clone()),
        proposal_signature: session.proposal_signature.as_ref().map(|signature| BASE64.encode(signature)),
    };
    Answer::json(202, &step).of_transaction(&session.draft.transaction_id)
}
