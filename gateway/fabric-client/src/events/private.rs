//! Checks of private data that came with a block. A peer hands it over by its word; the hashes that stand in the block
//! show whether it is what the organizations endorsed.

use fabric_config::block;
use fabric_msp::hash::sha256;
use fabric_protos::{
    common::{Block, Envelope, Payload},
    kvrwset::{HashedRwSet, KvrwSet},
    protos::{self, BlockAndPrivateData, ChaincodeAction, ChaincodeActionPayload, ProposalResponsePayload},
    rwset::{CollectionHashedReadWriteSet, TxReadWriteSet},
};
use prost::Message;

/// The private writes of one transaction in one collection, checked against the block.
#[derive(Clone, Debug, PartialEq)]
pub struct PrivateCollection {
    /// The transaction's place in the block, from 0.
    pub transaction_index: u64,
    /// The chaincode.
    pub namespace: String,
    /// The collection.
    pub collection: String,
    /// What was read and written in clear.
    pub writes: KvrwSet,
    /// Whether nothing is missing. `false` when the peer has purged some of the keys since.
    pub complete: bool,
}

/// Why private data is not what the block says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivateDataError {
    /// There is no block, or it lacks its header or its transactions.
    #[error("the private data came without a whole block")]
    NoBlock,
    /// The transactions of the block are not those that its header names.
    #[error("the transactions of block {0} are not those of its header")]
    DataHash(u64),
    /// Private data is given for a transaction that the block does not have.
    #[error("there is private data for transaction {0} of a block that has fewer")]
    NoTransaction(u64),
    /// The block, or what came with it, cannot be read.
    #[error("transaction {index} or its private data cannot be read: {cause}")]
    Malformed {
        /// The transaction's place in the block.
        index: u64,
        /// Why it cannot be read.
        cause: String,
    },
    /// The transaction wrote nothing into this collection.
    #[error("transaction {index} has nothing in collection {collection} of {namespace}")]
    NoCollection {
        /// The transaction's place in the block.
        index: u64,
        /// The chaincode.
        namespace: String,
        /// The collection.
        collection: String,
    },
    /// A key or value is not the one whose hash stands in the block.
    #[error("transaction {index} did not write this value of key {key:?} in collection {collection} of {namespace}")]
    WrongWrite {
        /// The transaction's place in the block.
        index: u64,
        /// The chaincode.
        namespace: String,
        /// The collection.
        collection: String,
        /// The key, in clear.
        key: String,
    },
}

/// Checks that the transactions belong to the block's header, and that each private write has its hash in the block.
/// Whether the block itself is the channel's follows from the chain of headers, which is not checked here.
///
/// # Errors
/// [`PrivateDataError`] for the first thing that is not as the block says.
pub fn verify_private_data(received: &BlockAndPrivateData) -> Result<Vec<PrivateCollection>, PrivateDataError> {
    let (number, transactions) = whole(received.block.as_ref().ok_or(PrivateDataError::NoBlock)?)?;
    let mut found = Vec::new();
    for (&index, given) in &received.private_data_map {
        let position = usize::try_from(index).ok();
        let envelope = position.and_then(|position| transactions.get(position));
        let envelope = envelope.ok_or(PrivateDataError::NoTransaction(index))?;
        let malformed = |error: prost::DecodeError| PrivateDataError::Malformed {
            index,
            cause: format!("block {number}: {error}"),
        };
        let public = results(envelope).map_err(malformed)?;
        for namespace in &given.ns_pvt_rwset {
            for part in &namespace.collection_pvt_rwset {
                let (name, collection) = (namespace.namespace.clone(), part.collection_name.clone());
                let hashed = hashed(&public, &name, &collection).ok_or_else(|| PrivateDataError::NoCollection {
                    index,
                    namespace: name.clone(),
                    collection: collection.clone(),
                })?;
                let writes = KvrwSet::decode(part.rwset.as_slice()).map_err(malformed)?;
                let hashes = HashedRwSet::decode(hashed.hashed_rwset.as_slice()).map_err(malformed)?;
                if let Some(key) = foreign_key(&writes, &hashes) {
                    return Err(PrivateDataError::WrongWrite { index, namespace: name, collection, key });
                }
                let complete = sha256(&part.rwset) == hashed.pvt_rwset_hash.as_slice();
                let transaction_index = index;
                found.push(PrivateCollection { transaction_index, namespace: name, collection, writes, complete });
            }
        }
    }
    Ok(found)
}

/// Number and transactions of a block whose header fits them.
fn whole(block: &Block) -> Result<(u64, &[Vec<u8>]), PrivateDataError> {
    let (Some(header), Some(data)) = (&block.header, &block.data) else { return Err(PrivateDataError::NoBlock) };
    if block::data_hash(data) != header.data_hash.as_slice() {
        return Err(PrivateDataError::DataHash(header.number));
    }
    Ok((header.number, &data.data))
}

/// What the transaction in an envelope read and wrote.
fn results(envelope: &[u8]) -> Result<Vec<TxReadWriteSet>, prost::DecodeError> {
    let payload = Payload::decode(Envelope::decode(envelope)?.payload.as_slice())?;
    let transaction = protos::Transaction::decode(payload.data.as_slice())?;
    transaction.actions.iter().map(|action| results_of(&action.payload)).collect()
}

fn results_of(action: &[u8]) -> Result<TxReadWriteSet, prost::DecodeError> {
    let endorsed = ChaincodeActionPayload::decode(action)?.action.unwrap_or_default();
    let response = ProposalResponsePayload::decode(endorsed.proposal_response_payload.as_slice())?;
    TxReadWriteSet::decode(ChaincodeAction::decode(response.extension.as_slice())?.results.as_slice())
}

fn hashed<'a>(
    results: &'a [TxReadWriteSet],
    namespace: &str,
    collection: &str,
) -> Option<&'a CollectionHashedReadWriteSet> {
    let namespaces = results.iter().flat_map(|result| &result.ns_rwset).filter(|part| part.namespace == namespace);
    namespaces.flat_map(|part| &part.collection_hashed_rwset).find(|part| part.collection_name == collection)
}

/// The first key that was not written so.
fn foreign_key(writes: &KvrwSet, hashes: &HashedRwSet) -> Option<String> {
    let written = |key: &str, value: Option<&[u8]>| {
        let key_hash = sha256(key.as_bytes());
        hashes.hashed_writes.iter().any(|write| {
            write.key_hash == key_hash
                && match value {
                    None => write.is_delete,
                    Some(value) => !write.is_delete && write.value_hash == sha256(value),
                }
        })
    };
    let foreign = writes.writes.iter().find(|write| {
        let value = (!write.is_delete).then_some(write.value.as_slice());
        !written(&write.key, value)
    });
    foreign.map(|write| write.key.clone())
}
