//! Iterators that a chaincode has opened: over keys, over private keys, over the history of a key.
//!
//! A cursor hands out encoded results in batches and fetches one result more than it hands out, as Fabric's peer does.
//! That look-ahead can be seen in read sets, so it is part of the behaviour.

use fabric_msp::hash::sha256;
use fabric_protos::{
    common::Block,
    kvrwset::{KvRead, RangeQueryInfo},
    queryresult::{KeyModification, Kv},
};
use prost::Message;

use crate::state::{
    error::LedgerError,
    merkle::{self, ResultSummary},
    private::{KeyRange, PrivateSnapshot},
    rwset::{self, ReadWriteSet},
    store::{HistoryRange, Snapshot, StateRange, state_entry},
    transaction,
};

/// Results in one batch to a chaincode.
pub const BATCH_ROWS: usize = 100;
/// What the results of one batch may weigh, in bytes (32 MiB); a batch ends before, but for one heavier result alone.
const BATCH_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Results of one query altogether.
pub const QUERY_ROWS_MAX: usize = 100_000;

/// Some results of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Encoded `queryresult.KV` or, for a history, `queryresult.KeyModification` messages.
    pub rows: Vec<Vec<u8>>,
    /// Whether more can be asked for.
    pub has_more: bool,
}

pub(super) struct Cursor {
    source: Source,
    /// The result that was fetched but not handed out.
    ahead: Option<Vec<u8>>,
    counted: usize,
}

enum Source {
    State(StateSource),
    Private { namespace: String, collection: String, keys: Option<KeyRange> },
    History { namespace: String, key: String, versions: HistoryRange, block: Option<Box<(u64, Block)>> },
    Closed,
}

struct StateSource {
    namespace: String,
    end: String,
    rows: Option<StateRange>,
    info: RangeQueryInfo,
    summary: ResultSummary,
}

impl Cursor {
    pub(super) fn over_state(
        snapshot: &Snapshot,
        namespace: &str,
        start: &str,
        end: &str,
    ) -> Result<Self, LedgerError> {
        let source = StateSource {
            namespace: namespace.to_owned(),
            end: end.to_owned(),
            rows: snapshot.state_range(namespace, start, end, false)?,
            info: RangeQueryInfo { start_key: start.to_owned(), ..Default::default() },
            summary: ResultSummary::new(merkle::DEGREE),
        };
        Ok(Self::new(Source::State(source)))
    }

    pub(super) fn over_private(
        private: Option<&PrivateSnapshot>,
        namespace: &str,
        collection: &str,
        start: &str,
        end: &str,
    ) -> Result<Self, LedgerError> {
        let keys = match private {
            Some(private) => private.keys(namespace, collection, start, end)?,
            None => None,
        };
        let (namespace, collection) = (namespace.to_owned(), collection.to_owned());
        Ok(Self::new(Source::Private { namespace, collection, keys }))
    }

    pub(super) fn over_history(snapshot: &Snapshot, namespace: &str, key: &str) -> Result<Self, LedgerError> {
        let versions = snapshot.history(namespace, key)?;
        let (namespace, key) = (namespace.to_owned(), key.to_owned());
        Ok(Self::new(Source::History { namespace, key, versions, block: None }))
    }

    fn new(source: Source) -> Self {
        Self { source, ahead: None, counted: 0 }
    }

    /// The next results, at most `limit`.
    pub(super) fn next_batch(
        &mut self,
        limit: usize,
        snapshot: &Snapshot,
        private: Option<&PrivateSnapshot>,
    ) -> Result<Batch, LedgerError> {
        let mut rows: Vec<Vec<u8>> = self.ahead.take().into_iter().collect();
        let mut bytes = rows.iter().map(Vec::len).sum::<usize>();
        while self.counted < QUERY_ROWS_MAX {
            let Some(row) = self.source.next(snapshot, private)? else { break };
            self.counted += 1;
            bytes += row.len();
            if rows.len() == limit || (!rows.is_empty() && bytes > BATCH_BYTES_MAX) {
                self.ahead = Some(row);
                return Ok(Batch { rows, has_more: true });
            }
            rows.push(row);
        }
        Ok(Batch { rows, has_more: false })
    }

    /// Exactly one page, without a look-ahead, and the key that follows it.
    pub(super) fn page(&mut self, limit: usize, snapshot: &Snapshot) -> Result<(Vec<Vec<u8>>, String), LedgerError> {
        let mut rows = Vec::new();
        while rows.len() < limit {
            let Some(row) = self.source.next(snapshot, None)? else { break };
            rows.push(row);
        }
        let following = match &mut self.source {
            Source::State(state) => state.rows.as_mut().and_then(Iterator::next).transpose()?,
            _ => None,
        };
        let bookmark = following.map(|(key, _)| key.value().1.to_owned()).unwrap_or_default();
        Ok((rows, bookmark))
    }

