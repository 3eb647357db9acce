//! What a failed transaction tells its caller.
//!
//! A failed response's payload never reaches the client, only its status and its message do. So the message carries
//! the machine-readable part, as a JSON object `{code, title, detail, fields}`.

use serde::{Deserialize, Serialize};

use crate::{Fault, KeyError};

/// A named refusal of a transaction, with an HTTP-like status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{status} {code}: {title}")]
pub struct Failure {
    /// 400 to 499 for the caller's mistakes, 500 to 599 for ours. Carried as the response's status, not in its message.
    #[serde(skip)]
    pub status: u16,
    /// A stable name in snake_case, for programs.
    pub code: String,
    /// One line that is the same each time this code occurs.
    pub title: String,
    /// What happened this time.
    pub detail: String,
    /// The fields of the request that are to blame, if any.
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// One field of the request that is to blame for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Where: a JSON pointer or a field name.
    pub name: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Failure {
    /// A failure with `status` (400 to 599), stable `code` and `title`.
    pub fn new(status: u16, code: impl Into<String>, title: impl Into<String>) -> Self {
        Self { status, code: code.into(), title: title.into(), detail: String::new(), fields: Vec::new() }
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

    /// What a caller is told when a contract panics. The panic's own text goes to the log only.
    pub fn panicked() -> Self {
        Self::new(500, "contract_panicked", "The contract stopped unexpectedly")
            .with_detail("The transaction was abandoned and nothing was written.")
    }

    /// The message of the response: the JSON object without the status.
    pub fn message(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.code.clone())
    }

    /// Reads a failure back from a response's status and message. A message in another form (a peer's or another
    /// SDK's) becomes the detail of a failure with the code `chaincode_failed`.
    pub fn from_response(status: u16, message: &str) -> Self {
        match serde_json::from_str::<Self>(message) {
            Ok(failure) => Self { status, ..failure },
            Err(_) => Self::new(status, "chaincode_failed", "The chaincode refused").with_detail(message),
        }
    }

    /// The status as it leaves: a contract that names one outside 400..=599 gets 500, because a status below 400
    /// would have its transaction endorsed.
    pub(crate) fn wire_status(&self) -> u16 {
        if (400..=599).contains(&self.status) { self.status } else { 500 }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(500, fault.code(), fault.title()).with_detail(fault.to_string())
    }
}

/// A key built from what the caller sent is the caller's mistake.
impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::new(400, "key_malformed", "The identifier cannot be a key").with_detail(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_four_fields_in_order() {
        let failure = Failure::new(409, "item_exists", "Item exists").with_detail("urn:x").with_field("/id", "taken");
        assert_eq!(
            failure.message(),
            r#"{"code":"item_exists","title":"Item exists","detail":"urn:x","fields":[{"name":"/id","detail":"taken"}]}"#
        );
        assert_eq!(Failure::from_response(409, &failure.message()), failure);
    }

    #[test]
    fn a_foreign_message_becomes_the_detail() {
        let failure = Failure::from_response(500, "timeout expired");
        assert_eq!((failure.code.as_str(), failure.detail.as_str()), ("chaincode_failed", "timeout expired"));
    }

    #[test]
    fn a_status_that_would_be_endorsed_leaves_as_500() {
        assert_eq!(Failure::new(200, "a", "b").wire_status(), 500);
        assert_eq!(Failure::new(404, "a", "b").wire_status(), 404);
    }
}
