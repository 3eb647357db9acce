//! Imports and their rows.

use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
    database::Store,
    error::StoreError,
    tables::{IMPORT_ROWS, IMPORTS, quick},
};
use crate::imports::{Import, ImportRow, ImportState, RowState};

impl Store {
    /// Stores an import and its rows. On return they are on disk.
    pub(crate) fn add_import(&self, import: &Import, rows: &[ImportRow]) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(IMPORT_ROWS)?;
                for row in rows {
                    table.insert((import.id.as_str(), row.number), serde_json::to_vec(row)?.as_slice())?;
                }
            }
            put(&transaction, import)?;
            Ok(transaction.commit()?)
        })
    }

    /// The imports of an organization, the newest first.
    pub(crate) fn imports(&self, msp_id: &str) -> Result<Vec<Import>, StoreError> {
        let mut imports = self.imports_where(|import| import.msp_id == msp_id)?;
        imports.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(imports)
    }

    /// The imports that run, the oldest first.
    pub(crate) fn running_imports(&self) -> Result<Vec<Import>, StoreError> {
        let mut imports = self.imports_where(|import| import.state == ImportState::Running)?;
        imports.sort_by(|one, other| (one.updated_at, &one.id).cmp(&(other.updated_at, &other.id)));
        Ok(imports)
    }

    fn imports_where(&self, wanted: impl Fn(&Import) -> bool) -> Result<Vec<Import>, StoreError> {
        self.on(|database| {
            let mut found = Vec::new();
            for entry in database.begin_read()?.open_table(IMPORTS)?.iter()? {
                let import = serde_json::from_slice(entry?.1.value())?;
                if wanted(&import) {
                    found.push(import);
                }
            }
            Ok(found)
        })
    }

    /// One import of an organization.
    pub(crate) fn import(&self, msp_id: &str, id: &str) -> Result<Option<Import>, StoreError> {
        self.on(|database| {
            let table = database.begin_read()?.open_table(IMPORTS)?;
            Ok(table.get((msp_id, id))?.map(|value| serde_json::from_slice(value.value())).transpose()?)
        })
    }

    /// At most `count` rows of an import for which `wanted` says yes, from the row with this number on.
    pub(crate) fn import_rows(
        &self,
        id: &str,
        from: u64,
        count: usize,
        wanted: impl Fn(&ImportRow) -> bool,
    ) -> Result<Vec<ImportRow>, StoreError> {
        self.on(|database| {
            let mut found = Vec::new();
            let table = database.begin_read()?.open_table(IMPORT_ROWS)?;
            for entry in table.range((id, from)..=(id, u64::MAX))? {
                if found.len() == count {
                    break;
                }
                let row = serde_json::from_slice(entry?.1.value())?;
                if wanted(&row) {
                    found.push(row);
                }
            }
            Ok(found)
        })
    }

    /// Stores what became of a row. A crash may lose it: the row is then sent again under the key that leads to what
    /// became of it. Says whether the import is still there.
    pub(crate) fn conclude_row(&self, import: &Import, row: &ImportRow, now: u64) -> Result<bool, StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            let Some(mut import) = get(&transaction, &import.msp_id, &import.id)? else { return Ok(false) };
            {
                let mut rows = transaction.open_table(IMPORT_ROWS)?;
                let key = (import.id.as_str(), row.number);
                let former =
                    rows.get(key)?.map(|value| serde_json::from_slice::<ImportRow>(value.value())).transpose()?;
                if former.is_none_or(|former| former.state != RowState::Waiting) {
                    return Ok(true);
                }
                rows.insert(key, serde_json::to_vec(row)?.as_slice())?;
            }
            match row.state {
                RowState::Accepted => import.accepted += 1,
                RowState::Failed => import.failed += 1,
                RowState::Waiting => {}
            }
            import.updated_at = now;
            put(&transaction, &import)?;
            transaction.commit()?;
            Ok(true)
        })
    }

    /// Says how an import stands, if it is still there. On return it is on disk, and so is what became of its rows.
    pub(crate) fn set_import_state(
        &self,
        import: &Import,
        state: ImportState,
        stopped: Option<&str>,
        now: u64,
    ) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            if let Some(former) = get(&transaction, &import.msp_id, &import.id)? {
                let stopped = stopped.map(str::to_owned);
                put(&transaction, &Import { state, stopped, updated_at: now, ..former })?;
            }
            Ok(transaction.commit()?)
        })
    }

    /// Lets rows that have failed, or in a trial all rows, wait again; in the name of another certificate.
    pub(crate) fn repeat_import(&self, import: &Import, certificate: &str, now: u64) -> Result<Import, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            let mut import = get(&transaction, &import.msp_id, &import.id)?.unwrap_or_else(|| import.clone());
            {
                let mut rows = transaction.open_table(IMPORT_ROWS)?;
                let mut again = Vec::new();
                for entry in rows.range((import.id.as_str(), 0)..=(import.id.as_str(), u64::MAX))? {
                    let row: ImportRow = serde_json::from_slice(entry?.1.value())?;
                    let is_over = row.state == RowState::Failed || import.dry_run && row.state == RowState::Accepted;
                    if is_over && row.request.is_some() {
                        again.push(row);
                    }
                }
                for row in again {
                    let count = if row.state == RowState::Failed { &mut import.failed } else { &mut import.accepted };
                    *count = count.saturating_sub(1);
                    let number = row.number;
                    let row = ImportRow { state: RowState::Waiting, faults: Vec::new(), transaction_id: None, ..row };
                    rows.insert((import.id.as_str(), number), serde_json::to_vec(&row)?.as_slice())?;
                }
            }
            let state = if import.waiting() > 0 { ImportState::Running } else { ImportState::Done };
            let import =
                Import { state, stopped: None, certificate: certificate.to_owned(), updated_at: now, ..import };
            put(&transaction, &import)?;
            transaction.commit()?;
            Ok(import)
        })
    }

    /// Forgets an import and its rows. Says whether it was there.
    pub(crate) fn remove_import(&self, msp_id: &str, id: &str) -> Result<bool, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            let was_there = transaction.open_table(IMPORTS)?.remove((msp_id, id))?.is_some();
            if was_there {
                transaction.open_table(IMPORT_ROWS)?.retain_in((id, 0)..=(id, u64::MAX), |_, _| false)?;
            }
            transaction.commit()?;
            Ok(was_there)
        })
    }

    /// Forgets imports that do not run and last changed before `before` (seconds since 1970).
    pub(crate) fn forget_imports(&self, before: u64) -> Result<(), StoreError> {
        let is_old = |import: &Import| import.state != ImportState::Running && import.updated_at < before;
        for import in self.imports_where(is_old)? {
            self.remove_import(&import.msp_id, &import.id)?;
        }
        Ok(())
    }
}

fn get(transaction: &WriteTransaction, msp_id: &str, id: &str) -> Result<Option<Import>, StoreError> {
    let table = transaction.open_table(IMPORTS)?;
    let value = table.get((msp_id, id))?;
    Ok(value.map(|value| serde_json::from_slice(value.value())).transpose()?)
}

fn put(transaction: &WriteTransaction, import: &Import) -> Result<(), StoreError> {
    let mut table = transaction.open_table(IMPORTS)?;
    table.insert((import.msp_id.as_str(), import.id.as_str()), serde_json::to_vec(import)?.as_slice())?;
    Ok(())
}
