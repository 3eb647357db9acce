//! What is stored about imports and mappings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trade_import::{Format, RowFault, mapping::Mapping};

/// The media type of workbooks.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportState {
    /// Rows wait, or are worked on.
    Running,
    /// Every row is accepted or has failed.
    Done,
    /// Rows wait and are not worked on, because the person who sent the file may not send them any more.
    Stopped,
}

/// How far a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    /// It waits, or is worked on.
    Waiting,
    /// Its transaction is committed; in a trial, the contract would take it.
    Accepted,
    /// It was refused.
    Failed,
}

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Made of the organization, the file and what is done with it: the same file has the same id.
    pub id: String,
    /// Whose it is.
    pub msp_id: String,
    /// The operation id of the route that takes the requests.
    pub operation: String,
    /// The name and version of the mapping, when a kept one is used.
    pub mapping: Option<(String, u32)>,
    /// The form of the file.
    pub format: Format,
    /// SHA-256 of the file, hex.
    pub file_sha256: String,
    /// Whether the requests are only evaluated.
    pub dry_run: bool,
    /// Whether each row waits for the one before.
    pub in_order: bool,
    /// The names of the file's columns.
    pub header: Vec<String>,
    /// How far it is.
    pub state: ImportState,
    /// The code of the problem because of which it was stopped.
    pub stopped: Option<String>,
    /// Rows that it has.
    pub rows: u64,
    /// Rows that are accepted.
    pub accepted: u64,
    /// Rows that have failed.
    pub failed: u64,
    /// The certificate of the person who sent the file, DER in hex.
    pub certificate: String,
    /// When it was sent first, seconds since 1970.
    pub created_at: u64,
    /// When it last changed, seconds since 1970.
    pub updated_at: u64,
}

/// A row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    /// Which row it is, from 0.
    pub number: u64,
    /// Where it stands in the file: the line, the row of the sheet, or which event or payment it is.
    pub line: u64,
    /// The cells as they stood there.
    pub cells: Vec<String>,
    /// Path and body of the request; none when there is none.
    pub request: Option<(String, String)>,
    /// Which one it is of the rows with the same request, from 0.
    pub repeated: u64,
    /// How far it is.
    pub state: RowState,
    /// The Fabric transaction.
    pub transaction_id: Option<String>,
    /// Why it has failed.
    pub faults: Vec<RowFault>,
}

/// A version of a mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptMapping {
    /// Which version, from 1.
    pub version: u32,
    /// When it was made, seconds since 1970.
    pub created_at: u64,
    /// The mapping.
    pub mapping: Mapping,
}

impl Import {
    /// Whether it is this one, and not another one of the same file that was begun after this one was removed.
    #[must_use]
    pub fn is_the_same(&self, other: &Self) -> bool {
        (&self.id, &self.certificate, self.created_at) == (&other.id, &other.certificate, other.created_at)
    }

    /// Rows that wait or are worked on.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.rows.saturating_sub(self.accepted + self.failed)
    }
}
