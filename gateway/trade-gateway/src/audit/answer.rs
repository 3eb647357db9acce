//! The lines of the log in an answer: `GET /v1/audit`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_model::{Transaction as _, item::ReadItem};

use super::{
    decision::Decision,
    reader::{AuditLine, AuditPage},
};

/// A line of the audit log: one decision, or what happened to the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRow {
    /// Its number, from 1.
    pub number: u64,
    /// When, RFC 3339 UTC.
    pub time: String,
    /// The caller's organization; absent for a caller who is not known as a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The subject of the caller's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-256 of that certificate; present also when it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// By which way a member came, where it was not a certificate on its own connection: `proxy:NAME`, `token` or
    /// `bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// Where the connection came from, for a caller who is not known as a member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The method of the request.
    pub method: String,
    /// The route's template, such as `/v1/items/{id}`; `-` when no route matched.
    pub route: String,
    /// The path's parameters, joined with `/`; the path when no route matched.
    pub resource: String,
    /// The transaction on the ledger, such as `item:ReadItem`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// The id of the Fabric transaction, when one was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_id: Option<String>,
    /// The answer's status; 0 where a write begins, and of lines about the log.
    pub status: u16,
    /// `allowed`, `begun`, the code of a problem, `others` for a count of several kinds, or what happened to the log.
    pub outcome: String,
    /// How many more were decided upon alike within a minute; of a line about the log, how many lines it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The line's seal, hex.
    pub seal: String,
}

/// A page of the audit log: the answer of `GET /v1/audit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(example = AuditAnswer::example())]
pub struct AuditAnswer {
    /// The lines, newest first.
    pub lines: Vec<AuditRow>,
    /// Give it as `after` to read on; absent at the end. A page can hold fewer than asked for, or none, before the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100), example = &"1-4096")]
    pub next: Option<String>,
}

impl AuditAnswer {
    /// A page as it looks.
    fn example() -> Self {
        let decision = Decision {
            time: "2026-11-02T09:30:00Z".to_owned(),
            msp_id: Some("ExporterMSP".to_owned()),
            subject: Some("CN=anna,OU=client,O=exporter.example".to_owned()),
            certificate_sha256: Some("5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d".to_owned()),
            method: "GET".to_owned(),
            route: "/v1/items/{id}".to_owned(),
            resource: "https://id.gs1.org/01/09521234543213/21/4711".to_owned(),
            function: Some(ReadItem::NAME.to_owned()),
            status: 200,
            outcome: "allowed".to_owned(),
            ..Decision::default()
        };
        let seal = "8d7e6f1a2b3c4d5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d5e6f708192a3b4c5d6".to_owned();
        Self { lines: vec![AuditLine { number: 4711, decision, seal }.into()], next: Some("1-4096".to_owned()) }
    }
}

impl From<AuditLine> for AuditRow {
    fn from(AuditLine { number, decision, seal }: AuditLine) -> Self {
        Self {
            number,
            time: decision.time,
            organization: decision.msp_id,
            subject: decision.subject,
            certificate_sha256: decision.certificate_sha256,
            way: decision.way,
            address: decision.address,
            method: decision.method,
            route: decision.route,
            resource: decision.resource,
            function: decision.function,
            transaction_id: decision.transaction_id,
            status: decision.status,
            outcome: decision.outcome,
            count: decision.count,
            seal,
        }
    }
}

impl From<AuditPage> for AuditAnswer {
    fn from(page: AuditPage) -> Self {
        let lines = page.lines.into_iter().map(AuditRow::from).collect();
        Self { lines, next: page.next.map(|next| next.to_string()) }
    }
}
