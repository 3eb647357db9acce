//! Read and write sets: how a simulation writes one down, and how validation reads one.
//!
//! Nothing here looks at the ledger. Names, keys and collections are sorted bytewise, range queries stay in call order.

use std::collections::{BTreeMap, BTreeSet};

use fabric_msp::hash::sha256;
use fabric_protos::{
    kvrwset::{
        HashedRwSet, KvMetadataEntry, KvMetadataWrite, KvMetadataWriteHash, KvRead, KvReadHash, KvWrite, KvWriteHash,
        KvrwSet, RangeQueryInfo,
    },
    rwset::{
        CollectionHashedReadWriteSet, CollectionPvtReadWriteSet, NsPvtReadWriteSet, NsReadWriteSet, TxPvtReadWriteSet,
        TxReadWriteSet,
    },
};
use prost::Message;

use super::version::Version;

/// The name of the metadata entry that holds a key's endorsement policy.
pub const VALIDATION_PARAMETER: &str = "VALIDATION_PARAMETER";
/// Metadata of a key: entries by name, for example `VALIDATION_PARAMETER`.
pub type Metadata = BTreeMap<String, Vec<u8>>;

/// Collects what a transaction read and wrote.
#[derive(Debug, Default)]
pub(crate) struct ReadWriteSetBuilder {
    public: BTreeMap<String, PublicPart>,
    private: BTreeMap<String, BTreeMap<String, PrivatePart>>,
}

#[derive(Debug, Default)]
struct PublicPart {
    reads: BTreeMap<String, Option<Version>>,
    ranges: Vec<RangeQueryInfo>,
    ranges_seen: BTreeSet<(String, String, bool)>,
    writes: BTreeMap<String, Vec<u8>>,
    metadata_writes: BTreeMap<String, Metadata>,
    collections: BTreeMap<String, HashedPart>,
}

#[derive(Debug, Default)]
struct HashedPart {
    reads: BTreeMap<String, Option<Version>>,
    writes: BTreeMap<String, PrivateWrite>,
    metadata_writes: BTreeMap<String, Metadata>,
    private_hash: Vec<u8>,
}

#[derive(Debug, Default)]
struct PrivatePart {
    writes: BTreeMap<String, Vec<u8>>,
    metadata_writes: BTreeSet<String>,
}

#[derive(Debug)]
struct PrivateWrite {
    value_hash: Vec<u8>,
    is_purge: bool,
}

impl ReadWriteSetBuilder {
    pub(crate) fn read(&mut self, namespace: &str, key: &str, version: Option<Version>) {
        self.namespace(namespace).reads.insert(key.to_owned(), version);
    }

    /// An empty value deletes.
    pub(crate) fn write(&mut self, namespace: &str, key: &str, value: Vec<u8>) {
        self.namespace(namespace).writes.insert(key.to_owned(), value);
    }

    /// No entries delete the metadata.
    pub(crate) fn write_metadata(&mut self, namespace: &str, key: &str, metadata: Metadata) {
        self.namespace(namespace).metadata_writes.insert(key.to_owned(), metadata);
    }

    /// Two queries with the same recorded bounds are one.
    pub(crate) fn range(&mut self, namespace: &str, info: RangeQueryInfo) {
        let part = self.namespace(namespace);
        if part.ranges_seen.insert((info.start_key.clone(), info.end_key.clone(), info.itr_exhausted)) {
            part.ranges.push(info);
        }
    }

    pub(crate) fn read_private(&mut self, namespace: &str, collection: &str, key: &str, version: Option<Version>) {
        self.hashed(namespace, collection).reads.insert(key.to_owned(), version);
    }

    /// An empty value deletes.
    pub(crate) fn write_private(&mut self, namespace: &str, collection: &str, key: &str, value: Vec<u8>) {
        let value_hash = if value.is_empty() { Vec::new() } else { sha256(&value).to_vec() };
        let hashed = PrivateWrite { value_hash, is_purge: false };
        self.hashed(namespace, collection).writes.insert(key.to_owned(), hashed);
        self.plain(namespace, collection).writes.insert(key.to_owned(), value);
    }

    pub(crate) fn purge_private(&mut self, namespace: &str, collection: &str, key: &str) {
        let hashed = PrivateWrite { value_hash: Vec::new(), is_purge: true };
        self.hashed(namespace, collection).writes.insert(key.to_owned(), hashed);
        self.plain(namespace, collection).writes.insert(key.to_owned(), Vec::new());
    }

    /// The entries stand in the public part under the key's hash; the private part only names the key.
    pub(crate) fn write_private_metadata(&mut self, namespace: &str, collection: &str, key: &str, entries: Metadata) {
        self.hashed(namespace, collection).metadata_writes.insert(key.to_owned(), entries);
        self.plain(namespace, collection).metadata_writes.insert(key.to_owned());
    }

