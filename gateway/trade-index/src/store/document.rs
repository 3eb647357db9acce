//! A row's document: the record of a resource with what belongs to it, put together from the versions of its entries.

use crate::sqlx::{self, AnyConnection, Row};
use serde_json::Value;

use super::{error::StoreError, reader::ReaderId};
use crate::resource::{Part, Resource};

/// The newest version of an entry by key, and what is wrong with its authors: none when it names nobody.
const NEWEST: &str = "SELECT v.entry_value, a.flaw FROM entry_version v LEFT JOIN entry_author a \
    ON a.reader_id = v.reader_id AND a.entry_key = v.entry_key WHERE v.reader_id = $1 AND v.entry_key = $2 \
    ORDER BY v.block DESC, v.place DESC LIMIT 1";

/// Entries whose keys begin alike, every version, the newest of each key last.
const BEGINNING: &str = "SELECT v.entry_key, v.entry_value, a.flaw FROM entry_version v LEFT JOIN entry_author a \
    ON a.reader_id = v.reader_id AND a.entry_key = v.entry_key WHERE v.reader_id = $1 \
    AND v.entry_key >= $2 AND v.entry_key < $3 ORDER BY v.entry_key, v.block, v.place";

/// The record of a resource with what belongs to it.
pub(crate) struct Document {
    /// The whole.
    pub(crate) value: Value,
    /// Whether the record or what belongs to it names its authors.
    pub(crate) speaks: bool,
    /// What was not made by its authors, and why.
    pub(crate) flaws: Vec<String>,
}

/// The value of an entry, and what is wrong with its authors.
type Entry = (Value, Option<String>);

/// The key of an entry as it stands in the index: the JSON array of the table's name and the key's parts.
pub(crate) fn entry_key(table: &str, parts: &[String]) -> String {
    let key: Vec<&str> = std::iter::once(table).chain(parts.iter().map(String::as_str)).collect();
    Value::from(key).to_string()
}

/// How the keys of entries begin that have more parts than `key`, and the first text behind all of them.
pub(crate) fn longer(key: &str) -> (String, String) {
    // `["table","a"` is how every longer key begins; what follows is a comma, and `-` is the character after that.
    let prefix = key.strip_suffix(']').unwrap_or(key);
    (format!("{prefix},"), format!("{prefix}-"))
}

/// The document of a record; none when there is no record, its value is no JSON object, or it is withheld.
pub(crate) async fn document_of(
    connection: &mut AnyConnection,
    reader: ReaderId,
    resource: &Resource,
    key: &[String],
) -> Result<Option<Document>, StoreError> {
    let newest = newest(connection, reader, &entry_key(resource.table, key)).await?;
    let Some((value, flaw)) = newest.filter(|(value, _)| value.is_object() && !resource.withholds(value)) else {
        return Ok(None);
    };
    let mut document = Document { value, speaks: false, flaws: Vec::new() };
    document.note("record", flaw);
    for part in resource.parts {
        add_part(connection, reader, part, key, &mut document).await?;
    }
    Ok(Some(document))
}

impl Document {
    /// Notes what is known of an entry's authors.
    fn note(&mut self, name: &str, flaw: Option<String>) {
        self.speaks |= flaw.is_some();
        self.flaws.extend(flaw.filter(|flaw| !flaw.is_empty()).map(|flaw| format!("{name}: {flaw}")));
    }

    fn insert(&mut self, name: &str, value: Value) {
        if let Value::Object(fields) = &mut self.value {
            fields.insert(name.to_owned(), value);
        }
    }
}

async fn add_part(
    connection: &mut AnyConnection,
    reader: ReaderId,
    part: &Part,
    key: &[String],
    document: &mut Document,
) -> Result<(), StoreError> {
    let Some(begins) = part.beginning(key) else { return Ok(()) };
    let key = entry_key(part.table, &begins);
    if !part.many {
        if let Some((value, flaw)) = newest(connection, reader, &key).await? {
            document.insert(part.name, value);
            document.note(part.name, flaw);
        }
        return Ok(());
    }
    let entries = beginning(connection, reader, &key).await?;
    if entries.is_empty() {
        return Ok(());
    }
    let mut values = Vec::with_capacity(entries.len());
    for (value, flaw) in entries {
        values.push(value);
        document.note(part.name, flaw);
    }
    document.insert(part.name, Value::Array(values));
    Ok(())
}

async fn newest(connection: &mut AnyConnection, reader: ReaderId, key: &str) -> Result<Option<Entry>, StoreError> {
    let row = sqlx::query(NEWEST).bind(reader.0).bind(key).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let value: Option<String> = row.try_get(0)?;
    let flaw = row.try_get(1)?;
    value.map(|text| Ok((parsed(&text)?, flaw))).transpose()
}

/// The entries whose keys have more parts than `key`, in the order of the keys.
async fn beginning(connection: &mut AnyConnection, reader: ReaderId, key: &str) -> Result<Vec<Entry>, StoreError> {
    let (from, to) = longer(key);
    let rows = sqlx::query(BEGINNING).bind(reader.0).bind(from).bind(to).fetch_all(connection).await?;
    let mut newest: Vec<(String, Option<String>, Option<String>)> = Vec::new();
    for row in rows {
        let (key, value, flaw) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        match newest.last_mut() {
            Some(last) if last.0 == key => *last = (key, value, flaw),
            _ => newest.push((key, value, flaw)),
        }
    }
    let entries = newest.into_iter().filter_map(|(_, value, flaw)| Some((value?, flaw)));
    entries.map(|(text, flaw)| Ok((parsed(&text)?, flaw))).collect()
}

fn parsed(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable { what: "a value" })
}
