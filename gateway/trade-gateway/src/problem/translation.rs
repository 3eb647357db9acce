//! What a failed step of Fabric means to the caller: the one place where it becomes an HTTP status.
//!
//! A contract's refusal passes through unchanged. What the network says about itself goes to the log, and the caller
//! gets a stable code; its words were read by the Fabric client, and no text is matched here.

use fabric_client::Failure;
use serde::Deserialize;
use trade_model::rejection::Rejection;

use super::{
    body::{Endorser, Field, Problem},
    code::ProblemCode,
};
use crate::ledger::{Cause, Commit, LedgerError, Step};

/// Longest text taken over from a peer, in bytes.
const FOREIGN_TEXT_MAX: usize = 1_000;

/// Most peers quoted.
const ENDORSERS_MAX: usize = 16;

/// Seconds to wait before a retry when too few nodes answer, and when they are busy.
const UNAVAILABLE_SECONDS: u32 = 5;
const BUSY_SECONDS: u32 = 2;

impl Problem {
    /// The status table of the gateway: what a failed step means to the caller.
    #[must_use]
    pub fn from_ledger(error: &LedgerError) -> Self {
        let mut problem = match &error.cause {
            Cause::Contract { status, message } => Self::from_contract(*status, message),
            Cause::Network { failure, .. } => Self::from_network(error, failure),
            Cause::Invalidated(commit) => Self::invalidated(commit),
            Cause::Altered(_) => Self::of(ProblemCode::TransactionAltered).with_detail(
                "What the peer returned is not what was proposed. It was not signed and nothing was written.",
            ),
            Cause::Local(_) => Self::of(ProblemCode::GatewayFailure),
        };
        problem.stage = Some(error.step.as_str().to_owned());
        problem.transaction_id = (!error.transaction_id.is_empty()).then(|| error.transaction_id.clone());
        problem.endorsers = error
            .endorsers
            .iter()
            .take(ENDORSERS_MAX)
            .map(|endorser| Endorser { msp_id: endorser.msp_id.clone(), message: shorten(&endorser.message) })
            .collect();
        problem
    }

    /// A request that the contract would refuse in the same words.
    pub(crate) fn refused(rejection: &Rejection) -> Self {
        let problem =
            Self::foreign(rejection.status(), rejection.code(), rejection.title()).with_detail(rejection.detail());
        match rejection.field() {
            Some(field) => problem.with_field(field, rejection.detail()),
            None => problem,
        }
    }

    /// A contract's refusal, one to one; a contract's failure is the server's, not the caller's.
    fn from_contract(status: u16, message: &str) -> Self {
        #[derive(Deserialize)]
        struct Refusal {
            code: String,
            title: String,
            #[serde(default)]
            detail: String,
            #[serde(default)]
            fields: Vec<Field>,
        }
        if !(400..=499).contains(&status) {
            return Self::of(ProblemCode::ContractFailure)
                .with_detail(format!("The contract answered with status {status}. Nothing was written."));
        }
        match serde_json::from_str::<Refusal>(message) {
            Ok(refusal) => {
                let mut problem = Self::foreign(status, &refusal.code, &refusal.title).with_detail(refusal.detail);
                problem.fields = refusal.fields;
                problem
            }
            Err(_) => Self { status, ..Self::of(ProblemCode::ChaincodeRefused) }.with_detail(shorten(message)),
        }
    }

    /// The class says what happened. Where it says nothing, the advice decides whether the same request may pass later.
    fn from_network(error: &LedgerError, failure: &Failure) -> Self {
        match failure {
            Failure::AccessDenied => Self::of(ProblemCode::FabricAccessDenied),
            Failure::Overloaded => Self::of(ProblemCode::NetworkBusy).retry_after(BUSY_SECONDS),
            Failure::Mismatch => Self::of(ProblemCode::EndorsementMismatch)
                .retryable()
                .with_detail("The peers saw different states. Nothing was written; send the request again."),
            Failure::TimedOut if error.step == Step::Evaluate => Self::of(ProblemCode::TimeoutEvaluate).retryable(),
            Failure::TimedOut if error.step == Step::Endorse => Self::of(ProblemCode::TimeoutEndorse).retryable(),
            Failure::TimedOut | Failure::Unavailable => Self::unavailable(),
            _ if error.advice.is_transient() => Self::unavailable(),
            _ => Self::of(ProblemCode::NetworkFailure),
        }
    }

    fn unavailable() -> Self {
        Self::of(ProblemCode::NetworkUnavailable).retry_after(UNAVAILABLE_SECONDS)
    }

    /// A transaction that stands in a block as invalid: nothing was written.
    #[must_use]
    pub fn invalidated(commit: &Commit) -> Self {
        let place = format!("Block {} holds the transaction as {}.", commit.block_number, commit.validation_name);
        match commit.validation_name.as_str() {
            "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT" => {
                Self::of(ProblemCode::LedgerConflict).retryable().with_detail(place)
            }
            name => {
                let kind = ProblemCode::Invalidated;
                let code = format!("{}_{}", kind.code(), name.to_ascii_lowercase());
                Self::foreign(kind.status(), &code, kind.title()).with_detail(place)
            }
        }
    }
}

