//! Looking through what transactions wrote, in the order of the chain, for records that their authors did not make.
//!
//! A contract compares a record with its authorship digest when it reads one; a verifier that has the blocks compares
//! all of them, and the creators of the transactions too, which a contract cannot see. Nothing is asked of a peer: the
//! hashes of private writes stand in the blocks. Only valid transactions are shown to it, from the first of the
//! chaincode on.

mod finding;

pub use finding::{Finding, Flaw};

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
    hashes: BTreeMap<(String, Digest256), Digest256>,
    /// Records that speak for organizations, by the hash of their key.
    authored: BTreeMap<Digest256, Authored>,
    records: u64,
}

/// A record that speaks for organizations, as it was last written.
#[derive(Clone)]
struct Authored {
    table: &'static str,
    key: CompositeKey,
    said: Vec<Said>,
}

impl Verification {
    /// How many written records were looked at.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many records speak for organizations now.
    pub fn authored(&self) -> u64 {
        self.authored.len() as u64
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
                Some(value) => self.hashes.insert(place, Digest256::from_bytes(*value)),
                None => self.hashes.remove(&place),
            };
        }
        let mut found = Vec::new();
        for (key, value) in written.records {
            self.records += 1;
            touched.insert(Digest256::of(key.as_bytes()));
            match self.read(key, *value) {
                Ok(stamps) => found.extend(stamps.iter().filter_map(|stamp| self.judge(key, stamp, written))),
                Err(flaw) => found.push(Finding::of(key, flaw)),
            }
        }
        found.extend(touched.iter().flat_map(|key| self.without_digest(key)));
        found
    }

    /// Takes a record. Returns the stamps in it.
    fn read(&mut self, key: &str, value: Option<&[u8]>) -> Result<Vec<Stamp>, Flaw> {
        let place = CompositeKey::parse(key).map_err(|_| Flaw::NoTable)?;
        let reader = tables::readers().get(place.kind()).filter(|reader| !reader.info.private).ok_or(Flaw::NoTable)?;
        let hash = Digest256::of(key.as_bytes());
        let Some(value) = value else {
            self.authored.remove(&hash);
            return Ok(Vec::new());
        };
        let reading = reader.read(&place, value).ok_or(Flaw::Malformed)?;
        if reader.info.authored {
            if reading.said.is_empty() && reading.stamps.is_empty() {
                return Err(Flaw::NobodySays);
            }
            self.authored.insert(hash, Authored { table: reader.info.name, key: place, said: reading.said });
        }
        Ok(reading.stamps)
    }

    /// A stamp must name a transaction that is on the chain, and the creator of that.
    fn judge(&self, key: &str, stamp: &Stamp, written: &Written<'_>) -> Option<Finding> {
        let Stamp { by, transaction_id, operator, .. } = stamp;
        let Some((creator, certificate)) = self.creators.get(transaction_id.as_str()) else {
            let flaw = Flaw::UnknownTransaction { by: by.clone(), named: transaction_id.clone() };
            return Some(Finding::of(key, flaw));
        };
        if creator != by.as_str() {
            let flaw = Flaw::AnotherCreator { by: by.clone(), creator: creator.clone() };
            return Some(Finding::of(key, flaw));
        }
        let of_this = transaction_id.as_str() == written.transaction_id;
        let same_certificate = operator.certificate_sha256 == *certificate;
        (of_this && !same_certificate).then(|| Finding::of(key, Flaw::AnotherCertificate { by: by.clone() }))
    }

    /// What of a record that speaks for organizations they have not said, as far as this transaction told.
    fn without_digest(&self, key_hash: &Digest256) -> Vec<Finding> {
        let Some(record) = self.authored.get(key_hash) else { return Vec::new() };
        let flaw = |said: &Said| {
            if said.stamp.by != said.author {
                return Some(Flaw::ByAnother { author: said.author.clone(), by: said.stamp.by.clone() });
            }
            match self.hashes.get(&(said.collection(), key_hash.clone())) {
                None => Some(Flaw::NoDigest { author: said.author.clone() }),
                Some(hash) if *hash != said.value_sha256() => Some(Flaw::OtherDigest { author: said.author.clone() }),
                Some(_) => None,
            }
        };
        record.said.iter().filter_map(flaw).map(|flaw| Finding::of(record.key.as_str(), flaw)).collect()
    }

    /// How many records of each table speak for organizations now.
    pub fn by_table(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        self.authored.values().for_each(|record| *counts.entry(record.table).or_insert(0) += 1);
        counts
    }
}
