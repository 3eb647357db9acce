//! What the valid transactions of a block wrote: the write sets of its endorsed transactions, and who created them.
//!
//! A block from a peer says which transactions are valid; nothing here checks that.

use fabric_msp::hash::sha256;
use fabric_protos::{
    common::{Block, ChannelHeader, Envelope, HeaderType, Payload, SignatureHeader},
    kvrwset::{HashedRwSet, KvrwSet},
    msp::SerializedIdentity,
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ProposalResponsePayload, Transaction as Actions, TxValidationCode,
    },
    rwset::{NsReadWriteSet, TxReadWriteSet},
};
use openssl::x509::X509;
use prost::{DecodeError, Message};

/// The metadata entry with one validation code for each transaction.
const FILTER: usize = 2;

/// A valid transaction, and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenTransaction {
    /// Its place in the block, from 0.
    pub number: usize,
    /// Its id.
    pub id: String,
    /// The organization of its creator, by its MSP id.
    pub creator: String,
    /// SHA-256 of the creator's certificate in DER.
    pub certificate_sha256: [u8; 32],
    /// What it wrote, by namespace.
    pub namespaces: Vec<WrittenNamespace>,
}

/// What a transaction wrote in the namespace of one chaincode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenNamespace {
    /// The chaincode's name.
    pub name: String,
    /// Keys and their values; none for a deletion.
    pub writes: Vec<(String, Option<Vec<u8>>)>,
    /// Writes to collections.
    pub hashes: Vec<WrittenHash>,
}

/// What is public of a write to a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenHash {
    /// The collection.
    pub collection: String,
    /// SHA-256 of the key.
    pub key: [u8; 32],
    /// SHA-256 of the value; none for a deletion.
    pub value: Option<[u8; 32]>,
}

/// Why a transaction that counts as valid cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WrittenError {
    /// There is not one validation code for each transaction.
    #[error("the block has not one validation code for each transaction")]
    Codes,
    /// A message inside cannot be decoded.
    #[error("transaction {number} cannot be read: {cause}")]
    Malformed {
        /// Its place in the block.
        number: usize,
        /// What does not decode.
        cause: DecodeError,
    },
    /// A part that every valid transaction has is missing, or has another length.
    #[error("transaction {number} has no {part}")]
    Missing {
        /// Its place in the block.
        number: usize,
        /// The part.
        part: &'static str,
    },
}

/// The valid endorsed transactions of a block, in its order. Configuration transactions write no records.
///
/// # Errors
/// [`WrittenError`] when the block is not one that a peer has validated.
pub fn written(block: &Block) -> Result<Vec<WrittenTransaction>, WrittenError> {
    let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
    let metadata = block.metadata.as_ref().map_or(&[][..], |metadata| &metadata.metadata);
    let codes = metadata.get(FILTER).map_or(&[][..], Vec::as_slice);
    if codes.len() != envelopes.len() {
        return Err(WrittenError::Codes);
    }
    let valid = envelopes.iter().zip(codes).enumerate();
    let valid = valid.filter(|(_, (_, code))| i32::from(**code) == TxValidationCode::Valid as i32);
    valid.filter_map(|(number, (envelope, _))| of_envelope(number, envelope).transpose()).collect()
}

fn of_envelope(number: usize, envelope: &[u8]) -> Result<Option<WrittenTransaction>, WrittenError> {
    let malformed = |cause| WrittenError::Malformed { number, cause };
    let missing = |part| WrittenError::Missing { number, part };
    let envelope = Envelope::decode(envelope).map_err(malformed)?;
    let payload = Payload::decode(&*envelope.payload).map_err(malformed)?;
    let header = payload.header.ok_or(missing("header"))?;
    let channel_header = ChannelHeader::decode(&*header.channel_header).map_err(malformed)?;
    if channel_header.r#type != HeaderType::EndorserTransaction as i32 {
        return Ok(None);
    }
    let signature_header = SignatureHeader::decode(&*header.signature_header).map_err(malformed)?;
    let creator = SerializedIdentity::decode(&*signature_header.creator).map_err(malformed)?;
    let certificate = X509::from_pem(&creator.id_bytes).and_then(|certificate| certificate.to_der());
    let certificate_sha256 = sha256(&certificate.map_err(|_| missing("certificate"))?);
    let set = results(&payload.data).map_err(malformed)?.ok_or(missing("results"))?;
    let mut namespaces = Vec::with_capacity(set.ns_rwset.len());
    for part in set.ns_rwset {
        let namespace = of_namespace(part).map_err(malformed)?.ok_or(missing("hash of 32 bytes in a private write"))?;
        namespaces.push(namespace);
    }
    Ok(Some(WrittenTransaction {
        number,
        id: channel_header.tx_id,
        creator: creator.mspid,
        certificate_sha256,
        namespaces,
    }))
}

/// The read and write set of the one action that a transaction has.
fn results(transaction: &[u8]) -> Result<Option<TxReadWriteSet>, DecodeError> {
    let Some(action) = Actions::decode(transaction)?.actions.into_iter().next() else { return Ok(None) };
    let Some(endorsed) = ChaincodeActionPayload::decode(&*action.payload)?.action else { return Ok(None) };
    let response = ProposalResponsePayload::decode(&*endorsed.proposal_response_payload)?;
    let action = ChaincodeAction::decode(&*response.extension)?;
    TxReadWriteSet::decode(&*action.results).map(Some)
}

/// None when a hash does not have 32 bytes.
fn of_namespace(part: NsReadWriteSet) -> Result<Option<WrittenNamespace>, DecodeError> {
    let public = KvrwSet::decode(&*part.rwset)?;
    let written = |write: fabric_protos::kvrwset::KvWrite| {
        let deleted = write.is_delete || write.value.is_empty();
        (write.key, (!deleted).then_some(write.value))
    };
    let mut found = WrittenNamespace {
        name: part.namespace,
        writes: public.writes.into_iter().map(written).collect(),
        hashes: Vec::new(),
    };
    for collection in part.collection_hashed_rwset {
        for write in HashedRwSet::decode(&*collection.hashed_rwset)?.hashed_writes {
            let deleted = write.is_delete || write.value_hash.is_empty() || write.value_hash == sha256(&[]);
            let value = if deleted { Ok(None) } else { <[u8; 32]>::try_from(write.value_hash).map(Some) };
            let (Ok(key), Ok(value)) = (<[u8; 32]>::try_from(write.key_hash), value) else { return Ok(None) };
            found.hashes.push(WrittenHash { collection: collection.collection_name.clone(), key, value });
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fabric_protos::common::{BlockData, BlockMetadata};

    #[test]
    fn a_block_without_verdicts_and_a_valid_transaction_without_content_are_refused() {
        let block = |codes: Vec<u8>, envelope: Vec<u8>| Block {
            header: None,
            data: Some(BlockData { data: vec![envelope] }),
            metadata: Some(BlockMetadata { metadata: vec![Vec::new(), Vec::new(), codes] }),
        };
        assert!(matches!(written(&block(Vec::new(), Vec::new())), Err(WrittenError::Codes)));
        assert!(matches!(written(&block(vec![0], Vec::new())), Err(WrittenError::Missing { part: "header", .. })));
        assert!(matches!(written(&block(vec![0], vec![1])), Err(WrittenError::Malformed { .. })));
        let conflict = TxValidationCode::MvccReadConflict as u8;
        assert!(written(&block(vec![conflict], vec![1])).is_ok_and(|found| found.is_empty()));
    }
}
