//! Beginning a chain.

use fabric_config::{ChannelConfig, block::header_hash};
use fabric_protos::{common::Block, protos::TxValidationCode};
use prost::Message;

use crate::state::{
    block_metadata::{FILTER, set_metadata},
    error::LedgerError,
    store::{BlockChanges, PublicStore},
};

/// Stores the genesis block, which is taken as it is.
pub(super) fn write_genesis(store: &PublicStore, block: &Block) -> Result<(), LedgerError> {
    ChannelConfig::from_genesis_block(block).map_err(|cause| LedgerError::Config(cause.to_string()))?;
    let header = block.header.as_ref().ok_or(LedgerError::Damaged("genesis block"))?;
    let mut block = block.clone();
    set_metadata(&mut block, FILTER, vec![TxValidationCode::Valid as u8]);
    let changes = BlockChanges { header_hash: header_hash(header).to_vec(), is_config: true, ..Default::default() };
    store.append(header.number, &block.encode_to_vec(), &changes)
}
