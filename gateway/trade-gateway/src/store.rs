//! What survives a crash of the gateway: operations and the idempotency keys that lead to them.
//!
//! A write goes through three records. The key is taken in memory-speed commits; the sealed transaction is forced to
//! disk once, before it is handed to the orderer; the outcome may be lost in a crash, because the sealed transaction can
//! be handed over again and its outcome asked again. A sealed transaction holds no private input, a proposal does:
//! proposals are never stored.

use std::{
    path::Path,
    sync::{PoisonError, RwLock},
};

use fabric_msp::hash::sha256;
use redb::{Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
const KEYS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("idempotency_keys");
const OPERATIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("operations");
/// The operations whose outcome is not known, by creation and id.
const OPEN: TableDefinition<(u64, &str), ()> = TableDefinition::new("open_operations");
/// The others, by their last change and id.
const SETTLED: TableDefinition<(u64, &str), ()> = TableDefinition::new("settled_operations");

/// The version of the records; another version is refused, but for the one before, which lacks the two indexes.
const FORMAT: &[u8] = b"2";
const FORMAT_WITHOUT_INDEXES: &[u8] = b"1";

/// The operation store of one gateway. The file is locked: a second gateway cannot open it.
pub struct Store {
    /// None while it cannot be opened again.
    database: RwLock<Option<Database>>,
    source: Source,
    salt: Vec<u8>,
}

/// Opens the database.
type Source = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send + Sync>;

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Sealed and handed to the orderer; the outcome is being waited for.
    Submitted,
    /// In a block, valid.
    Committed,
    /// In a block, invalid: nothing was written.
    Invalid,
    /// The orderer refused it for good: nothing was written.
    Refused,
    /// The outcome is not known yet. Asking again, or sending the same request again, settles it.
    Indeterminate,
}

/// One transaction that was handed to the orderer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The Fabric transaction's id, which is the operation's id.
    pub transaction_id: String,
    /// The caller's MSP id. Members of other organizations do not see the operation.
    pub msp_id: String,
    /// The operation id of the route that started it.
    pub operation: String,
    /// How far it is.
    pub state: State,
    /// The name of Fabric's validation code, once known.
    pub validation: Option<String>,
    /// Fabric's validation code, once known.
    pub validation_code: Option<i32>,
    /// The number of its block, once known.
    pub block_number: Option<u64>,
    /// The contract's answer as JSON; it never holds private values.
    pub result: serde_json::Value,
    /// When it was handed over, seconds since 1970.
    pub created_at: u64,
    /// When its state last changed, seconds since 1970.
    pub updated_at: u64,
    /// The sealed transaction, hex, as long as it may have to be handed over again.
    pub sealed: Option<String>,
    /// The idempotency key's digest, hex, if the caller's key leads here.
    pub key: Option<String>,
    /// The code under which the orderers refused it for good after an earlier handing-over whose answer was lost. It may have
    /// been ordered then, so its outcome is asked for, but it is not handed over any more.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// What an idempotency key leads to.
#[derive(Debug, PartialEq)]
pub enum Begin {
    /// Nothing: the key is now taken for this request.
    New,
    /// The same request is being worked on.
    Running,
    /// The same request has been handed to the orderer.
    Known(Box<Operation>),
    /// The key was used with another body.
    OtherBody,
}

/// The digest of an idempotency key in its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDigest([u8; 32]);

impl KeyDigest {
    /// Hex form.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

#[derive(Serialize, Deserialize)]
struct KeyRecord {
    body: String,
    created_at: u64,
    transaction_id: Option<String>,
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused: locked by another gateway, disk full, damaged.
    #[error("the operation store: {0}")]
    Database(#[from] Box<redb::Error>),
    /// The database failed before and could not be opened again so far.
    #[error("the operation store is closed after a failure")]
    Closed,
    /// The key of a transaction that is to be handed over does not lead to its request any more, because the database had to
    /// be opened again; another request may have taken it.
    #[error("the idempotency key was lost when the operation store was opened again")]
    KeyLost,
    /// A record is not of this version's form.
    #[error("the operation store holds a damaged record: {0}")]
    Record(#[from] serde_json::Error),
    /// Written by another version.
    #[error("the operation store was written by another version")]
    Format,
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] openssl::error::ErrorStack),
}

macro_rules! from_redb {
    ($($kind:ty),*) => {$(
        impl From<$kind> for StoreError {
            fn from(error: $kind) -> Self {
                Self::Database(Box::new(error.into()))
            }
        }
    )*};
}
from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

impl Store {
    /// Opens or creates the store; drops keys whose requests cannot have had an effect.
    ///
    /// # Errors
    /// Another gateway uses the file, or it is damaged or of another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        Self::open_from(Box::new(move || Database::create(&path)))
    }

