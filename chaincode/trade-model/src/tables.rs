//! The schema of the ledger: every table of every domain, for whatever reads the ledger without being a contract.

use fabric_contract::{Table, TableKey};
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    agreement, common, custody, customs, disclosure, evidence, governance, item, mandate, payment, rights, rules, title,
};

/// What one table holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableInfo {
    /// The type name of its composite keys.
    pub name: &'static str,
    /// What each part of a key is, in order.
    pub key: Vec<&'static str>,
    /// Whether its values stand in private collections only.
    pub private: bool,
    /// The JSON Schema of a value.
    pub value: Value,
}

/// All tables, in the order of domains; the schemas refer to the definitions that `generator` collects.
pub fn all(generator: &mut SchemaGenerator) -> Vec<TableInfo> {
    let mut tables = Tables { generator, found: Vec::new() };
    common::tables(&mut tables);
    governance::tables(&mut tables);
    rules::tables(&mut tables);
    item::tables(&mut tables);
    custody::tables(&mut tables);
    title::tables(&mut tables);
    mandate::tables(&mut tables);
    rights::tables(&mut tables);
    evidence::tables(&mut tables);
    customs::tables(&mut tables);
    agreement::tables(&mut tables);
    payment::tables(&mut tables);
    disclosure::tables(&mut tables);
    tables.found
}

/// Collects tables.
pub struct Tables<'g> {
    generator: &'g mut SchemaGenerator,
    found: Vec<TableInfo>,
}

impl Tables<'_> {
    pub(crate) fn public<K, V>(&mut self, table: &Table<K, V>)
    where
        K: TableKey,
        V: Serialize + DeserializeOwned + JsonSchema,
    {
        self.add(table, false);
    }

    pub(crate) fn private<K, V>(&mut self, table: &Table<K, V>)
    where
        K: TableKey,
        V: Serialize + DeserializeOwned + JsonSchema,
    {
        self.add(table, true);
    }

    fn add<K, V>(&mut self, table: &Table<K, V>, private: bool)
    where
        K: TableKey,
        V: Serialize + DeserializeOwned + JsonSchema,
    {
        let value = self.generator.subschema_for::<V>().to_value();
        self.found.push(TableInfo { name: table.name(), key: K::SHAPE.to_vec(), private, value });
    }
}
