//! What callers are told about imports and mappings, as JSON.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trade_import::{Format, RowFault, mapping::Mapping};

use super::record::{Import, ImportRow, ImportState, KeptMapping, RowState};
use crate::time::rfc3339;

/// An import and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportView {
    /// Its id: the same file with the same mapping has the same one.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"), example = &"5f0c1b7f6d9c4e2a8b3d7e6f1a2b3c4d")]
    pub id: String,
    /// The operation id of the route that takes its requests.
    #[schemars(length(min = 1, max = 100), example = &"depositEvidence")]
    pub operation: String,
    /// The name of its mapping; absent for documents and templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub mapping: Option<String>,
    /// The version of its mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub mapping_version: Option<u32>,
    /// The form of the file.
    pub format: Format,
    /// SHA-256 of the file, hex.
    #[schemars(
        regex(pattern = "^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub file_sha256: String,
    /// Whether its requests are only evaluated, and nothing is written.
    pub dry_run: bool,
    /// How far it is.
    pub state: ImportState,
    /// The code of the problem because of which it was stopped. The same file sent again lets it go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub stopped: Option<String>,
    /// Rows that it has.
    pub rows: u64,
    /// Rows whose transactions are committed; in a trial, rows that the contract would take.
    pub accepted: u64,
    /// Rows that were refused.
    pub failed: u64,
    /// Rows that wait or are worked on.
    pub waiting: u64,
    /// When it was sent first, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub created_at: String,
    /// When it last changed, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub updated_at: String,
}

/// The answer of `GET /v1/imports`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportsAnswer {
    /// The organization's imports, the newest first.
    pub imports: Vec<ImportView>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowFaultView {
    /// The stable code.
    #[schemars(length(min = 1, max = 1000), example = &"import.check_digit")]
    pub code: String,
    /// The column of the file or the field of the request, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10000))]
    pub column: Option<String>,
    /// What is wrong, for people.
    pub detail: String,
}

/// A row and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowView {
    /// Which row it is, from 0.
    pub number: u64,
    /// Where it stands in the file: the line on which it begins, the row of the sheet, or which event or payment it is,
    /// from 1.
    #[schemars(range(min = 1))]
    pub line: u64,
    /// How far it is.
    pub state: RowState,
    /// The Fabric transaction, when one was made; never in a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        regex(pattern = "^[0-9a-f]{64}$"),
        example = &"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )]
    pub transaction_id: Option<String>,
    /// Why it has failed.
    pub faults: Vec<RowFaultView>,
}

/// The answer of `GET /v1/imports/{id}/rows`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowsAnswer {
    /// The rows, in the order of the file.
    pub rows: Vec<RowView>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A mapping that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MappingView {
    /// Its name, which your organization has chosen.
    #[schemars(length(min = 1, max = 64), example = &"deposits")]
    pub name: String,
    /// Which version, from 1.
    #[schemars(range(min = 1))]
    pub version: u32,
    /// When this version was made, RFC 3339 UTC.
    #[schemars(extend("format" = "date-time"), example = &"2026-11-02T09:30:00Z")]
    pub created_at: String,
    /// The mapping.
    pub mapping: Mapping,
}

/// The answer of `GET /v1/import-mappings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MappingsAnswer {
    /// The newest version of each mapping, by name.
    pub mappings: Vec<MappingView>,
}

/// A row as it would be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewedRow {
    /// Where it stands in the file.
    #[schemars(range(min = 1))]
    pub line: u64,
    /// The path of the request; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10000), example = &"/v1/evidence")]
    pub path: Option<String>,
    /// The body of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Why there is no request.
    pub faults: Vec<RowFaultView>,
}

/// The answer of `POST /v1/import-mappings/{name}/preview`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewAnswer {
    /// The version of the mapping.
    #[schemars(range(min = 1))]
    pub version: u32,
    /// The names of the file's columns.
    pub columns: Vec<String>,
    /// The first rows. Nothing was sent or stored.
    pub rows: Vec<PreviewedRow>,
}

impl From<&Import> for ImportView {
    fn from(import: &Import) -> Self {
        let mapping = import.mapping.clone();
        Self {
            id: import.id.clone(),
            operation: import.operation.clone(),
            mapping_version: mapping.as_ref().map(|(_, version)| *version),
            mapping: mapping.map(|(name, _)| name),
            format: import.format,
            file_sha256: import.file_sha256.clone(),
            dry_run: import.dry_run,
            state: import.state,
            stopped: import.stopped.clone(),
            rows: import.rows,
            accepted: import.accepted,
            failed: import.failed,
            waiting: import.waiting(),
            created_at: rfc3339(import.created_at),
            updated_at: rfc3339(import.updated_at),
        }
    }
}

impl From<&RowFault> for RowFaultView {
    fn from(fault: &RowFault) -> Self {
        Self { code: fault.code.clone(), column: fault.column.clone(), detail: fault.detail.clone() }
    }
}

impl From<&ImportRow> for RowView {
    fn from(row: &ImportRow) -> Self {
        Self {
            number: row.number,
            line: row.line,
            state: row.state,
            transaction_id: row.transaction_id.clone(),
            faults: row.faults.iter().map(RowFaultView::from).collect(),
        }
    }
}

impl From<&ImportRow> for PreviewedRow {
    fn from(row: &ImportRow) -> Self {
        let (path, body) = row.request.clone().unzip();
        Self {
            line: row.line,
            path,
            body: body.and_then(|body| serde_json::from_str(&body).ok()),
            faults: row.faults.iter().map(RowFaultView::from).collect(),
        }
    }
}

impl MappingView {
    /// A version of a mapping of this name.
    #[must_use]
    pub fn new(name: &str, kept: KeptMapping) -> Self {
        let (version, created_at) = (kept.version, rfc3339(kept.created_at));
        Self { name: name.to_owned(), version, created_at, mapping: kept.mapping }
    }
}
