//! What is wrong with a file as a whole, and with one row of it.

use serde::{Deserialize, Serialize};

/// Why a file is not read, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// More bytes than the limit.
    #[error("the file has more than {0} bytes")]
    TooLarge(usize),
    /// Bytes that the encoding does not have.
    #[error("the file is not {0}; say which encoding it has")]
    Encoding(&'static str),
    /// Commas, semicolons and tabs stand equally often in the header.
    #[error("the header does not show what separates its columns; say which delimiter it is")]
    DelimiterAmbiguous,
    /// No line with names of columns.
    #[error("the file has no header")]
    HeaderMissing,
    /// More rows than the limit.
    #[error("the file has more than {0} rows")]
    TooManyRows(u64),
    /// More columns than the limit; each name that a line of NDJSON, or a payment's supplementary data, adds is one.
    #[error("with line {line} there are more than {most} columns")]
    TooManyColumns {
        /// Where.
        line: u64,
        /// The limit.
        most: usize,
    },
    /// Names of columns that are too long together.
    #[error("the names of the columns have more than {0} bytes together")]
    NamesTooLong(usize),
    /// A longer cell than the limit.
    #[error("a cell of line {line} has more than {most} bytes; is a quotation mark missing?")]
    CellTooLong {
        /// Where.
        line: u64,
        /// The limit.
        most: usize,
    },
    /// A longer line of NDJSON than the limit.
    #[error("line {line} has more than {most} bytes")]
    LineTooLong {
        /// Where.
        line: u64,
        /// The limit.
        most: usize,
    },
    /// Not a workbook that can be read.
    #[error("the file is no XLSX workbook that can be read: {0}")]
    Workbook(String),
    /// Its parts, or the rows and requests that it becomes, are too large together.
    #[error("the file becomes more than {0} bytes while it is read; send it in parts")]
    ExpandsTooFar(u64),
    /// No such sheet, or none at all.
    #[error("the workbook has no sheet {0:?}")]
    SheetUnknown(String),
    /// Not an EPCIS document with events.
    #[error("the file is no EPCIS document with events: {0}")]
    Epcis(String),
    /// Not a bank message that is read.
    #[error("the file is no bank message of ISO 20022 that can be read: {0}")]
    Iso20022(String),
}

impl FileError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "import.file_too_large",
            Self::Encoding(_) => "import.encoding",
            Self::DelimiterAmbiguous => "import.delimiter_ambiguous",
            Self::HeaderMissing => "import.header_missing",
            Self::TooManyRows(_) => "import.too_many_rows",
            Self::TooManyColumns { .. } => "import.too_many_columns",
            Self::NamesTooLong(_) => "import.names_too_long",
            Self::CellTooLong { .. } => "import.cell_too_long",
            Self::LineTooLong { .. } => "import.line_too_long",
            Self::Workbook(_) => "import.workbook_malformed",
            Self::ExpandsTooFar(_) => "import.expands_too_far",
            Self::SheetUnknown(_) => "import.sheet_unknown",
            Self::Epcis(_) => "import.epcis_malformed",
            Self::Iso20022(_) => "import.iso20022_malformed",
        }
    }
}

/// What is wrong with one row. Its text quotes no cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// The stable code.
    pub code: String,
    /// The column, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// What is wrong, for people.
    pub detail: String,
}

impl RowFault {
    pub(crate) fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: format!("import.{code}"), column: None, detail: detail.into() }
    }

    pub(crate) fn in_column(mut self, column: Option<&str>) -> Self {
        self.column = column.map(str::to_owned);
        self
    }
}
