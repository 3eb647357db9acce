//! The time of a transaction, as its client wrote it.
//!
//! There is no clock here: the value comes from the channel header of the proposal, where the client chose it. Peers
//! reject proposals that are more than a quarter of an hour off, so a contract may use it as "about now" and no more.

use serde::{Deserialize, Serialize};

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp {
    /// Whole seconds since the Unix epoch; negative before 1970.
    pub seconds: i64,
    /// Nanoseconds within the second, 0 to 999 999 999.
    pub nanos: i32,
}

impl Timestamp {
    /// A time of whole seconds since the Unix epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanos: 0 }
    }
}
