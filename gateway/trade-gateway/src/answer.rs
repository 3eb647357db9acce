//! What the gateway answers with: its own JSON forms, and the answer on its way to the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trade_standards::iso20022::{BatchCheck, CamtAccount, CamtEntry, CamtKind, CamtMessage, CreditDebit, EntryStatus};

use crate::{
    problem::{MEDIA_TYPE, Problem, ProblemCode},
    settings::{Custody, Role},
    store::{Operation, State},
    tag::{ETAG, current, quoted},
    time::rfc3339,
};

/// An answer on its way to the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The Fabric transaction, when one was made.
    pub transaction_id: Option<String>,
    /// `allowed`, or the problem's code.
    pub outcome: String,
}

impl Answer {
    /// An answer with JSON that is already encoded.
    #[must_use]
    pub fn json_bytes(status: u16, body: Vec<u8>) -> Self {
        let outcome = "allowed".to_owned();
        Self { status, media_type: "application/json", body, headers: Vec::new(), transaction_id: None, outcome }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::json_bytes(status, Vec::new())
    }

    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::json_bytes(status, body),
            Err(_) => Problem::of(ProblemCode::GatewayFailure).into(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds its tag.
    #[must_use]
    pub(crate) fn with_tag(self, tag: &str) -> Self {
        self.with_header(ETAG, quoted(tag))
    }

    /// A header that was added.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// Notes the Fabric transaction.
    #[must_use]
    pub fn of_transaction(mut self, transaction_id: &str) -> Self {
        self.transaction_id = Some(transaction_id.to_owned());
        self
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let retry_after = problem.retry_after_seconds.map(|seconds| ("Retry-After", seconds.to_string()));
        let tag = current(&problem).map(|tag| (ETAG, tag));
        Self {
            status: problem.status,
            media_type: MEDIA_TYPE,
            body: problem.to_json(),
            headers: retry_after.into_iter().chain(tag).collect(),
            transaction_id: problem.transaction_id,
            outcome: problem.code,
        }
    }
}

/// Who the caller is to this gateway: the answer of `GET /v1/whoami`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// The MSP that issued the certificate.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"), example = &"ExporterMSP")]
    pub msp_id: String,
    /// What members of that organization may do.
    pub role: Role,
    /// The role in the certificate: `client` or `admin`.
    #[schemars(regex(pattern = r"^(client|admin)$"), example = &"client")]
    pub certificate_role: String,
    /// The subject.
    #[schemars(length(min = 1, max = 10000), example = &"CN=erp@exporter.example,OU=client")]
    pub subject: String,
    /// The issuer.
    #[schemars(length(min = 1, max = 10000), example = &"CN=erp@exporter.example,OU=client")]
    pub issuer: String,
    /// The organizational units.
    pub organizational_units: Vec<String>,
    /// Attributes that Fabric CA wrote into the certificate.
    pub attributes: std::collections::BTreeMap<String, String>,
    /// What the caller may do, by certificate and the organization's table; absent when neither says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duties: Option<trade_model::common::Duties>,
    /// The client identifier that contracts see, in Fabric's Go form.
    #[schemars(length(min = 1, max = 30000), example = &"eDUwOTo6Q049ZXJwLE9VPWNsaWVudDo6Q049Y2E=")]
    pub client_id: String,
    /// SHA-256 of the certificate, hex.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub certificate_sha256: String,
    /// Valid from, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub not_before: String,
    /// Valid until, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub not_after: String,
    /// Who signs this organization's transactions.
    pub custody: Custody,
    /// The subject of the identity that signs; the caller's own with external custody.
    #[schemars(length(min = 1, max = 10000), example = &"CN=erp@exporter.example,OU=client")]
    pub creator: String,
    /// SHA-256 of that identity's public key, hex: what proofs are bound to.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub creator_key_sha256: String,
    /// The channel.
    #[schemars(length(min = 1, max = 249), example = &"trade")]
    pub channel: String,
    /// The chaincode.
    #[schemars(length(min = 1, max = 128), example = &"entrepot")]
    pub chaincode: String,
}

/// What the caller is to sign next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SigningStep {
    /// Id of the Fabric transaction.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: String,
    /// What the bytes are.
    pub stage: SigningStage,
    /// The bytes to be signed, base64. Decode and compare them with what you meant before you sign.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"CoEBCh0IAxoLCOXR")]
    pub signing_input: String,
    /// SHA-256 of the bytes, hex, for comparison only: sign what you have hashed yourself.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub digest: String,
    /// `ecdsa-sha256`: ECDSA over SHA-256, DER, low S.
    #[schemars(regex(pattern = r"^ecdsa-sha256$"), example = &"ecdsa-sha256")]
    pub algorithm: String,
    /// Until when the signature is accepted, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub expires_at: String,
    /// The contract's answer, once the transaction is endorsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// The signature of the proposal, base64, once it was handed in: a caller that does not remember finds out by it
    /// that it has signed the proposal of this transaction.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"MEQCIFVZ")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal_signature: Option<String>,
}

/// What the caller signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SigningStage {
    /// The proposal.
    Proposal,
    /// The endorsed transaction.
    Transaction,
}

impl SigningStage {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proposal => "proposal",
            Self::Transaction => "transaction",
        }
    }
}

/// The body of `PUT /v1/signing/…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureBody {
    /// The signature, base64 of its DER form.
    #[schemars(regex(pattern = r"^[A-Za-z0-9+/]+={0,2}$"), example = &"MEUCIQDx")]
    pub signature: String,
}

