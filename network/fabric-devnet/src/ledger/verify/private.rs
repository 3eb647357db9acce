//! Comparing an organization's private data with the hashes in the blocks.

use std::collections::{BTreeMap, BTreeSet};

use fabric_msp::hash::sha256;
use fabric_protos::protos::TxValidationCode;

use crate::{
    ledger::changes::{Collector, private_parts},
    state::{
        error::LedgerError,
        finding::Finding,
        private::Deletion,
        private_rows::{PrivateRow, PrivateRows, RowKey},
        rwset::is_hash_delete,
    },
    validation::{Prepared, Updates},
};

/// What a chain names of private data.
#[derive(Default)]
pub(super) struct Named {
    /// How many blocks there are.
    pub(super) blocks: u64,
    /// How many transactions they hold.
    pub(super) transactions: u64,
    /// What is written under a hash, by namespace, collection, key hash, block and position.
    writes: BTreeMap<RowKey, NamedWrite>,
    /// Deletions, by the block after which each is carried out.
    deletions: BTreeSet<(u64, RowKey, bool)>,
    /// The blocks up to which values stay whose time began anew.
    renewals: BTreeSet<(RowKey, u64)>,
}

#[derive(Default)]
struct NamedWrite {
    /// The hash of the value; `None` when it was deleted or not written.
    value_hash: Option<Vec<u8>>,
    deletes: bool,
    has_metadata: bool,
}

impl Named {
    /// The genesis block holds one transaction and names nothing.
    pub(super) fn of_genesis() -> Self {
        Self { blocks: 1, transactions: 1, ..Self::default() }
    }

    /// Notes what a block names.
    pub(super) fn add(
        &mut self,
        block: &Collector<'_>,
        prepared: &[Prepared],
        codes: &[TxValidationCode],
        updates: &Updates,
    ) -> Result<(), LedgerError> {
        self.blocks += 1;
        self.transactions += prepared.len() as u64;
        for part in private_parts(prepared, codes) {
            for write in &part.set.hashed.hashed_writes {
                let named = self.writes.entry(part.row_key(block.number, &write.key_hash)).or_default();
                named.deletes = is_hash_delete(write);
                named.value_hash = (!named.deletes).then(|| write.value_hash.clone());
            }
            for write in &part.set.hashed.metadata_writes {
                self.writes.entry(part.row_key(block.number, &write.key_hash)).or_default().has_metadata = true;
            }
        }
        for deletion in block.deletions(prepared, codes)? {
            self.deletions.insert(noted(deletion));
        }
        for renewal in block.all_renewals(updates)? {
            self.renewals.insert((row_key(&renewal), renewal.after));
            self.deletions.insert(noted(renewal));
        }
        Ok(())
    }
}

/// Looks through an organization's store. Returns how many writes it holds.
pub(super) fn check(msp_id: &str, store: &PrivateRows, named: &Named) -> Result<u64, LedgerError> {
    let bad = |table, row: String| LedgerError::from(Finding::Private { msp_id: msp_id.to_owned(), table, row });
    let renewed: BTreeMap<RowKey, u64> = store.renewed()?.into_iter().collect();
    let deletions: BTreeSet<(u64, RowKey, bool)> = store.deletions()?.into_iter().collect();
    // What a block brought that never came to be stays behind: deletions of its own writes, and renewals, which stand
    // in both tables.
    let is_renewal = |after: u64, row: &RowKey| renewed.get(row) == Some(&after);
    for (row, until) in &renewed {
        let named = named.renewals.contains(&(row.clone(), *until));
        if !named && !deletions.contains(&(*until, row.clone(), false)) {
            return Err(bad("renewed", row.shown()));
        }
    }
    for deletion @ (after, row, all_older) in &deletions {
        let never_came = row.version.block >= named.blocks || (!all_older && is_renewal(*after, row));
        if !named.deletions.contains(deletion) && !never_came {
            return Err(bad("deletions", row.shown()));
        }
    }
    let ordered: BTreeSet<RowKey> = store.order()?.into_iter().collect();
    let mut keys = BTreeSet::new();
    let mut writes = BTreeSet::new();
    for (row_key, row) in store.writes()? {
        if !fits(&row_key, &row, named.writes.get(&row_key)) {
            return Err(bad("writes", row_key.shown()));
        }
        if !ordered.contains(&row_key) && !renewed.contains_key(&row_key) {
            return Err(bad("order", row_key.shown()));
        }
        keys.insert((row_key.namespace.clone(), row_key.collection.clone(), row.key));
        writes.insert(row_key);
    }
    if let Some(row) = ordered.iter().find(|row| !writes.contains(*row)) {
        return Err(bad("order", row.shown()));
    }
    let stored: BTreeSet<(String, String, String)> = store.keys()?.into_iter().collect();
    if let Some((namespace, collection, _)) = stored.symmetric_difference(&keys).next() {
        return Err(bad("keys", format!("({namespace:?}, {collection:?})")));
    }
    Ok(writes.len() as u64)
}

fn fits(row_key: &RowKey, row: &PrivateRow, named: Option<&NamedWrite>) -> bool {
    let Some(named) = named else { return false };
    let value_hash = row.has_value.then(|| sha256(&row.value).to_vec());
    sha256(row.key.as_bytes())[..] == row_key.key_hash[..]
        && value_hash == named.value_hash
        && row.deletes == named.deletes
        && row.has_metadata == named.has_metadata
        && (row.has_value || row.value.is_empty())
}

fn noted(deletion: Deletion) -> (u64, RowKey, bool) {
    (deletion.after, row_key(&deletion), deletion.all_older)
}

fn row_key(deletion: &Deletion) -> RowKey {
    let names = (deletion.namespace.as_str(), deletion.collection.as_str(), deletion.key_hash.as_slice());
    RowKey::new(names, deletion.version.block, deletion.version.transaction)
}
