//! The metadata entries of a block (`BlockMetadataIndex`): what orderer and peer add to it outside its hash.

use fabric_config::block::METADATA_ENTRIES;
use fabric_protos::{
    common::{Block, Envelope, Metadata, OrdererBlockMetadata},
    protos::TxValidationCode,
};
use prost::Message;

use super::error::LedgerError;

/// The entry with the orderers' signatures and the number of the last configuration block.
pub(crate) const SIGNATURES: usize = 0;
/// The entry that repeats the number of the last configuration block.
pub(crate) const LAST_CONFIG: usize = 1;
/// The entry with one validation code per transaction.
pub(crate) const FILTER: usize = 2;
/// The entry with the commit hash.
pub(crate) const COMMIT_HASH: usize = 4;

/// The validation codes of a committed block, one per transaction.
pub fn validation_codes(block: &Block) -> Vec<TxValidationCode> {
    let metadata = block.metadata.as_ref().map_or(&[][..], |metadata| &metadata.metadata);
    let filter = metadata.get(FILTER).map_or(&[][..], Vec::as_slice);
    filter.iter().map(|code| code_of(*code)).collect()
}

/// The envelopes of a block.
pub fn envelopes(block: &Block) -> impl Iterator<Item = Option<Envelope>> + '_ {
    let data = block.data.as_ref().map_or(&[][..], |data| &data.data);
    data.iter().map(|bytes| Envelope::decode(&**bytes).ok())
}

/// A stored validation code.
pub(crate) fn code_of(code: u8) -> TxValidationCode {
    TxValidationCode::try_from(i32::from(code)).unwrap_or(TxValidationCode::InvalidOtherReason)
}

/// The number of the last configuration block, as the orderer noted it in a block.
pub(crate) fn last_config(block: &Block) -> u64 {
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.first());
    let value = entry.and_then(|entry| Metadata::decode(&**entry).ok()).map(|metadata| metadata.value);
    let noted = value.and_then(|value| OrdererBlockMetadata::decode(&*value).ok()).and_then(|noted| noted.last_config);
    noted.map_or(0, |last| last.index)
}

/// The commit hash of a block; empty when it has none.
pub(crate) fn commit_hash_of(block: &Block) -> Result<Vec<u8>, LedgerError> {
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(COMMIT_HASH));
    let metadata =
        Metadata::decode(entry.map_or(&[][..], Vec::as_slice)).map_err(|_| LedgerError::Damaged("commit hash"))?;
    Ok(metadata.value)
}

/// Sets an entry.
pub(crate) fn set_metadata(block: &mut Block, index: usize, value: Vec<u8>) {
    let entries = &mut block.metadata.get_or_insert_default().metadata;
    if entries.len() < METADATA_ENTRIES {
        entries.resize(METADATA_ENTRIES, Vec::new());
    }
    entries[index] = value;
}