/// How an operation stands: the answer of every write and of `GET /v1/operations/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationView {
    /// Id of the Fabric transaction and of the operation.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: String,
    /// The operation id of the route that started it.
    #[schemars(length(min = 1, max = 100), example = &"issueInvoice")]
    pub operation: String,
    /// How far it is.
    pub state: State,
    /// The name of Fabric's validation code, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), example = &"VALID")]
    pub validation: Option<String>,
    /// The number of its block, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_number: Option<u64>,
    /// The contract's answer.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub result: Value,
    /// When it was handed to the orderer, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub created_at: String,
    /// When its state last changed, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub updated_at: String,
}

impl From<&Operation> for OperationView {
    fn from(operation: &Operation) -> Self {
        Self {
            transaction_id: operation.transaction_id.clone(),
            operation: operation.operation.clone(),
            state: operation.state,
            validation: operation.validation.clone(),
            block_number: operation.block_number,
            result: operation.result.clone(),
            created_at: rfc3339(operation.created_at),
            updated_at: rfc3339(operation.updated_at),
        }
    }
}

/// A page of an organization's operations: the answer of `GET /v1/operations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationsAnswer {
    /// The operations, newest first.
    pub operations: Vec<OperationView>,
    /// Give it as `after` to read on; absent at the end. A page can hold fewer than asked for, or none, before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), example = &"1764466200-5f0c1b7f")]
    pub next: Option<String>,
}

/// The entries of a bank statement: the answer of `POST /v1/bank-statements`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntriesOfStatement {
    /// Which message it was.
    pub kind: CamtKind,
    /// Its version, such as `camt.054.001.04`.
    #[schemars(regex(pattern = r"^camt[.]05[34][.]001[.][0-9]{2}$"), example = &"camt.054.001.08")]
    pub version: String,
    /// The bank's id of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub message_id: Option<String>,
    /// SHA-256 of the message, hex. It tells who guesses the message that the guess is right: salt it before it is
    /// shown.
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub statement_sha256: String,
    /// The accounts' statements.
    pub statements: Vec<AccountStatement>,
}

/// One account's statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountStatement {
    /// The bank's id of the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub id: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<CamtAccount>,
    /// Its entries.
    pub entries: Vec<StatementEntry>,
}

/// One booked line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementEntry {
    /// The amount in minor units of the currency, decimal string.
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,19})$"), example = &"1284550")]
    pub amount_minor: String,
    /// ISO 4217 code.
    #[schemars(regex(pattern = r"^[A-Z]{3}$"), example = &"EUR")]
    pub currency: String,
    /// Whether the account received or paid.
    pub direction: CreditDebit,
    /// Whether it takes back an earlier entry.
    pub reversal: bool,
    /// Whether it is final.
    pub status: EntryStatus,
    /// Booking date, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date"), example = &"2026-11-02")]
    pub booked_on: Option<String>,
    /// The bank's reference of the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub account_servicer_reference: Option<String>,
    /// How its amount relates to its payments.
    pub batch_check: BatchCheck,
    /// The payments it is made of, numbered from 0 in this order (`detail_number`).
    pub payments: Vec<StatementPayment>,
}

/// One payment within a booked line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatementPayment {
    /// The amount in minor units, decimal string, when the bank states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,19})$"), example = &"1284550")]
    pub amount_minor: Option<String>,
    /// ISO 4217 code of that amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Z]{3}$"), example = &"EUR")]
    pub currency: Option<String>,
    /// The payer's id towards the payee.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub end_to_end_id: Option<String>,
    /// The unique end-to-end transaction reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub uetr: Option<String>,
    /// Creditor references that the payer quoted.
    pub creditor_references: Vec<String>,
    /// Numbers of the documents paid.
    pub document_numbers: Vec<String>,
    /// Free remittance text.
    pub remittance_text: Vec<String>,
}

impl EntriesOfStatement {
    /// The entries of a parsed message.
    #[must_use]
    pub fn new(message: &CamtMessage, statement_sha256: String) -> Self {
        let statements = message
            .statements
            .iter()
            .map(|statement| AccountStatement {
                id: statement.id.clone(),
                account: statement.account.clone(),
                entries: statement.entries.iter().map(StatementEntry::new).collect(),
            })
            .collect();
        Self {
            kind: message.kind,
            version: message.version.clone(),
            message_id: message.message_id.clone(),
            statement_sha256,
            statements,
        }
    }
}

impl StatementEntry {
    fn new(entry: &CamtEntry) -> Self {
        let payments = entry
            .transactions
            .iter()
            .map(|payment| StatementPayment {
                amount_minor: payment.amount.as_ref().map(|amount| amount.minor.to_string()),
                currency: payment.amount.as_ref().map(|amount| amount.currency.to_string()),
                end_to_end_id: payment.references.end_to_end_id.clone(),
                uetr: payment.references.uetr.as_ref().map(ToString::to_string),
                creditor_references: payment.references.creditor_references.iter().map(|r| r.text.clone()).collect(),
                document_numbers: payment.references.document_numbers.clone(),
                remittance_text: payment.remittance_text.clone(),
            })
            .collect();
        Self {
            amount_minor: entry.amount.minor.to_string(),
            currency: entry.amount.currency.to_string(),
            direction: entry.direction,
            reversal: entry.reversal,
            status: entry.status.clone(),
            booked_on: entry.booking_date.clone(),
            account_servicer_reference: entry.servicer_reference.clone(),
            batch_check: entry.batch_check,
            payments,
        }
    }
}