    fn open_from(source: Source) -> Result<Self, StoreError> {
        let database = source()?;
        let salt = Self::prepare(&database)?;
        Ok(Self { database: RwLock::new(Some(database)), source, salt })
    }

    /// Brings a database that was just opened into form and gives back its salt.
    fn prepare(database: &Database) -> Result<Vec<u8>, StoreError> {
        let transaction = database.begin_write()?;
        let salt = {
            let mut meta = transaction.open_table(META)?;
            let format = meta.get("format")?.map(|value| value.value().to_vec());
            match format.as_deref() {
                None => {
                    let mut salt = [0; 32];
                    openssl::rand::rand_bytes(&mut salt)?;
                    meta.insert("format", FORMAT)?;
                    meta.insert("salt", salt.as_slice())?;
                }
                Some(FORMAT) => {}
                Some(FORMAT_WITHOUT_INDEXES) => {
                    index_all(&transaction)?;
                    meta.insert("format", FORMAT)?;
                }
                Some(_) => return Err(StoreError::Format),
            }
            meta.get("salt")?.map(|value| value.value().to_vec()).ok_or(StoreError::Format)?
        };
        {
            // Made here, so that readers find them.
            transaction.open_table(OPEN)?;
            transaction.open_table(SETTLED)?;
            let operations = transaction.open_table(OPERATIONS)?;
            let mut keys = transaction.open_table(KEYS)?;
            let mut stale = Vec::new();
            for entry in keys.iter()? {
                let (key, value) = entry?;
                let record: KeyRecord = serde_json::from_slice(value.value())?;
                let leads_somewhere = match &record.transaction_id {
                    Some(id) => operations.get(id.as_str())?.is_some(),
                    None => false,
                };
                if !leads_somewhere {
                    stale.push(key.value().to_vec());
                }
            }
            for key in stale {
                keys.remove(key.as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(salt)
    }

    /// Works on the database. After an I/O error, such as a full disk, it serves nobody until it is opened again, which is
    /// tried at once and then with every use. What was not forced to disk is lost by that, as in a crash.
    fn on<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let opened = self.database.read().unwrap_or_else(PoisonError::into_inner);
        if opened.is_none() {
            drop(opened);
            self.open_again();
            return Err(StoreError::Closed);
        }
        let result = opened.as_ref().map_or(Err(StoreError::Closed), work);
        drop(opened);
        if result.as_ref().is_err_and(StoreError::ends_the_database) {
            self.open_again();
        }
        result
    }

    fn open_again(&self) {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // Closed first: the file is locked as long as it is open.
        *database = None;
        let opened = (self.source)().map_err(StoreError::from);
        match opened.and_then(|opened| Self::prepare(&opened).map(|_| opened)) {
            Ok(opened) => *database = Some(opened),
            Err(error) => tracing::error!("the operation store cannot be opened again: {error}"),
        }
    }

    /// Whether the store can be used now.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.operation("").is_ok()
    }

    /// The digest of an idempotency key. The scope is the caller's MSP id, certificate subject and route.
    #[must_use]
    pub fn key(&self, msp_id: &str, subject: &str, operation: &str, key: &str) -> KeyDigest {
        let mut text = self.salt.clone();
        for part in [msp_id, subject, operation, key] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part.as_bytes());
        }
        KeyDigest(sha256(&text))
    }

    /// The digest of a request, salted: bodies may hold secrets, and digests of short secrets can be guessed.
    #[must_use]
    pub fn request_digest(&self, path: &str, body: &[u8]) -> String {
        let mut text = self.salt.clone();
        text.extend((path.len() as u64).to_be_bytes());
        text.extend(path.as_bytes());
        text.extend(body);
        hex::encode(sha256(&text))
    }

    /// Takes a key for a request, or tells what it leads to.
    ///
    /// # Errors
    /// The store refuses.
    pub fn begin(&self, key: &KeyDigest, request: &str, now: u64) -> Result<Begin, StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            let begin = {
                let mut keys = transaction.open_table(KEYS)?;
                let known = keys.get(key.0.as_slice())?.map(|value| serde_json::from_slice::<KeyRecord>(value.value()));
                match known.transpose()? {
                    Some(record) if record.body != request => Begin::OtherBody,
                    Some(KeyRecord { transaction_id: Some(id), .. }) => {
                        let operations = transaction.open_table(OPERATIONS)?;
                        let operation = operations.get(id.as_str())?.map(|value| serde_json::from_slice(value.value()));
                        match operation.transpose()? {
                            Some(operation) => Begin::Known(operation),
                            None => Begin::Running,
                        }
                    }
                    Some(_) => Begin::Running,
                    None => {
                        let record = KeyRecord { body: request.to_owned(), created_at: now, transaction_id: None };
                        keys.insert(key.0.as_slice(), serde_json::to_vec(&record)?.as_slice())?;
                        Begin::New
                    }
                }
            };
            transaction.commit()?;
            Ok(begin)
        })
    }

    /// Gives a key back: its request had no effect and may be sent again. A key that leads to a transaction stays.
    ///
    /// # Errors
    /// The store refuses.
    pub fn release(&self, key: &KeyDigest) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            {
                let mut keys = transaction.open_table(KEYS)?;
                if key_record(&keys, &key.0)?.is_some_and(|record| record.transaction_id.is_none()) {
                    keys.remove(key.0.as_slice())?;
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }

    /// Stores a sealed operation and lets its key lead to it. On return it is on disk.
    ///
    /// # Errors
    /// The store refuses; the transaction must then not be handed over.
    pub fn submitted(&self, operation: &Operation) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            write(&transaction, operation)?;
            lead(&transaction, operation)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Stores how an operation ended. A key whose operation had no effect is given back. An outcome that is stored already
    /// stays.
    ///
    /// # Errors
    /// The store refuses; the operation is then asked about again.
    pub fn settled(&self, operation: &Operation) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            write(&transaction, operation)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// One operation.
    ///
    /// # Errors
    /// The store refuses.
    pub fn operation(&self, transaction_id: &str) -> Result<Option<Operation>, StoreError> {
        self.on(|database| {
            let table = database.begin_read()?.open_table(OPERATIONS)?;
            let value = table.get(transaction_id)?;
            Ok(value.map(|value| serde_json::from_slice(value.value())).transpose()?)
        })
    }

    /// At most `count` operations whose outcome is not known, oldest first, for which `wanted` says yes to their ids.
    ///
    /// # Errors
    /// The store refuses.
    pub fn unsettled(&self, count: usize, wanted: impl Fn(&str) -> bool) -> Result<Vec<Operation>, StoreError> {
        self.on(|database| {
            let transaction = database.begin_read()?;
            let (open, operations) = (transaction.open_table(OPEN)?, transaction.open_table(OPERATIONS)?);
            let mut found = Vec::new();
            for entry in open.iter()? {
                let (key, _) = entry?;
                let (_, id) = key.value();
                if found.len() == count {
                    break;
                }
                if wanted(id)
                    && let Some(operation) = operations.get(id)?
                {
                    found.push(serde_json::from_slice(operation.value())?);
                }
            }
            Ok(found)
        })
    }

    /// Forgets at most `count` settled operations that last changed before `before` (seconds since 1970), and their keys.
    /// Gives back how many.
    ///
    /// # Errors
    /// The store refuses.
    pub fn forget(&self, before: u64, count: usize) -> Result<usize, StoreError> {
        self.on(|database| {
            let is_old = |entry: &(u64, &str)| entry.0 < before;
            {
                // Nothing is locked to find out that there is nothing to do.
                let settled = database.begin_read()?.open_table(SETTLED)?;
                if !settled.first()?.is_some_and(|(key, _)| is_old(&key.value())) {
                    return Ok(0);
                }
            }
            let transaction = database.begin_write()?;
            let mut forgotten = 0;
            {
                let mut settled = transaction.open_table(SETTLED)?;
                let mut operations = transaction.open_table(OPERATIONS)?;
                let mut keys = transaction.open_table(KEYS)?;
                while forgotten < count && settled.first()?.is_some_and(|(key, _)| is_old(&key.value())) {
                    let Some((key, _)) = settled.pop_first()? else { break };
                    let (_, id) = key.value();
                    if let Some(operation) = operations.remove(id)? {
                        give_back(&mut keys, &serde_json::from_slice(operation.value())?)?;
                    }
                    forgotten += 1;
                }
            }
            transaction.commit()?;
            Ok(forgotten)
        })
    }
}

