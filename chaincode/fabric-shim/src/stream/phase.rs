//! The phases of a server's stop, which all its streams follow.

/// How far the server's stop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Transactions are taken.
    Serving,
    /// New transactions are refused, running ones may finish.
    Draining,
    /// Streams end.
    Stopping,
}

impl Phase {
    /// Whether new transactions are taken.
    pub(crate) fn is_serving(&self) -> bool {
        *self == Self::Serving
    }
}
