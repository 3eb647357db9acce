//! What a transaction read and what it wants to write.

use std::collections::BTreeMap;

/// The block and the place in it of the transaction that last wrote a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Block number; the first block of a [`MemoryLedger`](super::MemoryLedger) has number 1.
    pub block: u64,
    /// Place in the block, from 0.
    pub transaction: usize,
}

/// A collection and the SHA-256 of a key in it.
pub(super) type HashedKey = (String, [u8; 32]);

/// The public part of a transaction's effect: the same on all endorsing peers, or they do not agree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadWriteSet {
    /// Keys read, with the version found; none for an absent key.
    pub reads: BTreeMap<String, Option<Version>>,
    /// Ranges queried, in order.
    pub ranges: Vec<RangeRead>,
    /// Keys written; none for a deletion.
    pub writes: BTreeMap<String, Option<Vec<u8>>>,
    /// Keys whose endorsement policy is set; empty bytes remove it.
    pub policies: BTreeMap<String, Vec<u8>>,
    /// Private keys read, by collection and key hash.
    pub hashed_reads: BTreeMap<HashedKey, Option<Version>>,
    /// Private keys written, by collection and key hash.
    pub hashed_writes: BTreeMap<HashedKey, HashedWrite>,
    /// Private keys whose endorsement policy is set.
    pub hashed_policies: BTreeMap<HashedKey, Vec<u8>>,
}

impl ReadWriteSet {
    /// Whether it writes nothing.
    pub fn is_read_only(&self) -> bool {
        self.writes.is_empty()
            && self.policies.is_empty()
            && self.hashed_writes.is_empty()
            && self.hashed_policies.is_empty()
    }
}

/// What the ledger learns of a private write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedWrite {
    /// SHA-256 of the value; none for a deletion.
    pub value_sha256: Option<[u8; 32]>,
    /// Whether the key's past goes too.
    pub purge: bool,
}

/// A range query and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeRead {
    /// First key asked for.
    pub start: String,
    /// First key outside the range when `exhausted`, otherwise the last key fetched. Empty means the end.
    pub end: String,
    /// Whether the query saw the whole range.
    pub exhausted: bool,
    /// The keys found and their versions.
    pub found: Vec<(String, Version)>,
}

/// The private values of a transaction, which go to the collections' members only: collection, key, and the value or
/// none for a deletion.
pub(super) type PrivateWrites = BTreeMap<(String, String), Option<Vec<u8>>>;
