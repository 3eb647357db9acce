//! Mappings of imports, with all their versions.

use std::ops::RangeInclusive;

use redb::{ReadableDatabase, ReadableTable};
use trade_import::mapping::Mapping;

use super::{database::Store, error::StoreError, tables::MAPPINGS};
use crate::imports::KeptMapping;

/// What became of a mapping that was put.
pub(crate) enum PutMapping {
    /// It is a new version.
    New(KeptMapping),
    /// It is the newest version already.
    Same(KeptMapping),
    /// There are as many mappings or versions as may be.
    TooMany,
}

/// Most mappings of an organization.
pub(crate) const MAPPINGS_MAX: usize = 100;

/// Most versions of a mapping.
pub(crate) const VERSIONS_MAX: u32 = 1_000;

/// The key of a version: organization, name and number.
type Key = (&'static str, &'static str, u32);

impl Store {
    /// Keeps a mapping as the newest version of its name.
    pub(crate) fn put_mapping(
        &self,
        msp_id: &str,
        name: &str,
        mapping: &Mapping,
        now: u64,
    ) -> Result<PutMapping, StoreError> {
        self.on(|database| {
            let transaction = database.begin_write()?;
            let kept = {
                let mut table = transaction.open_table(MAPPINGS)?;
                let newest = newest(&table, msp_id, name, 0..=u32::MAX)?;
                let version = newest.as_ref().map_or(1, |newest| newest.version + 1);
                if let Some(newest) = newest.filter(|newest| newest.mapping == *mapping) {
                    return Ok(PutMapping::Same(newest));
                }
                if version > VERSIONS_MAX || version == 1 && names(&table, msp_id)?.len() >= MAPPINGS_MAX {
                    return Ok(PutMapping::TooMany);
                }
                let kept = KeptMapping { version, created_at: now, mapping: mapping.clone() };
                table.insert((msp_id, name, version), serde_json::to_vec(&kept)?.as_slice())?;
                kept
            };
            transaction.commit()?;
            Ok(PutMapping::New(kept))
        })
    }

    /// A version of a mapping, or the newest one.
    pub(crate) fn mapping(
        &self,
        msp_id: &str,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<KeptMapping>, StoreError> {
        let versions = version.map_or(0..=u32::MAX, |version| version..=version);
        self.on(|database| newest(&database.begin_read()?.open_table(MAPPINGS)?, msp_id, name, versions))
    }

    /// The newest version of each mapping of an organization, by name.
    pub(crate) fn mappings(&self, msp_id: &str) -> Result<Vec<(String, KeptMapping)>, StoreError> {
        self.on(|database| {
            let table = database.begin_read()?.open_table(MAPPINGS)?;
            let mut found = Vec::new();
            for name in names(&table, msp_id)? {
                found.extend(newest(&table, msp_id, &name, 0..=u32::MAX)?.map(|kept| (name, kept)));
            }
            Ok(found)
        })
    }
}

/// The newest of these versions of a mapping.
fn newest(
    table: &impl ReadableTable<Key, &'static [u8]>,
    msp_id: &str,
    name: &str,
    versions: RangeInclusive<u32>,
) -> Result<Option<KeptMapping>, StoreError> {
    let (from, to) = versions.into_inner();
    let last = table.range((msp_id, name, from)..=(msp_id, name, to))?.next_back().transpose()?;
    Ok(last.map(|(_, value)| serde_json::from_slice(value.value())).transpose()?)
}

/// The names of an organization's mappings: one step for each, not for each version.
fn names(table: &impl ReadableTable<Key, &'static [u8]>, msp_id: &str) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let behind = (msp_id, names.last().map_or("", String::as_str), u32::MAX);
        let Some((key, _)) = table.range(behind..)?.next().transpose()? else { return Ok(names) };
        let (owner, name, _) = key.value();
        if owner != msp_id {
            return Ok(names);
        }
        names.push(name.to_owned());
    }
}
