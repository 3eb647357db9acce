//! Every error answer of the gateway, as `application/problem+json` (RFC 9457).
//!
//! [`Problem::from_ledger`] is the one place where a failed step of Fabric becomes an HTTP status. A contract's refusal
//! passes through unchanged; what the network says about itself goes to the log, and the caller gets a stable code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ledger::{Cause, Commit, LedgerError, Step};

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Longest text taken over from a peer, in bytes.
const FOREIGN_TEXT_MAX: usize = 1_000;

/// Most peers quoted.
const ENDORSERS_MAX: usize = 16;

/// gRPC status codes, as numbered on the wire.
mod grpc {
    pub(super) const CANCELLED: i32 = 1;
    pub(super) const UNKNOWN: i32 = 2;
    pub(super) const DEADLINE_EXCEEDED: i32 = 4;
    pub(super) const PERMISSION_DENIED: i32 = 7;
    pub(super) const RESOURCE_EXHAUSTED: i32 = 8;
    pub(super) const FAILED_PRECONDITION: i32 = 9;
    pub(super) const ABORTED: i32 = 10;
    pub(super) const UNAVAILABLE: i32 = 14;
    pub(super) const UNAUTHENTICATED: i32 = 16;
}

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:entrepot:problem:` followed by the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable name in snake_case, for programs; a contract's code is passed on unchanged.
    pub code: String,
    /// One line that is the same each time this code occurs.
    pub title: String,
    /// What happened this time.
    pub detail: String,
    /// The fields of the request that are to blame, if any.
    pub fields: Vec<Field>,
    /// The Fabric transaction, when one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// The step of the transaction that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Whether the same request may succeed when it is sent again.
    pub retryable: bool,
    /// What single peers or orderers said, if any did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsers: Vec<Endorser>,
    /// Seconds to wait before a retry; becomes the header `Retry-After`.
    #[serde(skip)]
    pub retry_after_seconds: Option<u32>,
}

/// One field of the request that is to blame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Field {
    /// Where: a JSON pointer or a name.
    pub name: String,
    /// What is wrong with it.
    pub detail: String,
}

/// What one peer or orderer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endorser {
    /// Its MSP id.
    pub msp_id: String,
    /// Its words.
    pub message: String,
}

impl Problem {
    /// A problem with `status` (400 to 599), stable `code` and `title`.
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str) -> Self {
        Self {
            kind: format!("urn:entrepot:problem:{code}"),
            status,
            code: code.to_owned(),
            title: title.to_owned(),
            detail: String::new(),
            fields: Vec::new(),
            transaction_id: None,
            stage: None,
            retryable: false,
            endorsers: Vec::new(),
            retry_after_seconds: None,
        }
    }

    /// Adds what happened this time.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds a field that is to blame.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, detail: impl Into<String>) -> Self {
        self.fields.push(Field { name: name.into(), detail: detail.into() });
        self
    }

    /// Marks the problem as one that may pass, after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retryable = true;
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The status table of the gateway: what a failed step means to the caller.
    #[must_use]
    pub fn from_ledger(error: &LedgerError) -> Self {
        let mut problem = match &error.cause {
            Cause::Contract { status, message } => Self::from_contract(*status, message),
            Cause::Network { code, message } => Self::from_network(error, *code, message),
            Cause::Invalidated(commit) => Self::invalidated(commit),
            Cause::Altered(_) => Self::new(502, "transaction_altered", "The peer prepared another transaction")
                .with_detail(
                    "What the peer returned is not what was proposed. It was not signed and nothing was written.",
                ),
            Cause::Local(_) => Self::new(500, "gateway_failure", "The gateway failed"),
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
            return Self::new(502, "contract_failure", "The contract failed")
                .with_detail(format!("The contract answered with status {status}. Nothing was written."));
        }
        match serde_json::from_str::<Refusal>(message) {
            Ok(refusal) => {
                let mut problem = Self::new(status, &refusal.code, &refusal.title).with_detail(refusal.detail);
                problem.fields = refusal.fields;
                problem
            }
            Err(_) => Self::new(status, "chaincode_refused", "The chaincode refused").with_detail(shorten(message)),
        }
    }

    fn from_network(error: &LedgerError, code: i32, message: &str) -> Self {
        let step = error.step;
        let said = |text: &str| {
            message.contains(text) || error.endorsers.iter().any(|endorser| endorser.message.contains(text))
        };
        let denied = matches!(code, grpc::PERMISSION_DENIED | grpc::UNAUTHENTICATED)
            || said("access denied")
            || said("FORBIDDEN");
        // Of several orderers one may refuse what another takes.
        let access_denied = denied && (error.is_final || step != Step::Submit);
        let busy = code == grpc::RESOURCE_EXHAUSTED
            || (code == grpc::UNKNOWN && (said("exceeding concurrency limit") || said("too many requests")));
        if access_denied {
            return Self::new(403, "fabric_access_denied", "The channel's policies refuse this identity");
        }
        if busy {
            return Self::new(503, "network_busy", "The network is busy").retry_after(2);
        }
        match code {
            grpc::FAILED_PRECONDITION | grpc::UNAVAILABLE | grpc::CANCELLED => {
                Self::new(503, "network_unavailable", "Too few peers or orderers answer").retry_after(5)
            }
            grpc::ABORTED if said("ProposalResponsePayloads do not match") => {
                let problem = Self::new(409, "endorsement_mismatch", "The endorsing peers disagree");
                Self { retryable: true, ..problem }
                    .with_detail("The peers saw different states. Nothing was written; send the request again.")
            }
            grpc::DEADLINE_EXCEEDED => {
                let code = format!("timeout_{}", step.as_str());
                let problem = Self::new(504, &code, "The network did not answer in time");
                Self { retryable: true, ..problem }
            }
            _ => Self::new(502, "network_failure", "The network refused or failed"),
        }
    }

    /// A transaction that stands in a block as invalid: nothing was written.
    #[must_use]
    pub fn invalidated(commit: &Commit) -> Self {
        let place = format!("Block {} holds the transaction as {}.", commit.block_number, commit.validation_name);
        match commit.validation_name.as_str() {
            "MVCC_READ_CONFLICT" | "PHANTOM_READ_CONFLICT" => {
                let problem = Self::new(409, "ledger_conflict", "Another transaction changed the same record first");
                Self { retryable: true, ..problem }.with_detail(place)
            }
            name => {
                let code = format!("invalidated_{}", name.to_ascii_lowercase());
                Self::new(500, &code, "The network invalidated the transaction").with_detail(place)
            }
        }
    }

    /// The body.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a problem holds only strings, numbers and lists")
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
    use super::*;
    use crate::ledger::EndorserMessage;

    fn network(step: Step, code: i32, message: &str) -> LedgerError {
        let cause = Cause::Network { code, message: message.to_owned() };
        LedgerError { step, transaction_id: "ab".to_owned(), cause, is_final: true, endorsers: Vec::new() }
    }

    fn contract(status: u16, message: &str) -> LedgerError {
        let cause = Cause::Contract { status, message: message.to_owned() };
        LedgerError {
            step: Step::Endorse,
            transaction_id: "ab".to_owned(),
            cause,
            is_final: true,
            endorsers: Vec::new(),
        }
    }

    fn altered() -> LedgerError {
        let cause = Cause::Altered("the call is not the one that was proposed".to_owned());
        LedgerError {
            step: Step::Endorse,
            transaction_id: "ab".to_owned(),
            cause,
            is_final: true,
            endorsers: Vec::new(),
        }
    }

    fn invalid(name: &str, code: i32) -> LedgerError {
        let commit = Commit { validation_code: code, validation_name: name.to_owned(), block_number: 7 };
        LedgerError {
            step: Step::Commit,
            transaction_id: "ab".to_owned(),
            cause: Cause::Invalidated(commit),
            is_final: false,
            endorsers: vec![],
        }
    }

    #[test]
    fn every_row_of_the_status_table_holds() {
        let refusal = r#"{"code":"item_unknown","title":"No such item","detail":"d","fields":[]}"#;
        let rows = [
            (contract(404, refusal), 404, "item_unknown", false),
            (contract(409, "plain words"), 409, "chaincode_refused", false),
            (contract(500, refusal), 502, "contract_failure", false),
            (contract(399, refusal), 502, "contract_failure", false),
            (network(Step::Endorse, 9, "access denied: channel [trade]"), 403, "fabric_access_denied", false),
            (
                network(Step::Submit, 10, "received unsuccessful response from orderer: status=FORBIDDEN"),
                403,
                "fabric_access_denied",
                false,
            ),
            (
                LedgerError { is_final: false, ..network(Step::Submit, 14, "one of two said status=FORBIDDEN") },
                503,
                "network_unavailable",
                true,
            ),
            (network(Step::CommitStatus, 7, "no"), 403, "fabric_access_denied", false),
            (network(Step::Endorse, 9, "no peers available to endorse"), 503, "network_unavailable", true),
            (network(Step::Evaluate, 14, "connection refused"), 503, "network_unavailable", true),
            (
                network(Step::Evaluate, 2, "too many requests for /gateway.Gateway, exceeding concurrency limit (500)"),
                503,
                "network_busy",
                true,
            ),
            (network(Step::Endorse, 10, "ProposalResponsePayloads do not match"), 409, "endorsement_mismatch", true),
            (network(Step::Endorse, 10, "something else"), 502, "network_failure", false),
            (network(Step::Evaluate, 4, "late"), 504, "timeout_evaluate", true),
            (network(Step::Endorse, 4, "late"), 504, "timeout_endorse", true),
            (network(Step::Evaluate, 2, "what"), 502, "network_failure", false),
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
    fn a_detail_of_one_peer_decides_and_long_texts_are_cut() {
        let mut error = network(Step::Endorse, 10, "failed to endorse");
        error.endorsers = vec![EndorserMessage {
            msp_id: "AMSP".to_owned(),
            message: "ProposalResponsePayloads do not match".to_owned(),
        }];
        assert_eq!(Problem::from_ledger(&error).code, "endorsement_mismatch");
        error.endorsers[0].message = "é".repeat(10_000);
        let message = &Problem::from_ledger(&error).endorsers[0].message;
        assert!(message.len() <= FOREIGN_TEXT_MAX + 4, "{}", message.len());
    }
}
