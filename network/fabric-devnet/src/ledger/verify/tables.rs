//! Comparing the tables of a store with those that its blocks add up to, row by row.

use redb::{AccessGuard, Key, ReadOnlyTable, ReadableTable, Value};

use crate::state::{error::LedgerError, finding::Finding, store::Snapshot};

/// A row's key in an error is cut to this many characters.
const ROW_MAX: usize = 300;

/// Compares everything that follows from the blocks.
pub(super) fn compare(stored: &Snapshot, rebuilt: &Snapshot) -> Result<(), LedgerError> {
    same("block_hashes", &stored.block_hashes, &rebuilt.block_hashes)?;
    same("transactions", &stored.transactions, &rebuilt.transactions)?;
    same("state", &stored.state, &rebuilt.state)?;
    same("hashes", &stored.hashes, &rebuilt.hashes)?;
    same("history", &stored.history, &rebuilt.history)?;
    same("expiries", &stored.expiries, &rebuilt.expiries)?;
    same("collections", &stored.collections, &rebuilt.collections)?;
    same("singles", &stored.singles, &rebuilt.singles)
}

fn same<K: Key + 'static, V: Value + 'static>(
    table: &'static str,
    stored: &ReadOnlyTable<K, V>,
    rebuilt: &ReadOnlyTable<K, V>,
) -> Result<(), LedgerError> {
    let (mut stored, mut rebuilt) = (stored.iter()?, rebuilt.iter()?);
    loop {
        match (stored.next().transpose()?, rebuilt.next().transpose()?) {
            (None, None) => return Ok(()),
            (Some(stored), Some(rebuilt)) if is_same(&stored.0, &rebuilt.0) && is_same(&stored.1, &rebuilt.1) => {}
            (Some((key, _)), _) | (None, Some((key, _))) => {
                return Err(Finding::Row { table, row: shown::<K>(&key.value()) }.into());
            }
        }
    }
}

fn is_same<T: Value + 'static>(left: &AccessGuard<'_, T>, right: &AccessGuard<'_, T>) -> bool {
    T::as_bytes(&left.value()).as_ref() == T::as_bytes(&right.value()).as_ref()
}

/// A row's key, short enough to stand in a message.
pub(super) fn shown<K: Value>(key: &K::SelfType<'_>) -> String {
    format!("{key:?}").chars().take(ROW_MAX).collect()
}
