//! What the teller tells a party, and what it hears: one line of JSON each.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a party is told to do.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Task {
    /// Send a request to the gateway that holds nothing secret.
    Send {
        /// The person of the party, as its keys are named.
        person: String,
        /// `GET` or `POST`.
        method: Method,
        /// The request's target.
        path: String,
        /// The body of a `POST`.
        body: Option<Value>,
    },
    /// Do what takes the party's own secrets.
    Act {
        /// Which act; those of a party stand in its file under `acts`.
        name: String,
        /// What it is about. Nothing secret.
        about: Value,
    },
}

/// How a request is sent.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Get,
    Post,
}

/// What became of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    /// The gateway's answer to what was sent.
    Answer { status: u16, body: Value },
    /// What came out of an act. Nothing secret.
    Done(Value),
    /// It did not work, and why.
    Failed(String),
}
