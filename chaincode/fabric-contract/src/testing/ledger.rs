//! The ledger: its committed state and the questions a test may ask about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{CompositeKey, Fault, LedgerKey, Modification, Response, Router, Row, Table, TableKey};

use super::{
    Collection,
    rwset::{HashedKey, Version},
};

/// The time of the first transaction that names none: 2026-01-01T00:00:00Z. Each block adds a second.
pub(super) const FIRST_SECOND: i64 = 1_767_225_600;

pub(super) type OtherChaincode = Arc<dyn Fn(&[Vec<u8>]) -> Response + Send + Sync>;

/// One channel with one chaincode, its organizations' peers and their private data. A clone is a fork.
///
/// # Examples
/// ```
/// use fabric_contract::{Context, Contract, Failure, Router, testing::{MemoryLedger, creator}};
///
/// fn put(context: &mut Context, value: String) -> Result<(), Failure> {
///     Ok(context.put("key", value.into_bytes())?)
/// }
///
/// let router = Router::new("Example", "1").contract(Contract::new("note").submit("Put", put));
/// let mut ledger = MemoryLedger::new(router, &["AMSP", "BMSP"]);
/// ledger.call("note:Put").creator(&creator("AMSP").build()).arg("hello").submit()?;
/// assert_eq!(ledger.get("key"), Some(b"hello".to_vec()));
/// # Ok::<(), Failure>(())
/// ```
#[derive(Clone)]
pub struct MemoryLedger {
    pub(super) router: Router,
    pub(super) channel_id: String,
    pub(super) chaincode: String,
    pub(super) organizations: BTreeSet<String>,
    pub(super) collections: BTreeMap<String, Collection>,
    pub(super) others: BTreeMap<String, OtherChaincode>,
    pub(super) public: BTreeMap<String, Entry>,
    pub(super) hashes: BTreeMap<HashedKey, HashEntry>,
    pub(super) private: BTreeMap<PrivatePlace, PrivateEntry>,
    pub(super) past: BTreeMap<String, Vec<Modification>>,
    pub(super) events: Vec<CommittedEvent>,
    pub(super) height: u64,
    pub(super) proposals: u64,
}

/// A public value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) value: Vec<u8>,
    pub(super) version: Version,
    pub(super) policy: Vec<u8>,
}

/// What every peer knows of a private value.
#[derive(Debug, Clone)]
pub(super) struct HashEntry {
    pub(super) value_sha256: [u8; 32],
    pub(super) version: Version,
    pub(super) policy: Vec<u8>,
}

/// Organization, collection, key.
pub(super) type PrivatePlace = (String, String, String);

/// What a member's peer holds of a private value.
#[derive(Debug, Clone)]
pub(super) struct PrivateEntry {
    pub(super) value: Vec<u8>,
    pub(super) version: Version,
}

/// The event of a committed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedEvent {
    /// Block number, from 1.
    pub block: u64,
    /// The transaction.
    pub tx_id: String,
    /// The event's name.
    pub name: String,
    /// The event's payload.
    pub payload: Vec<u8>,
}

impl MemoryLedger {
    /// An empty ledger of the channel `test-channel` with the chaincode `test-chaincode` and one peer per organization.
    pub fn new(router: Router, organizations: &[&str]) -> Self {
        Self {
            router,
            channel_id: "test-channel".to_owned(),
            chaincode: "test-chaincode".to_owned(),
            organizations: organizations.iter().map(|name| (*name).to_owned()).collect(),
            collections: BTreeMap::new(),
            others: BTreeMap::new(),
            public: BTreeMap::new(),
            hashes: BTreeMap::new(),
            private: BTreeMap::new(),
            past: BTreeMap::new(),
            events: Vec::new(),
            height: 0,
            proposals: 0,
        }
    }

    /// Names channel and chaincode.
    #[must_use]
    pub fn named(mut self, channel_id: &str, chaincode: &str) -> Self {
        self.channel_id = channel_id.to_owned();
        self.chaincode = chaincode.to_owned();
        self
    }

