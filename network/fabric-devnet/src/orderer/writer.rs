//! Making signed blocks out of batches.

use std::sync::Arc;

use fabric_config::{
    block::{assemble, header_bytes, header_hash},
    config_envelope,
    transaction::nonce,
};
use fabric_msp::signer::{SignError, Signer};
use fabric_protos::common::{
    Block, BlockHeader, ConfigEnvelope, LastConfig, Metadata, MetadataSignature, OrdererBlockMetadata, SignatureHeader,
};
use prost::Message;

use crate::{clock::unix_seconds, validation::VerifiedSignatures};

const SIGNATURES: usize = 0;
const LAST_CONFIG: usize = 1;

/// Continues a chain of blocks.
pub(crate) struct BlockWriter {
    signer: Arc<dyn Signer>,
    /// Learns the writer's own signatures, which the committer of this process would check again.
    signatures: Arc<VerifiedSignatures>,
    previous: BlockHeader,
    last_config: u64,
}

impl BlockWriter {
    /// Continues after a block; `last_config` is the number of the last configuration block.
    pub(crate) fn new(
        signer: Arc<dyn Signer>,
        signatures: Arc<VerifiedSignatures>,
        previous: BlockHeader,
        last_config: u64,
    ) -> Self {
        Self { signer, signatures, previous, last_config }
    }

    /// The next block. The chain goes on only after [`BlockWriter::written`].
    pub(crate) fn next(&self, envelopes: Vec<Vec<u8>>) -> Result<Block, SignError> {
        self.block(envelopes, self.last_config)
    }

    /// The next block with a new configuration in it, and nothing else.
    pub(crate) fn config(&self, channel_id: &str, config: &ConfigEnvelope) -> Result<Block, SignError> {
        let time = prost_types::Timestamp { seconds: unix_seconds(), nanos: 0 };
        let envelope = config_envelope(channel_id, config, self.signer.as_ref(), time)?;
        self.block(vec![envelope.encode_to_vec()], self.previous.number + 1)
    }

    fn block(&self, envelopes: Vec<Vec<u8>>, last_config: u64) -> Result<Block, SignError> {
        let mut block = assemble(self.previous.number + 1, &header_hash(&self.previous), envelopes);
        let header = block.header.clone().unwrap_or_default();
        let signatures = self.signatures(&header, last_config)?;
        let last_config = LastConfig { index: last_config }.encode_to_vec();
        let last_config = Metadata { value: last_config, signatures: Vec::new() };
        if let Some(metadata) = &mut block.metadata {
            metadata.metadata[SIGNATURES] = signatures.encode_to_vec();
            metadata.metadata[LAST_CONFIG] = last_config.encode_to_vec();
        }
        Ok(block)
    }

    /// Says that the block has become part of the chain.
    pub(crate) fn written(&mut self, block: &Block) {
        let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(LAST_CONFIG));
        let last = entry.and_then(|entry| Metadata::decode(&**entry).ok());
        // The writer wrote the entry itself.
        if let Some(last) = last.and_then(|last| LastConfig::decode(&*last.value).ok()) {
            self.last_config = last.index;
        }
        if let Some(header) = &block.header {
            self.previous.clone_from(header);
        }
    }

    /// The orderer signs what it says about the block, who it is, and the block's header.
    fn signatures(&self, header: &BlockHeader, last_config: u64) -> Result<Metadata, SignError> {
        let about = OrdererBlockMetadata {
            last_config: Some(LastConfig { index: last_config }),
            consenter_metadata: Vec::new(),
        };
        let value = about.encode_to_vec();
        let signer = SignatureHeader { creator: self.signer.creator().to_vec(), nonce: nonce()?.to_vec() };
        let signature_header = signer.encode_to_vec();
        let signed = [value.as_slice(), &signature_header, &header_bytes(header)].concat();
        let signature = self.signatures.sign(self.signer.as_ref(), &signed)?;
        let signature = MetadataSignature { signature_header, signature, identifier_header: Vec::new() };
        Ok(Metadata { value, signatures: vec![signature] })
    }
}