impl StoreError {
    /// Whether nothing more can be had from the database as it is open.
    fn ends_the_database(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::DatabaseClosed)
    }
}

/// A transaction whose loss in a crash does no harm.
fn quick(database: &Database) -> Result<redb::WriteTransaction, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::None)?;
    Ok(transaction)
}

impl Operation {
    /// Whether the outcome is known.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Committed | State::Invalid | State::Refused)
    }
}

/// Writes an operation, unless its outcome is known already: then nothing can be learnt about it any more.
fn write(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let mut operations = transaction.open_table(OPERATIONS)?;
    let id = operation.transaction_id.as_str();
    let former = operations.get(id)?.map(|value| serde_json::from_slice::<Operation>(value.value())).transpose()?;
    if former.is_some_and(|former| former.is_settled()) {
        return Ok(());
    }
    operations.insert(id, serde_json::to_vec(operation)?.as_slice())?;
    index(transaction, operation)?;
    if matches!(operation.state, State::Invalid | State::Refused) {
        give_back(&mut transaction.open_table(KEYS)?, operation)?;
    }
    Ok(())
}

/// Puts an operation where it is found by its state.
fn index(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let id = operation.transaction_id.as_str();
    let mut open = transaction.open_table(OPEN)?;
    if operation.is_settled() {
        open.remove((operation.created_at, id))?;
        transaction.open_table(SETTLED)?.insert((operation.updated_at, id), ())?;
    } else {
        open.insert((operation.created_at, id), ())?;
    }
    Ok(())
}

