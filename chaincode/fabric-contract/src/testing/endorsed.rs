//! What a call leads to: a transaction that was run at the peers, as Fabric's endorsers do it, and one that was
//! committed.

use serde::de::DeserializeOwned;

use crate::{Event, Failure, Timestamp};

use super::{ReadWriteSet, rwset::PrivateWrites};

/// A transaction that was run and not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endorsed {
    /// The transaction's identifier.
    pub tx_id: String,
    /// The transaction's time.
    pub timestamp: Timestamp,
    /// What the contract returned.
    pub payload: Vec<u8>,
    /// The event it will announce.
    pub event: Option<Event>,
    /// What it read and wants to write.
    pub read_write_set: ReadWriteSet,
    pub(super) private_writes: PrivateWrites,
}

/// A committed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The block, from 1.
    pub block: u64,
    /// The transaction's identifier.
    pub tx_id: String,
    /// What the contract returned.
    pub payload: Vec<u8>,
    /// The event it announced.
    pub event: Option<Event>,
    /// What it read and wrote.
    pub read_write_set: ReadWriteSet,
}

impl Endorsed {
    /// The payload, read as JSON.
    ///
    /// # Errors
    /// A failure with the code `payload_malformed` when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        payload_json(&self.payload)
    }
}

impl Committed {
    /// The payload, read as JSON.
    ///
    /// # Errors
    /// A failure with the code `payload_malformed` when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        payload_json(&self.payload)
    }
}

fn payload_json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Failure> {
    let failure = |error: serde_json::Error| {
        Failure::new(500, "payload_malformed", "The payload is not the expected JSON").with_detail(error.to_string())
    };
    serde_json::from_slice(payload).map_err(failure)
}
