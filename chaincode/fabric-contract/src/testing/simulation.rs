//! One run of a transaction on one organization's peer: answers its requests and notes what it read and wrote.
//!
//! Messages of refusals follow the peer's, so that their naming is tested as well.

use std::{collections::BTreeMap, ops::Bound};

use sha2::{Digest, Sha256};

use crate::{Backend, Change, Fault, PageRequest, Reply, Request, Row, Write};

use super::{
    Collection, HashedWrite, MemoryLedger, RangeRead, ReadWriteSet, Version,
    ledger::{PrivateEntry, hashed_key},
    rwset::PrivateWrites,
};

/// Rows per message of an unpaginated query, as on the peer.
const BATCH: usize = 100;

pub(super) struct Simulation<'a> {
    ledger: &'a MemoryLedger,
    peer: &'a str,
    creator: &'a str,
    open: BTreeMap<String, Open>,
    opened: u64,
    pub(super) effect: ReadWriteSet,
    pub(super) private_writes: PrivateWrites,
}

/// A query with rows still to come.
struct Open {
    rows: Vec<Found>,
    sent: usize,
    /// Its place in `effect.ranges`; none for private ranges, which leave no trace.
    range: Option<usize>,
}

#[derive(Clone)]
struct Found {
    row: Row,
    version: Version,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(ledger: &'a MemoryLedger, peer: &'a str, creator: &'a str) -> Self {
        Self {
            ledger,
            peer,
            creator,
            open: BTreeMap::new(),
            opened: 0,
            effect: ReadWriteSet::default(),
            private_writes: PrivateWrites::new(),
        }
    }

    fn get(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if collection.is_empty() {
            let entry = self.ledger.public.get(key);
            self.effect.reads.insert(key.to_owned(), entry.map(|entry| entry.version));
            return Ok(entry.map(|entry| entry.value.clone()));
        }
        self.readable(collection)?;
        let hash = self.read_hash(collection, key).map(|(_, version)| version);
        let value = self.held(collection, key);
        match (hash, value) {
            (None, _) => Ok(None),
            (Some(version), Some(entry)) if entry.version == version => Ok(Some(entry.value.clone())),
            (Some(Version { block, transaction }), _) => {
                let text = format!(
                    "GET_STATE failed: private data matching public hash version is not available. Public hash \
                     version = {{BlockNum: {block}, TxNum: {transaction}}}, Private data version = <nil>"
                );
                Err(Fault::from_peer(&text, collection, key))
            }
        }
    }

