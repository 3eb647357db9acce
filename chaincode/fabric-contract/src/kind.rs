//! The two kinds of transactions: those that may write to Fabric's ledger and those that only read it.

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It may write, and is meant to be endorsed, ordered and committed.
    Submit,
    /// It reads only; a write in it is refused.
    Evaluate,
}
