//! Whether what a transaction read is still so: committed state, and what earlier transactions of the block changed.

use std::ops::Bound;

use fabric_protos::{
    kvrwset::{KvRead, RangeQueryInfo, range_query_info::ReadsInfo},
    protos::TxValidationCode,
};

use super::updates::{Update, Updates};
use crate::state::{
    error::LedgerError,
    merkle::{DEGREE, ResultSummary},
    rwset::{NamespaceSet, ReadWriteSet},
    store::Snapshot,
    version::Version,
};

/// Checks all reads, namespace by namespace: keys, then ranges, then private keys.
pub(super) fn check(
    set: &ReadWriteSet,
    snapshot: &Snapshot,
    updates: &Updates,
) -> Result<TxValidationCode, LedgerError> {
    for part in &set.namespaces {
        for read in &part.public.reads {
            if !is_current(&part.name, read, snapshot, updates)? {
                return Ok(TxValidationCode::MvccReadConflict);
            }
        }
        for query in &part.public.range_queries_info {
            if !range_is_current(&part.name, query, snapshot, updates)? {
                return Ok(TxValidationCode::PhantomReadConflict);
            }
        }
        if !private_reads_are_current(part, snapshot, updates)? {
            return Ok(TxValidationCode::MvccReadConflict);
        }
    }
    Ok(TxValidationCode::Valid)
}

fn is_current(namespace: &str, read: &KvRead, snapshot: &Snapshot, updates: &Updates) -> Result<bool, LedgerError> {
    if updates.public(namespace, &read.key).is_some() {
        return Ok(false);
    }
    let committed = snapshot.state_version(namespace, &read.key)?;
    Ok(committed == read.version.as_ref().map(Version::from_message))
}

fn private_reads_are_current(part: &NamespaceSet, snapshot: &Snapshot, updates: &Updates) -> Result<bool, LedgerError> {
    for collection in &part.collections {
        for read in &collection.hashed.hashed_reads {
            if updates.hashed(&part.name, &collection.name, &read.key_hash).is_some() {
                return Ok(false);
            }
            let committed = snapshot.hash(&part.name, &collection.name, &read.key_hash)?.map(|entry| entry.version);
            if committed != read.version.as_ref().map(Version::from_message) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Repeats the query and compares what is recorded. A query that was not read to its end counts up to and with the last
/// key it saw.
fn range_is_current(
    namespace: &str,
    query: &RangeQueryInfo,
    snapshot: &Snapshot,
    updates: &Updates,
) -> Result<bool, LedgerError> {
    let degree = match &query.reads_info {
        Some(ReadsInfo::ReadsMerkleHashes(tree)) => tree.max_degree,
        _ => DEGREE,
    };
    let as_tree = matches!(query.reads_info, Some(ReadsInfo::ReadsMerkleHashes(_)));
    let mut summary = ResultSummary::new(degree);
    let mut raw = Vec::new();
    // One more result than recorded is enough to know that a raw list differs.
    let raw_max = match &query.reads_info {
        Some(ReadsInfo::RawReads(reads)) => reads.kv_reads.len(),
        _ => 0,
    };
    let mut rows = MergedRange::new(namespace, query, snapshot, updates)?;
    while let Some((key, version)) = rows.next()? {
        let read = KvRead { key, version: Some(version.to_message()) };
        if as_tree {
            summary.add(read);
        } else if raw.len() == raw_max {
            return Ok(false);
        } else {
            raw.push(read);
        }
    }
    Ok(match &query.reads_info {
        None => raw.is_empty(),
        Some(ReadsInfo::RawReads(reads)) => reads.kv_reads == raw,
        tree => summary.finish() == *tree,
    })
}

/// Committed keys of a range, overlaid with the changes of the block.
struct MergedRange<'a> {
    committed: Option<crate::state::store::StateRange>,
    changed: Box<dyn Iterator<Item = (&'a String, &'a Update)> + 'a>,
    next_committed: Option<(String, Version)>,
    next_changed: Option<(&'a String, &'a Update)>,
}

impl<'a> MergedRange<'a> {
    fn new(
        namespace: &str,
        query: &RangeQueryInfo,
        snapshot: &Snapshot,
        updates: &'a Updates,
    ) -> Result<Self, LedgerError> {
        let (start, end) = (query.start_key.as_str(), query.end_key.as_str());
        let committed = snapshot.state_range(namespace, start, end, !query.itr_exhausted)?;
        let upper = match end {
            "" => Bound::Unbounded,
            end if query.itr_exhausted => Bound::Excluded(end),
            end => Bound::Included(end),
        };
        let changed: Box<dyn Iterator<Item = _>> = match updates.public.get(namespace) {
            // Without committed rows the bounds may be the wrong way round, which a map would not take.
            Some(changed) if committed.is_some() => Box::new(changed.range::<str, _>((Bound::Included(start), upper))),
            _ => Box::new(std::iter::empty()),
        };
        let mut merged = Self { committed, changed, next_committed: None, next_changed: None };
        merged.fetch_committed()?;
        merged.next_changed = merged.changed.next();
        Ok(merged)
    }

    fn next(&mut self) -> Result<Option<(String, Version)>, LedgerError> {
        loop {
            let order = match (&self.next_committed, &self.next_changed) {
                (None, None) => return Ok(None),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((committed, _)), Some((changed, _))) => committed.cmp(changed),
            };
            if order.is_lt() {
                let row = self.next_committed.take();
                self.fetch_committed()?;
                return Ok(row);
            }
            if order.is_eq() {
                self.fetch_committed()?;
            }
            let changed = self.next_changed.take();
            self.next_changed = self.changed.next();
            if let Some((key, update)) = changed
                && update.value.is_some()
            {
                return Ok(Some((key.clone(), update.version)));
            }
        }
    }

    fn fetch_committed(&mut self) -> Result<(), LedgerError> {
        let row = match &mut self.committed {
            Some(rows) => rows.next().transpose()?,
            None => None,
        };
        self.next_committed = row.map(|(key, entry)| {
            let (block, transaction, ..) = entry.value();
            (key.value().1.to_owned(), Version::new(block, transaction))
        });
        Ok(())
    }
}
