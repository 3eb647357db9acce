//! Committing a block: the checks that Fabric makes on each transaction, in order, and the state they leave.
//!
//! Each transaction is checked against the state as its valid predecessors in the block left it. A key that one of them
//! touched counts as changed for every later reader, even when it was a deletion of an absent key.

use std::{collections::BTreeSet, ops::Bound};

use crate::Modification;

use super::{
    CommittedEvent, Endorsed, MemoryLedger, RangeRead, Version,
    ledger::{Entry, HashEntry, PrivateEntry},
    rwset::HashedKey,
    simulation::{is_empty, upper},
};

/// What became of a transaction in its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation {
    /// It was committed.
    Valid,
    /// A key it had read has changed.
    MvccReadConflict {
        /// The key; for a private one its collection and the hash in hexadecimal.
        key: String,
    },
    /// A range it had queried has changed.
    PhantomReadConflict {
        /// The start of the range.
        start: String,
    },
}

/// What the valid transactions of the block have touched so far.
#[derive(Default)]
struct Touched {
    keys: BTreeSet<String>,
    hashed: BTreeSet<HashedKey>,
}

impl MemoryLedger {
    /// Commits one block of transactions, in order, and tells what became of each.
    pub fn commit(&mut self, transactions: Vec<Endorsed>) -> Vec<Validation> {
        self.height += 1;
        let mut touched = Touched::default();
        let mut outcome = Vec::new();
        for (index, transaction) in transactions.into_iter().enumerate() {
            let validation = self.validate(&transaction, &touched);
            if validation == Validation::Valid {
                self.apply(transaction, Version { block: self.height, transaction: index }, &mut touched);
            }
            outcome.push(validation);
        }
        outcome
    }

    fn validate(&self, transaction: &Endorsed, touched: &Touched) -> Validation {
        let effect = &transaction.read_write_set;
        for (key, version) in &effect.reads {
            let now = self.public.get(key).map(|entry| entry.version);
            if touched.keys.contains(key) || now != *version {
                return Validation::MvccReadConflict { key: key.clone() };
            }
        }
        for range in &effect.ranges {
            if self.range_now(range) != range.found {
                return Validation::PhantomReadConflict { start: range.start.clone() };
            }
        }
        for (place, version) in &effect.hashed_reads {
            let now = self.hashes.get(place).map(|entry| entry.version);
            if touched.hashed.contains(place) || now != *version {
                return Validation::MvccReadConflict { key: format!("{}:{}", place.0, hex::encode(place.1)) };
            }
        }
        Validation::Valid
    }

    fn range_now(&self, range: &RangeRead) -> Vec<(String, Version)> {
        let end = match (&range.found.last(), range.exhausted) {
            (Some((last, _)), false) => Bound::Included(last.clone()),
            _ => upper(&range.end),
        };
        let bounds = (Bound::Included(range.start.clone()), end);
        if is_empty(&bounds) {
            return Vec::new();
        }
        self.public.range(bounds).map(|(key, entry)| (key.clone(), entry.version)).collect()
    }

    fn apply(&mut self, transaction: Endorsed, version: Version, touched: &mut Touched) {
        let Endorsed { tx_id, timestamp, read_write_set: effect, private_writes, event, .. } = transaction;
        for (key, value) in effect.writes {
            touched.keys.insert(key.clone());
            let change = Modification { tx_id: tx_id.clone(), timestamp, value: value.clone() };
            self.past.entry(key.clone()).or_default().push(change);
            match value {
                None => drop(self.public.remove(&key)),
                Some(value) => {
                    let policy = self.public.remove(&key).map(|entry| entry.policy).unwrap_or_default();
                    self.public.insert(key, Entry { value, version, policy });
                }
            }
        }
        for (key, policy) in effect.policies {
            touched.keys.insert(key.clone());
            if let Some(entry) = self.public.get_mut(&key) {
                (entry.policy, entry.version) = (policy, version);
            }
        }
        for (place, write) in effect.hashed_writes {
            touched.hashed.insert(place.clone());
            let before = self.hashes.remove(&place);
            if let Some(value_sha256) = write.value_sha256 {
                let policy = before.map(|entry| entry.policy).unwrap_or_default();
                self.hashes.insert(place, HashEntry { value_sha256, version, policy });
            }
        }
        for ((collection, key), value) in private_writes {
            self.distribute(&collection, &key, value, version);
        }
        for (place, policy) in effect.hashed_policies {
            touched.hashed.insert(place.clone());
            if let Some(entry) = self.hashes.get_mut(&place) {
                let before = std::mem::replace(&mut entry.version, version);
                entry.policy = policy;
                self.restamp(&place, before, version);
            }
        }
        self.events.extend(event.map(|event| CommittedEvent {
            block: version.block,
            tx_id,
            name: event.name,
            payload: event.payload,
        }));
    }

    fn distribute(&mut self, collection: &str, key: &str, value: Option<Vec<u8>>, version: Version) {
        let members = self.collection(collection).map(|definition| definition.members).unwrap_or_default();
        for member in members {
            let place = (member, collection.to_owned(), key.to_owned());
            match &value {
                None => drop(self.private.remove(&place)),
                Some(value) => drop(self.private.insert(place, PrivateEntry { value: value.clone(), version })),
            }
        }
    }

    /// A change of a private key's policy gives value and hash a new version together.
    fn restamp(&mut self, (collection, key_sha256): &HashedKey, before: Version, version: Version) {
        for ((_, own, key), entry) in &mut self.private {
            let same = own == collection && super::ledger::hashed_key(own, key).1 == *key_sha256;
            if same && entry.version == before {
                entry.version = version;
            }
        }
    }
}