/// The start of a foreign text, cut at a character boundary.
fn shorten(text: &str) -> String {
    match text.char_indices().find(|(at, character)| at + character.len_utf8() > FOREIGN_TEXT_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use fabric_client::Advice;

    use super::*;
    use crate::ledger::EndorserMessage;

    fn failed(step: Step, cause: Cause, advice: Advice) -> LedgerError {
        LedgerError { step, transaction_id: "ab".to_owned(), cause, advice, endorsers: Vec::new() }
    }

    fn network(step: Step, failure: Failure, advice: Advice) -> LedgerError {
        failed(step, Cause::Network { failure, message: "access denied".to_owned() }, advice)
    }

    fn contract(status: u16, message: &str) -> LedgerError {
        failed(Step::Endorse, Cause::Contract { status, message: message.to_owned() }, Advice::Never)
    }

    fn altered() -> LedgerError {
        let cause = Cause::Altered("the call is not the one that was proposed".to_owned());
        failed(Step::Endorse, cause, Advice::Never)
    }

    fn invalid(name: &str, code: i32) -> LedgerError {
        let commit = Commit { validation_code: code, validation_name: name.to_owned(), block_number: 7 };
        failed(Step::Commit, Cause::Invalidated(commit), Advice::NewProposal)
    }

    #[test]
    fn every_row_of_the_status_table_holds() {
        use Advice::{BackOff, Never, NewProposal, RetryFreely, SameEnvelope, SameProposal};
        use Failure::{AccessDenied, Mismatch, Other, Overloaded, TimedOut, Unavailable};
        let refusal = r#"{"code":"item_unknown","title":"No such item","detail":"d","fields":[]}"#;
        let rows = [
            (contract(404, refusal), 404, "item_unknown", false),
            (contract(409, "plain words"), 409, "chaincode_refused", false),
            (contract(500, refusal), 502, "contract_failure", false),
            (contract(399, refusal), 502, "contract_failure", false),
            (network(Step::Endorse, AccessDenied, Never), 403, "fabric_access_denied", false),
            (network(Step::Submit, AccessDenied, Never), 403, "fabric_access_denied", false),
            (network(Step::CommitStatus, AccessDenied, Never), 403, "fabric_access_denied", false),
            (network(Step::Submit, Unavailable, SameEnvelope), 503, "network_unavailable", true),
            (network(Step::Endorse, Unavailable, SameProposal), 503, "network_unavailable", true),
            (network(Step::Evaluate, Unavailable, RetryFreely), 503, "network_unavailable", true),
            (network(Step::Evaluate, Overloaded, BackOff), 503, "network_busy", true),
            (network(Step::Endorse, Mismatch, NewProposal), 409, "endorsement_mismatch", true),
            (network(Step::Endorse, Other, Never), 502, "network_failure", false),
            (network(Step::Submit, Other, SameEnvelope), 503, "network_unavailable", true),
            (network(Step::Evaluate, TimedOut, RetryFreely), 504, "timeout_evaluate", true),
            (network(Step::Endorse, TimedOut, SameProposal), 504, "timeout_endorse", true),
            (network(Step::Submit, TimedOut, SameEnvelope), 503, "network_unavailable", true),
            (altered(), 502, "transaction_altered", false),
            (invalid("MVCC_READ_CONFLICT", 11), 409, "ledger_conflict", true),
            (invalid("PHANTOM_READ_CONFLICT", 12), 409, "ledger_conflict", true),
            (invalid("ENDORSEMENT_POLICY_FAILURE", 10), 500, "invalidated_endorsement_policy_failure", false),
        ];
        for (error, status, code, retryable) in rows {
            let problem = Problem::from_ledger(&error);
            assert_eq!(
                (problem.status, problem.code.as_str(), problem.retryable),
                (status, code, retryable),
                "{error}"
            );
            assert_eq!(problem.transaction_id.as_deref(), Some("ab"));
            assert_eq!(problem.kind, format!("urn:entrepot:problem:{code}"));
            assert_eq!(problem.status == 503, problem.retry_after_seconds.is_some(), "{error}");
        }
    }

    #[test]
    fn a_contracts_refusal_arrives_one_to_one() {
        let text = r#"{"code":"c","title":"t","detail":"d","fields":[{"name":"/id","detail":"taken"}]}"#;
        let problem = Problem::from_ledger(&contract(422, text));
        assert_eq!((problem.title.as_str(), problem.detail.as_str()), ("t", "d"));
        assert_eq!(problem.fields, [Field { name: "/id".to_owned(), detail: "taken".to_owned() }]);
    }

    #[test]
    fn long_texts_of_peers_are_cut() {
        let message = "é".repeat(10_000);
        let endorsers = vec![EndorserMessage { msp_id: "AMSP".to_owned(), message }];
        let error = LedgerError { endorsers, ..network(Step::Endorse, Failure::Other, Advice::Never) };
        let message = &Problem::from_ledger(&error).endorsers[0].message;
        assert!(message.len() <= FOREIGN_TEXT_MAX + 4, "{}", message.len());
    }
}
