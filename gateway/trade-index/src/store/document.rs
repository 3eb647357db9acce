//! A row's document: the record of a resource with what belongs to it, put together from the versions of its entries.

use serde_json::Value;

use super::{entries::Entries, error::StoreError, key::entry_key};
use crate::resource::{Part, Resource};

/// The record of a resource with what belongs to it.
pub(super) struct Document {
    /// The whole.
    pub(super) value: Value,
    /// Whether the record or what belongs to it names its authors.
    pub(super) speaks: bool,
    /// What was not made by its authors, and why.
    pub(super) flaws: Vec<String>,
}

/// The document of a record; none when there is no record, its value is no JSON object, or it is withheld.
pub(super) fn document_of(
    entries: &Entries,
    resource: &Resource,
    key: &[String],
) -> Result<Option<Document>, StoreError> {
    let Some((value, flaw)) = entries.exact(&entry_key(resource.table, key)) else { return Ok(None) };
    let value = parsed(value)?;
    if !value.is_object() || resource.withholds(&value) {
        return Ok(None);
    }
    let mut document = Document { value, speaks: false, flaws: Vec::new() };
    document.note("record", flaw.as_deref());
    for part in resource.parts {
        document.add(entries, part, key)?;
    }
    Ok(Some(document))
}

impl Document {
    /// Notes what is known of an entry's authors.
    fn note(&mut self, name: &str, flaw: Option<&str>) {
        self.speaks |= flaw.is_some();
        self.flaws.extend(flaw.filter(|flaw| !flaw.is_empty()).map(|flaw| format!("{name}: {flaw}")));
    }

    fn insert(&mut self, name: &str, value: Value) {
        if let Value::Object(fields) = &mut self.value {
            fields.insert(name.to_owned(), value);
        }
    }

    /// Adds what belongs to the record of a key.
    fn add(&mut self, entries: &Entries, part: &Part, key: &[String]) -> Result<(), StoreError> {
        let Some(begins) = part.beginning(key) else { return Ok(()) };
        let key = entry_key(part.table, &begins);
        let found =
            if part.many { entries.longer(&key) } else { entries.exact(&key).map_or(&[][..], std::slice::from_ref) };
        let mut values = Vec::with_capacity(found.len());
        for (value, flaw) in found {
            values.push(parsed(value)?);
            self.note(part.name, flaw.as_deref());
        }
        match values.pop() {
            None => {}
            Some(value) if !part.many => self.insert(part.name, value),
            Some(last) => {
                values.push(last);
                self.insert(part.name, Value::Array(values));
            }
        }
        Ok(())
    }
}

fn parsed(text: &str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable { what: "a value" })
}
