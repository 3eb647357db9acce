//! Why no token is given, as RFC 6749 §5.2 writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{answer::Answer, problem::Problem};

/// The errors of the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OauthError {
    /// A parameter is missing, repeated or unacceptable.
    InvalidRequest,
    /// The client has not shown that it is a member.
    InvalidClient,
    /// Another grant than client credentials.
    UnsupportedGrantType,
    /// Another scope than can be had.
    InvalidScope,
    /// The gateway cannot tell now.
    TemporarilyUnavailable,
    /// The gateway failed.
    ServerError,
}

/// Why no token is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    error: OauthError,
    /// A stable name that says more than the error does.
    code: String,
    description: String,
    retry_after_seconds: Option<u64>,
}

/// The body of an error answer of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RefusalBody {
    /// The error.
    pub(crate) error: OauthError,
    /// What happened, for people. Printable ASCII.
    pub(crate) error_description: String,
    /// A stable name that says more than the error does: the code of a problem, or of what is wrong with an assertion.
    pub(crate) code: String,
}

impl OauthError {
    fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::UnsupportedGrantType | Self::InvalidScope => 400,
            Self::InvalidClient => 401,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
        }
    }
}

impl Refusal {
    pub(super) fn of(error: OauthError, description: impl Into<String>) -> Self {
        Self { error, code: error.as_str().to_owned(), description: description.into(), retry_after_seconds: None }
    }

    /// A request that is not one.
    pub(crate) fn request(description: impl Into<String>) -> Self {
        Self::of(OauthError::InvalidRequest, description)
    }

    /// A certificate that is no member's, under the problem's own code.
    pub(crate) fn of_client(problem: &Problem) -> Self {
        let error = if problem.status < 500 { OauthError::InvalidClient } else { OauthError::TemporarilyUnavailable };
        let detail = if problem.detail.is_empty() { String::new() } else { format!(": {}", problem.detail) };
        Self::of(error, format!("{}{detail}", problem.title)).coded(&problem.code)
    }

    pub(super) fn coded(self, code: &str) -> Self {
        Self { code: code.to_owned(), ..self }
    }

    pub(super) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let Refusal { error, code, description, retry_after_seconds } = refusal;
        // The characters that RFC 6749 §5.2 lets a description have.
        let plain = |c: char| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\') { c } else { '\'' };
        let body = RefusalBody { error, error_description: description.chars().map(plain).collect(), code };
        let mut answer = Self::json(error.status(), &body);
        answer.outcome = body.code;
        match retry_after_seconds {
            Some(seconds) => answer.with_header("Retry-After", seconds.to_string()),
            None => answer,
        }
    }
}
