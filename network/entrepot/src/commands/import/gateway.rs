//! The gateway as `import` asks it: an answer, or the refusal that ends the program.

use anyhow::Result;
use serde::de::DeserializeOwned;
use trade_gateway::client::{CallFailure, Client, Response};
use trade_standards::percent;

use crate::demo::rest::{Refusal, to_json};

/// A gateway.
#[derive(Clone)]
pub(super) struct Gateway(Client);

/// A successful answer.
pub(super) struct Answered {
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Gateway {
    pub(super) fn new(client: Client) -> Self {
        Self(client)
    }

    /// Reads.
    ///
    /// # Errors
    /// There is no answer, or the gateway refuses.
    pub(super) fn get(&self, target: &str) -> Result<Answered> {
        accepted(self.ask(target)?)
    }

    /// Sends a body.
    ///
    /// # Errors
    /// As [`Gateway::get`].
    pub(super) fn send(&self, method: &str, target: &str, media_type: &str, body: &[u8]) -> Result<Answered> {
        accepted(self.0.send(method, target, &[("Content-Type", media_type)], body)?)
    }

    /// Reads, and gives back the answer whatever it is.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn ask(&self, target: &str) -> Result<Response, CallFailure> {
        self.0.get(target)
    }
}

impl Answered {
    /// The body as JSON.
    ///
    /// # Errors
    /// It is none, or not of this form.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

/// The answer, when the gateway did what it was asked.
///
/// # Errors
/// The gateway refuses.
pub(super) fn accepted(response: Response) -> Result<Answered> {
    if (200..300).contains(&response.status) {
        return Ok(Answered { body: response.body });
    }
    Err(Refusal { status: response.status, body: to_json(&response.body) }.into())
}

/// A path with parameters.
pub(super) fn target(path: &str, query: &[(&str, String)]) -> String {
    let parameters: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", percent::encode(value))).collect();
    if parameters.is_empty() { path.to_owned() } else { format!("{path}?{}", parameters.join("&")) }
}
