//! Imports and their rows.

use std::collections::BTreeSet;

use redb::{ReadableDatabase, ReadableTable, WriteTransaction};

use super::{
    database::Store,
    error::StoreError,
    tables::{IMPORT_ROWS, IMPORTS, quick},
};
use crate::imports::{Import, ImportRow, ImportState, RowState};

/// Most imports that an organization has at once.
pub(crate) const IMPORTS_MAX: usize = 100;

/// Rows that are removed at once; other requests' records are written in between.
const REMOVED_AT_ONCE: usize = 256;

/// What became of an import that was added.
pub(crate) enum AddImport {
    /// It and its rows are on disk.
    New,
    /// The same file was added before.
    Known(Box<Import>),
    /// The organization has as many imports as it may.
    TooMany,
}

/// What became of a row's outcome.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Concluded {
    /// It is stored.
    Now,
    /// The row had one already.
    Before,
    /// The import is not there any more, or another one has its id.
    Gone,
}

impl Store {
    /// Stores an import and its rows, unless it is there already: the same file may be sent twice at once.
    pub(crate) fn add_import(&self, import: &Import, rows: &[ImportRow]) -> Result<AddImport, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            if let Some(known) = get(&transaction, &import.msp_id, &import.id)? {
                return Ok(AddImport::Known(Box::new(known)));
            }
            if of_organization(&transaction.open_table(IMPORTS)?, &import.msp_id)?.len() >= IMPORTS_MAX {
                return Ok(AddImport::TooMany);
            }
            {
                let mut table = transaction.open_table(IMPORT_ROWS)?;
                for row in rows {
                    table.insert((import.id.as_str(), row.number), serde_json::to_vec(row)?.as_slice())?;
                }
            }
            put(&transaction, import)?;
            transaction.commit()?;
            Ok(AddImport::New)
        })
    }

    /// The imports of an organization, the newest first.
    pub(crate) fn imports(&self, msp_id: &str) -> Result<Vec<Import>, StoreError> {
        let mut imports = self.on(|database| of_organization(&database.begin_read()?.open_table(IMPORTS)?, msp_id))?;
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
    /// became of it.
    pub(crate) fn conclude_row(&self, import: &Import, row: &ImportRow, now: u64) -> Result<Concluded, StoreError> {
        self.on(|database| {
            let transaction = quick(database)?;
            let Some(mut import) = same(&transaction, import)? else { return Ok(Concluded::Gone) };
            {
                let mut rows = transaction.open_table(IMPORT_ROWS)?;
                let key = (import.id.as_str(), row.number);
                let former =
                    rows.get(key)?.map(|value| serde_json::from_slice::<ImportRow>(value.value())).transpose()?;
                if former.is_none_or(|former| former.state != RowState::Waiting) {
                    return Ok(Concluded::Before);
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
            Ok(Concluded::Now)
        })
    }

    /// Says that an import, if it is still there, is done, or why it was stopped. One whose rows wait is not done. On
    /// return it is on disk, and so is what became of its rows.
    pub(crate) fn end_import(&self, import: &Import, stopped: Option<&str>, now: u64) -> Result<(), StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            if let Some(import) = same(&transaction, import)? {
                let state = match (stopped, import.waiting()) {
                    (Some(_), _) => ImportState::Stopped,
                    (None, 0) => ImportState::Done,
                    (None, _) => ImportState::Running,
                };
                put(&transaction, &Import { state, stopped: stopped.map(str::to_owned), updated_at: now, ..import })?;
            }
            Ok(transaction.commit()?)
        })
    }

    /// Lets rows that have failed, or in a trial all rows, wait again; in the name of another certificate. One that
    /// runs is left as it is. None when the import is not there any more.
    pub(crate) fn repeat_import(
        &self,
        import: &Import,
        certificate: &str,
        now: u64,
    ) -> Result<Option<Import>, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            let Some(mut import) = get(&transaction, &import.msp_id, &import.id)? else { return Ok(None) };
            if import.state == ImportState::Running {
                return Ok(Some(import));
            }
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
            Ok(Some(import))
        })
    }

    /// Forgets an import and its rows. Says whether it was there.
    pub(crate) fn remove_import(&self, msp_id: &str, id: &str) -> Result<bool, StoreError> {
        let was_there = self.on(|database| {
            let transaction = database.begin_write()?;
            let was_there = transaction.open_table(IMPORTS)?.remove((msp_id, id))?.is_some();
            transaction.commit()?;
            Ok(was_there)
        })?;
        if was_there {
            self.remove_rows(id)?;
        }
        Ok(was_there)
    }

    /// Removes the rows of an import that is not there.
    fn remove_rows(&self, id: &str) -> Result<(), StoreError> {
        loop {
            let removed = self.on(|database| {
                let transaction = quick(database)?;
                // The same file may have been sent again meanwhile: these rows are its own.
                let is_there = transaction
                    .open_table(IMPORTS)?
                    .iter()?
                    .try_fold(false, |is_there, entry| entry.map(|(key, _)| is_there || key.value().1 == id))?;
                if is_there {
                    return Ok(0);
                }
                let removed = {
                    let mut rows = transaction.open_table(IMPORT_ROWS)?;
                    let found = rows.extract_from_if((id, 0)..=(id, u64::MAX), |_, _| true)?;
                    found.take(REMOVED_AT_ONCE).try_fold(0, |count, entry| entry.map(|_| count + 1))?
                };
                transaction.commit()?;
                Ok(removed)
            })?;
            if removed < REMOVED_AT_ONCE {
                return Ok(());
            }
        }
    }

    /// Forgets imports that do not run and last changed before `before` (seconds since 1970), and rows that a crash has
    /// left behind.
    pub(crate) fn forget_imports(&self, before: u64) -> Result<(), StoreError> {
        let is_old = |import: &Import| import.state != ImportState::Running && import.updated_at < before;
        for import in self.imports_where(is_old)? {
            self.remove_import(&import.msp_id, &import.id)?;
        }
        for id in self.without_import()? {
            self.remove_rows(&id)?;
        }
        Ok(())
    }

    /// The ids of imports that have rows and are not there.
    fn without_import(&self) -> Result<Vec<String>, StoreError> {
        self.on(|database| {
            let transaction = database.begin_read()?;
            let (imports, rows) = (transaction.open_table(IMPORTS)?, transaction.open_table(IMPORT_ROWS)?);
            let known = imports.iter()?.map(|entry| entry.map(|(key, _)| key.value().1.to_owned()));
            let known = known.collect::<Result<BTreeSet<_>, _>>()?;
            let (mut found, mut last) = (Vec::new(), String::new());
            // One step for each import, not for each row.
            while let Some(entry) = rows.range((last.as_str(), u64::MAX)..)?.next() {
                last = entry?.0.value().0.to_owned();
                if !known.contains(&last) {
                    found.push(last.clone());
                }
            }
            Ok(found)
        })
    }
}

