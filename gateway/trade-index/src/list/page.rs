//! A page of a list, and its rows.

use std::collections::BTreeSet;

use serde_json::Value;

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// The rows, in the order that was asked for.
    pub rows: Vec<ListRow>,
    /// What to ask for as `after` to go on; none on the last page.
    pub next: Option<String>,
    /// How many rows there are on all pages; only when it was asked for.
    pub total: Option<u64>,
    /// The blocks that this answer rests on: all below this number.
    pub height: u64,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRow {
    /// The record's id, as in the path of the single record.
    pub id: String,
    /// The record with what belongs to it.
    pub document: Value,
    /// The block of its last change.
    pub block: u64,
    /// The transaction's place in that block.
    pub place: u32,
    /// Whether the organizations for which the record and what belongs to it speak have made them; none where they
    /// speak for nobody.
    pub authenticated: Option<bool>,
    /// What was not made by its authors, and why.
    pub flaws: Vec<String>,
}

impl ListRow {
    /// The row with no other fields of its document than these, when they are given.
    pub(super) fn with_fields(mut self, fields: Option<&BTreeSet<String>>) -> Self {
        if let (Some(fields), Value::Object(document)) = (fields, &mut self.document) {
            document.retain(|name, _| fields.contains(name));
        }
        self
    }
}
