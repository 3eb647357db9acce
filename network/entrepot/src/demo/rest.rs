//! A caller of the REST gateway in the story and in tests: one organization's certificate, JSON in and out.
//!
//! The wire is the gateway crate's own client, which blocks; here it runs beside the story's tasks.

use std::{fmt, net::SocketAddr, path::Path};

use anyhow::{Context, Result, ensure};
use fabric_msp::private;
use serde_json::Value;
use trade_gateway::{
    client::{Client, Response},
    rest::{record_changed_at, request_of},
};
use trade_model::Transaction;

use super::secrets::random_bytes;

/// A caller of the gateway with a certificate, or without one.
#[derive(Clone)]
pub struct Caller {
    client: Client,
}

/// What the gateway answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body: JSON, or text as a JSON string, or null when it is empty.
    pub body: Value,
    /// The tag of the answer, if it has one.
    pub tag: Option<String>,
}

/// The gateway has refused.
#[derive(Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The problem.
    pub body: Value,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "refused with {}: {}", self.status, describe(&self.body))
    }
}

impl std::error::Error for Refusal {}

impl Caller {
    /// A caller with the certificate and key of an MSP directory, who trusts this authority (PEM).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn with_identity(gateway: SocketAddr, authority: &Path, msp: &Path) -> Result<Self> {
        let certificate = read(&only_file(&msp.join("signcerts"))?)?;
        let key = private::read_key(&only_file(&msp.join("keystore"))?)?;
        Self::new(gateway, authority, Some((&certificate, &key)))
    }

    /// A caller without a certificate.
    ///
    /// # Errors
    /// The authority's certificate cannot be read.
    pub fn anonymous(gateway: SocketAddr, authority: &Path) -> Result<Self> {
        Self::new(gateway, authority, None)
    }

    fn new(gateway: SocketAddr, authority: &Path, identity: Option<(&[u8], &[u8])>) -> Result<Self> {
        let client = Client::new(&[gateway], &gateway.ip().to_string(), &read(authority)?, identity)?;
        Ok(Self { client })
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// The gateway cannot be reached or does not speak HTTP.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send("GET", path, Vec::new(), &[]).await
    }

    /// Writes a resource, once: the key makes the request a new one. What others can change is read before, and changed
    /// only as it was read.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer> {
        self.post_again(path, body, &new_key()?).await
    }

    /// Writes a resource under a key of the caller's choice: with a key that was used before, this is a retry.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn post_again(&self, path: &str, body: &Value, key: &str) -> Result<Answer> {
        let seen = self.seen(path).await?;
        let mut headers = vec![("content-type", "application/json"), ("idempotency-key", key)];
        headers.extend(seen.as_deref().map(|tag| ("if-match", tag)));
        self.send("POST", path, serde_json::to_vec(body)?, &headers).await
    }

    /// What to send as `If-Match` with a request that changes what others can change: the tag of the record, or `*` for
    /// one that cannot be read.
    async fn seen(&self, path: &str) -> Result<Option<String>> {
        let Some(record) = record_changed_at(path) else { return Ok(None) };
        Ok(Some(self.get(&record).await?.tag.unwrap_or_else(|| "*".to_owned())))
    }

    /// Sends a transaction by its declaration: method, path and body come from the table of routes.
    ///
    /// # Errors
    /// As [`Caller::get`], and when no route calls the transaction.
    pub async fn call<T: Transaction>(&self, request: &T, private: Option<Value>) -> Result<Answer> {
        let sent = request_of(request, private)?.with_context(|| format!("no route calls {}", T::NAME))?;
        match sent.body {
            None => self.get(&sent.target).await,
            Some(body) => self.post(&sent.target, &body).await,
        }
    }

    /// Evaluates a transaction and reads its answer.
    ///
    /// # Errors
    /// As [`Caller::call`], when the gateway refuses, and when the answer is not of its type.
    pub async fn ask<T: Transaction>(&self, question: &T) -> Result<T::Answer> {
        Ok(serde_json::from_value(self.call(question, None).await?.accepted()?)?)
    }

    /// Sends a signature or another replacement of a resource.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer> {
        self.send("PUT", path, serde_json::to_vec(body)?, &[("content-type", "application/json")]).await
    }

    /// Sends any body with any headers.
    ///
    /// # Errors
    /// As [`Caller::get`].
    pub async fn send(
        &self,
        method: &'static str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let response = self.exchange(method, path, body, headers).await?;
        let tag = response.headers.get("etag").cloned();
        Ok(Answer { status: response.status, body: to_json(&response.body), tag })
    }

    /// Reads a resource that is not JSON.
    ///
    /// # Errors
    /// As [`Caller::get`], and when the gateway refuses.
    pub async fn get_bytes(&self, path: &str) -> Result<Vec<u8>> {
        let response = self.exchange("GET", path, Vec::new(), &[]).await?;
        if !(200..300).contains(&response.status) {
            return Err(Refusal { status: response.status, body: to_json(&response.body) }.into());
        }
        Ok(response.body)
    }

    async fn exchange(
        &self,
        method: &'static str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Response> {
        let (client, target) = (self.client.clone(), path.to_owned());
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = tokio::task::spawn_blocking(move || {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            client.send(method, &target, &headers, &body)
        });
        response.await?.with_context(|| format!("asking the gateway for {path}"))
    }
}

