//! A ledger that records every step and answers as it was told. It checks signatures as a peer would.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use fabric_client::{Advice, CallError};
use fabric_msp::certificate::Certificate;
use fabric_protos::common::Block;
use tonic::Status;
use trade_gateway::ledger::{
    Call, Cause, Commit, CreatorIdentity, Done, Draft, Endorsed, Evaluated, Ledger, LedgerError, LedgerFuture, Read,
    Step,
};

/// A step that was asked for.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) step: &'static str,
    /// The call, for proposals.
    pub(crate) call: Option<Call>,
    /// The creator's certificate, for proposals.
    pub(crate) creator: Vec<u8>,
    /// The bytes submitted to the orderer.
    pub(crate) submitted: Vec<u8>,
    /// Whose peer answered, for evaluations.
    pub(crate) peer_of: String,
}

/// Why a step fails.
#[derive(Clone)]
pub(crate) enum Trouble {
    Refusal {
        status: u16,
        message: String,
    },
    /// What a node answers; the Fabric client judges it.
    Status(Status),
}

/// What the double answers.
#[derive(Default)]
pub(crate) struct Script {
    /// Answers of evaluations by function; `{}` for others.
    pub(crate) evaluations: BTreeMap<String, Result<Vec<u8>, Trouble>>,
    /// The organizations whose peers do not run the chaincode.
    pub(crate) without_chaincode: Vec<&'static str>,
    /// What evaluations were read from, for those who ask.
    pub(crate) reads: Vec<Read>,
    /// Refusals of endorsements, used up one by one.
    pub(crate) endorsements: VecDeque<Trouble>,
    /// Results of submissions, used up one by one; then all succeed.
    pub(crate) submissions: VecDeque<Result<(), Trouble>>,
    /// Outcomes, used up one by one; then all are valid.
    pub(crate) outcomes: VecDeque<Result<Option<Commit>, Trouble>>,
    /// Blocks by number; a peer that lacks one is silent.
    pub(crate) blocks: BTreeMap<u64, Block>,
    /// What transactions in blocks did, by their ids.
    pub(crate) done: BTreeMap<String, Done>,
    /// As long as it is set, submissions wait.
    pub(crate) hold_submissions: bool,
    /// As long as it is set, endorsements wait.
    pub(crate) hold: bool,
}

#[derive(Default)]
pub(crate) struct Double {
    pub(crate) script: Mutex<Script>,
    recorded: Mutex<Vec<Recorded>>,
    proposals: Mutex<BTreeMap<String, (Call, CreatorIdentity)>>,
    next: AtomicU64,
}

impl Double {
    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no test panics while it holds the script")
    }

    /// All steps so far, but for the questions of readiness.
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().expect("no step panics while it records").clone()
    }

    pub(crate) fn steps(&self) -> Vec<&'static str> {
        self.recorded().iter().map(|recorded| recorded.step).collect()
    }

    fn record(&self, step: &'static str, change: impl FnOnce(&mut Recorded)) {
        let mut recorded =
            Recorded { step, call: None, creator: Vec::new(), submitted: Vec::new(), peer_of: String::new() };
        change(&mut recorded);
        self.recorded.lock().expect("no step panics while it records").push(recorded);
    }

    fn proposal(&self, id: &str) -> (Call, CreatorIdentity) {
        self.proposals.lock().expect("no step panics here")[id].clone()
    }

    /// As a peer does: the signature must be the creator's.
    fn check(&self, step: Step, draft: &Draft, signature: &[u8]) -> Result<(), LedgerError> {
        let (_, creator) = self.proposal(&draft.transaction_id);
        let certificate = Certificate::from_pem(&creator.certificate_pem).expect("proposals name a certificate");
        certificate
            .public_key()
            .verify(&draft.message, signature)
            .map_err(|_| failure(step, &draft.transaction_id, status(9, "access denied")))
    }
}

fn failure(step: Step, transaction_id: &str, trouble: Trouble) -> LedgerError {
    let (cause, advice) = match trouble {
        Trouble::Refusal { status, message } => (Cause::Contract { status, message }, Advice::Never),
        Trouble::Status(status) => {
            let client_step = match step {
                Step::Evaluate => fabric_client::Step::Evaluate,
                Step::Submit => fabric_client::Step::Submit,
                Step::CommitStatus => fabric_client::Step::CommitStatus,
                Step::Propose | Step::Endorse | Step::Commit | Step::Block => fabric_client::Step::Endorse,
            };
            let call = CallError::from_status(client_step, transaction_id, &status);
            (Cause::Network { failure: call.failure(), message: call.message.clone() }, call.advice())
        }
    };
    LedgerError { step, transaction_id: transaction_id.to_owned(), cause, advice, endorsers: Vec::new() }
}

