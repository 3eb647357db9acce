//! The words and elements by which records are found.

use std::collections::BTreeSet;

use crate::sqlx::{self, AnyConnection};
use serde_json::Value;

use super::{
    error::StoreError,
    insert::{VALUES_AT_ONCE, insert, rows_at_once},
    reader::ReaderId,
    value::places,
};
use crate::{
    resource::{Cell, Resource},
    words::{WORD_MAX, words},
};

/// Words of one record at most.
const WORDS_MAX: usize = 200;

/// Words or elements of records of one resource.
#[derive(Default)]
pub(super) struct Found<'r> {
    words: Vec<(String, &'r str)>,
    elements: Vec<(String, &'static str, &'r str)>,
}

impl<'r> Found<'r> {
    /// Adds those of a record with these cells and this document.
    pub(super) fn add(&mut self, resource: &'static Resource, id: &'r str, cells: &[Cell], document: &Value) {
        let mut found = BTreeSet::new();
        for (column, cell) in resource.columns.iter().zip(cells) {
            if let (true, Cell::Text(text)) = (column.searched, cell) {
                found.extend(words(text).map(|word| word.chars().take(WORD_MAX).collect::<String>()));
            }
        }
        self.words.extend(found.into_iter().take(WORDS_MAX).map(|word| (word, id)));
        for set in resource.sets {
            let elements = BTreeSet::from_iter(set.elements(document));
            self.elements.extend(elements.into_iter().map(|element| (element, set.name, id)));
        }
    }

    /// Writes them.
    pub(super) async fn insert(
        &self,
        connection: &mut AnyConnection,
        reader: ReaderId,
        resource: &Resource,
    ) -> Result<(), StoreError> {
        for rows in self.words.chunks(rows_at_once(4)) {
            let statement = insert("word", 4, rows.len());
            let mut query = sqlx::query(&statement);
            for (word, id) in rows {
                query = query.bind(reader.0).bind(word).bind(resource.name).bind(*id);
            }
            query.execute(&mut *connection).await?;
        }
        for rows in self.elements.chunks(rows_at_once(5)) {
            let statement = insert("element", 5, rows.len());
            let mut query = sqlx::query(&statement);
            for (element, set, id) in rows {
                query = query.bind(reader.0).bind(element).bind(resource.name).bind(*set).bind(*id);
            }
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Forgets by what these records are found.
pub(super) async fn forget(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    ids: &[&str],
) -> Result<(), StoreError> {
    let tables: &[&str] = if resource.sets.is_empty() { &["word"] } else { &["word", "element"] };
    for table in tables {
        for ids in ids.chunks(VALUES_AT_ONCE) {
            let statement = format!(
                "DELETE FROM {table} WHERE reader_id = $1 AND resource = $2 AND id IN ({})",
                places(3, ids.len())
            );
            let query = sqlx::query(&statement).bind(reader.0).bind(resource.name);
            ids.iter().fold(query, |query, id| query.bind(*id)).execute(&mut *connection).await?;
        }
    }
    Ok(())
}