    /// The public set, and the private one when anything private was written.
    pub(crate) fn build(mut self) -> (TxReadWriteSet, Option<TxPvtReadWriteSet>) {
        let private = std::mem::take(&mut self.private);
        let mut private_message = TxPvtReadWriteSet::default();
        for (namespace, collections) in private {
            let mut message = NsPvtReadWriteSet { namespace: namespace.clone(), collection_pvt_rwset: Vec::new() };
            for (collection, part) in collections {
                let rwset = part.build().encode_to_vec();
                self.hashed(&namespace, &collection).private_hash = sha256(&rwset).to_vec();
                message.collection_pvt_rwset.push(CollectionPvtReadWriteSet { collection_name: collection, rwset });
            }
            private_message.ns_pvt_rwset.push(message);
        }
        let ns_rwset = self.public.into_iter().map(|(namespace, part)| part.build(namespace)).collect();
        let public = TxReadWriteSet { ns_rwset, ..Default::default() };
        (public, (!private_message.ns_pvt_rwset.is_empty()).then_some(private_message))
    }

    fn namespace(&mut self, namespace: &str) -> &mut PublicPart {
        self.public.entry(namespace.to_owned()).or_default()
    }

    fn hashed(&mut self, namespace: &str, collection: &str) -> &mut HashedPart {
        self.namespace(namespace).collections.entry(collection.to_owned()).or_default()
    }

    fn plain(&mut self, namespace: &str, collection: &str) -> &mut PrivatePart {
        self.private.entry(namespace.to_owned()).or_default().entry(collection.to_owned()).or_default()
    }
}

impl PublicPart {
    fn build(self, namespace: String) -> NsReadWriteSet {
        let rwset = KvrwSet {
            reads: self
                .reads
                .into_iter()
                .map(|(key, version)| KvRead { key, version: version.map(Version::to_message) })
                .collect(),
            range_queries_info: self.ranges,
            writes: self.writes.into_iter().map(|(key, value)| plain_write(key, value)).collect(),
            metadata_writes: self
                .metadata_writes
                .into_iter()
                .map(|(key, metadata)| KvMetadataWrite { key, entries: entries(metadata) })
                .collect(),
        };
        let collection_hashed_rwset =
            self.collections.into_iter().map(|(collection, part)| part.build(collection)).collect();
        NsReadWriteSet { namespace, rwset: rwset.encode_to_vec(), collection_hashed_rwset }
    }
}

impl HashedPart {
    fn build(self, collection_name: String) -> CollectionHashedReadWriteSet {
        let key_hash = |key: &str| sha256(key.as_bytes()).to_vec();
        let hashed = HashedRwSet {
            hashed_reads: self
                .reads
                .iter()
                .map(|(key, version)| KvReadHash { key_hash: key_hash(key), version: version.map(Version::to_message) })
                .collect(),
            hashed_writes: self
                .writes
                .into_iter()
                .map(|(key, write)| KvWriteHash {
                    key_hash: key_hash(&key),
                    is_delete: write.value_hash.is_empty(),
                    value_hash: write.value_hash,
                    is_purge: write.is_purge,
                })
                .collect(),
            metadata_writes: self
                .metadata_writes
                .into_iter()
                .map(|(key, metadata)| KvMetadataWriteHash { key_hash: key_hash(&key), entries: entries(metadata) })
                .collect(),
        };
        let hashed_rwset = hashed.encode_to_vec();
        CollectionHashedReadWriteSet { collection_name, hashed_rwset, pvt_rwset_hash: self.private_hash }
    }
}

impl PrivatePart {
    fn build(self) -> KvrwSet {
        KvrwSet {
            writes: self.writes.into_iter().map(|(key, value)| plain_write(key, value)).collect(),
            metadata_writes: self
                .metadata_writes
                .into_iter()
                .map(|key| KvMetadataWrite { key, entries: Vec::new() })
                .collect(),
            ..Default::default()
        }
    }
}

fn plain_write(key: String, value: Vec<u8>) -> KvWrite {
    KvWrite { key, is_delete: value.is_empty(), value }
}

fn entries(metadata: Metadata) -> Vec<KvMetadataEntry> {
    metadata.into_iter().map(|(name, value)| KvMetadataEntry { name, value }).collect()
}

/// A read and write set with its inner parts decoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReadWriteSet {
    pub(crate) namespaces: Vec<NamespaceSet>,
}

/// What a transaction read and wrote in one namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NamespaceSet {
    pub(crate) name: String,
    pub(crate) public: KvrwSet,
    pub(crate) collections: Vec<CollectionSet>,
}

/// The hashes of what a transaction read and wrote in one collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct CollectionSet {
    pub(crate) name: String,
    pub(crate) hashed: HashedRwSet,
    pub(crate) private_hash: Vec<u8>,
}

