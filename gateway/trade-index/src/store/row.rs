//! One row of a list: the document of a record with its columns, and the words and elements by which it is found.

use std::collections::BTreeSet;

use crate::sqlx::{self, AnyConnection};
use serde_json::Value;

use super::{
    document::{Document, document_of},
    error::StoreError,
    insert::{ROWS_AT_ONCE, insert},
    reader::ReaderId,
    value::bind,
};
use crate::{
    resource::{Cell, Column, Resource},
    words::{WORD_MAX, words},
};

/// Words of one record at most.
const WORDS_MAX: usize = 200;

/// Block, place and moment of a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangeStamp {
    pub(super) block: i64,
    pub(super) place: i64,
    pub(super) at: i64,
}

/// Puts the row of a record into its list, or takes it out when the record is gone.
pub(super) async fn refresh(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    key: &[String],
    changed: ChangeStamp,
) -> Result<(), StoreError> {
    let (list, id) = (resource.list(), key.join("/"));
    let document = document_of(connection, reader, resource, key).await?;
    for table in found_by(resource) {
        sqlx::query(&format!("DELETE FROM {table} WHERE reader_id = $1 AND resource = $2 AND id = $3"))
            .bind(reader.0)
            .bind(resource.name)
            .bind(&id)
            .execute(&mut *connection)
            .await?;
    }
    let Some(document) = document else {
        sqlx::query(&format!("DELETE FROM {list} WHERE reader_id = $1 AND id = $2"))
            .bind(reader.0)
            .bind(&id)
            .execute(&mut *connection)
            .await?;
        return Ok(());
    };
    put(connection, reader, resource, &id, &document, changed).await?;
    insert_words(connection, reader, resource, &id, &document.value).await?;
    insert_elements(connection, reader, resource, &id, &document.value).await
}

async fn put(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    id: &str,
    document: &Document,
    changed: ChangeStamp,
) -> Result<(), StoreError> {
    let statement = upsert(resource);
    let mut query = sqlx::query(&statement).bind(reader.0).bind(id);
    for column in resource.columns {
        query = bind(query, column.cell(&document.value));
    }
    query
        .bind(changed.block)
        .bind(changed.place)
        .bind(changed.at)
        .bind(i64::from(document.speaks) - 2 * i64::from(!document.flaws.is_empty()))
        .bind(Value::from(document.flaws.clone()).to_string())
        .bind(document.value.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The tables by which rows of a resource are found, beside its list.
fn found_by(resource: &Resource) -> &'static [&'static str] {
    if resource.sets.is_empty() { &["word"] } else { &["word", "element"] }
}

/// The statement that puts a row into a list: reader, id, columns, change, authors, document.
fn upsert(resource: &Resource) -> String {
    let columns: Vec<String> = ["reader_id", "id"]
        .into_iter()
        .map(str::to_owned)
        .chain(resource.columns.iter().map(Column::sql))
        .chain(
            ["changed_block", "changed_place", "changed_at", "authenticated", "flaws", "document"].map(str::to_owned),
        )
        .collect();
    let values: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let set: Vec<String> = columns[2..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (reader_id, id) DO UPDATE SET {}",
        resource.list(),
        columns.join(", "),
        values.join(", "),
        set.join(", ")
    )
}

async fn insert_words(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    id: &str,
    document: &Value,
) -> Result<(), StoreError> {
    let mut found = BTreeSet::new();
    for column in resource.columns.iter().filter(|column| column.searched) {
        if let Cell::Text(text) = column.cell(document) {
            found.extend(words(&text).map(|word| word.chars().take(WORD_MAX).collect::<String>()));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let found: Vec<String> = found.into_iter().take(WORDS_MAX).collect();
    let statement = insert("word", 4, found.len());
    let mut query = sqlx::query(&statement);
    for word in found {
        query = query.bind(reader.0).bind(word).bind(resource.name).bind(id);
    }
    query.execute(connection).await?;
    Ok(())
}

async fn insert_elements(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    id: &str,
    document: &Value,
) -> Result<(), StoreError> {
    let of_set = |set: &'static Column| set.elements(document).into_iter().map(|element| (set.name, element));
    let elements: BTreeSet<(&str, String)> = resource.sets.iter().flat_map(of_set).collect();
    let elements: Vec<_> = elements.into_iter().collect();
    for rows in elements.chunks(ROWS_AT_ONCE) {
        let statement = insert("element", 5, rows.len());
        let mut query = sqlx::query(&statement);
        for (set, element) in rows {
            query = query.bind(reader.0).bind(element.as_str()).bind(resource.name).bind(*set).bind(id);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
