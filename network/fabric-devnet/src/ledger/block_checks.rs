//! Whether a block continues a chain and is signed as its channel demands.

use fabric_config::{
    ChannelConfig,
    block::{data_hash, header_bytes, header_hash},
};
use fabric_msp::policy::SignedData;
use fabric_protos::common::{Block, BlockHeader, Metadata, SignatureHeader};
use prost::Message;

use crate::{
    state::{block_metadata::SIGNATURES, error::LedgerError},
    validation::VerifiedSignatures,
};

/// Checks that the block follows another. The error says what does not fit.
pub(super) fn check_place(block: &Block, header: &BlockHeader, previous: &Block) -> Result<(), &'static str> {
    let before = previous.header.as_ref().ok_or("the block before it has no header")?;
    if header.number != before.number + 1 {
        return Err("another number is next");
    }
    if header.previous_hash != header_hash(before) {
        return Err("it names another previous block");
    }
    let data = block.data.as_ref().ok_or("it has no data")?;
    if header.data_hash != data_hash(data) {
        return Err("its data hash does not fit its data");
    }
    Ok(())
}

/// Checks the orderers' signatures against the channel's policy for blocks.
pub(super) fn check_signatures(
    block: &Block,
    header: &BlockHeader,
    channel: &ChannelConfig,
    known: &VerifiedSignatures,
) -> Result<(), LedgerError> {
    let failed = |cause: String| LedgerError::BlockSignature { number: header.number, cause };
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(SIGNATURES));
    let metadata = Metadata::decode(entry.map_or(&[][..], Vec::as_slice)).map_err(|cause| failed(cause.to_string()))?;
    let header_bytes = header_bytes(header);
    let mut signed = Vec::new();
    for signature in &metadata.signatures {
        let Ok(signer) = SignatureHeader::decode(&*signature.signature_header) else { continue };
        signed.push(SignedData {
            data: [metadata.value.as_slice(), &signature.signature_header, &header_bytes].concat(),
            identity: signer.creator,
            signature: signature.signature.clone(),
        });
    }
    let signers = known.valid_identities(&signed, channel.msps());
    let policy = channel.policy("/Channel/Orderer/BlockValidation");
    policy.evaluate_identities(&signers).map_err(|cause| failed(cause.to_string()))
}
