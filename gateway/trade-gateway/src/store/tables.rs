//! The tables of the database, and how a record is written into them.

use redb::{Database, Durability, ReadableTable, Table, TableDefinition};

use super::{
    error::StoreError,
    operation::{KeyRecord, Operation, State},
};

pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
pub(super) const KEYS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("idempotency_keys");
pub(super) const OPERATIONS: TableDefinition<&str, &[u8]> = TableDefinition::new("operations");
/// The operations whose outcome is not known, by creation and id.
pub(super) const OPEN: TableDefinition<(u64, &str), ()> = TableDefinition::new("open_operations");
/// The others, by their last change and id.
pub(super) const CONCLUDED: TableDefinition<(u64, &str), ()> = TableDefinition::new("settled_operations");

/// All operations, by their organization, creation and id.
pub(super) const ORGANIZATIONS: TableDefinition<(&str, u64, &str), ()> =
    TableDefinition::new("operations_of_organizations");

/// Imports, by organization and id.
pub(super) const IMPORTS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("imports");
/// Their rows, by the import's id and their number.
pub(super) const IMPORT_ROWS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("import_rows");
/// Mappings of imports, by organization, name and version.
pub(super) const MAPPINGS: TableDefinition<(&str, &str, u32), &[u8]> = TableDefinition::new("import_mappings");

/// The version of the records; another version is refused, but for those before, which lack indexes.
pub(super) const FORMAT: &[u8] = b"3";
pub(super) const FORMATS_BEFORE: [&[u8]; 2] = [b"1", b"2"];

/// A transaction whose loss in a crash does no harm.
pub(super) fn quick(database: &Database) -> Result<redb::WriteTransaction, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::None)?;
    Ok(transaction)
}

/// Writes an operation, unless its outcome is known already: then nothing can be learnt about it any more.
pub(super) fn write(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let mut operations = transaction.open_table(OPERATIONS)?;
    let id = operation.transaction_id.as_str();
    let former = operations.get(id)?.map(|value| serde_json::from_slice::<Operation>(value.value())).transpose()?;
    if former.is_some_and(|former| former.is_concluded()) {
        return Ok(());
    }
    operations.insert(id, serde_json::to_vec(operation)?.as_slice())?;
    index(transaction, operation)?;
    if matches!(operation.state, State::Invalid | State::Refused | State::Cancelled) {
        give_back(&mut transaction.open_table(KEYS)?, operation)?;
    }
    Ok(())
}

/// Puts an operation where it is found by its state.
pub(super) fn index(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let id = operation.transaction_id.as_str();
    transaction.open_table(ORGANIZATIONS)?.insert((operation.msp_id.as_str(), operation.created_at, id), ())?;
    let mut open = transaction.open_table(OPEN)?;
    if operation.is_concluded() {
        open.remove((operation.created_at, id))?;
        transaction.open_table(CONCLUDED)?.insert((operation.updated_at, id), ())?;
    } else {
        open.insert((operation.created_at, id), ())?;
    }
    Ok(())
}

pub(super) fn index_all(transaction: &redb::WriteTransaction) -> Result<(), StoreError> {
    for entry in transaction.open_table(OPERATIONS)?.iter()? {
        index(transaction, &serde_json::from_slice(entry?.1.value())?)?;
    }
    Ok(())
}

/// Lets the key of an operation lead to it.
pub(super) fn lead(transaction: &redb::WriteTransaction, operation: &Operation) -> Result<(), StoreError> {
    let Some(key) = operation.key.as_ref().and_then(|key| hex::decode(key).ok()) else { return Ok(()) };
    let mut keys = transaction.open_table(KEYS)?;
    let record = key_record(&keys, &key)?;
    let record = record.filter(|record| record.transaction_id.is_none()).ok_or(StoreError::KeyLost)?;
    let record = KeyRecord { transaction_id: Some(operation.transaction_id.clone()), ..record };
    keys.insert(key.as_slice(), serde_json::to_vec(&record)?.as_slice())?;
    Ok(())
}

/// Gives the key of an operation back, unless it leads to another one by now.
pub(super) fn give_back(keys: &mut Table<&[u8], &[u8]>, operation: &Operation) -> Result<(), StoreError> {
    let Some(key) = operation.key.as_ref().and_then(|key| hex::decode(key).ok()) else { return Ok(()) };
    let own = |record: KeyRecord| record.transaction_id.as_ref() == Some(&operation.transaction_id);
    if key_record(keys, &key)?.is_some_and(own) {
        keys.remove(key.as_slice())?;
    }
    Ok(())
}

pub(super) fn key_record(keys: &Table<&[u8], &[u8]>, key: &[u8]) -> Result<Option<KeyRecord>, StoreError> {
    Ok(keys.get(key)?.map(|value| serde_json::from_slice(value.value())).transpose()?)
}