fn index_all(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    for entry in transaction.open_table(OPERATIONS)?.iter()? {
        index(transaction, &serde_json::from_slice(entry?.1.value())?)?;
    }
    Ok(())
}

/// Lets the key of a sealed operation lead to it.
fn lead(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let Some(key) = operation.key.as_ref().and_then(|key| hex::decode(key).ok()) else { return Ok(()) };
    let mut keys = transaction.open_table(KEYS)?;
    let record = key_record(&keys, &key)?;
    let record = record.filter(|record| record.transaction_id.is_none()).ok_or(StoreError::KeyLost)?;
    let record = KeyRecord { transaction_id: Some(operation.transaction_id.clone()), ..record };
    keys.insert(key.as_slice(), serde_json::to_vec(&record)?.as_slice())?;
    Ok(())
}

/// Gives the key of an operation back, unless it leads to another one by now.
fn give_back(keys: &mut Table<&[u8], &[u8]>, operation: &Operation) -> Result<(), StoreError> {
    let Some(key) = operation.key.as_ref().and_then(|key| hex::decode(key).ok()) else { return Ok(()) };
    let own = |record: KeyRecord| record.transaction_id.as_ref() == Some(&operation.transaction_id);
    if key_record(keys, &key)?.is_some_and(own) {
        keys.remove(key.as_slice())?;
    }
    Ok(())
}

