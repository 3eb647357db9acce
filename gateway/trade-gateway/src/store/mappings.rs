//! Mappings of imports, with all their versions.

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

impl Store {
    /// Keeps a mapping as the newest version of its name.
    pub(crate) fn put_mapping(
        &self,
        msp_id: &str,
        name: &str,
        mapping: &Mapping,
        now: u64,
    ) -> Result<PutMapping, StoreError> {
        let newest = self.mapping(msp_id, name, None)?;
        if let Some(newest) = newest.as_ref().filter(|newest| newest.mapping == *mapping) {
            return Ok(PutMapping::Same(newest.clone()));
        }
        let version = newest.map_or(1, |newest| newest.version + 1);
        if version > VERSIONS_MAX || version == 1 && self.mappings(msp_id)?.len() >= MAPPINGS_MAX {
            return Ok(PutMapping::TooMany);
        }
        let kept = KeptMapping { version, created_at: now, mapping: mapping.clone() };
        self.on(|database| {
            let transaction = database.begin_write()?;
            let mut kept = kept;
            {
                let mut table = transaction.open_table(MAPPINGS)?;
                // Two may be put at once: the later one becomes the version behind.
                while table.get((msp_id, name, kept.version))?.is_some() {
                    kept.version += 1;
                }
                table.insert((msp_id, name, kept.version), serde_json::to_vec(&kept)?.as_slice())?;
            }
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
        self.on(|database| {
            let table = database.begin_read()?.open_table(MAPPINGS)?;
            let (from, to) = version.map_or((0, u32::MAX), |version| (version, version));
            let last = table.range((msp_id, name, from)..=(msp_id, name, to))?.next_back().transpose()?;
            Ok(last.map(|(_, value)| serde_json::from_slice(value.value())).transpose()?)
        })
    }

    /// The newest version of each mapping of an organization, by name.
    pub(crate) fn mappings(&self, msp_id: &str) -> Result<Vec<(String, KeptMapping)>, StoreError> {
        self.on(|database| {
            let mut found: Vec<(String, KeptMapping)> = Vec::new();
            let table = database.begin_read()?.open_table(MAPPINGS)?;
            for entry in table.range((msp_id, "", 0)..)? {
                let (key, value) = entry?;
                let (owner, name, _) = key.value();
                if owner != msp_id {
                    break;
                }
                let kept = serde_json::from_slice(value.value())?;
                match found.last_mut().filter(|(last, _)| last == name) {
                    Some((_, last)) => *last = kept,
                    None => found.push((name.to_owned(), kept)),
                }
            }
            Ok(found)
        })
    }
}
