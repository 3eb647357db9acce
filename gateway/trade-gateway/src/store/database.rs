//! The database file: its form, and how it comes back after it failed.

use std::{
    path::Path,
    sync::{PoisonError, RwLock},
};

use fabric_msp::private;
use redb::{Database, ReadableTable};

use super::{
    error::StoreError,
    operation::KeyRecord,
    tables::{
        CONCLUDED, FORMAT, FORMATS_BEFORE, IMPORT_ROWS, IMPORTS, KEYS, MAPPINGS, META, OPEN, OPERATIONS, ORGANIZATIONS,
        index_all,
    },
};

/// The operation store of one gateway. The file is locked: a second gateway cannot open it.
pub struct Store {
    /// None while it cannot be opened again.
    database: RwLock<Option<Database>>,
    source: Source,
    pub(super) salt: Vec<u8>,
}

/// Opens the database.
type Source = Box<dyn Fn() -> Result<Database, redb::DatabaseError> + Send + Sync>;

impl Store {
    /// Opens or creates the store; drops keys whose requests cannot have had an effect.
    ///
    /// # Errors
    /// Another gateway uses the file, or it is damaged or of another version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        Self::open_from(Box::new(move || {
            let file = private::options().read(true).write(true).create(true).truncate(false).open(&path)?;
            Database::builder().create_file(file)
        }))
    }

    pub(super) fn open_from(source: Source) -> Result<Self, StoreError> {
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
                Some(before) if FORMATS_BEFORE.contains(&before) => {
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
            transaction.open_table(CONCLUDED)?;
            transaction.open_table(ORGANIZATIONS)?;
            transaction.open_table(IMPORTS)?;
            transaction.open_table(IMPORT_ROWS)?;
            transaction.open_table(MAPPINGS)?;
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

    /// Works on the database. After an I/O error, such as a full disk, it answers nothing until it is opened again,
    /// which is tried at once and then with every use. What was not forced to disk is lost by that, as in a crash.
    pub(super) fn on<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
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
}
