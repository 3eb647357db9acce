//! What a resource is declared with: its table, what belongs to its records, its columns.

use serde_json::Value;

use super::text::{bounded, micros, thing};

/// Something that can be listed.
#[derive(Debug, Clone, Copy)]
pub struct Resource {
    /// Its name, as in paths: `custody-transfers`.
    pub name: &'static str,
    /// The table of its records.
    pub table: &'static str,
    /// What the parts of its key are called in paths. `party` is the party of a record's whole name; a part `number` or
    /// `version` is ten digits in the key.
    pub key: &'static [&'static str],
    /// What belongs to a record and stands in tables of its own.
    pub parts: &'static [Part],
    /// By what it can be filtered and sorted.
    pub columns: &'static [Column],
    /// By the elements of what it can be filtered: arrays of texts, such as the items of a transfer.
    pub sets: &'static [Column],
    /// Records of the table that are no rows, since not every member is told of them.
    pub withheld: Option<Withheld>,
}

/// Records with this text at this place are withheld.
#[derive(Debug, Clone, Copy)]
pub struct Withheld {
    /// Where the text stands in the record.
    pub pointer: &'static str,
    /// The text.
    pub value: &'static str,
}

/// A table whose entries belong to records of a resource: their keys begin with the record's.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Under which name it stands in the document.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// How its keys begin.
    pub shared: Shared,
    /// Whether one record can have several; they stand as an array, in the order of their keys.
    pub many: bool,
}

/// How the key of a part begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// With so many parts of the record's key.
    Parts(usize),
    /// With the record's whole name (party, slash and id) as one part.
    Whole,
}

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name, as in filters.
    pub name: &'static str,
    /// Where its value stands in the document.
    pub pointer: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether the search finds records by its words.
    pub searched: bool,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// The name of an item or a unit. In filters in any form that a request takes, in rows in the one that records
    /// have.
    Thing,
    /// A day, `2026-01-31`.
    Day,
    /// A whole number.
    Number,
    /// A moment. In filters RFC 3339, in SQL microseconds since 1970.
    Moment,
}

impl Kind {
    /// Whether a filter can ask for a range of values.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        !matches!(self, Self::Text | Self::Thing)
    }
}

/// What stands for a number that a document does not have: it sorts before every other.
pub(crate) const ABSENT: i64 = i64::MIN;

/// What a column holds for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A text; empty when the document has none there, so that every row has a place in the order.
    Text(String),
    /// A number, or a moment; [`ABSENT`] when the document has none there.
    Number(i64),
}

impl Resource {
    /// Whether a record is no row.
    pub(crate) fn withholds(&self, record: &Value) -> bool {
        self.withheld.is_some_and(|of| record.pointer(of.pointer).and_then(Value::as_str) == Some(of.value))
    }

    /// Its column of a name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its set of a name.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<&'static Column> {
        self.sets.iter().find(|set| set.name == name)
    }

    /// An id as rows have it: that of a thing may be asked for by any of its names.
    #[must_use]
    pub fn stored_id(&self, id: &str) -> String {
        let of_thing = self.columns.first().is_some_and(|column| column.kind == Kind::Thing);
        if of_thing { thing(id) } else { id.to_owned() }
    }

    /// What an entry (its table and the parts of its key) is called in the record of a key: `record`, or the name of
    /// what belongs to it; none when it is another record's.
    #[must_use]
    pub fn entry_name(&self, record: &[String], entry: &[String]) -> Option<&'static str> {
        let (table, key) = entry.split_first()?;
        if table == self.table && key == record {
            return Some("record");
        }
        let belongs = |part: &&Part| {
            let begins = part.beginning(record).filter(|begins| table == part.table && key.starts_with(begins));
            begins.is_some_and(|begins| part.many == (key.len() > begins.len()))
        };
        self.parts.iter().find(belongs).map(|part| part.name)
    }

    /// The table of SQL that holds its rows.
    pub(crate) fn list(&self) -> String {
        format!("list_{}", self.name.replace('-', "_"))
    }
}

impl Part {
    /// How the keys of what belongs to a record begin.
    pub(crate) fn beginning(&self, record: &[String]) -> Option<Vec<String>> {
        match self.shared {
            Shared::Parts(shared) => record.get(..shared).map(<[String]>::to_vec),
            Shared::Whole => Some(vec![record.join("/")]),
        }
    }

    /// The key of the record to which an entry belongs.
    pub(crate) fn record(&self, entry: &[String]) -> Option<Vec<String>> {
        match self.shared {
            Shared::Parts(shared) => entry.get(..shared).map(<[String]>::to_vec),
            Shared::Whole => {
                let (party, id) = entry.first()?.split_once('/')?;
                Some(vec![party.to_owned(), id.to_owned()])
            }
        }
    }
}

impl Column {
    /// The column of SQL: names of columns may be words of SQL (`from`, `to`), so they get a mark of their own.
    pub(crate) fn sql(&self) -> String {
        format!("c_{}", self.name)
    }

    /// The texts that the array holds for a document.
    pub(crate) fn elements(&self, document: &Value) -> Vec<String> {
        let elements = document.pointer(self.pointer).and_then(Value::as_array).into_iter().flatten();
        elements.filter_map(Value::as_str).map(bounded).collect()
    }

    /// What it holds for a document. Something of another kind than its own is nothing.
    pub(crate) fn cell(&self, document: &Value) -> Cell {
        let value = document.pointer(self.pointer);
        match self.kind {
            Kind::Text | Kind::Thing | Kind::Day => {
                Cell::Text(bounded(value.and_then(Value::as_str).unwrap_or_default()))
            }
            Kind::Number => Cell::Number(value.and_then(Value::as_i64).unwrap_or(ABSENT)),
            Kind::Moment => Cell::Number(value.and_then(Value::as_str).and_then(micros).unwrap_or(ABSENT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_called_by_what_they_are_in_a_record() {
        let name = |resource: &str, record: &[&str], entry: &[&str]| {
            let [record, entry] =
                [record, entry].map(|key| key.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>());
            Resource::find(resource).and_then(|resource| resource.entry_name(&record, &entry))
        };
        let declaration = |entry: &[&str]| name("declarations", &["AMSP", "1"], entry);
        assert_eq!(declaration(&["declaration", "AMSP", "1"]), Some("record"));
        assert_eq!(declaration(&["decision", "AMSP", "1", "0"]), Some("decisions_made"));
        for other in [&["declaration", "AMSP", "10"][..], &["declaration", "AMSP"], &["decision", "AMSP", "1"], &[]] {
            assert_eq!(declaration(other), None, "{other:?}");
        }
        let order = |entry: &[&str]| name("disclosure-orders", &["AMSP", "1"], entry);
        assert_eq!(order(&["disclosure-approval", "AMSP", "1"]), Some("approval"));
        assert_eq!(order(&["disclosure-approval", "AMSP", "1", "2"]), None);
    }
}
