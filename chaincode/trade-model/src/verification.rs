//! Looking through what transactions wrote, in the order of the chain, for records that their authors did not make.
//!
//! A contract compares a record with its authorship digest when it reads one; a verifier that has the blocks compares
//! all of them, and the creators of the transactions too, which a contract cannot see. Nothing is asked of a peer: the
//! hashes of private writes stand in the blocks. Only valid transactions are shown to it, from the first of the
//! chaincode on.

mod finding;
mod record;

pub use finding::{Finding, Flaw};
pub use record::{Record, judge_said, judge_stamp};

use std::collections::{BTreeMap, BTreeSet};

use fabric_contract::CompositeKey;

use crate::authorship::Said;
use crate::common::{Digest256, Stamp};
use crate::tables;

/// The hashes of a private write: collection, SHA-256 of the key, SHA-256 of the value or none for a deletion.
pub type HashedWrite<'a> = (&'a str, [u8; 32], Option<[u8; 32]>);

/// What a valid transaction wrote in the chaincode's namespace.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The transaction.
    pub transaction_id: &'a str,
    /// The organization of the identity that signed it.
    pub creator: &'a str,
    /// SHA-256 of the certificate of that identity.
    pub certificate_sha256: [u8; 32],
    /// Keys and their values; none for a deletion.
    pub records: &'a [(&'a str, Option<&'a [u8]>)],
    /// Private writes.
    pub hashes: &'a [HashedWrite<'a>],
}

/// The authors of everything that was written so far.
#[derive(Clone, Default)]
pub struct Verification {
    /// Who created which transaction, and with which certificate.
    creators: BTreeMap<String, (String, Digest256)>,
    /// Hashes of private values by collection and key hash.
    hashes: BTreeMap<(String, Digest256), Private>,
    /// Records that speak for organizations, by the hash of their key.
    authored: BTreeMap<Digest256, Authored>,
    /// The stamps in other records, by the hash of their key.
    stamps: BTreeMap<Digest256, Vec<Stamp>>,
    compared: u64,
}

/// A private value, as much of it as blocks show.
#[derive(Clone)]
struct Private {
    sha256: Digest256,
    /// Who created the transaction that wrote it.
    creator: Box<str>,
}

/// A record that speaks for organizations, as it was last written.
#[derive(Clone)]
struct Authored {
    key: CompositeKey,
    said: Vec<Said>,
}

impl Verification {
    /// How many stamps were compared with the creators of the transactions that they name.
    pub fn stamps(&self) -> u64 {
        self.compared
    }

    /// How many statements of organizations stand in the records of now.
    pub fn statements(&self) -> u64 {
        self.authored.values().map(|record| record.said.len() as u64).sum()
    }

    /// Adds the next transaction. Returns what is wrong with what it wrote, or with what it took digests from.
    pub fn add(&mut self, written: &Written<'_>) -> Vec<Finding> {
        let creator = (written.creator.to_owned(), Digest256::from_bytes(written.certificate_sha256));
        self.creators.insert(written.transaction_id.to_owned(), creator);
        let mut touched = BTreeSet::new();
        for (collection, key, value) in written.hashes {
            let place = ((*collection).to_owned(), Digest256::from_bytes(*key));
            touched.insert(place.1.clone());
            match value {
                Some(value) => {
                    let (sha256, creator) = (Digest256::from_bytes(*value), Box::from(written.creator));
                    self.hashes.insert(place, Private { sha256, creator })
                }
                None => self.hashes.remove(&place),
            };
        }
        let mut found = Vec::new();
        for (key, value) in written.records {
            touched.insert(Digest256::of(key.as_bytes()));
            match self.read(key, *value, written.transaction_id) {
                Ok(stamps) => {
                    self.compared += stamps.len() as u64;
                    let flaws = stamps.iter().filter_map(|stamp| self.judge(stamp));
                    found.extend(flaws.map(|flaw| Finding::of(key, flaw)));
                }
                Err(flaw) => found.push(Finding::of(key, flaw)),
            }
        }
        found.extend(touched.iter().flat_map(|key| self.without_digest(key)));
        found
    }

    /// Takes a record. Returns the stamps in it.
    ///
    /// A record that speaks for nobody has no digest that binds its stamps to it. So a stamp that it did not bear
    /// before must be of the transaction that writes it, or come from what was said under the same name, as a
    /// correction is declared first and then noted in its event. An old stamp of an honest member could otherwise be
    /// put anywhere.
    fn read(&mut self, key: &str, value: Option<&[u8]>, transaction_id: &str) -> Result<Vec<Stamp>, Flaw> {
        let place = CompositeKey::parse(key).map_err(|_| Flaw::NoTable)?;
        let hash = Digest256::of(key.as_bytes());
        let Some(value) = value else {
            tables::readers().get(place.kind()).filter(|reader| !reader.info.private).ok_or(Flaw::NoTable)?;
            self.authored.remove(&hash);
            self.stamps.remove(&hash);
            return Ok(Vec::new());
        };
        let record = Record::read(key, value)?;
        if record.speaks {
            self.authored.insert(hash, Authored { key: place, said: record.said });
        } else if !record.stamps.is_empty() || self.stamps.contains_key(&hash) {
            let before = self.stamps.insert(hash, record.stamps.clone()).unwrap_or_default();
            let is_new = |stamp: &&Stamp| {
                stamp.transaction_id.as_str() != transaction_id
                    && !before.contains(stamp)
                    && !self.was_said(&place.attributes(), stamp)
            };
            if let Some(Stamp { by, transaction_id, .. }) = record.stamps.iter().find(is_new) {
                return Err(Flaw::OldStamp { by: by.clone(), named: transaction_id.clone() });
            }
        }
        Ok(record.stamps)
    }

    /// Whether a record that speaks for an organization has this stamp, under a key of the same parts.
    fn was_said(&self, parts: &[&str], stamp: &Stamp) -> bool {
        let mut said = self.authored.values().filter(|record| record.key.attributes() == parts);
        said.any(|record| record.said.iter().any(|said| said.stamp == *stamp))
    }

    /// A stamp must name a transaction that is on the chain, the creator of that, and the creator's certificate.
    fn judge(&self, stamp: &Stamp) -> Option<Flaw> {
        let creator = self.creators.get(stamp.transaction_id.as_str());
        judge_stamp(stamp, creator.map(|(creator, certificate)| (creator.as_str(), certificate)))
    }

    /// What of a record that speaks for organizations they have not said, as far as this transaction told.
    fn without_digest(&self, key_hash: &Digest256) -> Vec<Finding> {
        let Some(record) = self.authored.get(key_hash) else { return Vec::new() };
        let flaw = |said: &Said| {
            let digest = self.hashes.get(&(said.collection(), key_hash.clone()));
            judge_said(said, digest.map(|private| (&private.sha256, &*private.creator)))
        };
        record.said.iter().filter_map(flaw).map(|flaw| Finding::of(record.key.as_str(), flaw)).collect()
    }
}