impl Ledger for Double {
    fn propose(&self, creator: &CreatorIdentity, call: &Call) -> Result<Draft, LedgerError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let transaction_id = format!("{number:064x}");
        self.record("propose", |recorded| {
            recorded.call = Some(call.clone());
            recorded.creator.clone_from(&creator.certificate_pem);
        });
        self.proposals
            .lock()
            .expect("no step panics here")
            .insert(transaction_id.clone(), (call.clone(), creator.clone()));
        let message = format!("proposal {number}").into_bytes();
        Ok(Draft { transaction_id, bytes: message.clone(), message })
    }

    fn evaluate<'a>(&'a self, msp_id: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Vec<u8>> {
        Box::pin(async move {
            self.check(Step::Evaluate, proposal, signature)?;
            self.record("evaluate", |recorded| recorded.peer_of = msp_id.to_owned());
            let (call, _) = self.proposal(&proposal.transaction_id);
            if self.script().without_chaincode.contains(&msp_id) {
                let message =
                    "make sure the chaincode entrepot has been successfully defined on channel trade".to_owned();
                return Err(failure(
                    Step::Evaluate,
                    &proposal.transaction_id,
                    Trouble::Refusal { status: 500, message },
                ));
            }
            let answer = self.script().evaluations.get(&call.function).cloned();
            answer
                .unwrap_or_else(|| Ok(b"{}".to_vec()))
                .map_err(|cause| failure(Step::Evaluate, &proposal.transaction_id, cause))
        })
    }

    fn evaluate_reads<'a>(
        &'a self,
        msp_id: &'a str,
        proposal: &'a Draft,
        signature: &'a [u8],
    ) -> LedgerFuture<'a, Evaluated> {
        Box::pin(async move {
            let result = self.evaluate(msp_id, proposal, signature).await?;
            Ok(Evaluated { by: msp_id.to_owned(), result, reads: self.script().reads.clone(), summed: Vec::new() })
        })
    }

    fn endorse<'a>(&'a self, _: &'a str, proposal: &'a Draft, signature: &'a [u8]) -> LedgerFuture<'a, Endorsed> {
        Box::pin(async move {
            let id = proposal.transaction_id.clone();
            self.check(Step::Endorse, proposal, signature)?;
            self.record("endorse", |_| {});
            while self.script().hold {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if let Some(cause) = self.script().endorsements.pop_front() {
                return Err(failure(Step::Endorse, &id, cause));
            }
            let message = format!("transaction {id}").into_bytes();
            let transaction = Draft { transaction_id: id, bytes: message.clone(), message };
            Ok(Endorsed { transaction, result: br#"{"answer":42}"#.to_vec() })
        })
    }

    fn attach_signature(&self, _: &str, transaction: &Draft, signature: &[u8]) -> Result<Vec<u8>, LedgerError> {
        self.check(Step::Submit, transaction, signature)?;
        Ok([transaction.bytes.as_slice(), b" signed"].concat())
    }

    fn submit<'a>(&'a self, _: &'a str, transaction_id: &'a str, signed: &'a [u8]) -> LedgerFuture<'a, ()> {
        Box::pin(async move {
            self.record("submit", |recorded| recorded.submitted = signed.to_vec());
            while self.script().hold_submissions {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let told = self.script().submissions.pop_front().unwrap_or(Ok(()));
            told.map_err(|cause| failure(Step::Submit, transaction_id, cause))
        })
    }

    fn done<'a>(&'a self, _: &'a str, id: &'a str) -> LedgerFuture<'a, Option<Done>> {
        Box::pin(async move { Ok(self.script().done.get(id).cloned()) })
    }

    fn outcome<'a>(&'a self, _: &'a str, id: &'a str, wait: Duration) -> LedgerFuture<'a, Option<Commit>> {
        Box::pin(async move {
            self.record("outcome", |_| {});
            let told = self.script().outcomes.pop_front().unwrap_or_else(|| Ok(Some(verdict(0, "VALID"))));
            if matches!(told, Ok(None)) {
                tokio::time::sleep(wait).await;
            }
            told.map_err(|cause| failure(Step::CommitStatus, id, cause))
        })
    }

    fn block<'a>(&'a self, msp_id: &'a str, number: u64) -> LedgerFuture<'a, Block> {
        Box::pin(async move {
            self.record("block", |recorded| recorded.peer_of = msp_id.to_owned());
            let block = self.script().blocks.get(&number).cloned();
            block.ok_or_else(|| failure(Step::Block, "", status(14, "no block came")))
        })
    }
}

/// A place in block 7.
pub(crate) fn verdict(code: i32, name: &str) -> Commit {
    Commit { validation_code: code, validation_name: name.to_owned(), block_number: 7 }
}

/// A gRPC status.
pub(crate) fn status(code: i32, message: &str) -> Trouble {
    Trouble::Status(Status::new(code.into(), message))
}

/// A contract's refusal.
pub(crate) fn refusal(status: u16, code: &str) -> Trouble {
    let message = format!(r#"{{"code":"{code}","title":"t","detail":"d","fields":[]}}"#);
    Trouble::Refusal { status, message }
}
