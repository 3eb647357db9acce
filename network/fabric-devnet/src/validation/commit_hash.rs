//! The hash that chains the results of all blocks: two peers with the same hash have the same state.

use fabric_msp::hash::sha256_parts;
use fabric_protos::common::{Block, Metadata};
use prost::Message;

use super::updates::Updates;
use crate::state::{block_metadata::commit_hash_of, error::LedgerError};

#[derive(Clone, PartialEq, Message)]
struct Write {
    #[prost(string, tag = "1")]
    namespace: String,
    #[prost(string, tag = "2")]
    collection: String,
    #[prost(bytes = "vec", tag = "3")]
    key: Vec<u8>,
    #[prost(bool, tag = "4")]
    is_delete: bool,
    #[prost(bytes = "vec", tag = "5")]
    value: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    version: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Writes {
    #[prost(message, repeated, tag = "1")]
    writes: Vec<Write>,
}

/// The metadata entry with the commit hash of a block, from its validation codes, its changes and the block before it;
/// `None` for a chain that has none.
pub(crate) fn commit_hash_entry(
    number: u64,
    codes: &[u8],
    updates: &Updates,
    previous: &Block,
) -> Result<Option<Vec<u8>>, LedgerError> {
    let previous = commit_hash_of(previous)?;
    if number != 1 && previous.is_empty() {
        return Ok(None);
    }
    let value = commit_hash(codes, updates, &previous).to_vec();
    Ok(Some(Metadata { value, signatures: Vec::new() }.encode_to_vec()))
}

/// The commit hash of a block, from its validation codes, its changes and the hash of the block before.
fn commit_hash(codes: &[u8], updates: &Updates, previous: &[u8]) -> [u8; 32] {
    let mut length = Vec::new();
    prost::encoding::encode_varint(codes.len() as u64, &mut length);
    sha256_parts(&[&length, codes, &writes(updates).encode_to_vec(), previous])
}

/// All changes, sorted; a name is given only where it differs from the one before.
fn writes(updates: &Updates) -> Writes {
    let mut writes = Vec::new();
    let namespaces: std::collections::BTreeSet<&String> = updates.public.keys().chain(updates.hashed.keys()).collect();
    for namespace in namespaces {
        let first = writes.len();
        for (key, update) in updates.public.get(namespace).into_iter().flatten() {
            writes.push(Write {
                key: key.as_bytes().to_vec(),
                is_delete: update.value.is_none(),
                value: update.value.clone().unwrap_or_default(),
                version: update.version.order_preserving_bytes(),
                ..Default::default()
            });
        }
        for (collection, updates) in updates.hashed.get(namespace).into_iter().flatten() {
            let first = writes.len();
            for (key_hash, update) in updates {
                writes.push(Write {
                    key: key_hash.clone(),
                    is_delete: update.value_hash.is_none(),
                    value: update.value_hash.clone().unwrap_or_default(),
                    version: update.version.order_preserving_bytes(),
                    ..Default::default()
                });
            }
            if let Some(write) = writes.get_mut(first) {
                write.collection.clone_from(collection);
            }
        }
        if let Some(write) = writes.get_mut(first) {
            write.namespace.clone_from(namespace);
        }
    }
    Writes { writes }
}
