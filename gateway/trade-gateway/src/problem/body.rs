//! The body of an error answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::code::ProblemCode;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// `urn:entrepot:problem:` followed by the code.
    #[serde(rename = "type")]
    #[schemars(length(max = 1000))]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// A stable name in snake_case, for programs; a contract's code is passed on unchanged.
    #[schemars(length(min = 1, max = 1000))]
    pub code: String,
    /// One line that is the same each time this code occurs.
    #[schemars(length(max = 1000))]
    pub title: String,
    /// What happened this time.
    pub detail: String,
    /// The fields of the request that are to blame, if any.
    pub fields: Vec<Field>,
    /// The Fabric transaction, when one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = r"^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: Option<String>,
    /// The step of the transaction that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
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
    #[schemars(length(max = 10000))]
    pub name: String,
    /// What is wrong with it.
    pub detail: String,
}

/// What one peer or orderer said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Endorser {
    /// Its MSP id.
    #[schemars(length(max = 1000))]
    pub msp_id: String,
    /// Its words.
    pub message: String,
}

impl Problem {
    /// A problem of the catalogue.
    #[must_use]
    pub fn of(code: ProblemCode) -> Self {
        Self::foreign(code.status(), code.code(), code.title())
    }

    /// A problem under a code that is not the gateway's own: a contract's, or one of a standard's rules. `status` is
    /// 400 to 599.
    #[must_use]
    pub fn foreign(status: u16, code: &str, title: &str) -> Self {
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

    /// Marks the problem as one that may pass at once.
    #[must_use]
    pub fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// Marks the problem as one that may pass, after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retryable = true;
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The body.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a problem holds only strings, numbers and lists")
    }
}
