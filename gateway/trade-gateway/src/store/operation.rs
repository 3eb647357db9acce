//! What is stored: operations, and the idempotency keys that lead to them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Stored, and not handed over to the orderer yet: it can be cancelled.
    Accepted,
    /// Signed and submitted to the orderer; the outcome is being waited for.
    Submitted,
    /// In a block, valid.
    Committed,
    /// In a block, invalid: nothing was written.
    Invalid,
    /// The orderer refused it for good: nothing was written.
    Refused,
    /// Cancelled before it was handed over to the orderer: nothing was written.
    Cancelled,
    /// The outcome is not known yet. Asking again, or sending the same request again, resolves it.
    Indeterminate,
}

/// One transaction that was submitted to the orderer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The Fabric transaction's id, which is the operation's id.
    pub transaction_id: String,
    /// The caller's MSP id. Members of other organizations do not see the operation.
    pub msp_id: String,
    /// The operation id of the route that started it.
    pub operation: String,
    /// How far it is.
    pub state: State,
    /// The name of Fabric's validation code, once known.
    pub validation: Option<String>,
    /// Fabric's validation code, once known.
    pub validation_code: Option<i32>,
    /// The number of its block, once known.
    pub block_number: Option<u64>,
    /// The contract's answer as JSON; it never holds private values.
    pub result: serde_json::Value,
    /// When it was first submitted, seconds since 1970.
    pub created_at: u64,
    /// When its state last changed, seconds since 1970.
    pub updated_at: u64,
    /// The signed transaction, hex, as long as it may have to be submitted again. Stores of older versions call it
    /// `sealed`.
    #[serde(alias = "sealed")]
    pub signed: Option<String>,
    /// The idempotency key's digest, hex, if the caller's key leads here.
    pub key: Option<String>,
    /// The code under which the orderers refused it for good after an earlier submission whose answer was lost. It may
    /// have been ordered then, so its outcome is asked for, but it is not submitted any more.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// What an idempotency key leads to.
#[derive(Debug, PartialEq)]
pub enum Begin {
    /// Nothing: the key is now taken for this request.
    New,
    /// The same request is being worked on.
    Running,
    /// The same request has been submitted to the orderer.
    Known(Box<Operation>),
    /// The key was used with another body.
    OtherBody,
}

/// What became of a wish to hand an operation over, or to cancel it.
#[derive(Debug, PartialEq)]
pub enum Turn {
    /// It was neither handed over nor cancelled before.
    Taken(Box<Operation>),
    /// It was.
    Past(Box<Operation>),
    /// There is no such operation.
    Unknown,
}

/// The digest of an idempotency key in its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDigest(pub(super) [u8; 32]);

impl KeyDigest {
    /// Hex form.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl Operation {
    /// An operation that is handed over from now on and about which nothing is known yet.
    #[must_use]
    pub fn submitted(
        transaction_id: String,
        msp_id: String,
        operation: &str,
        result: serde_json::Value,
        now: u64,
    ) -> Self {
        Self {
            transaction_id,
            msp_id,
            operation: operation.to_owned(),
            state: State::Submitted,
            validation: None,
            validation_code: None,
            block_number: None,
            result,
            created_at: now,
            updated_at: now,
            signed: None,
            key: None,
            refusal: None,
        }
    }

    /// Whether the outcome is known.
    #[must_use]
    pub fn is_concluded(&self) -> bool {
        matches!(self.state, State::Committed | State::Invalid | State::Refused | State::Cancelled)
    }
}

#[derive(Serialize, Deserialize)]
/// What is stored under the digest of an idempotency key.
pub(super) struct KeyRecord {
    pub(super) body: String,
    pub(super) created_at: u64,
    pub(super) transaction_id: Option<String>,
}
