//! Reading records of any table as they stand in a write set, where the table is known by its name only.

use fabric_contract::{CompositeKey, TableKey};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::info::TableInfo;
use super::stamps::{StampPath, paths};
use crate::authorship::{Said, Says};
use crate::common::Stamp;

/// Reads one entry: from the parts of its key and its value to what it says; none when either is not of the table.
pub(super) type Read = Box<dyn Fn(&[&str], &[u8]) -> Option<Vec<Said>> + Send + Sync>;

/// A table, and how its records are read.
pub struct TableReader {
    /// The table.
    pub info: TableInfo,
    stamps: Vec<StampPath>,
    read: Read,
}

/// What a record tells of its authors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// What organizations say in it; nothing in tables that contracts compute.
    pub(crate) said: Vec<Said>,
    /// All stamps in it.
    pub(crate) stamps: Vec<Stamp>,
}

/// How entries of the types `K` and `V` are read.
pub(super) fn typed<K, V>(says: Says<K, V>) -> Read
where
    K: TableKey + 'static,
    V: Serialize + DeserializeOwned + 'static,
{
    Box::new(move |parts, value| {
        let (key, record) = (K::from_parts(parts)?, serde_json::from_slice(value).ok()?);
        Some(says(&key, &record))
    })
}

impl TableReader {
    /// Of a table whose schema refers to these definitions.
    pub(super) fn new(info: TableInfo, read: Read, definitions: &Map<String, Value>) -> Self {
        let stamps = paths(&info.value, definitions);
        Self { info, stamps, read }
    }

    /// Whether stamps stand in its records.
    pub fn bears_stamps(&self) -> bool {
        !self.stamps.is_empty()
    }

    /// Reads an entry; none when key or value are not of this table.
    pub(crate) fn read(&self, key: &CompositeKey, value: &[u8]) -> Option<Reading> {
        let said = (self.read)(&key.attributes(), value)?;
        let json: Value = serde_json::from_slice(value).ok()?;
        let found = self.stamps.iter().flat_map(|path| path.find(&json));
        let stamps = found.map(|stamp| serde_json::from_value(stamp.clone())).collect::<Result<_, _>>();
        Some(Reading { said, stamps: stamps.ok()? })
    }
}
