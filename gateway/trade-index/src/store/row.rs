//! Rows of a list: the documents of records with their columns.

use std::collections::{BTreeMap, HashMap};

use crate::sqlx::{self, AnyConnection, Row};
use serde_json::Value;

use super::{
    document::{Document, document_of},
    entries::Entries,
    error::StoreError,
    found::{Found, forget},
    insert::{VALUES_AT_ONCE, rows_at_once},
    reader::ReaderId,
    value::{bind, places, rows_of_places},
};
use crate::resource::{Cell, Resource};

/// Block, place and moment of a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct ChangeStamp {
    pub(super) block: i64,
    pub(super) place: i64,
    pub(super) at: i64,
}

/// A row of a list.
struct ListRow<'r> {
    id: &'r str,
    changed: ChangeStamp,
    cells: Vec<Cell>,
    authenticated: i64,
    document: Document,
}

/// What stands in the list for a record.
struct Standing {
    cells: Vec<Cell>,
    authenticated: i64,
    document: Value,
}

/// Rows by the columns to write: SQLite writes the index of every column that is named. With no column: new rows.
type ByChange<'r> = BTreeMap<Vec<String>, Vec<ListRow<'r>>>;

/// Records by their ids. Keys that no contract of ours writes may give one id: the last one's record is the row then.
type Records = BTreeMap<String, (Vec<String>, ChangeStamp)>;

/// Puts the rows of records of a resource into its list, and takes those out whose record is gone.
pub(super) async fn refresh(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &'static Resource,
    entries: &Entries,
    records: Records,
) -> Result<(), StoreError> {
    let ids: Vec<&str> = records.keys().map(String::as_str).collect();
    let mut standing = standing(connection, reader, resource, &ids).await?;
    let (mut rows, mut gone, mut stale) = (ByChange::new(), Vec::new(), Vec::new());
    let mut found = Found::default();
    for (id, (key, changed)) in &records {
        let before = standing.remove(id.as_str());
        let Some(document) = document_of(entries, resource, key)? else {
            gone.extend(before.map(|_| id.as_str()));
            continue;
        };
        let row = ListRow::of(resource, id, *changed, document);
        match &before {
            Some(before) if before.is_found_as(&row, resource) => {}
            other => {
                stale.extend(other.as_ref().map(|_| id.as_str()));
                found.add(resource, id, &row.cells, &row.document.value);
            }
        }
        rows.entry(row.changes(resource, before.as_ref())).or_default().push(row);
    }
    stale.extend(&gone);
    forget(connection, reader, resource, &stale).await?;
    delete(connection, reader, resource, &gone).await?;
    for (columns, rows) in &rows {
        put(connection, reader, resource, columns, rows).await?;
    }
    found.insert(connection, reader, resource).await
}

impl<'r> ListRow<'r> {
    fn of(resource: &Resource, id: &'r str, changed: ChangeStamp, document: Document) -> Self {
        let cells = cells(resource, &document.value);
        let authenticated = i64::from(document.speaks) - 2 * i64::from(!document.flaws.is_empty());
        Self { id, changed, cells, authenticated, document }
    }

    /// The columns to write where the row stands already; none for a new row.
    fn changes(&self, resource: &Resource, before: Option<&Standing>) -> Vec<String> {
        let Some(before) = before else { return Vec::new() };
        let pairs = self.cells.iter().zip(&before.cells).zip(resource.columns);
        let mut columns: Vec<String> =
            pairs.filter(|((now, then), _)| now != then).map(|(_, column)| column.sql()).collect();
        columns.extend(ALWAYS.map(str::to_owned));
        if self.authenticated != before.authenticated {
            columns.push(AUTHENTICATED.to_owned());
        }
        columns
    }
}

impl Standing {
    /// Whether a row is found by the same words and elements.
    fn is_found_as(&self, row: &ListRow<'_>, resource: &Resource) -> bool {
        let mut cells = self.cells.iter().zip(&row.cells).zip(resource.columns);
        cells.all(|((then, now), column)| !column.searched || then == now)
            && resource.sets.iter().all(|set| set.elements(&self.document) == set.elements(&row.document.value))
    }
}

fn cells(resource: &Resource, document: &Value) -> Vec<Cell> {
    resource.columns.iter().map(|column| column.cell(document)).collect()
}

/// What stands in a list under these ids.
async fn standing(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    ids: &[&str],
) -> Result<HashMap<String, Standing>, StoreError> {
    let mut found = HashMap::new();
    for ids in ids.chunks(VALUES_AT_ONCE) {
        let statement = format!(
            "SELECT id, authenticated, document FROM {} WHERE reader_id = $1 AND id IN ({})",
            resource.list(),
            places(2, ids.len())
        );
        let query = ids.iter().fold(sqlx::query(&statement).bind(reader.0), |query, id| query.bind(*id));
        for row in query.fetch_all(&mut *connection).await? {
            let document: String = row.try_get(2)?;
            let document: Value =
                serde_json::from_str(&document).map_err(|_| StoreError::Unreadable { what: "a record" })?;
            let cells = cells(resource, &document);
            found.insert(row.try_get(0)?, Standing { cells, authenticated: row.try_get(1)?, document });
        }
    }
    Ok(found)
}

/// The columns that change in every row that is written again.
const ALWAYS: [&str; 5] = ["changed_block", "changed_place", "changed_at", "flaws", "document"];

/// Whether the row is its authors'.
const AUTHENTICATED: &str = "authenticated";

/// Writes rows, new ones or those that change in these columns.
async fn put(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    columns: &[String],
    rows: &[ListRow<'_>],
) -> Result<(), StoreError> {
    for rows in rows.chunks(rows_at_once(resource.columns.len() + 8)) {
        let statement = upsert(resource, columns, rows.len());
        let mut query = sqlx::query(&statement);
        for row in rows {
            query = query.bind(reader.0).bind(row.id);
            query = row.cells.iter().cloned().fold(query, bind);
            query = query
                .bind(row.changed.block)
                .bind(row.changed.place)
                .bind(row.changed.at)
                .bind(Value::from(row.document.flaws.clone()).to_string())
                .bind(row.document.value.to_string())
                .bind(row.authenticated);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The statement that puts rows into a list, of which these columns change where they stand already.
fn upsert(resource: &Resource, changing: &[String], rows: usize) -> String {
    let columns: Vec<String> = ["reader_id", "id"]
        .map(str::to_owned)
        .into_iter()
        .chain(resource.columns.iter().map(|column| column.sql()))
        .chain(ALWAYS.into_iter().chain([AUTHENTICATED]).map(str::to_owned))
        .collect();
    let set: Vec<String> = changing.iter().map(|column| format!("{column} = excluded.{column}")).collect();
    let conflict = match set.as_slice() {
        [] => String::new(),
        set => format!(" ON CONFLICT (reader_id, id) DO UPDATE SET {}", set.join(", ")),
    };
    let values = rows_of_places(1, columns.len(), rows);
    format!("INSERT INTO {} ({}) VALUES {values}{conflict}", resource.list(), columns.join(", "))
}

async fn delete(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    ids: &[&str],
) -> Result<(), StoreError> {
    for ids in ids.chunks(VALUES_AT_ONCE) {
        let statement =
            format!("DELETE FROM {} WHERE reader_id = $1 AND id IN ({})", resource.list(), places(2, ids.len()));
        let query = ids.iter().fold(sqlx::query(&statement).bind(reader.0), |query, id| query.bind(*id));
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