impl Answer {
    /// Whether the gateway did what it was asked.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body of a successful answer.
    ///
    /// # Errors
    /// The gateway refused; the error holds the problem's code, title and detail.
    pub fn accepted(self) -> Result<Value> {
        if !self.is_success() {
            return Err(Refusal { status: self.status, body: self.body }.into());
        }
        Ok(self.body)
    }

    /// The problem of a refusal with this status and code.
    ///
    /// # Errors
    /// The gateway accepted, or refused otherwise.
    pub fn refused(self, status: u16, code: &str) -> Result<Value> {
        let found = self.body["code"].as_str().unwrap_or_default();
        ensure!(
            self.status == status && found == code,
            "expected a refusal {status} {code}, got {}: {}",
            self.status,
            describe(&self.body)
        );
        Ok(self.body)
    }
}

/// A key that no request had before.
///
/// # Errors
/// The system has no randomness.
pub fn new_key() -> Result<String> {
    Ok(hex::encode(random_bytes::<16>()?))
}

fn describe(body: &Value) -> String {
    match (body["code"].as_str(), body["title"].as_str(), body["detail"].as_str()) {
        (Some(code), title, detail) => {
            let said = body["endorsers"].as_array().filter(|said| !said.is_empty());
            let said = said.map(|said| format!(" {}", Value::from(said.clone()))).unwrap_or_default();
            let detail = detail.unwrap_or_default();
            let title = title.unwrap_or_default();
            let told = match detail {
                "" => title.to_owned(),
                detail => format!("{}. {detail}", title.trim_end_matches('.')),
            };
            format!("{code}: {told}{}{said}", fields(body, detail))
        }
        _ => body.to_string(),
    }
}

/// What a problem says about single fields, unless its detail has said it.
fn fields(body: &Value, detail: &str) -> String {
    let told = |field: &Value| {
        let (name, wrong) = (field["name"].as_str()?, field["detail"].as_str()?);
        (!detail.contains(wrong)).then(|| format!("{name}: {wrong}"))
    };
    let told: Vec<String> = body["fields"].as_array().into_iter().flatten().filter_map(told).collect();
    if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) }
}

/// A body as JSON: text as a JSON string, null when there is none.
pub(crate) fn to_json(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The only file in a folder, as MSP directories have it.
///
/// # Errors
/// The folder cannot be read or does not hold exactly one file.
pub fn only_file(folder: &Path) -> Result<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    ensure!(files.len() == 1, "{} must hold exactly one file", folder.display());
    files.pop().context("an empty folder")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_tells_every_fault_and_none_twice() {
        let wrong = |name: &str, detail: &str| json!({"name": name, "detail": detail});
        let told = |detail: &str, fields: &[Value]| {
            let body = json!({"code": "mapping_refused", "title": "Refused.", "detail": detail, "fields": fields});
            Refusal { status: 422, body }.to_string()
        };
        let faults = [wrong("/fields/0", "It is unknown."), wrong("/fields/1", "It is empty.")];
        let all = "mapping_refused: Refused. It has 2 faults. (/fields/0: It is unknown.; /fields/1: It is empty.)";
        assert_eq!(told("It has 2 faults.", &faults), format!("refused with 422: {all}"));
        let once = "refused with 422: mapping_refused: Refused. `limit` is no number";
        assert_eq!(told("`limit` is no number", &[wrong("limit", "is no number")]), once);
    }
}
