//! The schema of the ledger: every table of every domain, for whatever reads the ledger without being a contract.

mod info;
mod reader;
mod stamps;

pub use info::TableInfo;
pub use reader::TableReader;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use fabric_contract::{Table, TableKey};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};

use crate::authorship::Authored;
use crate::{
    agreement, common, custody, customs, disclosure, evidence, governance, item, mandate, payment, rights, rules, title,
};

/// All tables, in the order of domains; the schemas refer to the definitions that `generator` collects.
pub fn all(generator: &mut SchemaGenerator) -> Vec<TableInfo> {
    let mut tables = Tables { generator, found: Vec::new(), readers: Vec::new() };
    tables.collect();
    tables.found
}

/// A reader for every table, by the table's name.
pub fn readers() -> &'static BTreeMap<&'static str, TableReader> {
    static READERS: LazyLock<BTreeMap<&'static str, TableReader>> = LazyLock::new(made);
    &READERS
}

fn made() -> BTreeMap<&'static str, TableReader> {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut tables = Tables { generator: &mut generator, found: Vec::new(), readers: Vec::new() };
    tables.collect();
    let Tables { found, readers, .. } = tables;
    let definitions = generator.take_definitions(true);
    let read_by = |(info, read): (TableInfo, reader::Read)| (info.name, TableReader::new(info, read, &definitions));
    found.into_iter().zip(readers).map(read_by).collect()
}

/// Collects tables.
pub struct Tables<'g> {
    generator: &'g mut SchemaGenerator,
    found: Vec<TableInfo>,
    readers: Vec<reader::Read>,
}

impl Tables<'_> {
    fn collect(&mut self) {
        common::tables(self);
        governance::tables(self);
        rules::tables(self);
        item::tables(self);
        custody::tables(self);
        title::tables(self);
        mandate::tables(self);
        rights::tables(self);
        evidence::tables(self);
        customs::tables(self);
        agreement::tables(self);
        payment::tables(self);
        disclosure::tables(self);
    }

    /// What contracts compute, and indexes.
    pub(crate) fn public<K, V>(&mut self, table: &Table<K, V>)
    where
        K: TableKey + 'static,
        V: Serialize + DeserializeOwned + JsonSchema + 'static,
    {
        self.add(table, false, false);
        self.readers.push(reader::typed::<K, V>(|_, _| Vec::new()));
    }

    /// Records that speak for organizations.
    pub(crate) fn authored<K, V>(&mut self, table: &Authored<K, V>)
    where
        K: TableKey + 'static,
        V: Serialize + DeserializeOwned + JsonSchema + 'static,
    {
        self.add(table, false, true);
        self.readers.push(reader::typed(table.says()));
    }

    /// Values in private collections.
    pub(crate) fn private<K, V>(&mut self, table: &Table<K, V>)
    where
        K: TableKey + 'static,
        V: Serialize + DeserializeOwned + JsonSchema + 'static,
    {
        self.add(table, true, false);
        self.readers.push(reader::typed::<K, V>(|_, _| Vec::new()));
    }

    fn add<K, V>(&mut self, table: &Table<K, V>, private: bool, authored: bool)
    where
        K: TableKey,
        V: Serialize + DeserializeOwned + JsonSchema,
    {
        let value = self.generator.subschema_for::<V>().to_value();
        self.found.push(TableInfo { name: table.name(), key: K::SHAPE.to_vec(), private, authored, value });
    }
}