fn key_record(keys: &Table<&[u8], &[u8]>, key: &[u8]) -> Result<Option<KeyRecord>, StoreError> {
    Ok(keys.get(key)?.map(|value| serde_json::from_slice(value.value())).transpose()?)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    fn operation(store: &Store, id: &str, key: &str, state: State) -> Operation {
        Operation {
            transaction_id: id.to_owned(),
            msp_id: "AMSP".to_owned(),
            operation: "capture".to_owned(),
            state,
            validation: None,
            validation_code: None,
            block_number: None,
            result: serde_json::json!({"a": 1}),
            created_at: 10,
            updated_at: 10,
            sealed: Some("00".to_owned()),
            key: Some(store.key("AMSP", "CN=erp", "capture", key).to_hex()),
            refusal: None,
        }
    }

    #[test]
    fn a_key_is_taken_once_and_leads_to_its_operation_after_a_restart() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("store.redb");
        let store = Store::open(&path)?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        let request = store.request_digest("/v1/captures", b"{}");
        assert_eq!(store.begin(&key, &request, 1)?, Begin::New);
        assert_eq!(store.begin(&key, &request, 1)?, Begin::Running);
        assert_eq!(store.begin(&key, &store.request_digest("/v1/captures", b"[]"), 1)?, Begin::OtherBody);
        let submitted = operation(&store, "t1", "k1", State::Submitted);
        store.submitted(&submitted)?;
        drop(store);

        let store = Store::open(&path)?;
        assert_eq!(store.begin(&key, &request, 2)?, Begin::Known(Box::new(submitted.clone())));
        assert_eq!(store.unsettled(10, |_| true)?, [submitted]);
        Ok(())
    }

    #[test]
    fn a_key_without_a_sealed_transaction_does_not_survive_a_restart() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("store.redb");
        let store = Store::open(&path)?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        store.begin(&key, "digest", 1)?;
        // Forces the key to disk together with an unrelated operation.
        store.submitted(&Operation { key: None, ..operation(&store, "t9", "other", State::Submitted) })?;
        drop(store);
        assert_eq!(Store::open(&path)?.begin(&key, "digest", 2)?, Begin::New);
        Ok(())
    }

    #[test]
    fn an_operation_without_effect_gives_its_key_back() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        store.begin(&key, "digest", 1)?;
        store.submitted(&operation(&store, "t1", "k1", State::Submitted))?;
        store.settled(&operation(&store, "t1", "k1", State::Invalid))?;
        assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
        Ok(())
    }

    #[test]
    fn a_key_that_leads_to_another_transaction_by_now_stays_when_the_former_is_forgotten()
    -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        store.begin(&key, "digest", 1)?;
        store.submitted(&operation(&store, "t1", "k1", State::Submitted))?;
        store.settled(&operation(&store, "t1", "k1", State::Invalid))?;
        assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
        let second = Operation { updated_at: 5_000, ..operation(&store, "t2", "k1", State::Submitted) };
        store.submitted(&second)?;

        store.settled(&operation(&store, "t1", "k1", State::Invalid))?;
        assert_eq!(store.begin(&key, "digest", 3)?, Begin::Known(Box::new(second.clone())));
        assert_eq!(store.forget(1_000, 10)?, 1);
        assert_eq!(store.begin(&key, "digest", 3)?, Begin::Known(Box::new(second)));
        Ok(())
    }

    #[test]
    fn an_outcome_once_known_is_not_overwritten() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        store.begin(&key, "digest", 1)?;
        store.submitted(&operation(&store, "t1", "k1", State::Submitted))?;
        store.settled(&operation(&store, "t1", "k1", State::Invalid))?;
        assert_eq!(store.begin(&key, "digest", 2)?, Begin::New);
        store.settled(&operation(&store, "t1", "k1", State::Indeterminate))?;
        assert_eq!(store.operation("t1")?.map(|operation| operation.state), Some(State::Invalid));
        assert_eq!(store.begin(&key, "digest", 3)?, Begin::Running, "the key is the second request's");
        Ok(())
    }

    #[test]
    fn keys_of_different_scopes_never_meet() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let key = store.key("AMSP", "CN=erp", "capture", "k1");
        for other in [
            store.key("BMSP", "CN=erp", "capture", "k1"),
            store.key("AMSP", "CN=other", "capture", "k1"),
            store.key("AMSP", "CN=erp", "grant", "k1"),
            store.key("AMSPC", "N=erp", "capture", "k1"),
        ] {
            assert_ne!(key, other);
        }
        Ok(())
    }

    #[test]
    fn old_settled_operations_are_forgotten_and_unsettled_ones_are_not() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        store.submitted(&Operation { key: None, ..operation(&store, "t1", "k1", State::Committed) })?;
        store.submitted(&Operation { key: None, ..operation(&store, "t2", "k2", State::Indeterminate) })?;
        assert_eq!(store.forget(1_000, 10)?, 1);
        assert!(store.operation("t1")?.is_none() && store.operation("t2")?.is_some());
        Ok(())
    }

    #[test]
    fn operations_are_found_by_state_and_age_in_batches() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("store.redb");
        let store = Store::open(&path)?;
        for (id, state, moment) in
            [("t1", State::Submitted, 30), ("t2", State::Submitted, 10), ("t3", State::Submitted, 20)]
        {
            let operation = operation(&store, id, id, state);
            store.submitted(&Operation { key: None, created_at: moment, updated_at: moment, ..operation })?;
        }
        let ids = |store: &Store, count, without: &str| -> Result<Vec<String>, StoreError> {
            let found = store.unsettled(count, |id| id != without)?;
            Ok(found.into_iter().map(|operation| operation.transaction_id).collect())
        };
        assert_eq!(ids(&store, 10, "")?, ["t2", "t3", "t1"]);
        assert_eq!(ids(&store, 1, "t2")?, ["t3"]);
        for (id, created_at) in [("t1", 30), ("t2", 10), ("t3", 20)] {
            let operation = operation(&store, id, id, State::Committed);
            store.settled(&Operation { created_at, updated_at: 100 + created_at, ..operation })?;
        }
        assert!(ids(&store, 10, "")?.is_empty());
        // As the version before wrote it.
        store.on(|database| {
            let transaction = database.begin_write()?;
            transaction.delete_table(OPEN)?;
            transaction.delete_table(SETTLED)?;
            transaction.open_table(META)?.insert("format", FORMAT_WITHOUT_INDEXES)?;
            Ok(transaction.commit()?)
        })?;
        drop(store);
        let store = Store::open(&path)?;
        assert_eq!((store.forget(130, 1)?, store.forget(130, 10)?, store.forget(130, 10)?), (1, 1, 0));
        assert!(store.operation("t1")?.is_some() && store.operation("t3")?.is_none());
        Ok(())
    }

    /// A file that cannot be written while its switch is on.
    #[derive(Debug)]
    struct Disk(redb::backends::FileBackend, Arc<AtomicBool>);

    impl Disk {
        fn room(&self) -> std::io::Result<()> {
            if self.1.load(Ordering::Relaxed) { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl redb::StorageBackend for Disk {
        fn len(&self) -> std::io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> std::io::Result<()> {
            self.room()?;
            self.0.set_len(len)
        }
        fn sync_data(&self) -> std::io::Result<()> {
            self.room()?;
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            self.room()?;
            self.0.write(offset, data)
        }
        fn close(&self) -> std::io::Result<()> {
            self.0.close()
        }
    }

    #[test]
    fn a_full_disk_needs_no_restart_and_no_key_leads_to_two_transactions() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("store.redb");
        let full = Arc::new(AtomicBool::new(false));
        let switch = Arc::clone(&full);
        let store = Store::open_from(Box::new(move || {
            let file = std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            let disk = Disk(redb::backends::FileBackend::new(file)?, Arc::clone(&switch));
            Database::builder().create_with_backend(disk)
        }))?;
        let keys = ["k1", "k2"].map(|key| store.key("AMSP", "CN=erp", "capture", key));
        store.begin(&keys[0], "digest", 1)?;
        store.submitted(&operation(&store, "t1", "k1", State::Submitted))?;
        store.begin(&keys[1], "digest", 1)?;
        full.store(true, Ordering::Relaxed);
        assert!(store.submitted(&operation(&store, "t2", "k2", State::Submitted)).is_err());
        assert!(!store.is_usable());
        full.store(false, Ordering::Relaxed);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
        while !store.is_usable() {
            assert!(std::time::Instant::now() < deadline, "it is not opened again");
        }
        assert!(matches!(store.begin(&keys[0], "digest", 2)?, Begin::Known(_)), "what was on disk is there");
        // The second key's request lost its key; a retry has it now, and only the retry may hand over.
        assert_eq!(store.begin(&keys[1], "digest", 2)?, Begin::New);
        store.submitted(&operation(&store, "t3", "k2", State::Submitted))?;
        let late = store.submitted(&operation(&store, "t2", "k2", State::Submitted));
        assert!(matches!(late, Err(StoreError::KeyLost)), "{late:?}");
        assert!(store.operation("t2")?.is_none());
        store.release(&keys[1])?;
        assert!(matches!(store.begin(&keys[1], "digest", 3)?, Begin::Known(_)), "the key is the retry's");
        Ok(())
    }

    #[test]
    fn a_second_gateway_cannot_use_the_store() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("store.redb");
        let _first = Store::open(&path)?;
        assert!(Store::open(&path).is_err());
        Ok(())
    }
}