    /// As a peer of version 3.1 does it: a private value that is not here looks like an absent one.
    fn get_many(&mut self, collection: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, Fault> {
        if collection.is_empty() {
            return keys.iter().map(|key| self.get("", key)).collect();
        }
        self.readable(collection)?;
        let values = keys.iter().map(|key| {
            let entry = self.held(collection, key);
            let version = entry.map(|entry| entry.version);
            self.effect.hashed_reads.insert(hashed_key(collection, key), version);
            entry.map(|entry| entry.value.clone())
        });
        Ok(values.collect())
    }

    fn get_hash(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if self.ledger.collection(collection).is_none() {
            return Err(refused(format!(
                "GET_PRIVATE_DATA_HASH failed: collection [{collection}] not defined in the collection config for \
                 chaincode [{}]",
                self.ledger.chaincode
            )));
        }
        Ok(self.read_hash(collection, key).map(|(hash, _)| hash.to_vec()))
    }

    fn read_hash(&mut self, collection: &str, key: &str) -> Option<([u8; 32], Version)> {
        let place = hashed_key(collection, key);
        let found = self.ledger.hashes.get(&place).map(|entry| (entry.value_sha256, entry.version));
        self.effect.hashed_reads.insert(place, found.map(|(_, version)| version));
        found
    }

    fn get_policy(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, Fault> {
        if collection.is_empty() {
            self.get("", key)?;
        } else {
            self.readable(collection)?;
            self.read_hash(collection, key);
        }
        let policy = if collection.is_empty() {
            self.ledger.public.get(key).map(|entry| &entry.policy)
        } else {
            self.ledger.hashes.get(&hashed_key(collection, key)).map(|entry| &entry.policy)
        };
        Ok(policy.filter(|policy| !policy.is_empty()).cloned())
    }

    fn range(&mut self, collection: &str, start: &str, end: &str) -> Result<Reply, Fault> {
        if !collection.is_empty() {
            self.readable(collection)?;
            return Ok(self.begin(self.private_range(collection, start, end), None));
        }
        let range = RangeRead { start: start.to_owned(), end: end.to_owned(), exhausted: false, found: Vec::new() };
        self.effect.ranges.push(range);
        let place = self.effect.ranges.len() - 1;
        Ok(self.begin(self.public_range(start, end), Some(place)))
    }

    fn page(&mut self, start: &str, end: &str, page: &PageRequest) -> Reply {
        let size = usize::try_from(page.size).unwrap_or(usize::MAX);
        let start = if page.bookmark.is_empty() { start } else { &page.bookmark };
        let mut rows = self.public_range(start, end);
        let bookmark = rows.get(size).map(|next| next.row.key.clone()).unwrap_or_default();
        rows.truncate(size);
        let exhausted = bookmark.is_empty();
        let last = if exhausted { end.to_owned() } else { bookmark.clone() };
        let found = rows.iter().map(|found| (found.row.key.clone(), found.version)).collect();
        self.effect.ranges.push(RangeRead { start: start.to_owned(), end: last, exhausted, found });
        Reply::Rows { rows: rows.into_iter().map(|found| found.row).collect(), more: None, bookmark }
    }

    fn public_range(&self, start: &str, end: &str) -> Vec<Found> {
        let bounds = (Bound::Included(start.to_owned()), upper(end));
        if is_empty(&bounds) {
            return Vec::new();
        }
        let found = |(key, entry): (&String, &super::ledger::Entry)| Found {
            row: Row { key: key.clone(), value: entry.value.clone() },
            version: entry.version,
        };
        self.ledger.public.range(bounds).map(found).collect()
    }

    fn private_range(&self, collection: &str, start: &str, end: &str) -> Vec<Found> {
        let here = |(owner, own, key): &(String, String, String)| {
            owner == self.peer && own == collection && key.as_str() >= start && (end.is_empty() || key.as_str() < end)
        };
        let mine = self.ledger.private.iter().filter(|(place, _)| here(place));
        mine.map(|((_, _, key), entry)| Found {
            row: Row { key: key.clone(), value: entry.value.clone() },
            version: entry.version,
        })
        .collect()
    }

    fn begin(&mut self, rows: Vec<Found>, range: Option<usize>) -> Reply {
        self.opened += 1;
        let id = format!("query-{}", self.opened);
        self.open.insert(id.clone(), Open { rows, sent: 0, range });
        self.next(&id).unwrap_or(Reply::Done)
    }

    /// The next batch. Like the peer it looks one row ahead to know whether there is more, and that row counts as read.
    fn next(&mut self, id: &str) -> Result<Reply, Fault> {
        let open = self
            .open
            .get_mut(id)
            .ok_or_else(|| refused("QUERY_STATE_NEXT failed: query iterator not found".to_owned()))?;
        let from = open.sent;
        let to = (from + BATCH).min(open.rows.len());
        let more = to < open.rows.len();
        open.sent = to;
        if let Some(place) = open.range {
            let seen = if more { to + 1 } else { to };
            let range = &mut self.effect.ranges[place];
            range.found = open.rows[..seen].iter().map(|found| (found.row.key.clone(), found.version)).collect();
            range.exhausted = !more;
        }
        let rows = open.rows[from..to].iter().map(|found| found.row.clone()).collect();
        if !more {
            self.open.remove(id);
        }
        Ok(Reply::Rows { rows, more: more.then(|| id.to_owned()), bookmark: String::new() })
    }

    fn history(&self, key: &str) -> Reply {
        let versions = self.ledger.past.get(key).into_iter().flatten().rev().cloned().collect();
        Reply::History { versions, more: None }
    }

    fn write(&mut self, write: Write) -> Result<(), Fault> {
        let Write { collection, key, change } = write;
        if collection.is_empty() {
            match change {
                Change::Put(value) => drop(self.effect.writes.insert(key, Some(value))),
                Change::Delete => drop(self.effect.writes.insert(key, None)),
                Change::Policy(policy) => drop(self.effect.policies.insert(key, policy)),
                Change::Purge => return Err(refused("PURGE_PRIVATE_DATA failed: no collection".to_owned())),
            }
            return Ok(());
        }
        let definition = self.defined(&collection)?;
        if definition.member_only_write && !definition.members.contains(self.creator) {
            return Err(self.no_access("write", &collection));
        }
        let place = hashed_key(&collection, &key);
        let hashed = |value: Option<&[u8]>, purge| HashedWrite {
            value_sha256: value.map(|value| Sha256::digest(value).into()),
            purge,
        };
        let (hashed, value) = match change {
            Change::Policy(policy) => {
                self.effect.hashed_policies.insert(place, policy);
                return Ok(());
            }
            Change::Put(value) => (hashed(Some(&value), false), Some(value)),
            Change::Delete => (hashed(None, false), None),
            Change::Purge => (hashed(None, true), None),
        };
        self.effect.hashed_writes.insert(place, hashed);
        self.private_writes.insert((collection, key), value);
        Ok(())
    }

    fn invoke(&self, chaincode: &str, channel: &str, args: &[Vec<u8>]) -> Result<Reply, Fault> {
        let here = channel.is_empty() || channel == self.ledger.channel_id;
        match self.ledger.others.get(chaincode) {
            Some(answer) if here => Ok(Reply::Response(answer(args))),
            _ => Err(refused(format!("INVOKE_CHAINCODE failed: chaincode {chaincode} not found"))),
        }
    }

    fn held(&self, collection: &str, key: &str) -> Option<&'a PrivateEntry> {
        self.ledger.private.get(&(self.peer.to_owned(), collection.to_owned(), key.to_owned()))
    }

    fn readable(&self, collection: &str) -> Result<(), Fault> {
        let definition = self.defined(collection)?;
        let refused = definition.member_only_read && !definition.members.contains(self.creator);
        if refused { Err(self.no_access("read", collection)) } else { Ok(()) }
    }

    fn defined(&self, collection: &str) -> Result<Collection, Fault> {
        let MemoryLedger { channel_id, chaincode, .. } = self.ledger;
        self.ledger
            .collection(collection)
            .ok_or_else(|| refused(format!("collection {channel_id}/{chaincode}/{collection} could not be found")))
    }

    fn no_access(&self, verb: &str, collection: &str) -> Fault {
        let text = format!(
            "tx creator does not have {verb} access permission on privatedata in chaincodeName:{} collectionName: \
             {collection}",
            self.ledger.chaincode
        );
        Fault::from_peer(&text, collection, "")
    }
}

impl Backend for Simulation<'_> {
    fn request(&mut self, request: Request) -> Result<Reply, Fault> {
        Ok(match request {
            Request::Get { collection, key } => Reply::Value(self.get(&collection, &key)?),
            Request::GetMany { collection, keys } => Reply::Values(self.get_many(&collection, &keys)?),
            Request::GetHash { collection, key } => Reply::Value(self.get_hash(&collection, &key)?),
            Request::GetPolicy { collection, key } => Reply::Value(self.get_policy(&collection, &key)?),
            Request::Range { collection, start, end, page: None } => self.range(&collection, &start, &end)?,
            Request::Range { start, end, page: Some(page), .. } => self.page(&start, &end, &page),
            Request::Query { .. } => {
                return Err(refused("GET_QUERY_RESULT failed: ExecuteQuery not supported for leveldb".to_owned()));
            }
            Request::History { key } => self.history(&key),
            Request::Next { id } => self.next(&id)?,
            Request::Close { id } => {
                self.open.remove(&id);
                Reply::Done
            }
            Request::Invoke { chaincode, channel, args } => self.invoke(&chaincode, &channel, &args)?,
            Request::Write(writes) => {
                writes.into_iter().try_for_each(|write| self.write(write))?;
                Reply::Done
            }
        })
    }
}

fn refused(text: String) -> Fault {
    Fault::PeerRefused { text }
}

pub(super) fn upper(end: &str) -> Bound<String> {
    if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end.to_owned()) }
}

pub(super) fn is_empty((start, end): &(Bound<String>, Bound<String>)) -> bool {
    match (start, end) {
        (Bound::Included(start), Bound::Excluded(end)) => start >= end,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        _ => false,
    }
}
