//! Where an organization keeps the private part of endorsed transactions until a block names them.
//!
//! One small file per variant, written without waiting for the disk: it survives the end of the process, and a power
//! cut loses only what nobody has submitted yet. It never decides whether a set is the right one; the block's hash
//! does.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use fabric_msp::{hash::sha256, private};
use fabric_protos::rwset::TxPvtReadWriteSet;
use prost::Message;

use super::error::LedgerError;

/// Transactions that are remembered; the oldest go first.
const TRANSACTIONS_MAX: usize = 20_000;
/// What all of them may hold together, in bytes (1 GiB); the oldest go first.
const BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Different private parts of one transaction; endorsers of an honest chaincode make one.
const VARIANTS_MAX: usize = 8;

/// One organization's folder.
pub(crate) struct TransientStore {
    folder: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    variants: BTreeMap<String, Vec<Variant>>,
    order: VecDeque<String>,
    bytes: u64,
}

#[derive(Clone)]
struct Variant {
    path: PathBuf,
    bytes: u64,
}

impl TransientStore {
    /// Opens or creates the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, LedgerError> {
        let failed = |cause| LedgerError::File { path: folder.to_owned(), cause };
        private::create_folder(folder).map_err(failed)?;
        let mut known = Known::default();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, bytes) = (entry.path(), entry.metadata().map_err(failed)?.len());
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            match name.split_once('.') {
                Some((id, variant)) if variant.len() == 16 => known.add(id, Variant { path, bytes }),
                // A file that was being written when the process ended.
                _ => fs::remove_file(&path).map_err(failed)?,
            }
        }
        Ok(Self { folder: folder.to_owned(), known: Mutex::new(known) })
    }

    /// Keeps the private part of a transaction.
    pub(crate) fn put(&self, id: &str, set: &TxPvtReadWriteSet) -> Result<(), LedgerError> {
        let legal = !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !legal {
            return Err(LedgerError::TransactionId(id.to_owned()));
        }
        let bytes = set.encode_to_vec();
        let path = self.folder.join(format!("{id}.{}", hex::encode(&sha256(&bytes)[..8])));
        // Two endorsers hand in the same set at the same moment, so the lock is held while the file is written.
        let mut known = self.lock();
        let variants = known.variants.get(id).map_or(&[][..], Vec::as_slice);
        let is_known = variants.iter().any(|variant| variant.path == path);
        if is_known || variants.len() >= VARIANTS_MAX {
            return Ok(());
        }
        let size = bytes.len() as u64;
        let unfinished = path.with_extension("part");
        let failed = |cause| LedgerError::File { path: path.clone(), cause };
        private::replace(&path, &unfinished, &bytes, false).map_err(failed)?;
        known.add(id, Variant { path, bytes: size });
        drop(known);
        while let Some(oldest) = self.one_too_many() {
            self.remove(&oldest)?;
        }
        Ok(())
    }

    /// The oldest transaction when there are too many or they hold too much. The last one always stays: a message is
    /// smaller than the limit.
    fn one_too_many(&self) -> Option<String> {
        let known = self.lock();
        let too_many = known.variants.len() > TRANSACTIONS_MAX || known.bytes > BYTES_MAX;
        if too_many && known.order.len() > 1 { known.order.front().cloned() } else { None }
    }

    /// All private parts that endorsers made for a transaction. A file that cannot be read counts as missing, which a
    /// ledger can live with.
    pub(crate) fn get(&self, id: &str) -> Vec<TxPvtReadWriteSet> {
        let variants = self.lock().variants.get(id).cloned().unwrap_or_default();
        let read = |Variant { path, .. }: Variant| match fs::read(&path) {
            Ok(bytes) => TxPvtReadWriteSet::decode(&*bytes).ok(),
            Err(cause) => {
                tracing::warn!(path = %path.display(), %cause, "private data that waits for its block is unreadable");
                None
            }
        };
        variants.into_iter().filter_map(read).collect()
    }

    /// Forgets a transaction.
    pub(crate) fn remove(&self, id: &str) -> Result<(), LedgerError> {
        let variants = {
            let mut known = self.lock();
            let variants = known.variants.remove(id).unwrap_or_default();
            if !variants.is_empty() {
                known.order.retain(|other| other != id);
            }
            known.bytes -= variants.iter().map(|variant| variant.bytes).sum::<u64>();
            variants
        };
        for Variant { path, .. } in variants {
            fs::remove_file(&path).map_err(|cause| LedgerError::File { path, cause })?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, id: &str, variant: Variant) {
        let variants = self.variants.entry(id.to_owned()).or_default();
        if variants.is_empty() {
            self.order.push_back(id.to_owned());
        }
        if !variants.iter().any(|other| other.path == variant.path) {
            self.bytes += variant.bytes;
            variants.push(variant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fabric_protos::rwset::NsPvtReadWriteSet;

    fn set(namespace: &str) -> TxPvtReadWriteSet {
        let part = NsPvtReadWriteSet { namespace: namespace.into(), collection_pvt_rwset: Vec::new() };
        TxPvtReadWriteSet { ns_pvt_rwset: vec![part], ..Default::default() }
    }

    #[test]
    fn private_parts_survive_a_restart_until_they_are_removed() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = TransientStore::open(folder.path())?;
        store.put("tx1", &set("a"))?;
        store.put("tx1", &set("a"))?;
        store.put("tx1", &set("b"))?;
        fs::write(folder.path().join("tx2.part"), b"half").expect("written");
        drop(store);
        let store = TransientStore::open(folder.path())?;
        assert_eq!(store.get("tx1").len(), 2);
        assert!(store.get("tx2").is_empty());
        store.remove("tx1")?;
        assert!(store.get("tx1").is_empty());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        Ok(())
    }

    #[test]
    fn what_waits_is_counted_in_bytes_and_the_oldest_goes_first() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = TransientStore::open(folder.path())?;
        store.put("tx1", &set("a"))?;
        store.put("tx2", &set("b"))?;
        let one = set("a").encode_to_vec().len() as u64;
        assert_eq!(store.lock().bytes, 2 * one);
        let store = TransientStore::open(folder.path())?;
        assert_eq!(store.lock().bytes, 2 * one);
        store.lock().bytes += BYTES_MAX;
        let oldest = store.lock().order.front().cloned().expect("one");
        assert_eq!(store.one_too_many(), Some(oldest.clone()));
        store.remove(&oldest)?;
        assert_eq!(store.lock().bytes, BYTES_MAX + one);
        assert_eq!(store.one_too_many(), None, "the last one stays");
        Ok(())
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing_behind() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = TransientStore::open(folder.path())?;
        let digest = hex::encode(&sha256(&set("a").encode_to_vec())[..8]);
        let in_the_way = folder.path().join(format!("tx1.{digest}"));
        fs::create_dir(&in_the_way).expect("made");
        assert!(matches!(store.put("tx1", &set("a")), Err(LedgerError::File { .. })));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        fs::remove_dir(&in_the_way).expect("removed");
        store.put("tx1", &set("a"))?;
        assert_eq!(store.get("tx1").len(), 1);
        Ok(())
    }

    #[test]
    fn two_endorsers_can_hand_in_the_same_set_at_the_same_moment() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = TransientStore::open(folder.path()).expect("opened");
        for round in 0..50 {
            let id = format!("tx{round}");
            let start = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                let put = || {
                    start.wait();
                    store.put(&id, &set("a"))
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(put)).collect();
                for thread in threads {
                    thread.join().expect("no panic").expect("kept");
                }
            });
            assert_eq!(store.get(&id).len(), 1);
        }
    }

    #[test]
    fn an_id_is_never_a_path() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = TransientStore::open(folder.path())?;
        for id in ["", "../x", "a/b", "a.b"] {
            assert!(matches!(store.put(id, &set("a")), Err(LedgerError::TransactionId(_))), "{id}");
        }
        Ok(())
    }
}