    /// What the query adds to the read set, after which nothing more can be fetched.
    pub(super) fn finish(self) -> Option<(String, RangeQueryInfo)> {
        let Source::State(mut state) = self.source else { return None };
        state.info.reads_info = state.summary.finish();
        Some((state.namespace, state.info))
    }

    /// Ends the iteration; what has been fetched stays recorded.
    pub(super) fn close(&mut self) {
        self.ahead = None;
        match &mut self.source {
            Source::State(state) => state.rows = None,
            other => *other = Source::Closed,
        }
        self.counted = QUERY_ROWS_MAX;
    }
}

impl Source {
    fn next(&mut self, snapshot: &Snapshot, private: Option<&PrivateSnapshot>) -> Result<Option<Vec<u8>>, LedgerError> {
        match self {
            Self::State(state) => state.next(),
            Self::Private { namespace, collection, keys } => {
                let (Some(keys), Some(private)) = (keys, private) else { return Ok(None) };
                for row in keys {
                    let (row, _) = row?;
                    let key = row.value().2;
                    if let Some(value) = current_private(snapshot, private, namespace, collection, key)? {
                        let row = Kv { namespace: namespace.clone(), key: key.to_owned(), value };
                        return Ok(Some(row.encode_to_vec()));
                    }
                }
                Ok(None)
            }
            Self::History { namespace, key, versions, block } => {
                let Some(row) = versions.next_back() else { return Ok(None) };
                let (row, _) = row?;
                let (_, _, number, index) = row.value();
                if block.as_ref().is_none_or(|block| block.0 != number) {
                    let found = snapshot.block(number)?.ok_or(LedgerError::Damaged("block of the history"))?;
                    *block = Some(Box::new((number, found)));
                }
                let block = &block.as_ref().ok_or(LedgerError::Damaged("block of the history"))?.1;
                modification(block, index, namespace, key).map(Some)
            }
            Self::Closed => Ok(None),
        }
    }
}

impl StateSource {
    fn next(&mut self) -> Result<Option<Vec<u8>>, LedgerError> {
        let row = match &mut self.rows {
            Some(rows) => rows.next().transpose()?,
            None => None,
        };
        let Some((key, entry)) = row else {
            self.info.itr_exhausted = true;
            self.info.end_key.clone_from(&self.end);
            return Ok(None);
        };
        let key = key.value().1.to_owned();
        let entry = state_entry(entry.value());
        self.summary.add(KvRead { key: key.clone(), version: Some(entry.version.to_message()) });
        self.info.end_key.clone_from(&key);
        let row = Kv { namespace: self.namespace.clone(), key, value: entry.value };
        Ok(Some(row.encode_to_vec()))
    }
}

/// The plaintext that belongs to the current hash of a key, when this organization has it.
fn current_private(
    snapshot: &Snapshot,
    private: &PrivateSnapshot,
    namespace: &str,
    collection: &str,
    key: &str,
) -> Result<Option<Vec<u8>>, LedgerError> {
    let key_hash = sha256(key.as_bytes());
    let Some(hash) = snapshot.hash(namespace, collection, &key_hash)? else { return Ok(None) };
    private.value(namespace, collection, &key_hash, hash.value_version)
}

fn modification(block: &Block, index: u64, namespace: &str, key: &str) -> Result<Vec<u8>, LedgerError> {
    let damaged = LedgerError::Damaged("transaction of the history");
    let envelope = block.data.as_ref().and_then(|data| data.data.get(usize::try_from(index).ok()?));
    let Some((header, action)) = envelope.and_then(|envelope| transaction::endorsed_action(envelope)) else {
        return Err(damaged);
    };
    let set = ReadWriteSet::decode(&action.results).map_err(|_| LedgerError::Damaged("write set of the history"))?;
    let write = set
        .namespaces
        .iter()
        .filter(|part| part.name == namespace)
        .flat_map(|part| &part.public.writes)
        .find(|write| write.key == key)
        .ok_or(damaged)?;
    let row = KeyModification {
        tx_id: header.tx_id,
        value: write.value.clone(),
        timestamp: header.timestamp,
        is_delete: rwset::is_delete(write),
    };
    Ok(row.encode_to_vec())
}
