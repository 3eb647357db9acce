//! How much of an EPCIS document is read at most, and how strictly.

/// Bounds on a document. The default suits one capture request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes_max: usize,
    /// Nesting of objects and arrays.
    pub depth_max: usize,
    /// Events in one document.
    pub events_max: usize,
    /// Members of one list inside an event (EPCs, quantities, references).
    pub list_max: usize,
    /// Whether GS1 keys must be right to the check digit. Without it, URIs are judged by their form alone; real
    /// documents hold wrong check digits, and their event hashes are well defined all the same.
    pub check_digits: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 4 << 20, depth_max: 32, events_max: 500, list_max: 10_000, check_digits: true }
    }
}