impl ReadWriteSet {
    /// Decodes all levels.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        let outer = TxReadWriteSet::decode(bytes)?;
        let mut namespaces = Vec::with_capacity(outer.ns_rwset.len());
        for part in outer.ns_rwset {
            let mut collections = Vec::with_capacity(part.collection_hashed_rwset.len());
            for collection in part.collection_hashed_rwset {
                collections.push(CollectionSet {
                    name: collection.collection_name,
                    hashed: HashedRwSet::decode(&*collection.hashed_rwset)?,
                    private_hash: collection.pvt_rwset_hash,
                });
            }
            let public = KvrwSet::decode(&*part.rwset)?;
            namespaces.push(NamespaceSet { name: part.namespace, public, collections });
        }
        Ok(Self { namespaces })
    }
}

impl NamespaceSet {
    /// Whether anything at all is written here: values, hashes or metadata.
    pub(crate) fn writes(&self) -> bool {
        let public = !self.public.writes.is_empty() || !self.public.metadata_writes.is_empty();
        public
            || self.collections.iter().any(|collection| {
                !collection.hashed.hashed_writes.is_empty() || !collection.hashed.metadata_writes.is_empty()
            })
    }
}

/// A write without a value deletes, whatever its flag says.
pub(crate) fn is_delete(write: &KvWrite) -> bool {
    write.is_delete || write.value.is_empty()
}

/// The same for hashes; the hash of nothing counts as no value.
pub(crate) fn is_hash_delete(write: &KvWriteHash) -> bool {
    write.is_delete || write.value_hash.is_empty() || write.value_hash == sha256(&[])
}

/// Entries as they are stored beside a value; nothing for none.
pub(crate) fn encode_metadata(entries: &[KvMetadataEntry]) -> Vec<u8> {
    KvMetadataWrite { key: String::new(), entries: entries.to_vec() }.encode_to_vec()
}

/// The reverse of [`encode_metadata`].
pub(crate) fn decode_metadata(bytes: &[u8]) -> Metadata {
    // Only this program writes these bytes.
    let decoded = KvMetadataWrite::decode(bytes).unwrap_or_default();
    decoded.entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_sorted_and_the_last_write_counts() -> Result<(), prost::DecodeError> {
        let mut builder = ReadWriteSetBuilder::default();
        builder.read("b", "k2", None);
        builder.read("b", "k1", Some(Version::new(1, 0)));
        builder.write("b", "k1", b"first".to_vec());
        builder.write("b", "k1", Vec::new());
        builder.write("a", "z", b"v".to_vec());
        let (public, private) = builder.build();
        assert!(private.is_none());
        let set = ReadWriteSet::decode(&public.encode_to_vec())?;
        let names: Vec<&str> = set.namespaces.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let part = &set.namespaces[1].public;
        assert_eq!(part.reads[0], KvRead { key: "k1".into(), version: Some(Version::new(1, 0).to_message()) });
        assert_eq!(part.reads[1], KvRead { key: "k2".into(), version: None });
        assert_eq!(part.writes, [KvWrite { key: "k1".into(), is_delete: true, value: Vec::new() }]);
        Ok(())
    }

    #[test]
    fn the_public_set_carries_only_hashes_of_private_values() -> Result<(), prost::DecodeError> {
        let mut builder = ReadWriteSetBuilder::default();
        builder.write_private("cc", "coll", "key", b"secret".to_vec());
        builder.purge_private("cc", "coll", "old");
        builder.write_private_metadata("cc", "coll", "key", Metadata::from([("P".into(), b"policy".to_vec())]));
        let (public, private) = builder.build();
        let bytes = public.encode_to_vec();
        assert!(!bytes.windows(6).any(|window| window == b"secret"));
        let collection = ReadWriteSet::decode(&bytes)?.namespaces[0].collections[0].clone();
        let private = private.expect("something private was written");
        let plain = &private.ns_pvt_rwset[0].collection_pvt_rwset[0];
        assert_eq!(collection.private_hash, sha256(&plain.rwset));
        let writes = &collection.hashed.hashed_writes;
        assert_eq!(writes[0].value_hash, sha256(b"secret"));
        assert!(writes[1].is_delete && writes[1].is_purge && writes[1].value_hash.is_empty());
        let plain = KvrwSet::decode(&*plain.rwset)?;
        assert_eq!(plain.metadata_writes, [KvMetadataWrite { key: "key".into(), entries: Vec::new() }]);
        assert_eq!(collection.hashed.metadata_writes[0].entries[0].value, b"policy");
        Ok(())
    }

    #[test]
    fn an_empty_value_is_a_delete_in_any_spelling() {
        assert!(is_delete(&KvWrite { key: "k".into(), is_delete: false, value: Vec::new() }));
        let hash = |value_hash: &[u8]| KvWriteHash { value_hash: value_hash.to_vec(), ..Default::default() };
        assert!(is_hash_delete(&hash(&[])));
        assert!(is_hash_delete(&hash(&sha256(&[]))));
        assert!(!is_hash_delete(&hash(&sha256(b"v"))));
    }
}