/// The imports of an organization.
fn of_organization(
    table: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
    msp_id: &str,
) -> Result<Vec<Import>, StoreError> {
    let mut found = Vec::new();
    for entry in table.range((msp_id, "")..)? {
        let (key, value) = entry?;
        if key.value().0 != msp_id {
            break;
        }
        found.push(serde_json::from_slice(value.value())?);
    }
    Ok(found)
}

fn get(transaction: &WriteTransaction, msp_id: &str, id: &str) -> Result<Option<Import>, StoreError> {
    let table = transaction.open_table(IMPORTS)?;
    let value = table.get((msp_id, id))?;
    Ok(value.map(|value| serde_json::from_slice(value.value())).transpose()?)
}

/// The import as it stands, unless it was removed meanwhile: the same file sent again has the same id.
fn same(transaction: &WriteTransaction, import: &Import) -> Result<Option<Import>, StoreError> {
    Ok(get(transaction, &import.msp_id, &import.id)?.filter(|found| found.is_the_same(import)))
}

fn put(transaction: &WriteTransaction, import: &Import) -> Result<(), StoreError> {
    let mut table = transaction.open_table(IMPORTS)?;
    table.insert((import.msp_id.as_str(), import.id.as_str()), serde_json::to_vec(import)?.as_slice())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use trade_import::Format;

    use super::*;

    type TestResult = Result<(), Box<dyn std::error::Error>>;

    fn import(id: &str, certificate: &str, rows: u64) -> Import {
        Import {
            id: id.to_owned(),
            msp_id: "AMSP".to_owned(),
            operation: "depositEvidence".to_owned(),
            mapping: None,
            format: Format::Csv,
            file_sha256: String::new(),
            dry_run: false,
            in_order: false,
            header: Vec::new(),
            state: ImportState::Running,
            stopped: None,
            rows,
            accepted: 0,
            failed: 0,
            certificate: certificate.to_owned(),
            created_at: 10,
            updated_at: 10,
        }
    }

    fn rows(count: u64) -> Vec<ImportRow> {
        let request = Some(("/v1/evidence".to_owned(), "{}".to_owned()));
        let row = |number| ImportRow {
            number,
            line: number + 2,
            cells: Vec::new(),
            request: request.clone(),
            repeated: 0,
            state: RowState::Waiting,
            transaction_id: None,
            faults: Vec::new(),
        };
        (0..count).map(row).collect()
    }

    fn accepted(number: u64) -> ImportRow {
        ImportRow { state: RowState::Accepted, ..rows(number + 1).remove(number as usize) }
    }

    #[test]
    fn a_file_that_is_added_twice_keeps_what_became_of_its_rows() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let first = import("i1", "aa", 2);
        assert!(matches!(store.add_import(&first, &rows(2))?, AddImport::New));
        assert_eq!(store.conclude_row(&first, &accepted(0), 11)?, Concluded::Now);
        assert_eq!(store.conclude_row(&first, &accepted(0), 12)?, Concluded::Before);
        let AddImport::Known(known) = store.add_import(&import("i1", "bb", 2), &rows(2))? else { panic!("it is new") };
        assert_eq!((known.accepted, known.certificate.as_str()), (1, "aa"));
        store.end_import(&first, None, 13)?;
        let state = |store: &Store| store.import("AMSP", "i1").map(|found| found.map(|found| found.state));
        assert_eq!(state(&store)?, Some(ImportState::Running), "a row waits");
        assert_eq!(store.conclude_row(&first, &accepted(1), 14)?, Concluded::Now);
        store.end_import(&first, None, 15)?;
        assert_eq!(state(&store)?, Some(ImportState::Done));
        Ok(())
    }

    #[test]
    fn what_is_removed_is_not_made_anew_by_those_who_worked_on_it() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let first = import("i1", "aa", 1);
        store.add_import(&first, &rows(1))?;
        assert!(store.remove_import("AMSP", "i1")? && !store.remove_import("AMSP", "i1")?);
        assert_eq!(store.repeat_import(&first, "aa", 20)?, None);
        assert_eq!(store.conclude_row(&first, &accepted(0), 20)?, Concluded::Gone);
        let second = import("i1", "bb", 1);
        assert!(matches!(store.add_import(&second, &rows(1))?, AddImport::New));
        assert_eq!(store.conclude_row(&first, &accepted(0), 20)?, Concluded::Gone);
        store.end_import(&first, Some("certificate_expired"), 20)?;
        assert_eq!(store.import("AMSP", "i1")?, Some(second));
        Ok(())
    }

    #[test]
    fn an_organization_has_as_many_imports_as_it_may_and_its_own_alone_count() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        for number in 0..IMPORTS_MAX {
            store.add_import(&import(&format!("i{number}"), "aa", 0), &[])?;
        }
        assert!(matches!(store.add_import(&import("more", "aa", 0), &[])?, AddImport::TooMany));
        let of_another = Import { msp_id: "AMSPB".to_owned(), ..import("other", "aa", 0) };
        assert!(matches!(store.add_import(&of_another, &[])?, AddImport::New));
        assert_eq!((store.imports("AMSP")?.len(), store.imports("AMSPB")?.len()), (IMPORTS_MAX, 1));
        Ok(())
    }

    #[test]
    fn all_rows_of_a_removed_import_go_also_those_that_a_crash_has_left() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("store.redb"))?;
        let count = REMOVED_AT_ONCE as u64 + 1;
        for id in ["i1", "i2", "i3"] {
            store.add_import(&import(id, "aa", count), &rows(count))?;
        }
        let left = |id: &str| store.import_rows(id, 0, usize::MAX, |_| true).map(|rows| rows.len() as u64);
        store.remove_import("AMSP", "i1")?;
        assert_eq!((left("i1")?, left("i2")?), (0, count));
        store.on(|database| {
            let transaction = database.begin_write()?;
            transaction.open_table(IMPORTS)?.remove(("AMSP", "i2"))?;
            Ok(transaction.commit()?)
        })?;
        store.forget_imports(0)?;
        assert_eq!((left("i2")?, left("i3")?), (0, count));
        Ok(())
    }
}