    /// Defines a private data collection. Implicit collections of the organizations exist without a definition.
    #[must_use]
    pub fn with_collection(mut self, collection: Collection) -> Self {
        self.collections.insert(collection.name.clone(), collection);
        self
    }

    /// Lets another chaincode of the channel answer `invoke`.
    #[must_use]
    pub fn with_chaincode(
        mut self,
        name: &str,
        answer: impl Fn(&[Vec<u8>]) -> Response + Send + Sync + 'static,
    ) -> Self {
        self.others.insert(name.to_owned(), Arc::new(answer));
        self
    }

    /// The committed value of a plain or composite key.
    pub fn get(&self, key: &(impl LedgerKey + ?Sized)) -> Option<Vec<u8>> {
        self.public.get(key.checked().ok()?).map(|entry| entry.value.clone())
    }

    /// The committed value of a key, read as JSON; none when it is absent or something else.
    pub fn get_json<T: DeserializeOwned>(&self, key: &(impl LedgerKey + ?Sized)) -> Option<T> {
        serde_json::from_slice(&self.get(key)?).ok()
    }

    /// All public keys as they stand in the ledger, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.public.keys().map(String::as_str)
    }

    /// All public entries of a table, in the order of their keys.
    ///
    /// # Errors
    /// As [`Table::entry`](crate::Table::entry).
    pub fn table<K: TableKey, V: Serialize + DeserializeOwned>(
        &self,
        table: &Table<K, V>,
    ) -> Result<Vec<(K, V)>, Fault> {
        let composite = self.public.iter().filter(|(key, _)| CompositeKey::parse(key).is_ok());
        let rows = composite.map(|(key, entry)| Row { key: key.clone(), value: entry.value.clone() });
        rows.filter_map(|row| table.entry(&row).transpose()).collect()
    }

    /// The private value that the peer of `msp_id` holds.
    pub fn private(&self, msp_id: &str, collection: &str, key: &(impl LedgerKey + ?Sized)) -> Option<Vec<u8>> {
        let place = (msp_id.to_owned(), collection.to_owned(), key.checked().ok()?.to_owned());
        self.private.get(&place).map(|entry| entry.value.clone())
    }

    /// The hash of a private value, which every peer holds.
    pub fn private_hash(&self, collection: &str, key: &(impl LedgerKey + ?Sized)) -> Option<[u8; 32]> {
        let place = hashed_key(collection, key.checked().ok()?);
        self.hashes.get(&place).map(|entry| entry.value_sha256)
    }

    /// The endorsement policy stored for a key; `collection` is empty for the public state.
    pub fn policy(&self, collection: &str, key: &(impl LedgerKey + ?Sized)) -> Option<Vec<u8>> {
        let key = key.checked().ok()?;
        let policy = if collection.is_empty() {
            &self.public.get(key)?.policy
        } else {
            &self.hashes.get(&hashed_key(collection, key))?.policy
        };
        Some(policy.clone()).filter(|policy| !policy.is_empty())
    }

    /// Takes a private value away from the peer of `msp_id`, as if it had not arrived yet.
    pub fn lose_private(&mut self, msp_id: &str, collection: &str, key: &(impl LedgerKey + ?Sized)) {
        if let Ok(key) = key.checked() {
            self.private.remove(&(msp_id.to_owned(), collection.to_owned(), key.to_owned()));
        }
    }

    /// The events of all committed transactions, oldest first.
    pub fn events(&self) -> &[CommittedEvent] {
        &self.events
    }

    /// How many blocks were committed.
    pub fn height(&self) -> u64 {
        self.height
    }

    pub(super) fn collection(&self, name: &str) -> Option<Collection> {
        self.collections.get(name).cloned().or_else(|| Collection::implicit(name, &self.organizations))
    }
}

pub(super) fn hashed_key(collection: &str, key: &str) -> HashedKey {
    (collection.to_owned(), Sha256::digest(key).into())
}
