//! The entries that the records of a block are put together from: what the block itself wrote, and the others read at
//! once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::sqlx::{self, AnyConnection, Row, any::AnyRow};

use super::{
    author::Authors,
    error::StoreError,
    insert::VALUES_AT_ONCE,
    key::{entry_key, longer},
    reader::ReaderId,
    value::rows_of_places,
};
use crate::resource::Resource;

/// Ranges of one statement at most.
const RANGES_AT_ONCE: usize = 50;

/// The value of an entry as a JSON text, and what is wrong with its authors: none when it names nobody.
pub(super) type Entry = (String, Option<String>);

/// Keys of what a block changed, each with the place of its last change.
pub(super) type Changed = BTreeMap<Vec<String>, u32>;

/// Entries by their keys, as they are behind a block.
#[derive(Default)]
pub(super) struct Entries {
    /// None where nothing stands any more.
    exact: HashMap<String, Option<Entry>>,
    /// Those with more parts, in the order of their keys, by the key that all begin with.
    longer: HashMap<String, Vec<Entry>>,
}

impl Entries {
    /// Notes what the block wrote under a key.
    pub(super) fn note(&mut self, key: String, value: Option<&str>, authors: &Authors) {
        let entry = value.map(|value| (value.to_owned(), authors.flaw().map(str::to_owned)));
        self.exact.insert(key, entry);
    }

    /// Reads what these records need and the block did not write.
    pub(super) async fn read(
        &mut self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        records: &[(&'static Resource, Changed)],
    ) -> Result<(), StoreError> {
        let (mut exact, mut beginnings) = (BTreeSet::new(), BTreeSet::new());
        for (resource, key) in records.iter().flat_map(|(resource, keys)| keys.keys().map(move |key| (resource, key))) {
            exact.insert(entry_key(resource.table, key));
            for part in resource.parts {
                let Some(begins) = part.beginning(key) else { continue };
                let part_key = entry_key(part.table, &begins);
                if part.many {
                    beginnings.insert(part_key)
                } else {
                    exact.insert(part_key)
                };
            }
        }
        exact.retain(|key| !self.exact.contains_key(key));
        let (exact, beginnings) = (Vec::from_iter(exact), Vec::from_iter(beginnings));
        for keys in exact.chunks(VALUES_AT_ONCE) {
            self.read_exact(connection, reader, keys).await?;
        }
        for keys in beginnings.chunks(RANGES_AT_ONCE) {
            self.read_longer(connection, reader, keys).await?;
        }
        Ok(())
    }

    async fn read_exact(
        &mut self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        keys: &[String],
    ) -> Result<(), StoreError> {
        let statement = format!(
            "SELECT k.column1, (SELECT v.entry_value FROM entry_version v WHERE v.reader_id = $1 \
             AND v.entry_key = k.column1 ORDER BY v.block DESC, v.place DESC LIMIT 1), a.flaw \
             FROM (VALUES {}) AS k LEFT JOIN entry_author a ON a.reader_id = $1 AND a.entry_key = k.column1",
            rows_of_places(2, 1, keys.len())
        );
        let query = keys.iter().fold(sqlx::query(&statement).bind(reader.0), |query, key| query.bind(key));
        for row in query.fetch_all(connection).await? {
            self.exact.insert(row.try_get(0)?, entry(&row, 1)?);
        }
        Ok(())
    }

    async fn read_longer(
        &mut self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        keys: &[String],
    ) -> Result<(), StoreError> {
        // Each by itself: of a join over ranges PostgreSQL knows nothing, and reads the whole table.
        let range = |number: usize| {
            let first = 2 + number * 3;
            format!(
                "SELECT ${first}, v.entry_key, v.entry_value, a.flaw, v.block, v.place FROM entry_version v \
                 LEFT JOIN entry_author a ON a.reader_id = v.reader_id AND a.entry_key = v.entry_key \
                 WHERE v.reader_id = $1 AND v.entry_key >= ${} AND v.entry_key < ${}",
                first + 1,
                first + 2,
            )
        };
        let ranges: Vec<String> = (0..keys.len()).map(range).collect();
        let statement = format!("{} ORDER BY 1, 2, 5, 6", ranges.join(" UNION ALL "));
        let query = keys.iter().fold(sqlx::query(&statement).bind(reader.0), |query, key| {
            let (from, to) = longer(key);
            query.bind(key).bind(from).bind(to)
        });
        let mut newest: Vec<(String, String, Option<Entry>)> = Vec::new();
        for row in query.fetch_all(connection).await? {
            let (begins, key, entry) = (row.try_get(0)?, row.try_get(1)?, entry(&row, 2)?);
            match newest.last_mut() {
                Some(last) if last.0 == begins && last.1 == key => last.2 = entry,
                _ => newest.push((begins, key, entry)),
            }
        }
        for (begins, _, entry) in newest {
            self.longer.entry(begins).or_default().extend(entry);
        }
        Ok(())
    }

    /// The newest value of a key.
    pub(super) fn exact(&self, key: &str) -> Option<&Entry> {
        self.exact.get(key)?.as_ref()
    }

    /// The newest values of the keys that have more parts than this one.
    pub(super) fn longer(&self, key: &str) -> &[Entry] {
        self.longer.get(key).map_or(&[], Vec::as_slice)
    }
}

/// Value and flaw of a row, from a column on; none when there is no value.
fn entry(row: &AnyRow, first: usize) -> Result<Option<Entry>, StoreError> {
    let value: Option<String> = row.try_get(first)?;
    let flaw = row.try_get(first + 1)?;
    Ok(value.map(|value| (value, flaw)))
}
