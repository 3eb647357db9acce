//! Who says what a record says, and the digest by which everybody can tell that it was said.
//!
//! A record *speaks for* an organization when others rely on it as that organization's word. Peers with a changed
//! chaincode can write such a record in another's name. Therefore its *authorship digest* stands in the author's own
//! private collection, under the same key, where nothing is written without the author's peer; the ledger shows the
//! hash of it to everybody. A table whose records speak for organizations is [`Authored`], which says once for whom:
//! contracts that rely on the record, tests and verifiers without a peer all ask the same declaration.

use std::ops::Deref;

use fabric_contract::{Table, TableKey, organization_collection};
use serde::{Serialize, de::DeserializeOwned};
use trade_standards::identifier::MspId;

use crate::common::{Digest256, Stamp};

/// SHA-256 of a statement as JSON without spaces, fields in the order of their types.
pub fn digest(statement: &impl Serialize) -> Digest256 {
    let text = serde_json::to_vec(statement).expect("records are texts, numbers and lists, which JSON always takes");
    Digest256::of(&text)
}

/// What one organization says in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// For whom it speaks.
    pub author: MspId,
    /// When the author said it, in which transaction.
    pub stamp: Stamp,
    /// The authorship digest.
    pub sha256: Digest256,
}

impl Said {
    /// That `author` says `statement`: the record, or what it was when the author wrote it.
    pub fn by(author: &MspId, stamp: &Stamp, statement: &impl Serialize) -> Self {
        Self { author: author.clone(), stamp: stamp.clone(), sha256: digest(statement) }
    }

    /// That the member that signed the stamp says `statement`: for records that name no author beside it.
    pub fn by_signer(stamp: &Stamp, statement: &impl Serialize) -> Self {
        Self::by(&stamp.by, stamp, statement)
    }

    /// What the parties of a record say: each the last that it said. `said` holds the record after each that was said,
    /// oldest first. What it shows without the word of a party, or by the word of another member, is said by that party
    /// or the first one, and has no digest.
    pub fn by_all(said: &[(impl Serialize, &Stamp)], parties: &[&MspId]) -> Vec<Self> {
        let last_of = |party: &MspId| {
            let last = said.iter().rfind(|(_, stamp)| stamp.by == *party).or(said.last());
            last.map(|(statement, stamp)| Self::by(party, stamp, statement))
        };
        let by_others = said.iter().filter(|(_, stamp)| !parties.contains(&&stamp.by));
        let by_others = parties.first().into_iter().flat_map(|first| {
            by_others.clone().map(|(statement, stamp)| Self::by(first, stamp, statement)).collect::<Vec<_>>()
        });
        parties.iter().filter_map(|party| last_of(party)).chain(by_others).collect()
    }

    /// The collection that holds the digest.
    pub fn collection(&self) -> String {
        organization_collection(self.author.as_str())
    }

    /// The value that stands there.
    pub fn value(&self) -> Vec<u8> {
        self.sha256.as_str().as_bytes().to_vec()
    }

    /// The hash of that value, which the ledger shows.
    pub fn value_sha256(&self) -> Digest256 {
        Digest256::of(self.sha256.as_str().as_bytes())
    }
}

/// What is said in a record: by each organization the last that it said.
pub type Says<K, V> = fn(&K, &V) -> Vec<Said>;

/// A table whose records speak for organizations.
pub struct Authored<K, V> {
    table: Table<K, V>,
    says: Says<K, V>,
}

impl<K: TableKey, V: Serialize + DeserializeOwned> Authored<K, V> {
    /// The table `name`, and who says what in a record of it.
    #[must_use]
    pub const fn new(name: &'static str, says: Says<K, V>) -> Self {
        Self { table: Table::new(name), says }
    }

    /// What is said in a record.
    pub fn said(&self, key: &K, record: &V) -> Vec<Said> {
        (self.says)(key, record)
    }

    pub(crate) fn says(&self) -> Says<K, V> {
        self.says
    }
}

impl<K, V> Deref for Authored<K, V> {
    type Target = Table<K, V>;

    fn deref(&self) -> &Table<K, V> {
        &self.table
    }
}
