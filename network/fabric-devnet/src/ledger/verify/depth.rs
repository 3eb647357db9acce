//! How thoroughly a ledger is looked through.

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Depth {
    /// What every start can afford: everything but who signed transactions.
    Chain,
    /// Everything, as when the blocks came.
    Transactions,
}
