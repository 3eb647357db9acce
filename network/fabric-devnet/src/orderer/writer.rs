//! Making signed blocks out of batches.

use std::sync::Arc;

use fabric_msp::{
    block::{assemble, header_bytes, header_hash},
    signer::{SignError, Signer},
    transaction::nonce,
};
use fabric_protos::common::{
    Block, BlockHeader, LastConfig, Metadata, MetadataSignature, OrdererBlockMetadata, SignatureHeader,
};
use prost::Message;

const SIGNATURES: usize = 0;
const LAST_CONFIG: usize = 1;

/// Continues a chain of blocks.
pub(crate) struct BlockWriter {
    signer: Arc<dyn Signer>,
    previous: BlockHeader,
    last_config: u64,
}

impl BlockWriter {
    /// Continues after a block; `last_config` is the number of the last configuration block.
    pub(crate) fn new(signer: Arc<dyn Signer>, previous: BlockHeader, last_config: u64) -> Self {
        Self { signer, previous, last_config }
    }

    /// The next block. The chain goes on only after [`BlockWriter::written`].
    pub(crate) fn next(&self, envelopes: Vec<Vec<u8>>) -> Result<Block, SignError> {
        let mut block = assemble(self.previous.number + 1, &header_hash(&self.previous), envelopes);
        let signatures = self.signatures(block.header.as_ref().unwrap_or(&BlockHeader::default()))?;
        let last_config = LastConfig { index: self.last_config }.encode_to_vec();
        let last_config = Metadata { value: last_config, signatures: Vec::new() };
        if let Some(metadata) = &mut block.metadata {
            metadata.metadata[SIGNATURES] = signatures.encode_to_vec();
            metadata.metadata[LAST_CONFIG] = last_config.encode_to_vec();
        }
        Ok(block)
    }

    /// Says that the block has become part of the chain.
    pub(crate) fn written(&mut self, block: &Block) {
        if let Some(header) = &block.header {
            self.previous.clone_from(header);
        }
    }

    /// The orderer signs what it says about the block, who it is, and the block's header.
    fn signatures(&self, header: &BlockHeader) -> Result<Metadata, SignError> {
        let about = OrdererBlockMetadata {
            last_config: Some(LastConfig { index: self.last_config }),
            consenter_metadata: Vec::new(),
        };
        let value = about.encode_to_vec();
        let signer = SignatureHeader { creator: self.signer.creator().to_vec(), nonce: nonce()?.to_vec() };
        let signature_header = signer.encode_to_vec();
        let signed = [value.as_slice(), &signature_header, &header_bytes(header)].concat();
        let signature = self.signer.sign(&signed)?;
        let signature = MetadataSignature { signature_header, signature, identifier_header: Vec::new() };
        Ok(Metadata { value, signatures: vec![signature] })
    }
}
