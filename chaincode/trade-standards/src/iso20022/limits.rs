//! How much of a bank message is read at most.

/// Bounds on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CamtLimits {
    /// Bytes of the whole message.
    pub bytes_max: usize,
    /// Nesting of elements.
    pub depth_max: usize,
    /// Entries in all statements together.
    pub entries_max: usize,
    /// Transactions in all entries together.
    pub transactions_max: usize,
    /// Elements that are kept at once; by [`parse_camt`](super::parse_camt), those of the whole message.
    pub elements_max: usize,
    /// Bytes of one text.
    pub text_max: usize,
}

impl Default for CamtLimits {
    fn default() -> Self {
        Self {
            bytes_max: 4 << 20,
            depth_max: 32,
            entries_max: 5_000,
            transactions_max: 20_000,
            elements_max: 250_000,
            text_max: 2048,
        }
    }
}
