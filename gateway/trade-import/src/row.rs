//! A row of a table, and what is known of its file.

use std::{ops::ControlFlow, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Cell, Encoding, FileError, Header, RowFault};

/// In which form a file has its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values (RFC 4180), or semicolons or tabs; the first line is the header.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// A sheet of an Office Open XML workbook; its first row that is not empty is the header.
    Xlsx,
    /// An EPCIS 2.0 document in JSON: each event is a row.
    Epcis,
    /// A bank message of ISO 20022: each payment is a row.
    Iso20022,
}

/// What a file does not say about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// What separates the columns of a CSV file. Default: what the header shows.
    pub delimiter: Option<u8>,
    /// The encoding of a CSV or NDJSON file. Default: UTF-8.
    pub encoding: Encoding,
    /// The sheet of a workbook. Default: the first one.
    pub sheet: Option<String>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line on which it begins, the number of the sheet's row, or which payment of a message it is, from 1.
    pub line: u64,
    /// The names of its cells.
    pub header: Arc<Header>,
    /// Its cells, one for each name, unless there is a fault.
    pub cells: Vec<Cell>,
    /// Why it cannot be taken as it stands.
    pub fault: Option<RowFault>,
}

/// What a reader tells about each row.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Row) -> Result<ControlFlow<()>, FileError>;
