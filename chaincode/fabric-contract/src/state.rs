//! What a transaction keeps between its reads and its last step: values that the peer has sent, and writes for Fabric's
//! ledger that wait.

use crate::{Change, Write, places::Places};

/// What a transaction has read and wants to write. An empty collection name is the public state.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) values: Places<Option<Vec<u8>>>,
    pub(crate) hashes: Places<Option<Vec<u8>>>,
    pub(crate) policies: Places<Option<Vec<u8>>>,
    pub(crate) writes: Places<Written>,
    pub(crate) paged: bool,
    pub(crate) queried_private: bool,
}

/// Value and policy of a key are written separately.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) value: Option<Change>,
    pub(crate) policy: Option<Change>,
}

impl State {
    pub(crate) fn has_writes(&self) -> bool {
        !self.writes.is_empty()
    }

    /// The writes, sorted by collection and key; of one key the value first, then the policy.
    pub(crate) fn take_writes(&mut self) -> Vec<Write> {
        let mut writes = Vec::new();
        for (collection, key, Written { value, policy }) in std::mem::take(&mut self.writes).into_sorted() {
            match (value, policy) {
                (Some(value), Some(policy)) => {
                    writes.push(Write { collection: collection.clone(), key: key.clone(), change: value });
                    writes.push(Write { collection, key, change: policy });
                }
                (value, policy) => writes.extend(value.or(policy).map(|change| Write { collection, key, change })),
            }
        }
        writes
    }
}
