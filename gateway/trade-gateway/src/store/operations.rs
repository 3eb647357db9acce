//! What the gateway asks of its store.

use fabric_msp::hash::sha256;
use redb::{ReadableDatabase, ReadableTable};
use trade_model::common::Digest256;

use super::{
    database::Store,
    error::StoreError,
    operation::{Begin, KeyDigest, KeyRecord, Operation, State, Turn},
    tables::{CONCLUDED, KEYS, OPEN, OPERATIONS, ORGANIZATIONS, give_back, key_record, lead, quick, write},
};
use crate::mac_key::joined;

impl Store {
    /// Whether the store can be used now.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.operation("").is_ok()
    }

    /// The digest of an idempotency key. The scope is the caller's MSP id, certificate subject and route.
    #[must_use]
    pub fn key(&self, msp_id: &str, subject: &str, operation: &str, key: &str) -> KeyDigest {
        let mut text = self.salt.clone();
        text.extend(joined([msp_id, subject, operation, key]));
        KeyDigest(sha256(&text))
    }

    /// What stands for a person's name on the ledger, salted: names can be guessed. The same for each of its
    /// certificates.
    #[must_use]
    pub fn name_digest(&self, msp_id: &str, client_id: &str) -> Digest256 {
        let mut text = self.salt.clone();
        text.extend(joined(["operator", msp_id, client_id]));
        Digest256::from_bytes(sha256(&text))
    }

    /// The digest of a request, salted: bodies may hold secrets, and digests of short secrets can be guessed.
    #[must_use]
    pub fn request_digest(&self, path: &str, body: &[u8]) -> String {
        let mut text = self.salt.clone();
        text.extend(joined([path]));
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

    /// Stores an operation that is about to be submitted and lets its key lead to it. On return it is on disk.
    ///
    /// # Errors
    /// The store refuses; the transaction must then not be submitted.
    pub fn record_submission(&self, operation: &Operation) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            write(&transaction, operation)?;
            lead(&transaction, operation)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Stores how an operation ended. A key whose operation had no effect is given back. An outcome that is stored
    /// already stays.
    ///
    /// # Errors
    /// The store refuses; the operation is then asked about again.
    pub fn conclude(&self, operation: &Operation) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            write(&transaction, operation)?;
            transaction.commit()?;
            Ok(())
        })
    }

    /// Notes that an operation is handed over to the orderer from now on, or that it is cancelled (`state` says which),
    /// unless one of the two happened before. On return it is on disk.
    ///
    /// # Errors
    /// The store refuses; nothing may be handed over then.
    pub fn take_turn(&self, transaction_id: &str, state: State, now: u64) -> Result<Turn, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            let found = {
                let operations = transaction.open_table(OPERATIONS)?;
                let value = operations.get(transaction_id)?;
                value.map(|value| serde_json::from_slice::<Operation>(value.value())).transpose()?
            };
            let Some(mut operation) = found else { return Ok(Turn::Unknown) };
            if operation.state != State::Accepted {
                return Ok(Turn::Past(Box::new(operation)));
            }
            (operation.state, operation.updated_at) = (state, now);
            if operation.is_concluded() {
                operation.signed = None;
            }
            write(&transaction, &operation)?;
            transaction.commit()?;
            Ok(Turn::Taken(Box::new(operation)))
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
    pub fn open_operations(&self, count: usize, wanted: impl Fn(&str) -> bool) -> Result<Vec<Operation>, StoreError> {
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

    /// Forgets at most `count` concluded operations that last changed before `before` (seconds since 1970), and their
    /// keys. Gives back how many.
    ///
    /// # Errors
    /// The store refuses.
    pub fn forget(&self, before: u64, count: usize) -> Result<usize, StoreError> {
        self.on(|database| {
            let is_old = |entry: &(u64, &str)| entry.0 < before;
            {
                // Nothing is locked to find out that there is nothing to do.
                let concluded = database.begin_read()?.open_table(CONCLUDED)?;
                if !concluded.first()?.is_some_and(|(key, _)| is_old(&key.value())) {
                    return Ok(0);
                }
            }
            let transaction = database.begin_write()?;
            let mut forgotten = 0;
            {
                let mut concluded = transaction.open_table(CONCLUDED)?;
                let mut operations = transaction.open_table(OPERATIONS)?;
                let mut organizations = transaction.open_table(ORGANIZATIONS)?;
                let mut keys = transaction.open_table(KEYS)?;
                while forgotten < count && concluded.first()?.is_some_and(|(key, _)| is_old(&key.value())) {
                    let Some((key, _)) = concluded.pop_first()? else { break };
                    let (_, id) = key.value();
                    if let Some(operation) = operations.remove(id)? {
                        let operation: Operation = serde_json::from_slice(operation.value())?;
                        organizations.remove((operation.msp_id.as_str(), operation.created_at, id))?;
                        give_back(&mut keys, &operation)?;
                    }
                    forgotten += 1;
                }
            }
            transaction.commit()?;
            Ok(forgotten)
        })
    }
}
