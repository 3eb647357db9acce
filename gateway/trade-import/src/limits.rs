//! How much of a file is read at most.

/// Bounds on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Bytes of all parts of a workbook together, once they are expanded, and of what the documents of all events
    /// repeat of what stands around them.
    pub expanded_bytes: u64,
    /// Rows below the header, or events.
    pub rows: u64,
    /// Columns.
    pub columns: usize,
    /// Bytes of one cell.
    pub cell_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024 * 1024,
            expanded_bytes: 128 * 1024 * 1024,
            rows: 50_000,
            columns: 200,
            cell_bytes: 32 * 1024,
        }
    }
}
